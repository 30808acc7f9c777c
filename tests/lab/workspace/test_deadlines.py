"""Deadlines: a question whose time has run out gets the answer that it names for that, once, and no other one."""

import io
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from langgraph.types import interrupt
from pydantic import Field, model_validator
from sqlalchemy import text

from graphs.pattern import Breakpoints, Pattern
from lab.errors import DamageFound, StaleAnswer, StorageUnavailable, TooLate
from lab.lab import Lab
from lab.runs import ResumeRequest
from lab.workspace import DeadlineTimer, StateEdit, Workspace
from tests.support.asking_nodes import Verdict, shown
from tests.support.expiring import LATER, ONCE, SOON, expired, expiring, look, pass_time
from tests.support.polling import until
from tests.support.toy_patterns import (
    Hold,
    Node,
    OpenLab,
    State,
    before,
    begin,
    chain,
    end,
    everywhere,
    fan,
    head,
    lane,
    names,
    ran,
    toy,
)


class Strict(Verdict):
    """Refuses by code what its JSON schema lets pass."""

    @model_validator(mode="after")
    def _never_no(self) -> "Strict":
        if self.decision == "no":
            raise ValueError("Never no.")
        return self


def asks_until(name: str, due: float) -> Node:
    """Make a node that asks with a deadline."""

    def node(_: State) -> dict[str, Any]:
        answer = interrupt({"question": f"{name}?", "deadline": due, "on_expiry": "too late"})
        return {"done": [f"{name}={answer}"]}

    return node


def two_at_once() -> Pattern:
    """Make a pattern that asks two questions at once, one of which has more time."""
    now = time.time()
    return toy(lane(fan(soon=asks_until("soon", now + LATER), later=asks_until("later", now + 3 * LATER))))


def begun(workspace: Workspace, **more: Any) -> str:
    """Start a thread of the toy that expires, up to its question."""
    thread_id = workspace.start("expires", "only", SOON, **more).thread_id
    end(workspace, thread_id)
    return thread_id


@everywhere
def test_a_question_whose_time_has_run_out_gets_its_own_answer_once_and_that_is_recorded(open_toys: OpenLab) -> None:
    lab: Lab = open_toys(expiring())
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    _, question = shown(workspace, thread_id)
    look(lab)
    assert expired(workspace, thread_id) == ([], 0, "waiting")
    pass_time(lab)
    for _ in range(3):
        look(lab)

    assert expired(workspace, thread_id) == ONCE
    assert names(workspace, thread_id) == ["expired", "booked", "z"]
    (decision,) = workspace.history.decisions.page().decisions
    assert (decision.person, decision.answered, decision.interrupt_id) == ("", "expired", question.id)
    assert decision.asked.startswith("Buy?")
    assert workspace.inbox.count() == 0


@everywhere
def test_questions_of_all_workspaces_run_out_of_time(open_toys: OpenLab) -> None:
    lab: Lab = open_toys(expiring())
    threads = {name: begun(lab.workspace(name)) for name in ("w", "of somebody else")}
    pass_time(lab)
    look(lab)

    assert [expired(lab.workspace(name), thread_id) for name, thread_id in threads.items()] == [ONCE, ONCE]


@everywhere
def test_an_answer_after_the_deadline_is_refused_also_before_the_lab_has_come_round_to_it(open_toys: OpenLab) -> None:
    lab: Lab = open_toys(expiring())
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    snapshot, question = shown(workspace, thread_id)
    pass_time(lab)
    with pytest.raises(TooLate, match=r"passed 16 minutes ago, .* gives by itself: expired\."):
        workspace.resume(thread_id, {question.id: "yes"}, snapshot.checkpoint_id)

    assert expired(workspace, thread_id) == ([], 0, "waiting")
    look(lab)
    assert expired(workspace, thread_id) == ONCE
    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, {question.id: "yes"}, snapshot.checkpoint_id)


def test_an_answer_that_came_in_time_stands(open_toys: OpenLab) -> None:
    lab: Lab = open_toys(expiring())
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: "yes"}, snapshot.checkpoint_id)
    end(workspace, thread_id)
    pass_time(lab)
    look(lab)

    assert expired(workspace, thread_id) == (["answer"], 1, "finished")
    assert names(workspace, thread_id) == ["yes", "booked", "z"]


