"""A checkpoint is told of after its commit, never before, whatever the lane's durability."""

import threading
from typing import Any

import pytest

from lab.checkpoints import SummarySaver
from lab.events import CheckpointSaved
from lab.workspace import Workspace
from tests.support.toy_patterns import RUNS, OpenLab, State, begin, chain, done, end, everywhere, lane, ran, saved, toy


def told(workspace: Workspace, thread_id: str) -> list[int]:
    """Return the steps whose checkpoints events tell of."""
    return [event.step for event in workspace.events(thread_id) if isinstance(event, CheckpointSaved)]


@everywhere
@pytest.mark.parametrize("durability", ["sync", "async", "exit"])
def test_no_checkpoint_is_told_of_while_it_is_being_saved(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch, durability: str
) -> None:
    lab = open_toys(toy(lane(chain(a=done("a"), b=done("b")), run=RUNS[durability])))
    workspace = lab.workspace("w")
    early: list[str] = []
    save = SummarySaver._put

    def looked_at(self: SummarySaver, config: Any, checkpoint: Any, *more: Any) -> Any:
        ids = [e.checkpoint_id for e in workspace.events(thread_id) if isinstance(e, CheckpointSaved)]
        early.extend(ident for ident in ids if ident == checkpoint["id"])
        return save(self, config, checkpoint, *more)

    thread_id = ran(workspace)
    monkeypatch.setattr(SummarySaver, "_put", looked_at)
    thread_id = begin(workspace)
    end(workspace, thread_id)

    assert early == []
    assert told(workspace, thread_id)[-1] == 2


def test_a_lane_that_saves_at_its_exit_tells_of_no_checkpoint_before(open_toys: OpenLab) -> None:
    seen: list[list[int]] = []
    thread_ids: list[str] = []
    known = threading.Event()

    def looks(_: State) -> dict[str, Any]:
        assert known.wait(30)
        seen.append(told(workspace, thread_ids[0]))
        return {"done": ["b"]}

    workspace = open_toys(toy(lane(chain(a=done("a"), b=looks), run=RUNS["exit"]))).workspace("w")
    thread_ids.append(begin(workspace))
    known.set()
    end(workspace, thread_ids[0])

    assert seen == [[]]
    assert told(workspace, thread_ids[0]) == [2]
    assert len(saved(workspace, thread_ids[0])) == 1


def test_a_checkpoint_that_could_not_be_saved_is_not_told_of(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = open_toys(toy(lane(chain(a=done("a"), b=done("b")))))
    workspace = lab.workspace("w")
    save = SummarySaver._put

    def fails(self: SummarySaver, config: Any, checkpoint: Any, metadata: Any, versions: Any) -> Any:
        if metadata["step"] == 1:
            raise OSError("no room")
        return save(self, config, checkpoint, metadata, versions)

    monkeypatch.setattr(SummarySaver, "_put", fails)
    thread_id = begin(workspace)

    assert end(workspace, thread_id).outcome == "failed"
    assert told(workspace, thread_id) == [-1, 0]
