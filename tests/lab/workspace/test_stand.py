"""How a thread stands, read for a page once."""

from typing import Any

import pytest

from graphs.catalogue import find
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.example_player import ended
from tests.support.toy_patterns import Hold, OpenLab, begin, chain, end, lane, toy

LANES = [("expense-approval", "dynamic"), ("linear-pipeline", "pipeline"), ("conversation-memory", "forgets")]


def started(workspace: Workspace, slug: str, lane_key: str) -> str:
    thread = workspace.start(slug, lane_key, find(slug).examples[1].input, pace=0).thread_id
    ended(workspace, thread)
    return thread


@pytest.mark.parametrize(("slug", "lane_key"), LANES)
def test_a_thread_stands_as_its_status_and_its_newest_checkpoint_say(lab: Lab, slug: str, lane_key: str) -> None:
    workspace = lab.workspace("w")
    thread = started(workspace, slug, lane_key)
    assert workspace.history.stand(thread) == (workspace.history.status(thread), workspace.history.snapshot(thread))


def test_the_newest_checkpoint_is_read_once_for_status_and_state(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = lab.workspace("w")
    thread = started(workspace, *LANES[0])
    saver, read = lab.storage.saver, list[Any]()
    get_tuple = saver.get_tuple

    def counted(config: Any) -> Any:
        read.append(config)
        return get_tuple(config)

    monkeypatch.setattr(saver, "get_tuple", counted)
    workspace.history.stand(thread)
    assert len(read) == 1


def test_of_a_run_at_work_no_state_is_read(open_toys: OpenLab) -> None:
    hold = Hold()
    workspace = open_toys(toy(lane(chain(held=lambda _: hold())))).workspace("w")
    thread = begin(workspace)
    hold.reached()
    during = workspace.history.stand(thread)
    hold.let_go.set()
    end(workspace, thread)
    assert during == ("running", None)
