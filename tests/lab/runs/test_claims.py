"""Two processes on one database: one run a thread, one effect, no lost row, and the loser is told why."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.errors import ClaimLost, ThreadBusy, TooManyRuns
from lab.events import RunEnded, RunStarted
from lab.lab import Lab
from lab.workspace import StateEdit, Workspace
from tests.support.polling import until
from tests.support.rival_processes import SHORT, begun, both, charges, done_by, leftovers, opened, rivals
from tests.support.toy_patterns import head, saved

pytestmark = pytest.mark.usefixtures("idle_rivals")

ROUNDS = 50


@pytest.fixture
def lab(where: str, tmp_path: Path) -> Iterator[Lab]:
    """Provide a lab of the test's own process, which looks on."""
    found = opened(tmp_path, where)
    yield found
    found.close()


def hidden(workspace: Workspace, thread_id: str) -> int:
    """Count the thread's checkpoints that aren't on the way to its head."""
    tree = workspace.history.tree(thread_id)
    assert tree.head is not None
    return len(tree.marks) - len(tree.lineage(tree.head))


def test_a_question_that_both_answer_has_one_effect(lab: Lab, where: str, tmp_path: Path) -> None:
    workspace = lab.workspace("w")
    with rivals(tmp_path, where) as found:
        for _ in range(ROUNDS):
            thread_id = begun(workspace, "asks")
            asked = head(workspace, thread_id)
            answers = both(found, "resume", thread_id, {asked.questions[0].id: "yes"}, asked.checkpoint_id)

            assert done_by(answers) == 1
            assert charges(workspace, thread_id) == 1
            assert hidden(workspace, thread_id) == 0
            assert workspace.history.status(thread_id) == "finished"
    assert workspace.history.decisions.page(limit=1).total == ROUNDS


def test_of_yes_and_no_at_once_the_state_and_the_ledger_tell_the_same(lab: Lab, where: str, tmp_path: Path) -> None:
    workspace = lab.workspace("w")
    with rivals(tmp_path, where) as found:
        for _ in range(ROUNDS):
            thread_id = begun(workspace, "asks")
            asked = head(workspace, thread_id)
            for rival, answer in zip(found, ("yes", "no"), strict=True):
                rival.order("resume", thread_id, {asked.questions[0].id: answer}, asked.checkpoint_id)
            answers = [rival.answer() for rival in found]
            winner = "yes" if "done" in answers[0] else "no"

            assert done_by(answers) == 1
            assert head(workspace, thread_id).values["done"] == [winner, "z"]
            assert charges(workspace, thread_id) == 1
            assert workspace.history.decisions.page(limit=1).decisions[0].answered == winner
    assert workspace.history.decisions.page(limit=1).total == ROUNDS


def test_two_turns_at_once_follow_each_other_or_one_is_refused(lab: Lab, where: str, tmp_path: Path) -> None:
    workspace = lab.workspace("w")
    thread_id = begun(workspace, "pays")
    turns = 1
    with rivals(tmp_path, where) as found:
        for _ in range(ROUNDS):
            turns += done_by(both(found, "turn", thread_id, {"n": 2}))

            assert charges(workspace, thread_id) == turns
            assert hidden(workspace, thread_id) == 0


def test_an_edited_thread_is_continued_once(lab: Lab, where: str, tmp_path: Path) -> None:
    workspace = lab.workspace("w")
    thread_id = begun(workspace, "pays")
    first = saved(workspace, thread_id)[1]
    with rivals(tmp_path, where) as found:
        for number in range(ROUNDS):
            paused = workspace.travel.fork(thread_id, first, StateEdit({"n": number + 5}, {}))
            before = charges(workspace, thread_id)
            answers = both(found, "proceed", thread_id, paused)

            assert done_by(answers) == 1
            assert charges(workspace, thread_id) == before + 1


def test_two_replays_at_once_make_a_branch_each_or_one_is_refused(lab: Lab, where: str, tmp_path: Path) -> None:
    workspace = lab.workspace("w")
    thread_id = begun(workspace, "pays")
    first = saved(workspace, thread_id)[1]
    branches = 1
    with rivals(tmp_path, where) as found:
        for _ in range(ROUNDS):
            branches += done_by(both(found, "travel.replay", thread_id, first))

            assert charges(workspace, thread_id) == branches
            assert len(workspace.history.tree(thread_id).branches) == branches


def test_two_edits_of_one_pause_at_once_leave_one_edit(lab: Lab, where: str, tmp_path: Path) -> None:
    workspace = lab.workspace("w")
    thread_id = begun(workspace, "pays")
    first = saved(workspace, thread_id)[1]
    with rivals(tmp_path, where) as found:
        for number in range(ROUNDS):
            paused = workspace.travel.fork(thread_id, first, StateEdit({"n": number + 5}, {}))
            answers = both(found, "edit", thread_id, {"n": 7}, paused)
            rows = [row for row in workspace.history.page(thread_id, limit=1000).rows if row.parent_id == paused]

            assert done_by(answers) == 1
            assert len(rows) == 1


def test_a_thread_that_one_deletes_while_the_other_runs_it_is_there_whole_or_not_at_all(
    lab: Lab, where: str, tmp_path: Path
) -> None:
    workspace = lab.workspace("w")
    with rivals(tmp_path, where) as found:
        for _ in range(ROUNDS):
            thread_id = begun(workspace, "pays")
            found[0].order("turn", thread_id, {"n": 2})
            found[1].order("threads.delete", thread_id)
            answers = [rival.answer() for rival in found]
            deleted = "done" in answers[1]

            assert done_by(answers) >= 1
            assert bool(leftovers(where, thread_id)) != deleted
            if not deleted:
                assert charges(workspace, thread_id) == 2


