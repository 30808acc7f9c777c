"""Events as JSON data: what is read is what was written, also by versions that wrote the fields in another order."""

from typing import get_args

import orjson
import pytest
from sqlalchemy import insert

from lab.database import EVENTS
from lab.events import (
    CheckpointSaved,
    Event,
    EventStore,
    NodeEnded,
    NodeStarted,
    RunEnded,
    RunStarted,
    SaverDropped,
    Tokens,
    WentBack,
    decode,
    encode,
)
from lab.lab import Lab
from lab.threads import Thread

# As saved, and as a subprocess wrote it, when number and time came first.
OLD: list[tuple[dict[str, object], Event]] = [
    (
        {"event": "RunStarted", "no": 1, "at": 2.5, "run_id": "r", "kind": "start", "model": "offline"}
        | {"said": {"n": 1}, "calls": "graph.stream()"},
        RunStarted("r", "start", "offline", {"n": 1}, "graph.stream()", no=1, at=2.5),
    ),
    (
        {"event": "NodeStarted", "no": 2, "at": 3.0, "path": ["team", "lead"], "task_id": "t"},
        NodeStarted(("team", "lead"), "t", no=2, at=3.0),
    ),
    (
        {"event": "Tokens", "no": 3, "at": 3.5, "path": ["say"], "message_id": "m", "offset": 4, "text": "word"}
        | {"tool": False},
        Tokens(("say",), "m", 4, "word", False, no=3, at=3.5),
    ),
    (
        {"event": "NodeEnded", "no": 4, "at": 4.0, "path": ["say"], "task_id": "t", "wrote": {"n": 2}, "error": ""}
        | {"asked": [], "waits": False, "cached": False},
        NodeEnded(("say",), "t", {"n": 2}, "", (), False, False, no=4, at=4.0),
    ),
    (
        {"event": "CheckpointSaved", "no": 5, "at": 4.5, "path": [], "checkpoint_id": "c", "step": 1}
        | {"source": "loop", "next": ["say"]},
        CheckpointSaved((), "c", 1, "loop", ("say",), no=5, at=4.5),
    ),
    (
        {"event": "WentBack", "no": 6, "at": 5.0, "checkpoint_id": "c", "step": 1},
        WentBack("c", 1, no=6, at=5.0),
    ),
    (
        {"event": "SaverDropped", "no": 7, "at": 5.5, "why": "restart", "before": 3, "found": 2, "calls": "open()"},
        SaverDropped("restart", 3, 2, "open()", no=7, at=5.5),
    ),
    (
        {"event": "RunEnded", "no": 8, "at": 6.0, "run_id": "r", "outcome": "finished", "error": ""},
        RunEnded("r", "finished", "", no=8, at=6.0),
    ),
]


@pytest.mark.parametrize(("row", "event"), OLD, ids=[type(event).__name__ for _, event in OLD])
def test_an_event_of_the_old_form_is_read_by_the_names_of_its_fields(row: dict[str, object], event: Event) -> None:
    assert decode(row) == event


@pytest.mark.parametrize("event", [event for _, event in OLD], ids=[type(event).__name__ for _, event in OLD])
def test_what_is_read_is_what_was_written(event: Event) -> None:
    assert decode(orjson.loads(orjson.dumps(encode(event)))) == event


@pytest.mark.parametrize("kind", get_args(Event))
def test_every_event_ends_with_its_number_and_its_time(kind: type) -> None:
    assert kind._fields[-2:] == ("no", "at")  # type: ignore[attr-defined]  # all of them are named tuples


def test_a_batch_of_the_old_form_is_read_with_what_was_saved_after_it(sqlite_lab: Lab) -> None:
    database = sqlite_lab.storage.database
    store = EventStore(database)
    body = orjson.dumps([row for row, _ in OLD]).decode()
    news = [NodeStarted(("say",), "u", no=9, at=7.0)]
    thread = Thread.new("me", "hello", "hello", "s", "", "offline")
    with database.begin() as connection:
        sqlite_lab.threads.add(connection, thread, {})
        connection.execute(insert(EVENTS).values(thread_id=thread.thread_id, last=8, bytes=len(body), body=body))
        store.add(connection, thread.thread_id, news)

    assert store.load(thread.thread_id) == [event for _, event in OLD] + news
