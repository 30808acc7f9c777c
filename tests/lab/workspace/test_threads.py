"""What a workspace does with whole threads: only its own, only at rest, and nothing stale is remembered afterwards."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from lab.database import NOTES
from lab.errors import InvalidInput, NotPossible, ThreadBusy, UnknownThread
from lab.events import RunEnded
from lab.history import Only
from lab.lab import Lab
from lab.threads import LARGEST_COPY
from lab.workspace import Workspace
from tests.support.saved_threads import WORKSPACE, branched, holding, lineage, own, rows, three_steps
from tests.support.toy_patterns import GIVEN, Hold, OpenLab, begin, chain, done, end, lane, names, ran, toy


def noted(lab: Lab, thread_id: str) -> list[Any]:
    query = select(*NOTES.c[1:]).where(NOTES.c.thread_id == thread_id).order_by(*NOTES.c[1:3])
    with lab.storage.database.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


CHANGES: dict[str, Callable[[Workspace, str], object]] = {
    "copy": lambda workspace, thread_id: workspace.threads.copy(thread_id),
    "export": lambda workspace, thread_id: workspace.threads.export(thread_id),
    "delete": lambda workspace, thread_id: workspace.threads.delete(thread_id),
    "prune": lambda workspace, thread_id: workspace.threads.prune(thread_id, workspace.threads.branch_heads(thread_id)),
    "keep the newest": lambda workspace, thread_id: workspace.threads.keep_newest(thread_id, 1),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_running_thread_is_left_alone(open_anywhere: OpenLab, change: Callable[[Workspace, str], object]) -> None:
    hold = Hold()
    lab = open_anywhere(holding(hold))
    workspace = own(lab)
    thread_id = begin(workspace)
    hold.reached()
    try:
        with pytest.raises(ThreadBusy):
            change(workspace, thread_id)
    finally:
        hold.let_go.set()

    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["held"]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_thread_is_given_back_whether_it_worked_or_not(
    open_toys: OpenLab, change: Callable[[Workspace, str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = open_toys(three_steps())
    workspace = own(lab)
    thread_id = ran(workspace)
    change(workspace, thread_id)
    assert lab.runs.running() == set()

    other = ran(workspace)
    for name in ("copy_thread", "delete_thread", "prune_branches", "keep_newest_branches", "export_thread"):
        monkeypatch.setattr(f"lab.workspace.threads.{name}", fails)
    with pytest.raises(ConnectionError):
        change(workspace, other)
    assert lab.runs.running() == set()
    workspace.turn(other, GIVEN)
    assert end(workspace, other).outcome == "finished"


def fails(*_: Any, **__: Any) -> None:
    raise ConnectionError("the cable was pulled")


def test_a_running_thread_gets_another_title_all_the_same(open_toys: OpenLab) -> None:
    hold = Hold()
    workspace = own(open_toys(holding(hold)))
    thread_id = begin(workspace)
    hold.reached()
    workspace.threads.rename(thread_id, "Held up")
    hold.let_go.set()
    end(workspace, thread_id)

    assert workspace.threads.find(thread_id).title == "Held up"


def test_a_deleted_thread_is_gone_from_the_list_the_log_and_the_saver(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    workspace = own(lab)
    thread_id = ran(workspace)
    assert workspace.events(thread_id)
    workspace.threads.delete(thread_id)

    assert workspace.threads.page().threads == ()
    for read in (
        workspace.events,
        workspace.view,
        workspace.history.status,
        workspace.history.snapshot,
        workspace.threads.delete,
    ):
        with pytest.raises(UnknownThread):
            read(thread_id)
    assert lab.runs.logs.known(WORKSPACE, thread_id) is None
    assert all(key[0] != thread_id for key in lab.storage.saver._newest)
    assert noted(lab, thread_id) == []


def test_a_pruned_thread_tells_of_the_branch_that_is_left_and_goes_on(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    workspace = own(lab)
    thread_id, ends = branched(lab)
    workspace.events(thread_id)
    pruned = workspace.threads.prune(thread_id, ends[:1])

    assert pruned.branches == 3
    assert workspace.threads.branch_heads(thread_id) == tuple(ends[:1])
    assert names(workspace, thread_id) == ["a", "b", "c"]
    view = workspace.view(thread_id)
    view.catch_up()
    assert [step.path for step in view.steps] == [("a",), ("b",), ("c",)]
    workspace.turn(thread_id, GIVEN)
    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["a", "b", "c"] * 2


def test_a_pruned_branch_leaves_no_note_behind(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id, ends = branched(lab)
    before = {row[1]: row for row in noted(lab, thread_id)}
    own(lab).threads.prune(thread_id, [ends[0], ends[2]])
    after = noted(lab, thread_id)

    kept = {ident for head in (ends[0], ends[2]) for ident in lineage(lab, thread_id, head)}
    assert {row[1] for row in after} == kept < before.keys()
    assert all(before[row[1]] == row for row in after)


def test_the_newest_branches_are_kept(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    workspace = own(lab)
    thread_id, ends = branched(lab)

    assert workspace.threads.keep_newest(thread_id, 10).checkpoints == 0
    assert workspace.threads.keep_newest(thread_id, 2).branches == 2
    assert workspace.threads.branch_heads(thread_id) == (ends[3], ends[2])
    with pytest.raises(NotPossible, match="at least one branch"):
        workspace.threads.keep_newest(thread_id, 0)


def test_what_saves_nothing_can_be_deleted_but_neither_pruned_nor_copied_nor_exported(open_toys: OpenLab) -> None:
    workspace = own(open_toys(toy(lane(chain(a=done("a")), remembers=False))))
    thread_id = ran(workspace)
    for change in ("copy", "export"):
        with pytest.raises(NotPossible):
            CHANGES[change](workspace, thread_id)
    with pytest.raises(NotPossible, match="Nothing of this thread is saved"):
        workspace.threads.keep_newest(thread_id, 1)
    with pytest.raises(NotPossible, match="Nothing of this thread is saved"):
        workspace.threads.prune(thread_id, ["some"])
    workspace.threads.delete(thread_id)

    assert workspace.threads.page().total == 0


def test_a_copy_is_found_by_what_its_original_did(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    workspace = own(lab)
    thread_id, _ = branched(lab)
    copied = workspace.threads.copy(thread_id, "  The\nsecond one ")

    assert copied.title == "The second one"
    assert noted(lab, copied.thread_id) == noted(lab, thread_id) != []
    found = [
        [row.step for row in workspace.history.page(one, Only(node="b")).rows] for one in (thread_id, copied.thread_id)
    ]
    assert found[0] == found[1] != []


def test_a_copy_of_an_empty_title_changes_nothing(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps())
    thread_id = ran(own(lab))
    before = rows(lab.storage)
    with pytest.raises(InvalidInput):
        own(lab).threads.copy(thread_id, " \n")

    assert rows(lab.storage) == before


def test_the_events_of_a_finished_run_are_still_there_after_a_refusal(open_toys: OpenLab) -> None:
    workspace = own(open_toys(three_steps()))
    thread_id = ran(workspace)
    with pytest.raises(NotPossible):
        workspace.threads.prune(thread_id, [])

    assert isinstance(workspace.events(thread_id)[-1], RunEnded)
    assert workspace.threads.sizes([thread_id])[thread_id].bytes < LARGEST_COPY
