"""Crashes: a process that is killed loses nothing that was finished, and nothing finished runs again."""

import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lab.history import Question
from lab.lab import Lab
from lab.threads import Thread
from lab.workspace import Workspace
from tests.support.crash_program import STEPS, counting
from tests.support.forked_processes import CRASH, Forker
from tests.support.labs import quiet
from tests.support.polling import until
from tests.support.toy_patterns import end, names

pytestmark = pytest.mark.usefixtures("forked_workers")


def killed(forker: Forker, folder: Path, lane_key: str, dies_in: str) -> None:
    """Run a thread in a process that is killed in that step."""
    assert forker.fork(CRASH, str(folder), lane_key, dies_in).end() == -signal.SIGKILL


def found(folder: Path) -> tuple[Lab, Workspace, Thread]:
    """Open a lab as after a restart and wait until the killed process has lost its thread."""
    lab = Lab(quiet(str(folder / "lab.sqlite")), patterns=[counting(folder, None)])
    workspace = lab.workspace("w")
    (thread,) = workspace.threads.newest()
    until(lambda: workspace.history.status(thread.thread_id) != "elsewhere")
    return lab, workspace, thread


def executions(folder: Path) -> Counter[str]:
    return Counter((folder / "executions").read_text().split())


@pytest.mark.parametrize("dies_in", STEPS)
def test_a_killed_run_goes_on_where_it_was_and_repeats_only_the_node_at_work(
    forker: Forker, tmp_path: Path, dies_in: str
) -> None:
    killed(forker, tmp_path, "row", dies_in)
    before = STEPS[: STEPS.index(dies_in)]
    lab, workspace, thread = found(tmp_path)
    assert workspace.history.status(thread.thread_id) == "resumable"
    assert names(workspace, thread.thread_id) == list(before)
    assert executions(tmp_path) == Counter((*before, dies_in))
    workspace.proceed(thread.thread_id)

    assert end(workspace, thread.thread_id).outcome == "finished"
    assert names(workspace, thread.thread_id) == list(STEPS)
    assert executions(tmp_path) == Counter((*STEPS, dies_in))
    lab.close()


def test_a_thread_that_was_killed_is_shown_with_what_it_had_done(forker: Forker, tmp_path: Path) -> None:
    killed(forker, tmp_path, "row", "c")
    lab, workspace, thread = found(tmp_path)
    view = workspace.view(thread.thread_id)
    view.catch_up()

    assert [(step.path[-1], step.status, step.wrote) for step in view.steps] == [
        ("a", "done", {"done": ["a"]}),
        ("b", "done", {"done": ["b"]}),
    ]
    assert not view.running
    assert view.runs[-1].outcome == "crashed"
    lab.close()


@pytest.mark.parametrize("dies_in", STEPS)
def test_siblings_that_were_saved_before_a_kill_do_not_run_again(forker: Forker, tmp_path: Path, dies_in: str) -> None:
    killed(forker, tmp_path, "fan", dies_in)
    lab, workspace, thread = found(tmp_path)
    assert workspace.history.status(thread.thread_id) == "resumable"
    workspace.proceed(thread.thread_id)

    assert end(workspace, thread.thread_id).outcome == "finished"
    assert names(workspace, thread.thread_id) == [*STEPS, "join"]
    assert executions(tmp_path) == Counter((*STEPS, dies_in))
    lab.close()


def paid(lab: Lab, lane_key: str, crash: str, failures: int) -> tuple[list[str], list[str], list[str]]:
    """Orders and confirms through all crashes; gives the orders shown, those paid, and the outcomes of the runs."""
    workspace = lab.workspace("w")
    given: dict[str, Any] = {"item": "Lamp", "amount": 10, "failures": failures, "crash": crash}
    thread_id = workspace.start("durable-task", lane_key, given).thread_id
    shown, outcomes = list[str](), list[str]([end(workspace, thread_id).outcome])
    while (status := workspace.history.status(thread_id)) != "finished":
        assert len(outcomes) < 6
        if status == "waiting":
            question = _confirm(workspace, thread_id)
            shown.append(question.value["order"])
        else:
            workspace.proceed(thread_id)
        outcomes.append(end(workspace, thread_id).outcome)
    return shown, [row["order"] for row in workspace.threads.business("ledger", [thread_id])], outcomes


def _confirm(workspace: Workspace, thread_id: str) -> Question:
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    (question,) = snapshot.questions
    workspace.resume(thread_id, {question.id: {"confirm": "yes"}}, snapshot.checkpoint_id)
    return question


POINTS = ("after-order", "after-question", "after-charge")


@pytest.mark.parametrize("failures", [0, 1, 2])
@pytest.mark.parametrize("crash", POINTS)
def test_the_cure_pays_the_order_shown_once_wherever_the_process_dies(
    sqlite_lab: Lab, crash: str, failures: int
) -> None:
    shown, booked, outcomes = paid(sqlite_lab, "task", crash, failures)

    assert outcomes.count("crashed") == 1
    assert len(set(shown)) == 1
    assert booked == shown[:1]


@pytest.mark.parametrize("crash", POINTS)
def test_side_effects_in_the_node_pay_an_order_that_nobody_saw(sqlite_lab: Lab, crash: str) -> None:
    shown, booked, outcomes = paid(sqlite_lab, "in-node", crash, 0)

    assert outcomes.count("crashed") == 1
    assert len(booked) == (2 if crash == "after-charge" else 1)
    assert not set(booked) & set(shown)


@pytest.mark.parametrize("failures", [0, 1])
def test_a_retry_around_tasks_pays_for_each_try_after_a_crash_as_before(sqlite_lab: Lab, failures: int) -> None:
    shown, booked, outcomes = paid(sqlite_lab, "retry-around", "after-question", failures)

    assert outcomes.count("crashed") == 1
    assert len(booked) == failures + 1
    assert (shown[0] in booked) == (failures == 0)
