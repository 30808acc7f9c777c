"""What was accepted outlives its process: it's told, offered again, and carried out once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.events import RunEnded, RunStarted
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.accepting_program import accepted_and_killed
from tests.support.forked_processes import Forker
from tests.support.polling import until
from tests.support.rival_processes import begun, charges, opened
from tests.support.toy_patterns import head, saved


@pytest.fixture
def lab(where: str, tmp_path: Path) -> Iterator[Lab]:
    """Provide the lab of the process that finds what the killed one left."""
    found = opened(tmp_path, where)
    yield found
    found.close()


def settled(workspace: Workspace, thread_id: str) -> RunEnded:
    """Wait until the killed process has lost its thread, and return how its run is said to have ended."""
    until(lambda: workspace.history.status(thread_id) != "elsewhere")
    last = workspace.events(thread_id)[-1]
    assert isinstance(last, RunEnded)
    return last


def test_an_accepted_turn_is_told_and_carried_out_after_its_process_died(
    lab: Lab, where: str, tmp_path: Path, forker: Forker
) -> None:
    workspace = lab.workspace("w")
    thread_id = begun(workspace, "pays")
    accepted_and_killed(forker, tmp_path, where, "turn", thread_id, {"n": 7})

    assert settled(workspace, thread_id).outcome == "crashed"
    starts = [event for event in workspace.events(thread_id) if isinstance(event, RunStarted)]
    assert starts[-1].said == {"n": 7}
    accepted = workspace.history.accepted(thread_id)
    assert accepted is not None
    assert accepted.request.given == {"n": 7}
    assert charges(workspace, thread_id) == 1
    workspace.again(thread_id)
    assert workspace.wait(thread_id, 30)

    assert charges(workspace, thread_id) == 2
    assert head(workspace, thread_id).values["n"] == 7
    assert workspace.history.accepted(thread_id) is None


def test_an_accepted_answer_is_offered_again_and_has_one_effect(
    lab: Lab, where: str, tmp_path: Path, forker: Forker
) -> None:
    workspace = lab.workspace("w")
    thread_id = begun(workspace, "asks")
    asked = head(workspace, thread_id)
    answer = {asked.questions[0].id: "yes"}
    accepted_and_killed(forker, tmp_path, where, "resume", thread_id, answer, asked.checkpoint_id)
    settled(workspace, thread_id)

    assert workspace.history.status(thread_id) == "waiting"
    assert charges(workspace, thread_id) == 0
    workspace.again(thread_id)
    assert workspace.wait(thread_id, 30)

    assert head(workspace, thread_id).values["done"] == ["yes", "z"]
    assert charges(workspace, thread_id) == 1
    assert workspace.history.accepted(thread_id) is None


def test_an_accepted_answer_is_recorded_though_its_process_died_and_so_is_its_second_try(
    lab: Lab, where: str, tmp_path: Path, forker: Forker
) -> None:
    workspace = lab.workspace("w")
    thread_id = begun(workspace, "asks")
    asked = head(workspace, thread_id)
    answer = {asked.questions[0].id: "yes"}
    accepted_and_killed(forker, tmp_path, where, "resume", thread_id, answer, asked.checkpoint_id)
    settled(workspace, thread_id)
    assert [one.kind for one in workspace.history.decisions.page().decisions] == ["answer"]
    workspace.again(thread_id)
    assert workspace.wait(thread_id, 30)

    assert [(one.kind, one.asked, one.answered) for one in workspace.history.decisions.page().decisions] == [
        ("retry", "Pay?", "yes"), ("answer", "Pay?", "yes"),
    ]  # fmt: skip


def test_who_answers_otherwise_after_all_has_that_answer_alone(
    lab: Lab, where: str, tmp_path: Path, forker: Forker
) -> None:
    workspace = lab.workspace("w")
    thread_id = begun(workspace, "asks")
    asked = head(workspace, thread_id)
    ident = asked.questions[0].id
    accepted_and_killed(forker, tmp_path, where, "resume", thread_id, {ident: "yes"}, asked.checkpoint_id)
    settled(workspace, thread_id)
    workspace.resume(thread_id, {ident: "no"}, asked.checkpoint_id)
    assert workspace.wait(thread_id, 30)

    assert head(workspace, thread_id).values["done"] == ["no", "z"]
    assert workspace.history.accepted(thread_id) is None


def test_an_accepted_fork_keeps_its_edit_and_goes_on(lab: Lab, where: str, tmp_path: Path, forker: Forker) -> None:
    workspace = lab.workspace("w")
    thread_id = begun(workspace, "pays")
    first = saved(workspace, thread_id)[1]
    accepted_and_killed(forker, tmp_path, where, "rerun", thread_id, first, {"n": 9})
    settled(workspace, thread_id)

    assert head(workspace, thread_id).values["n"] == 9
    assert workspace.history.status(thread_id) == "resumable"
    workspace.proceed(thread_id)
    assert workspace.wait(thread_id, 30)
    assert charges(workspace, thread_id) == 2


def test_an_accepted_replay_is_carried_out_after_its_process_died(
    lab: Lab, where: str, tmp_path: Path, forker: Forker
) -> None:
    workspace = lab.workspace("w")
    thread_id = begun(workspace, "pays")
    accepted_and_killed(forker, tmp_path, where, "travel.replay", thread_id, saved(workspace, thread_id)[1])
    settled(workspace, thread_id)
    workspace.again(thread_id)
    assert workspace.wait(thread_id, 30)

    assert charges(workspace, thread_id) == 2
    assert len(workspace.history.tree(thread_id).branches) == 2


def test_nothing_is_offered_where_all_that_was_accepted_was_done(lab: Lab) -> None:
    workspace = lab.workspace("w")
    thread_id = begun(workspace, "pays")

    assert workspace.history.accepted(thread_id) is None