class Signed(Verdict):
    """Says who decided."""

    by: str = Field("", json_schema_extra={"acting_person": True})


def test_a_question_for_a_role_expires_in_nobody_s_name(open_toys: OpenLab) -> None:
    forged = {"decision": "no", "by": "Mallory"}
    lab: Lab = open_toys(expiring(on_expiry=forged, schema=Signed, role="manager"))
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    pass_time(lab)
    look(lab)
    (decision,) = workspace.history.decisions.page().decisions

    assert (decision.kind, decision.person, decision.role) == ("expired", "", "")
    assert decision.answered["by"] == ""
    assert "by=''" in names(workspace, thread_id)[0]


@pytest.mark.parametrize(("on_expiry", "schema"), [(None, None), ({"decision": "perhaps"}, Verdict)])
def test_a_question_that_names_no_answer_for_it_or_one_that_it_refuses_stays_open(
    open_toys: OpenLab, on_expiry: Any, schema: Any
) -> None:
    lab: Lab = open_toys(expiring(on_expiry=on_expiry, schema=schema))
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    pass_time(lab)
    look(lab)
    assert expired(workspace, thread_id) == ([], 0, "waiting")
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: {"decision": "yes"} if schema else "yes"}, snapshot.checkpoint_id)
    end(workspace, thread_id)

    assert expired(workspace, thread_id) == (["answer"], 1, "finished")


@everywhere
def test_of_several_questions_only_those_that_are_due_run_out_of_time(open_toys: OpenLab) -> None:
    lab: Lab = open_toys(two_at_once())
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    pass_time(lab)
    look(lab)
    snapshot, question = shown(workspace, thread_id)
    assert question.value["question"] == "later?"
    assert expired(workspace, thread_id) == (["expired"], 0, "waiting")
    workspace.resume(thread_id, {question.id: "yes"}, snapshot.checkpoint_id)
    end(workspace, thread_id)

    assert sorted(names(workspace, thread_id)) == ["join", "later=yes", "soon=too late"]


@everywhere
def test_what_found_no_place_to_run_in_is_answered_later_and_said_once(
    open_toys: OpenLab, caplog: pytest.LogCaptureFixture
) -> None:
    hold = Hold()
    lab: Lab = open_toys(expiring(), toy(lane(chain(hold=lambda _: hold()))), runs_per_workspace=1)
    workspace = lab.workspace("w")
    threads = [begun(workspace), begun(workspace)]
    other = begin(workspace)
    hold.reached()
    pass_time(lab)
    for _ in range(3):
        lab.deadlines.look()
    assert [expired(workspace, thread_id) for thread_id in threads] == [([], 0, "waiting")] * 2
    assert sum("a place to run in" in one.message for one in caplog.records) == 1
    hold.let_go.set()
    workspace.wait(other)

    def answered() -> bool:
        look(lab)
        return [expired(workspace, thread_id) for thread_id in threads] == [ONCE] * 2

    until(answered)


@everywhere
def test_a_node_that_fails_after_the_expiry_has_failed_as_after_any_answer_and_is_not_tried_for_ever(
    open_toys: OpenLab,
) -> None:
    tries: list[str] = []

    def fails(place: str) -> None:
        tries.append(place)
        if place == "answered":
            raise ConnectionError("no line")

    lab: Lab = open_toys(expiring(fails))
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    pass_time(lab)
    for _ in range(3):
        look(lab)

    assert tries == ["answered"]
    assert expired(workspace, thread_id) == (["expired"], 0, "waiting")
    snapshot, question = shown(workspace, thread_id)
    assert snapshot.saved_answers == {question.id: "expired"}
    assert workspace.inbox.count() == 0


def test_an_answer_that_the_node_itself_refuses_is_not_given_again(open_toys: OpenLab) -> None:
    lab: Lab = open_toys(expiring(on_expiry={"decision": "no", "note": "none"}, schema=Strict))
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    pass_time(lab)
    for _ in range(3):
        look(lab)

    assert expired(workspace, thread_id) == (["expired"], 0, "waiting")


