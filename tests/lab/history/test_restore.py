"""What a page shows of a thread with branches after a restart: the way to its head, and nothing of the others."""

from pathlib import Path

from lab.events import Said, StepView
from lab.lab import Lab
from lab.workspace import StateEdit, Workspace
from tests.support.labs import quiet
from tests.support.toy_patterns import chain, done, end, lane, ran, toy

PATTERN = toy(lane(chain(a=done("a"), b=done("b"), c=done("c"))))


def steps(workspace: Workspace, thread_id: str) -> list[str]:
    view = workspace.view(thread_id)
    view.catch_up()
    return [item.path[-1] for item in view.items if isinstance(item, StepView)]


def edits(workspace: Workspace, thread_id: str) -> list[object]:
    view = workspace.view(thread_id)
    view.catch_up()
    return [item.values for item in view.items if isinstance(item, Said) and item.kind == "edit"]


def test_a_forked_thread_shows_after_a_restart_what_it_showed_before(tmp_path: Path) -> None:
    database = str(tmp_path / "lab.sqlite")
    before = Lab(quiet(database), patterns=[PATTERN])
    workspace = before.workspace("w")
    thread_id = ran(workspace)
    after_a = next(row for row in workspace.history.page(thread_id).rows if row.ran == ("a",))
    workspace.travel.fork(thread_id, after_a.checkpoint_id, StateEdit({"n": 7}, {}), run=True)
    end(workspace, thread_id)
    assert steps(workspace, thread_id) == ["a", "b", "c"]
    assert edits(workspace, thread_id) == [{"n": 7}]
    before.close()

    after = Lab(quiet(database), patterns=[PATTERN])
    try:
        restored = after.workspace("w")
        assert steps(restored, thread_id) == ["a", "b", "c"]
        assert edits(restored, thread_id) == [{"n": 7}]
    finally:
        after.close()


def test_a_replayed_thread_shows_the_replay_and_not_what_was_left(tmp_path: Path) -> None:
    database = str(tmp_path / "lab.sqlite")
    before = Lab(quiet(database), patterns=[PATTERN])
    workspace = before.workspace("w")
    thread_id = ran(workspace)
    after_b = next(row for row in workspace.history.page(thread_id).rows if row.ran == ("b",))
    workspace.travel.replay(thread_id, after_b.checkpoint_id)
    end(workspace, thread_id)
    assert steps(workspace, thread_id) == ["a", "b", "c"]
    before.close()

    after = Lab(quiet(database), patterns=[PATTERN])
    try:
        assert steps(after.workspace("w"), thread_id) == ["a", "b", "c"]
    finally:
        after.close()


def test_a_what_if_shows_the_edited_branch_at_its_end_and_nothing_of_the_other(tmp_path: Path) -> None:
    lab = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=[PATTERN])
    try:
        workspace = lab.workspace("w")
        thread_id = ran(workspace)
        after_a = next(row for row in workspace.history.page(thread_id).rows if row.ran == ("a",))
        workspace.travel.what_if(thread_id, after_a.checkpoint_id, StateEdit({"n": 7}, {}))
        end(workspace, thread_id)
        assert steps(workspace, thread_id) == ["a", "b", "c"]
        assert edits(workspace, thread_id) == [{"n": 7}]
    finally:
        lab.close()