def test_a_thread_that_runs_in_one_process_is_told_of_and_refused_in_the_other(
    lab: Lab, where: str, tmp_path: Path
) -> None:
    workspace = lab.workspace("w")
    with rivals(tmp_path, where, 1) as (rival,):
        thread_id = rival.do("start", "holds", "only", {"n": 1})["done"]
        until(lambda: (tmp_path / "inside-1").exists())

        assert workspace.history.status(thread_id) == "elsewhere"
        assert f"process {rival.process.pid}" in workspace.history.elsewhere(thread_id)
        with pytest.raises(ThreadBusy, match="another process"):
            workspace.proceed(thread_id)
        with pytest.raises(ThreadBusy, match="another process"):
            workspace.threads.delete(thread_id)
        (tmp_path / "go-1").touch()
        until(lambda: workspace.history.status(thread_id) == "finished")

        assert ended(workspace, thread_id).outcome == "finished"
        assert charges(workspace, thread_id) == 1


def test_a_run_in_one_process_is_stopped_from_the_other(lab: Lab, where: str, tmp_path: Path) -> None:
    workspace = lab.workspace("w")
    with rivals(tmp_path, where, 1) as (rival,):
        thread_id = rival.do("start", "holds", "only", {"n": 1})["done"]
        until(lambda: (tmp_path / "inside-1").exists())

        assert workspace.stop(thread_id)
        until(lambda: any(type(event).__name__ == "RunStopping" for event in workspace.events(thread_id)))
        (tmp_path / "go-1").touch()
        until(lambda: workspace.history.status(thread_id) == "resumable")

        assert charges(workspace, thread_id) == 0
        assert ended(workspace, thread_id).outcome == "stopped"


def ended(workspace: Workspace, thread_id: str) -> RunEnded:
    """Wait until the end of the thread's last run is told, and return it."""
    until(lambda: [event for event in workspace.events(thread_id)[-1:] if isinstance(event, RunEnded)])
    last = workspace.events(thread_id)[-1]
    assert isinstance(last, RunEnded)
    return last


def test_a_killed_process_holds_its_thread_until_its_lease_ends_and_then_the_other_goes_on(
    lab: Lab, where: str, tmp_path: Path
) -> None:
    workspace = lab.workspace("w")
    with rivals(tmp_path, where, 1, SHORT) as (rival,):
        thread_id = rival.do("start", "holds", "only", {"n": 1})["done"]
        until(lambda: (tmp_path / "inside-1").exists())
        os.kill(rival.process.pid, signal.SIGKILL)
        rival.process.wait()
        until(lambda: workspace.history.status(thread_id) != "elsewhere")
        last = ended(workspace, thread_id)

        assert last.outcome == "crashed"
        assert "ended without a word" in last.error
        (tmp_path / "go-1").touch()
        workspace.proceed(thread_id)
        assert workspace.wait(thread_id, 30)

        assert workspace.history.status(thread_id) == "finished"
        assert charges(workspace, thread_id) == 1
        assert [type(event) for event in workspace.events(thread_id)].count(RunStarted) == 2


def test_a_process_that_stood_still_past_its_lease_writes_nothing_over_the_one_that_took_over(
    where: str, tmp_path: Path
) -> None:
    lab = opened(tmp_path, where)
    workspace = lab.workspace("w")
    with rivals(tmp_path, where, 1, SHORT) as (rival,):
        thread_id = rival.do("start", "holds", "only", {"n": 1})["done"]
        until(lambda: (tmp_path / "inside-1").exists())
        os.kill(rival.process.pid, signal.SIGSTOP)
        until(lambda: workspace.history.status(thread_id) != "elsewhere")
        (tmp_path / "go-1").touch()
        workspace.proceed(thread_id)
        assert workspace.wait(thread_id, 30)
        rows = saved(workspace, thread_id)
        os.kill(rival.process.pid, signal.SIGCONT)

        assert rival.do("wait", thread_id, 30.0)
        assert saved(workspace, thread_id) == rows
        assert charges(workspace, thread_id) == 1
        assert [type(event) for event in workspace.events(thread_id)].count(RunEnded) == 2
    lab.close()


def test_who_lost_a_thread_is_told_so(tmp_path: Path) -> None:
    told = str(ClaimLost("0123456789"))

    assert "took thread 01234567 over" in told
    assert "LAB_LEASE" in told


def test_four_processes_open_an_empty_database_at_once(where: str, tmp_path: Path) -> None:
    with rivals(tmp_path, where, 4) as found:
        told: list[dict[str, Any]] = both(found, "start", "pays", "only", {"n": 1})

        assert done_by(told) == 4


def test_a_limit_of_runs_holds_across_processes(lab: Lab, where: str, tmp_path: Path) -> None:
    with rivals(tmp_path, where) as found:
        told = [found[number % 2].do("start", "holds", "only", {"n": 1}) for number in range(10)]
        (tmp_path / "go-1").touch()

        assert done_by(told) == 8
        assert {one["error"] for one in told if "error" in one} == {"TooManyRuns"}


def test_a_fork_whose_run_is_one_too_many_saves_nothing_of_its_edit(lab: Lab, where: str, tmp_path: Path) -> None:
    workspace = lab.workspace("w")
    thread_id = begun(workspace, "pays")
    before = leftovers(where, thread_id)
    with rivals(tmp_path, where) as found:
        assert done_by([found[0].do("start", "holds", "only", {"n": 1}) for _ in range(8)]) == 8
        with pytest.raises(TooManyRuns):
            workspace.travel.fork(
                thread_id, head(workspace, thread_id).checkpoint_id, StateEdit({"n": 5}, {}), run=True
            )
        (tmp_path / "go-1").touch()
    assert leftovers(where, thread_id) == before
