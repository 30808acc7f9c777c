"""The stamp by which an idle page learns that its threads have changed, at next to no cost."""

import pytest

from graphs.catalogue import find
from lab.lab import Lab
from lab.workspace import StateEdit, Workspace
from tests.support.example_player import ended

EXAMPLE = find("expense-approval").examples[1].input


def started(workspace: Workspace) -> str:
    thread = workspace.start("expense-approval", "dynamic", EXAMPLE, pace=0).thread_id
    ended(workspace, thread)
    return thread


def answer(workspace: Workspace, thread: str) -> None:
    snapshot = workspace.history.snapshot(thread)
    assert snapshot is not None
    (question,) = snapshot.questions
    approved = {question.id: {"decision": "approved", "note": ""}}
    workspace.resume(thread, approved, snapshot.checkpoint_id, pace=0, person="Maya")
    ended(workspace, thread)


def fork(workspace: Workspace, thread: str) -> None:
    workspace.travel.fork(
        thread,
        workspace.history.page(thread).rows[1].checkpoint_id,
        StateEdit({"amount": 60}, {"amount": "replace"}),
        run=False,
    )


def rename(workspace: Workspace, thread: str) -> None:
    workspace.threads.rename(thread, "Another title")


def delete(workspace: Workspace, thread: str) -> None:
    workspace.threads.delete(thread)


@pytest.mark.parametrize("change", [answer, fork, rename, delete])
def test_whatever_is_done_to_a_thread_changes_its_stamp(lab: Lab, change: object) -> None:
    workspace = lab.workspace("one")
    thread = started(workspace)
    before = workspace.history.stamp([thread])
    assert callable(change)
    change(workspace, thread)
    assert workspace.history.stamp([thread]) != before


def test_reading_a_thread_and_working_on_another_leave_its_stamp_as_it_is(lab: Lab) -> None:
    workspace = lab.workspace("one")
    thread = started(workspace)
    before = workspace.history.stamp([thread])
    workspace.view(thread).catch_up()
    workspace.history.page(thread)
    workspace.history.snapshot(thread)
    started(workspace)
    assert workspace.history.stamp([thread]) == before


def test_a_stamp_of_a_strangers_thread_tells_nothing_of_it(lab: Lab) -> None:
    thread = started(lab.workspace("one"))
    assert lab.workspace("other").history.stamp([thread]) == (None,)