@pytest.mark.parametrize("open_toys", ["sqlite"], indirect=True)
def test_a_damaged_thread_leaves_the_deadlines_of_the_others_as_they_are(
    open_toys: OpenLab, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lab: Lab = open_toys(expiring())
    workspace = lab.workspace("w")
    damaged, sound = begun(workspace), begun(workspace)
    with closing(sqlite3.connect(tmp_path / "lab.sqlite")) as connection, connection:
        connection.execute("UPDATE checkpoints SET checkpoint = x'00' WHERE thread_id = ?", (damaged,))
    pass_time(lab)
    for _ in range(3):
        look(lab)

    assert expired(workspace, sound) == ONCE
    assert workspace.history.decisions.page().total == 1
    assert sum(damaged in one.message for one in caplog.records) <= 2


@everywhere
def test_a_question_that_the_index_has_lost_with_its_process_runs_out_of_time_too(open_toys: OpenLab) -> None:
    lab: Lab = open_toys(expiring())
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    with lab.storage.database.begin() as connection:
        connection.execute(text("DELETE FROM lab_waiting"))
        connection.execute(text("UPDATE lab_threads SET indexed = NULL"))
    pass_time(lab)
    look(lab)

    assert expired(workspace, thread_id) == ONCE


def left_behind(lab: Lab, thread_id: str, answers: dict[str, Any], at: str, unattended: int) -> None:
    """Accept an answer as a process does that dies before it begins the run."""
    workspace = lab.workspace("w")
    snapshot = head(workspace, thread_id)
    conditions: dict[str, Any] = {"model": "offline", "pace": 0.0, "breakpoints": Breakpoints(), "lane": "only"}
    request = ResumeRequest(thread_id=thread_id, workspace="w", pattern="expires", answers=answers, **conditions)
    with lab.runs.claimed("w", thread_id, runs=True) as claim:
        claim.accept(request, at or snapshot.checkpoint_id, lambda _: None, unattended=unattended)


@everywhere
def test_an_answer_that_was_accepted_in_time_and_not_begun_holds_past_the_deadline(open_toys: OpenLab) -> None:
    lab: Lab = open_toys(expiring())
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    _, question = shown(workspace, thread_id)
    left_behind(lab, thread_id, {question.id: "yes"}, "", 0)
    pass_time(lab)
    look(lab)
    assert expired(workspace, thread_id) == ([], 0, "waiting")
    workspace.again(thread_id)
    end(workspace, thread_id)

    assert expired(workspace, thread_id) == (["retry"], 1, "finished")
    assert names(workspace, thread_id)[0] == "yes"


@everywhere
@pytest.mark.parametrize(("times", "stands"), [(1, ([], 1, "finished")), (3, ([], 0, "waiting"))])
def test_what_the_lab_had_begun_itself_is_carried_on_a_few_times_and_not_recorded_again(
    open_toys: OpenLab, times: int, stands: Any
) -> None:
    lab: Lab = open_toys(expiring())
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    _, question = shown(workspace, thread_id)
    left_behind(lab, thread_id, {question.id: "expired"}, "", times)
    pass_time(lab)
    look(lab)

    assert expired(workspace, thread_id) == stands


@everywhere
def test_a_run_that_somebody_stops_by_hand_stays_stopped(open_toys: OpenLab) -> None:
    hold = Hold()

    def holds(place: str) -> None:
        if place == "booking":
            hold()

    lab: Lab = open_toys(expiring(holds))
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    pass_time(lab)
    lab.deadlines.look()
    hold.reached()
    workspace.stop(thread_id)
    hold.let_go.set()
    end(workspace, thread_id)
    for _ in range(2):
        look(lab)

    assert expired(workspace, thread_id) == (["expired"], 1, "resumable")


@pytest.mark.parametrize("open_toys", ["sqlite", "postgresql"], indirect=True)
def test_a_run_that_a_lab_stops_at_its_own_end_is_carried_on_by_the_next_one(open_toys: OpenLab) -> None:
    hold = Hold()

    def holds(place: str) -> None:
        if place == "booking":
            hold.entered.release()
            until(lambda: first.runs._closing)

    first: Lab = open_toys(expiring(holds))
    thread_id = begun(first.workspace("w"))
    pass_time(first)
    first.deadlines.look()
    hold.reached()
    first.close()
    second: Lab = open_toys(expiring())
    assert expired(second.workspace("w"), thread_id) == (["expired"], 1, "resumable")
    for _ in range(2):
        look(second)

    assert expired(second.workspace("w"), thread_id) == ONCE


def test_an_expired_question_is_answered_anew_on_a_branch_on_purpose_and_a_replay_runs_out_of_time_again(
    open_toys: OpenLab,
) -> None:
    lab: Lab = open_toys(expiring())
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    snapshot, question = shown(workspace, thread_id)
    pass_time(lab)
    look(lab)
    workspace.travel.reanswer(thread_id, snapshot.checkpoint_id, {question.id: "yes"})
    end(workspace, thread_id)
    assert names(workspace, thread_id)[0] == "yes"
    workspace.travel.replay(thread_id, snapshot.checkpoint_id)
    end(workspace, thread_id)
    look(lab)

    assert names(workspace, thread_id)[0] == "expired"
    assert expired(workspace, thread_id)[0] == ["expired", "reanswer", "replay", "expired"]


def test_a_later_deadline_written_on_a_branch_gives_more_time(open_toys: OpenLab) -> None:
    lab: Lab = open_toys(expiring())
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    pass_time(lab)
    edit = StateEdit({"due": time.time() + 5 * LATER}, {})
    workspace.travel.fork(thread_id, head(workspace, thread_id).checkpoint_id, edit, run=True)
    end(workspace, thread_id)
    look(lab)

    assert expired(workspace, thread_id)[2] == "waiting"


@everywhere
def test_what_came_with_a_copy_or_a_file_stays_open_for_a_person_until_a_run_here_has_asked_it(
    open_toys: OpenLab,
) -> None:
    lab: Lab = open_toys(expiring())
    workspace = lab.workspace("w")
    original = begun(workspace)
    copied = workspace.threads.copy(original).thread_id
    file = io.BytesIO(b"".join(workspace.threads.export(original)))
    (imported,) = (one.thread_id for one in workspace.threads.import_file(file))
    pass_time(lab)
    look(lab)
    others = [copied, workspace.threads.copy(copied).thread_id, imported]
    look(lab)

    assert expired(workspace, original) == ONCE
    for thread_id in others:
        assert expired(workspace, thread_id) == ([], 0, "waiting")
        snapshot, question = shown(workspace, thread_id)
        assert question.value["on_expiry"] == "expired"
        workspace.resume(thread_id, {question.id: "yes"}, snapshot.checkpoint_id)
        end(workspace, thread_id)
        assert expired(workspace, thread_id)[0] == ["answer"]
    workspace.travel.replay(imported, before(workspace, imported, "ask"))
    end(workspace, imported)
    look(lab)
    assert expired(workspace, imported)[0] == ["answer", "replay", "expired"]


def test_a_lab_that_has_been_announced_keeps_deadlines_by_itself_and_looks_as_soon_as_one_passes(
    open_toys: OpenLab,
) -> None:
    lab: Lab = open_toys(expiring())
    workspace = lab.workspace("w")
    thread_id = workspace.start("expires", "only", {"n": 1}).thread_id
    end(workspace, thread_id)
    assert lab.deadlines.look() <= 1
    lab.announce("here")
    until(lambda: expired(workspace, thread_id) == ONCE)


def test_a_timer_whose_database_is_away_says_so_once_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looked: list[int] = []

    def fails_twice() -> float:
        looked.append(1)
        if len(looked) <= 2:
            raise StorageUnavailable("another program has it")
        return 60.0

    monkeypatch.setattr("lab.workspace.deadline_timer.AGAIN", 0.01)
    timer = DeadlineTimer(fails_twice)
    timer.begin()
    until(lambda: len(looked) == 3)
    timer.close()

    assert [one.message for one in caplog.records] == [
        "Questions whose time has run out can't be looked for now: another program has it"
    ]


def test_nothing_is_answered_in_a_database_that_is_damaged(open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab: Lab = open_toys(expiring())
    workspace = lab.workspace("w")
    thread_id = begun(workspace)
    pass_time(lab)
    monkeypatch.setattr(type(lab.storage), "damage", DamageFound("a page"))
    look(lab)

    assert expired(workspace, thread_id)[0] == []
