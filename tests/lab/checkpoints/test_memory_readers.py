"""In memory who reads a thread sees it whole, also while its nodes write."""

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint

from lab.checkpoints.savers import SummaryMemorySaver
from lab.lab import Lab
from tests.support.labs import quiet
from tests.support.toy_patterns import two_steps

ROUNDS = 400
WRITES = 30


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let threads take turns far more often, also where garbage is collected, as a tuple is made."""
    before, collected = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(5, 1000, 1000)
    gc.callbacks.append(_look_round)
    yield
    gc.callbacks.remove(_look_round)
    gc.set_threshold(*collected)
    sys.setswitchinterval(before)


def _look_round(_phase: str, _info: dict[str, int]) -> None:
    time.sleep(0)  # lets another thread go on


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("way", ["get_tuple", "list", "marks", "marked", "sizes", "rows", "links"])
def test_a_reader_is_not_disturbed_by_writers(way: str) -> None:
    lab = Lab(quiet("memory"), patterns=[two_steps()])
    saver = lab.storage.saver
    assert isinstance(saver, SummaryMemorySaver)
    place: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    at: Any = {"configurable": {**place["configurable"], "checkpoint_id": "000"}}

    def links() -> None:
        with lab.storage.open_for_reading() as opened:
            opened.rows.links("t")
            opened.rows.writes("t", "", "000")

    ways: dict[str, Callable[[], object]] = {
        "get_tuple": lambda: saver.get_tuple(at),
        "list": lambda: list(saver.list(place)),
        "marks": lambda: lab.storage.checkpoints.task_marks("t"),
        "marked": lambda: lab.storage.checkpoints.marked_writes("t", ["000"]),
        "sizes": lambda: lab.storage.checkpoints.state_sizes("t", ["000"]),
        "rows": lambda: lab.storage.checkpoints.index_rows("t"),
        "links": links,
    }
    saver.put(place, {**empty_checkpoint(), "id": "000"}, {"source": "input", "step": -1, "parents": {}}, {})
    failed: list[Exception] = []
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            try:
                ways[way]()
            except RuntimeError as error:
                failed.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(ROUNDS):
        saver.put_writes(at, [("__interrupt__", number)] * WRITES, f"task {number}")
        ident = f"{number + 1:03}"
        noted: Any = {"source": "loop", "step": number, "parents": {}}
        saver.put(place, {**empty_checkpoint(), "id": ident}, noted, {})
        saver.put_writes(
            {"configurable": {**place["configurable"], "checkpoint_id": ident}}, [("x", number)] * WRITES, "task"
        )
    ended.set()
    reader.join(60)
    lab.close()

    assert failed == []
