"""Durable task: which orders are really paid after failures, a question and a killed process.

"Shown" is the order in the question that the person confirmed; "paid" are the ledger's rows.
"""

from typing import Any

import pytest

from graphs.outcome import Ended
from graphs.pattern import Example
from graphs.resilience.durable_task import Confirmation
from graphs.resilience.durable_task_demo import PATTERN
from lab.errors import InvalidInput
from lab.lab import Lab
from lab.state import check_answer
from tests.support.example_player import Play, Played, ended

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("forked_workers")]

LANES = tuple(lane.key for lane in PATTERN.lanes)
QUIET, ONCE, TWICE, DECLINED, KILLED = range(5)
CONFIRMED = ((QUIET, 0), (ONCE, 1), (TWICE, 2))
"""Examples that are confirmed, with the failures of each service."""


def shown(played: Played) -> str:
    """Return the order that the person was asked about."""
    (asked,) = played.asked
    return str(asked["order"])


def paid(played: Played) -> list[str]:
    """Return the orders that were booked."""
    return [row["order"] for row in played.ledger]


@pytest.mark.parametrize("example", [QUIET, ONCE, TWICE, KILLED])
def test_the_cure_pays_the_order_that_was_shown_exactly_once(play: Play, example: int) -> None:
    played = play("durable-task", "task", example)

    assert (played.status, played.error) == ("finished", None)
    assert paid(played) == [shown(played)] == [played.values["order"]]
    assert played.values["booking"] == played.ledger[0]["number"]
    assert shown(played) in played.values["receipt"]


@pytest.mark.parametrize("lane", LANES)
def test_cents_are_booked_to_the_last_one(play: Play, lane: str) -> None:
    assert [row["cents"] for row in play("durable-task", lane, QUIET).ledger] == [4990]


@pytest.mark.parametrize(("example", "failures"), CONFIRMED)
def test_side_effects_in_the_node_pay_once_a_try_and_never_what_was_shown(
    play: Play, example: int, failures: int
) -> None:
    played = play("durable-task", "in-node", example)

    assert played.status == "finished"
    assert len(set(paid(played))) == len(paid(played)) == failures + 1
    assert shown(played) not in paid(played)


@pytest.mark.parametrize(("example", "failures"), [(ONCE, 1), (TWICE, 2)])
def test_a_retry_around_tasks_shows_one_order_and_pays_others(play: Play, example: int, failures: int) -> None:
    played = play("durable-task", "retry-around", example)

    assert played.status == "finished"
    assert len(set(paid(played))) == len(paid(played)) == failures + 1
    assert shown(played) not in paid(played)


def test_a_retry_around_tasks_looks_right_as_long_as_nothing_fails(play: Play) -> None:
    played = play("durable-task", "retry-around", QUIET)

    assert paid(played) == [shown(played)]


