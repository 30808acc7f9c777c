"""The next recorded step of an example is told before it's done, fits the thread, and is done as by hand."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graphs.catalogue import find
from graphs.pattern import Comparison, Edit, Example, Go, Recover, Reply, Restart, Step, Turn, Wait, WayBack
from lab.errors import InvalidInput, NotPossible, StaleAnswer, ThreadBusy
from lab.history import urgency_of
from lab.lab import Lab
from lab.workspace import ExamplePlayer, LanePlay, NextStep, Workspace
from tests.support.asking_nodes import asks
from tests.support.example_player import Playing, before, begun, ended
from tests.support.expiring import look, pass_deadlines, pass_time
from tests.support.labs import quiet
from tests.support.steps_by_hand import by_hand
from tests.support.toy_patterns import Hold, OpenLab, chain, end, fan, lane, names, toy

EXPENSE, GATE = find("expense-approval"), find("approval-gate")
SERVER = EXPENSE.examples[2]
"""Approved by manager and director."""


@pytest.fixture
def here() -> Iterator[Workspace]:
    """Provide a workspace in memory."""
    lab = Lab(quiet("memory"))
    yield lab.workspace("tests")
    lab.close()


def shown(workspace: Workspace, slug: str, lane_key: str, number: int, steps: int = 0) -> tuple[Playing, NextStep]:
    """Play so many presses of an example, look twice at what comes next, and return it with how the thread stood."""
    playing = begun(workspace, slug, lane_key, find(slug).examples[number])
    for _ in range(steps):
        assert playing.take_next()
    ident = playing.thread.thread_id
    stood = workspace.history.stamp([ident]), len(workspace.events(ident))
    step = playing.look().step

    assert step is not None
    assert playing.look().step == step
    assert (workspace.history.stamp([ident]), len(workspace.events(ident))) == stood
    snapshot = workspace.history.snapshot(ident)
    assert step.checkpoint_id == (snapshot.checkpoint_id if snapshot else "")
    assert (step.lane, step.thread_id) == (lane_key, ident)
    return playing, step


def test_an_answer_is_shown_with_its_question_before_it_is_given(here: Workspace) -> None:
    playing, step = shown(here, "expense-approval", "dynamic", 2, steps=1)
    (question,) = here.history.pending(step.thread_id)

    assert step.steps == (Reply({"decision": "approved"}, "director", person="Dana"),)
    assert step.questions == (question.id,)
    assert "director" in str(question.value)
    playing.take_next()
    assert here.history.status(step.thread_id) == "finished"


def test_what_is_written_at_a_pause_is_shown_with_the_press_that_goes_on(here: Workspace) -> None:
    playing, step = shown(here, "expense-approval", "static", 2)

    assert step.steps == (Edit({"decision": "approved"}, "manager", person="Maya"), Go())
    playing.take_next()
    snapshot = here.history.snapshot(step.thread_id)
    assert snapshot is not None
    assert [one["by"] for one in snapshot.values["decisions"]] == ["manager"]
    assert snapshot.next == ("director",)


def test_a_bare_resume_is_shown_and_pauses_where_the_example_has_its_pauses(here: Workspace) -> None:
    playing, step = shown(here, "breakpoints", "steps", 2)

    assert step.steps == (Go(),)
    playing.take_next()
    snapshot = here.history.snapshot(step.thread_id)
    assert snapshot is not None
    assert snapshot.next == ("b",)


def test_a_restart_and_the_turn_after_it_are_shown_one_by_one(here: Workspace) -> None:
    playing, step = shown(here, "checkpointers", "memory", 0)

    assert step.steps == (Restart(),)
    playing.take_next()
    assert here.history.status(step.thread_id) == "new"
    after = playing.look().step
    assert after is not None
    assert [type(one) for one in after.steps] == [Turn]
    assert after.checkpoint_id == ""


def test_a_comparison_is_shown_and_then_runs_in_a_further_thread_that_all_lanes_share_a_session_for(
    here: Workspace,
) -> None:
    pattern = find("stateful-reducer")
    player = ExamplePlayer(here, pattern, pattern.examples[2])
    threads = player.start(pace=0)
    for thread in threads:
        ended(here, thread.thread_id)
        step = player.look(thread).step
        assert step is not None
        assert step.steps == (Comparison({"numbers": "100"}),)
        player.take(step, pace=0)
        for other in here.threads.newest():
            ended(here, other.thread_id)
        after = player.look(thread).step
        assert after is not None
        assert [type(one) for one in after.steps] == [WayBack]
    compared = [one for one in here.threads.newest() if one.session != threads[0].session]

    assert sorted(one.lane for one in compared) == ["pure", "stateful"]
    assert len({one.session for one in compared}) == 1


def test_a_deadline_is_shown_until_it_passes_and_nobody_can_have_it_pass_sooner(here: Workspace) -> None:
    playing, step = shown(here, "approval-timeout", "waits", 3)
    (question,) = here.history.pending(step.thread_id)

    assert step.steps == (Wait(),)
    assert step.until == urgency_of(question.value).due
    with pytest.raises(NotPossible, match="hasn't passed yet"):
        playing.player.take(step)
    pass_deadlines(here)
    playing.player.take(step)
    after = playing.look().step
    assert after is not None
    assert after.steps == (Reply({"decision": "approved"}),)


def test_after_the_deadline_of_a_question_that_expires_the_lab_is_at_work_until_it_has(here: Workspace) -> None:
    playing, _ = shown(here, "approval-timeout", "expires", 3)
    lab = here._engine
    assert isinstance(lab, Lab)
    pass_time(lab)
    assert playing.look() == LanePlay(working=True)
    look(lab)

    assert playing.look() == LanePlay()
    assert here.history.status(playing.thread.thread_id) == "finished"


def test_a_question_that_expires_where_the_example_answers_it_leads_elsewhere(here: Workspace) -> None:
    playing, _ = shown(here, "approval-timeout", "expires", 0)
    pass_deadlines(here)

    assert "isn't what the example does" in playing.look().problem


@pytest.mark.parametrize("lane_key", ["rewind", "replay", "fork"])
def test_a_way_back_is_shown_with_the_checkpoint_that_it_goes_to(here: Workspace, lane_key: str) -> None:
    playing, step = shown(here, "time-travel", lane_key, 0)

    assert [type(one) for one in step.steps] == [WayBack]
    assert step.to == before(here, step.thread_id, "write")
    assert playing.take_next() == step
    assert playing.look().step is None


@pytest.mark.processes
@pytest.mark.usefixtures("forked_workers")
@pytest.mark.parametrize(("lane_key", "nothing_saved"), [("exit", True), ("sync", False)])
def test_a_killed_run_is_shown_with_how_it_is_taken_up(sqlite_lab: Lab, lane_key: str, nothing_saved: bool) -> None:
    here = sqlite_lab.workspace("tests")
    playing, step = shown(here, "crash-recovery", lane_key, 3)

    assert step.steps == (Recover(nothing_saved),)
    assert (step.checkpoint_id == "") == nothing_saved
    playing.take_next()
    assert here.history.status(step.thread_id) == "finished"


@pytest.mark.processes
@pytest.mark.usefixtures("forked_workers")
def test_an_answer_that_a_kill_took_is_given_again(sqlite_lab: Lab) -> None:
    here = sqlite_lab.workspace("tests")
    playing, step = shown(here, "durable-task", "in-node", 4, steps=1)

    assert [type(one) for one in step.steps] == [Reply]
    playing.take_next()
    assert here.history.status(step.thread_id) == "finished"


def test_the_lanes_of_an_example_go_on_each_as_soon_as_it_rests(open_toys: OpenLab) -> None:
    hold = Hold()

    def slow(_: Any) -> dict[str, Any]:
        hold()
        return {"done": ["slow"]}

    pattern = toy(
        lane(chain(slow=slow), "late"),
        lane(chain(ask=asks("ask")), "early"),
        turns=True,
    )
    example = Example("One", {"n": 1}, {"early": (Reply("yes"),), "late": (Turn({"n": 2}),)})
    here = open_toys(pattern).workspace("w")
    player = ExamplePlayer(here, pattern, example)
    late, early = player.start(pace=0)
    hold.reached()
    ended(here, early.thread_id)
    step = player.look(early).step

    assert player.look(late).working
    assert step is not None
    player.take(step)
    end(here, early.thread_id)
    assert player.look(early) == LanePlay()
    hold.let_go.set()
    end(here, late.thread_id)
    assert player.look(late).step is not None


def test_what_comes_next_is_known_by_another_process_and_after_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "lab.sqlite")
    lab = Lab(quiet(path))
    playing = begun(lab.workspace("w"), "expense-approval", "static", SERVER)
    playing.take_next()
    step = playing.look().step
    lab.close()
    other = Lab(quiet(path))
    workspace = other.workspace("w")
    player = ExamplePlayer(workspace, EXPENSE, SERVER)

    assert step is not None
    assert player.look(workspace.threads.find(step.thread_id)).step == step
    player.take(step)
    ended(workspace, step.thread_id)
    assert workspace.history.status(step.thread_id) == "finished"
    other.close()


def test_a_step_that_another_server_has_done_is_not_offered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that has just looked at the thread doesn't compare its log again for a while.
    monkeypatch.setattr("lab.workspace.logs.COMPARED_EVERY", 3600.0)
    path, gate = str(tmp_path / "lab.sqlite"), find("approval-gate")
    lab, other = Lab(quiet(path)), Lab(quiet(path))
    here = begun(lab.workspace("w"), gate.slug, "interrupt", gate.examples[1])
    workspace = other.workspace("w")
    there = replace(here, workspace=workspace, player=ExamplePlayer(workspace, gate, here.example))
    here.look()
    there.take_next()
    looked = here.look().step
    lab.close()
    other.close()

    assert looked is not None
    assert looked.steps == here.example.steps["interrupt"][1:2]


@pytest.mark.parametrize("lane_key", ["static", "dynamic"])
def test_a_step_that_no_longer_fits_ends_the_play_with_a_reason_and_changes_nothing(
    here: Workspace, lane_key: str
) -> None:
    playing = begun(here, "expense-approval", lane_key, SERVER)
    no = {"decision": "rejected", "note": "Too dear."}
    steps: tuple[Step, ...] = (Edit(no), Go()) if lane_key == "static" else (Reply(no, person="Maya"),)
    for step in steps:
        by_hand(here, playing.thread, step, SERVER)
    events = len(here.events(playing.thread.thread_id))
    looked = playing.look()

    assert (looked.step, looked.working) == (None, False)
    assert EXPENSE.lane(lane_key).title in looked.problem
    assert "as it has finished" in looked.problem
    assert "Go on by hand" in looked.problem
    assert len(here.events(playing.thread.thread_id)) == events


def test_another_value_than_the_example_s_leaves_the_play_as_long_as_its_steps_fit(here: Workspace) -> None:
    example = GATE.examples[1]
    playing = begun(here, GATE.slug, "interrupt", example)
    by_hand(here, playing.thread, Reply({"decision": "change", "feedback": "Make it rhyme."}), example)
    looked = playing.look()

    assert looked.step is not None
    assert looked.step.steps == (example.steps["interrupt"][1],)


def test_going_back_where_the_example_does_not_ends_the_play_with_a_reason(here: Workspace) -> None:
    playing = begun(here, "expense-approval", "dynamic", SERVER)
    ident = playing.thread.thread_id
    snapshot = here.history.snapshot(ident)
    assert snapshot is not None
    playing.take_next()
    answers = {one.id: {"decision": "approved"} for one in snapshot.questions}
    here.travel.reanswer(ident, snapshot.checkpoint_id, answers, person="Dana")
    ended(here, ident)

    assert here.history.status(ident) == "waiting"
    assert playing.look().step is None
    assert "isn't what the example does" in playing.look().problem


def test_a_thread_of_which_only_checkpoints_are_known_is_not_played_on(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    lab = Lab(quiet(str(path)))
    playing = begun(lab.workspace("w"), "expense-approval", "dynamic", SERVER)
    lab.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM lab_events")
    other = Lab(quiet(str(path)))
    looked = ExamplePlayer(other.workspace("w"), EXPENSE, SERVER).look(playing.thread)

    assert looked.step is None
    assert "no longer known" in looked.problem
    other.close()


def test_pressing_resume_with_nothing_written_leaves_what_the_example_writes_there(here: Workspace) -> None:
    playing = begun(here, "expense-approval", "static", SERVER)
    by_hand(here, playing.thread, Go(), SERVER)
    looked = playing.look()

    assert looked.step is not None
    assert looked.step.steps == SERVER.steps["static"][:2]
    while playing.take_next():
        pass
    assert here.history.status(playing.thread.thread_id) == "finished"


def test_a_pause_passed_by_hand_is_not_written_at_again(here: Workspace) -> None:
    example = GATE.examples[1]
    playing = begun(here, GATE.slug, "static", example)
    by_hand(here, playing.thread, Edit({"feedback": "Make it rhyme."}), example)
    looked = playing.look()

    assert looked.step is not None
    assert looked.step.steps == (Go(),)


def test_a_step_is_refused_once_the_thread_has_moved_on(here: Workspace) -> None:
    playing = begun(here, "expense-approval", "dynamic", SERVER)
    step = playing.look().step
    assert step is not None
    by_hand(here, playing.thread, SERVER.steps["dynamic"][0], SERVER)

    with pytest.raises(StaleAnswer):
        playing.player.take(step)
    assert playing.look().step is not None


def test_a_step_is_refused_while_the_thread_is_at_work(open_toys: OpenLab) -> None:
    hold = Hold()

    def slow(_: Any) -> dict[str, Any]:
        hold()
        return {"done": ["slow"]}

    pattern = toy(lane(chain(ask=asks("ask"), slow=slow)))
    here = open_toys(pattern).workspace("w")
    player = ExamplePlayer(here, pattern, Example("One", {"n": 1}, {"only": (Reply("yes"), Reply("no"))}))
    (thread,) = player.start()
    end(here, thread.thread_id)
    step = player.look(thread).step
    assert step is not None
    player.take(step)
    hold.reached()

    with pytest.raises(ThreadBusy):
        player.take(step)
    hold.let_go.set()
    end(here, thread.thread_id)


def test_an_answer_that_its_question_does_not_take_is_refused_and_the_thread_goes_on_by_hand(here: Workspace) -> None:
    example = Example("Odd", SERVER.input, {"dynamic": (Reply({"decision": "perhaps"}, person="Maya"),)})
    playing = begun(here, "expense-approval", "dynamic", example)

    with pytest.raises(InvalidInput):
        playing.take_next()
    by_hand(here, playing.thread, Reply({"decision": "rejected", "note": "No."}, person="Maya"), example)
    assert here.history.status(playing.thread.thread_id) == "finished"


def test_questions_that_wait_together_are_one_step_also_where_some_are_answered_by_hand(open_toys: OpenLab) -> None:
    pattern = toy(lane(fan(left=asks("left"), right=asks("right"))), turns=True)
    here = open_toys(pattern).workspace("w")
    player = ExamplePlayer(here, pattern, Example("Two", {"n": 1}, {"only": (Reply("yes"), Turn({"n": 2}))}))
    (thread,) = player.start()
    end(here, thread.thread_id)
    both = player.look(thread).step
    assert both is not None
    assert len(both.questions) == 2
    snapshot = here.history.snapshot(thread.thread_id)
    assert snapshot is not None
    here.resume(thread.thread_id, {both.questions[0]: "no"}, snapshot.checkpoint_id)
    end(here, thread.thread_id)
    other = player.look(thread).step

    assert other is not None
    assert other.steps == (Reply("yes"),)
    assert other.questions == both.questions[1:]
    player.take(other)
    end(here, thread.thread_id)
    assert names(here, thread.thread_id) == ["left='no'", "right='yes'", "join"]
    last = player.look(thread).step
    assert last is not None
    assert last.steps == (Turn({"n": 2}),)


def test_a_run_that_somebody_stopped_is_gone_on_with_first(open_toys: OpenLab) -> None:
    hold = Hold()

    def slow(_: Any) -> dict[str, Any]:
        hold()
        return {"done": ["slow"]}

    pattern = toy(lane(chain(slow=slow, ask=asks("ask"))))
    here = open_toys(pattern).workspace("w")
    player = ExamplePlayer(here, pattern, Example("One", {"n": 1}, {"only": (Reply("yes"),)}))
    (thread,) = player.start()
    hold.reached()
    here.stop(thread.thread_id)
    hold.let_go.set()
    end(here, thread.thread_id)
    step = player.look(thread).step

    assert step is not None
    assert [type(one) for one in step.steps] == [Recover]
    player.take(step)
    end(here, thread.thread_id)
    after = player.look(thread).step
    assert after is not None
    assert after.steps == (Reply("yes"),)
