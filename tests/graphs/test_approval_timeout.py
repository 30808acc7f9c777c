"""Approval timeout: a deadline that passes by itself in one lane, and that nothing comes of in the other."""

from datetime import datetime
from typing import Any

import pytest

from graphs.catalogue import find
from graphs.human.approval_timeout import NOBODY, REQUESTER, Verdict
from graphs.outcome import Ended
from graphs.pattern import Example, Reply
from lab.errors import InvalidInput, TooLate
from lab.lab import Lab
from lab.state import check_answer
from tests.support.example_player import Play, begun
from tests.support.expiring import pass_time

SLUG = "approval-timeout"
WAITS, EXPIRES = "waits", "expires"
APPROVED, REJECTED, NOBODY_ANSWERS, TOO_LATE = range(4)
PATTERN = find(SLUG)


@pytest.mark.parametrize("lane", [WAITS, EXPIRES])
def test_a_yes_in_time_buys_once(play: Play, lane: str) -> None:
    played = play(SLUG, lane, APPROVED)

    assert played.status == "finished"
    assert [(row["order"], row["cents"]) for row in played.ledger] == [("Standing desk", 480_00)]
    assert played.outbox == []


@pytest.mark.parametrize("lane", [WAITS, EXPIRES])
def test_a_no_in_time_tells_the_requester_why_and_buys_nothing(play: Play, lane: str) -> None:
    played = play(SLUG, lane, REJECTED)

    assert played.ledger == []
    assert [(row["recipient"], row["body"]) for row in played.outbox] == [(REQUESTER, "The old one still works.")]


def test_a_deadline_that_passes_expires_the_question_and_tells_the_requester_once(play: Play) -> None:
    played = play(SLUG, EXPIRES, NOBODY_ANSWERS)

    assert (played.status, played.values["decision"]) == ("finished", "expired")
    assert played.ledger == []
    assert [(row["subject"], row["body"]) for row in played.outbox] == [("Office chairs: expired", NOBODY)]


def test_a_question_without_an_answer_for_it_stays_open_after_its_deadline(play: Play) -> None:
    played = play(SLUG, WAITS, NOBODY_ANSWERS)

    assert played.status == "waiting"
    assert (played.ledger, played.outbox) == ([], [])


def test_a_late_yes_buys_where_the_question_waits_for_ever(play: Play) -> None:
    played = play(SLUG, WAITS, TOO_LATE)

    assert played.values["decided_at"] > played.values["deadline"]
    assert len(played.ledger) == 1


def test_a_late_yes_is_refused_where_the_question_expires(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("tests")
    thread_id = begun(workspace, SLUG, EXPIRES, PATTERN.examples[TOO_LATE]).thread.thread_id
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    (question,) = snapshot.questions
    pass_time(sqlite_lab)
    with pytest.raises(TooLate, match="Nobody decided in time"):
        workspace.resume(thread_id, {question.id: {"decision": "approved"}}, snapshot.checkpoint_id)

    assert workspace.threads.business("ledger", [thread_id]) == []


@pytest.mark.parametrize("lane", [WAITS, EXPIRES])
@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_a_person_who_writes_that_nobody_decided_has_decided(play: Play, lane: str, decision: str) -> None:
    reply = Reply({"decision": decision, "reason": NOBODY}, person="Maya")
    example = Example("in time", {"item": "Desk", "euros": 1, "seconds": 120}, {lane: (reply,)})
    played = play(SLUG, lane, example)

    assert played.values["decision"] == decision
    assert len(played.ledger) == (decision == "approved")


def test_the_deadline_stands_as_long_after_the_start_as_the_visitor_says(play: Play) -> None:
    played = play(SLUG, EXPIRES, Example("a day", {"item": "Desk", "euros": 1, "seconds": 86_400}))
    (asked,) = played.asked
    left = datetime.fromisoformat(asked["deadline"]).timestamp() - datetime.now().timestamp()  # noqa: DTZ005 - seconds

    assert played.status == "waiting"
    assert asked["deadline"] == played.values["deadline"]
    assert 86_000 < left <= 86_400


def test_a_rejection_without_a_reason_is_refused_and_the_lab_s_own_answer_is_not() -> None:
    schema = Verdict.model_json_schema()
    with pytest.raises(InvalidInput) as refused:
        check_answer(schema, {"decision": "rejected", "reason": " "})
    assert "reason" in refused.value.fields
    check_answer(schema, {"decision": "rejected", "reason": NOBODY})


OUTCOMES = {
    (WAITS, APPROVED): "Approved in time, bought for 480.00 €",
    (EXPIRES, APPROVED): "Approved in time, bought for 480.00 €",
    (WAITS, REJECTED): "Rejected in time: The old one still works",
    (EXPIRES, REJECTED): "Rejected in time: The old one still works",
    (WAITS, NOBODY_ANSWERS): "",
    (EXPIRES, NOBODY_ANSWERS): "Expired: nothing bought, and the requester was told",
    (WAITS, TOO_LATE): "Bought after the deadline, when the price no longer held",
    (EXPIRES, TOO_LATE): "Expired: nothing bought, and the requester was told",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_whether_it_was_bought_and_in_time(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]


AT = {"deadline": "2026-01-01T12:00:00.000+00:00", "decided_at": "2026-01-01T12:00:01.000+00:00"}


@pytest.mark.parametrize(
    ("values", "failed", "line"),
    [
        ({}, True, "Nothing bought, stopped by an error"),
        (AT | {"decision": "rejected", "reason": "Too\ndear"}, False, "Rejected too late: Too dear"),
        (AT | {"decision": "approved"}, False, "Approved, and nothing was bought"),
    ],
)
def test_the_outcome_of_what_went_otherwise(values: dict[str, Any], failed: bool, line: str) -> None:
    told = PATTERN.lane(EXPIRES).outcome
    assert told is not None
    assert told(Ended(values, failed=failed)) == line