OUTCOMES = {
    ("in-node", QUIET): "Paid once: 49.90 €, but for an order that nobody was shown",
    ("retry-around", QUIET): "Paid once: 49.90 €",
    ("task", QUIET): "Paid once: 49.90 €",
    ("in-node", ONCE): "Paid twice: 578.00 €, should be 289.00 €",
    ("retry-around", ONCE): "Paid twice: 578.00 €, should be 289.00 €",
    ("task", ONCE): "Paid once: 289.00 €",
    ("in-node", TWICE): "Paid 3 times: 1,921.50 €, should be 640.50 €",
    ("retry-around", TWICE): "Paid 3 times: 1,921.50 €, should be 640.50 €",
    ("task", TWICE): "Paid once: 640.50 €",
    ("in-node", DECLINED): "Declined, nothing paid",
    ("retry-around", DECLINED): "Declined, nothing paid",
    ("task", DECLINED): "Declined, nothing paid",
    ("in-node", KILLED): "Paid twice: 398.00 €, should be 199.00 €",
    ("retry-around", KILLED): "Paid once: 199.00 €",
    ("task", KILLED): "Paid once: 199.00 €",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_the_ledger_says(play: Play, lane: str, example: int) -> None:
    played = play("durable-task", lane, example)
    due = round(PATTERN.examples[example].input["amount"] * 100)
    cents = sum(row["cents"] for row in played.ledger)

    assert played.outcome == OUTCOMES[lane, example]
    assert (f"{cents / 100:,.2f} €" in played.outcome) == bool(cents)
    assert ("should be" in played.outcome) == (cents not in (0, due))


@pytest.mark.parametrize(
    ("values", "booked", "failed", "line"),
    [
        ({"confirmed": True}, [], False, "Confirmed, but this thread paid nothing"),
        ({"confirmed": False}, [10_00], False, "Declined, yet paid once: 10.00 €"),
        ({}, [10_00], True, "Paid once: 10.00 €, stopped by an error"),
        ({}, [], True, "Nothing paid, stopped by an error"),
    ],
)
def test_the_outcome_of_an_order_that_went_otherwise(
    values: dict[str, Any], booked: list[int], failed: bool, line: str
) -> None:
    told = PATTERN.lane("in-node").outcome
    assert told is not None
    assert told(Ended(values, ledger=[{"cents": cents} for cents in booked], failed=failed)) == line


@pytest.mark.parametrize("lane", LANES)
def test_a_declined_order_is_never_paid(play: Play, lane: str) -> None:
    played = play("durable-task", lane, DECLINED)

    assert (played.status, played.values["confirmed"]) == ("finished", False)
    assert "declined" in played.values["receipt"]
    assert played.ledger == []


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("failures", [0, 1, 2])
def test_nothing_is_paid_before_the_person_has_confirmed(play: Play, lane: str, failures: int) -> None:
    given = {"item": "Lamp", "amount": 10, "failures": failures, "crash": "never"}
    played = play("durable-task", lane, Example("unanswered", given))

    assert played.status == "waiting"
    assert played.ledger == []


@pytest.mark.parametrize("lane", LANES)
def test_the_person_is_asked_once_whatever_fails(play: Play, lane: str) -> None:
    assert len(play("durable-task", lane, TWICE).asked) == 1


def test_the_question_names_order_item_and_amount(play: Play) -> None:
    given = {"item": "Garden gnome", "amount": 1234.5, "failures": 0, "crash": "never"}
    (asked,) = play("durable-task", "task", Example("gnome", given)).asked

    assert asked["question"] == f"Pay 1,234.50 € for Garden gnome, order {asked['order']}?"


@pytest.mark.parametrize(
    ("lane", "crash", "status", "rows"),
    [
        ("in-node", "after-question", "waiting", 1),
        ("in-node", "after-charge", "waiting", 2),
        ("retry-around", "after-charge", "waiting", 1),
        ("task", "after-question", "waiting", 1),
        ("task", "after-charge", "resumable", 1),
    ],
)
def test_a_killed_process_pays_twice_only_where_the_order_isnt_fixed(
    sqlite_lab: Lab, lane: str, crash: str, status: str, rows: int
) -> None:
    workspace = sqlite_lab.workspace("tests")
    thread_id, confirmed = killed(sqlite_lab, lane, crash)

    assert workspace.history.status(thread_id) == status
    if status == "waiting":
        answer(sqlite_lab, thread_id, "yes")
    else:
        workspace.proceed(thread_id, pace=0)
    ended(workspace, thread_id)

    booked = [row["order"] for row in workspace.threads.business("ledger", [thread_id])]
    assert workspace.history.status(thread_id) == "finished"
    assert len(booked) == rows
    assert (confirmed in booked) == (lane != "in-node")


@pytest.mark.parametrize("lane", ["in-node", "retry-around"])
def test_a_trap_killed_after_the_charge_lets_the_person_decline_what_is_paid(sqlite_lab: Lab, lane: str) -> None:
    workspace = sqlite_lab.workspace("tests")
    thread_id, _ = killed(sqlite_lab, lane, "after-charge")
    answer(sqlite_lab, thread_id, "no")
    ended(workspace, thread_id)
    left = workspace.history.snapshot(thread_id)

    assert left is not None
    assert left.values["confirmed"] is False
    assert len(workspace.threads.business("ledger", [thread_id])) == 1


def killed(lab: Lab, lane: str, crash: str) -> tuple[str, str]:
    """Confirm an order in a process that is killed there; return the thread and the order that was shown."""
    workspace = lab.workspace("tests")
    given: dict[str, Any] = {"item": "Lamp", "amount": 10, "failures": 0, "crash": crash}
    thread_id = workspace.start("durable-task", lane, given, pace=0).thread_id
    ended(workspace, thread_id)
    asked = workspace.history.snapshot(thread_id)
    assert asked is not None
    question: Any = asked.questions[0].value
    answer(lab, thread_id, "yes")
    ended(workspace, thread_id)
    return thread_id, question["order"]


def answer(lab: Lab, thread_id: str, confirm: str) -> None:
    """Answer the question that is pending."""
    workspace = lab.workspace("tests")
    asked = workspace.history.snapshot(thread_id)
    assert asked is not None
    workspace.resume(thread_id, {asked.questions[0].id: {"confirm": confirm}}, asked.checkpoint_id, pace=0)


@pytest.mark.parametrize("given", [{}, {"confirm": "perhaps"}, {"confirm": True}, "yes"])
def test_the_schema_refuses_anything_but_yes_and_no(given: Any) -> None:
    with pytest.raises(InvalidInput):
        check_answer(Confirmation.model_json_schema(), given)
