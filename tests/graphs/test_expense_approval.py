"""Expense approval: who is asked for which amount, and that only an approved expense is paid, once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from graphs.human.expense_approval import Verdict
from graphs.human.expense_approval_demo import PATTERN
from graphs.outcome import Ended
from graphs.pattern import Edit, Example, Go, Reply
from lab.errors import DecidedBefore, InvalidInput, NobodyActs, NotAllowed, OwnRequest, WrongRole, WrongTurn
from lab.lab import Lab
from lab.state import check_answer
from tests.support.example_player import Play, before, ended

LANES = tuple(lane.key for lane in PATTERN.lanes)
SMALL, MIDDLE, LARGE, MANAGER_SAYS_NO, DIRECTOR_SAYS_NO, UNDECIDED, OWN = range(7)
YES = {"decision": "approved"}


def claim(amount: float, steps: dict[str, Any] | None = None) -> Example:
    """Make an example of that amount."""
    return Example("claim", {"description": "Books", "amount": amount}, steps or {})


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(("example", "cents"), [(SMALL, 50_00), (MIDDLE, 500_00), (LARGE, 2_000_00)])
def test_an_approved_expense_is_paid_exactly_once(play: Play, lane: str, example: int, cents: int) -> None:
    played = play("expense-approval", lane, example)

    assert (played.status, played.error, played.values["status"]) == ("finished", None, "paid")
    assert [(row["order"], row["cents"]) for row in played.ledger] == [(played.values["claim"], cents)]
    assert played.values["booking"] == played.ledger[0]["number"]
    assert "refuse" not in played.visited


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("example", [MANAGER_SAYS_NO, DIRECTOR_SAYS_NO])
def test_a_rejected_expense_is_never_paid_and_keeps_its_note(play: Play, lane: str, example: int) -> None:
    played = play("expense-approval", lane, example)

    assert (played.status, played.values["status"]) == ("finished", "rejected")
    assert played.values["decisions"][-1]["note"].strip()
    assert played.ledger == []
    assert "pay" not in played.visited


@pytest.mark.parametrize(
    ("example", "people"),
    [
        (SMALL, []),
        (MIDDLE, ["manager"]),
        (LARGE, ["manager", "director"]),
        (MANAGER_SAYS_NO, ["manager"]),
        (DIRECTOR_SAYS_NO, ["manager", "director"]),
    ],
)
def test_the_dynamic_lane_asks_only_who_is_needed(play: Play, example: int, people: list[str]) -> None:
    played = play("expense-approval", "dynamic", example)

    assert [made["by"] for made in played.values["decisions"]] == people
    assert len(played.asked) == len(people)
    assert all(role in asked["question"] for role, asked in zip(people, played.asked, strict=True))


def test_the_static_lane_stops_for_the_smallest_request(play: Play) -> None:
    played = play("expense-approval", "static", claim(0.01))

    assert played.status == "resumable"
    assert played.visited == ["submit"]
    assert played.ledger == []


@pytest.mark.parametrize(
    ("amount", "status"), [(100, "finished"), (100.01, "waiting"), (1000, "waiting"), (0.29, "finished")]
)
def test_a_sum_that_equals_the_limit_still_passes_alone(play: Play, amount: float, status: str) -> None:
    played = play("expense-approval", "dynamic", claim(amount))

    assert played.status == status
    assert [row["cents"] for row in played.ledger] == ([round(amount * 100)] if status == "finished" else [])


@pytest.mark.parametrize(("amount", "status"), [(1000, "finished"), (1000.01, "waiting")])
def test_the_director_is_asked_only_above_the_second_limit(play: Play, amount: float, status: str) -> None:
    assert (
        play("expense-approval", "dynamic", claim(amount, {"dynamic": (Reply(YES, person="Maya"),)})).status == status
    )


@pytest.mark.parametrize("lane", LANES)
def test_the_director_is_not_asked_once_the_manager_has_said_no(play: Play, lane: str) -> None:
    played = play("expense-approval", lane, MANAGER_SAYS_NO)

    assert "director" not in played.visited
    assert [made["by"] for made in played.values["decisions"]] == ["manager"]


def waiting(lab: Lab, play: Play, example: Example | int, taken: int = 0) -> tuple[str, Callable[[str], None]]:
    """Return a thread that asks after so many answers, and what approves it as somebody."""
    chosen = PATTERN.examples[example] if isinstance(example, int) else example
    steps = {"dynamic": chosen.steps["dynamic"][:taken]}
    thread_id = play("expense-approval", "dynamic", replace(chosen, steps=steps)).thread_id
    workspace = lab.workspace("tests")

    def approve(person: str) -> None:
        snapshot = workspace.history.snapshot(thread_id)
        assert snapshot is not None
        workspace.resume(thread_id, {snapshot.questions[0].id: YES}, snapshot.checkpoint_id, person=person)
        ended(workspace, thread_id)

    return thread_id, approve


@pytest.mark.parametrize(
    ("example", "taken", "person", "error"),
    [
        (MIDDLE, 0, "Sam", WrongRole),
        (OWN, 0, "Maya", OwnRequest),
        (LARGE, 1, "Maya", WrongTurn),
        (PATTERN.examples[LARGE], 0, "", NobodyActs),
    ],
)
def test_only_who_has_the_role_and_no_part_in_the_request_decides(
    sqlite_lab: Lab, play: Play, example: int, taken: int, person: str, error: type[NotAllowed]
) -> None:
    thread_id, approve = waiting(sqlite_lab, play, example, taken)
    with pytest.raises(error):
        approve(person)

    assert sqlite_lab.workspace("tests").history.status(thread_id) == "waiting"
    assert sqlite_lab.workspace("tests").threads.business("ledger", [thread_id]) == []


def test_who_approved_as_a_manager_doesnt_approve_as_the_director_too(sqlite_lab: Lab, play: Play) -> None:
    thread_id, approve = waiting(sqlite_lab, play, LARGE)
    approve("Dana")
    with pytest.raises(DecidedBefore):
        approve("Dana")

    assert sqlite_lab.workspace("tests").history.status(thread_id) == "waiting"


def test_the_state_has_who_decided_and_not_who_an_answer_says_it_was(play: Play) -> None:
    forged = Reply({**YES, "person": "Dana"}, person="Maya")

    assert [made["person"] for made in play("expense-approval", "dynamic", LARGE).values["decisions"]] == [
        "Maya",
        "Dana",
    ]
    decisions = play("expense-approval", "dynamic", claim(500, {"dynamic": (forged,)})).values["decisions"]
    assert [made["person"] for made in decisions] == ["Maya"]


def test_the_director_sees_what_the_manager_said(play: Play) -> None:
    assert play("expense-approval", "dynamic", LARGE).asked[1]["manager said"] == "approved"


@pytest.mark.parametrize("lane", LANES)
def test_the_managers_yes_alone_doesnt_pay_a_large_expense(play: Play, lane: str) -> None:
    once = {"static": (Edit(YES), Go()), "dynamic": (Reply(YES, person="Maya"),)}
    played = play("expense-approval", lane, claim(2000, once))

    assert played.status != "finished"
    assert played.values["decision"] == "open"
    assert played.ledger == []


def test_the_managers_written_yes_isnt_taken_for_the_directors(play: Play) -> None:
    played = play("expense-approval", "static", claim(2000, {"static": (Edit(YES), Go(), Go())}))

    assert played.error is not None
    assert played.error.startswith("NotDecided: The director ")
    assert played.ledger == []


def test_the_static_lane_refuses_to_go_on_undecided(play: Play) -> None:
    played = play("expense-approval", "static", UNDECIDED)

    assert (played.status, played.failed_node) == ("resumable", "manager")
    assert played.error is not None
    assert played.error.startswith("NotDecided: The manager ")
    assert played.ledger == []


def test_the_dynamic_lane_waits_while_nobody_answers(play: Play) -> None:
    played = play("expense-approval", "dynamic", UNDECIDED)

    assert (played.status, played.error) == ("waiting", None)
    assert played.ledger == []


def test_the_static_lane_refuses_a_rejection_without_a_note_and_goes_on_once_it_is_there(play: Play) -> None:
    bare = (Edit({"decision": "rejected", "note": "  "}), Go())
    refused = play("expense-approval", "static", claim(500, {"static": bare}))
    noted = play("expense-approval", "static", claim(500, {"static": (*bare, Edit({"note": "Too dear"}), Go())}))

    assert refused.error is not None
    assert "A rejection needs a note." in refused.error
    assert (noted.status, noted.values["status"]) == ("finished", "rejected")
    assert refused.ledger == noted.ledger == []


@pytest.mark.parametrize(
    "answer", [{"decision": "rejected"}, {"decision": "rejected", "note": " "}, {}, {"decision": "no"}]
)
def test_the_schema_refuses_a_rejection_without_a_note(answer: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        check_answer(Verdict.model_json_schema(), answer)
    with pytest.raises(ValueError, match="Verdict"):
        Verdict.model_validate(answer)


@pytest.mark.parametrize("answer", [YES, {"decision": "rejected", "note": "Too dear"}])
def test_the_schema_accepts_a_yes_and_a_no_with_its_reason(answer: dict[str, str]) -> None:
    check_answer(Verdict.model_json_schema(), answer)

    assert Verdict.model_validate(answer).decision == answer["decision"]


OUTCOMES = {
    ("static", SMALL): "Paid 50.00 €, approved by the manager",
    ("dynamic", SMALL): "Paid 50.00 €, nobody had to be asked",
    ("static", UNDECIDED): "Nothing paid, stopped by an error",
    ("dynamic", UNDECIDED): "",
    **{(lane, one): "Paid 500.00 €, approved by the manager" for lane in LANES for one in (MIDDLE, OWN)},
    **{(lane, LARGE): "Paid 2,000.00 €, approved by the manager and the director" for lane in LANES},
    **{(lane, MANAGER_SAYS_NO): "Rejected by the manager, nothing paid" for lane in LANES},
    **{(lane, DIRECTOR_SAYS_NO): "Rejected by the director, nothing paid" for lane in LANES},
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_who_decided_and_what_the_ledger_says(play: Play, lane: str, example: int) -> None:
    played = play("expense-approval", lane, example)
    cents = sum(row["cents"] for row in played.ledger)

    assert played.outcome == OUTCOMES[lane, example]
    assert (f"{cents / 100:,.2f} €" in played.outcome) == bool(cents)
    assert all(f"the {made['by']}" in played.outcome for made in played.values["decisions"][-1:])


@pytest.mark.parametrize(
    ("status", "booked", "line"),
    [
        ("rejected", [500_00], "Rejected by the manager, yet paid 500.00 €"),
        ("paid", [], "Approved, but this thread paid nothing"),
        ("paid", [500_00, 500_00], "Paid twice: 1,000.00 €, should be 500.00 €"),
    ],
)
def test_the_outcome_tells_the_ledger_of_all_branches(status: str, booked: list[int], line: str) -> None:
    values = {"status": status, "cents": 500_00, "decisions": [{"by": "manager"}]}
    told = PATTERN.lane("dynamic").outcome
    assert told is not None
    assert told(Ended(values, ledger=[{"cents": cents} for cents in booked])) == line


@pytest.mark.parametrize("lane", LANES)
def test_a_replay_on_purpose_pays_the_claim_again(sqlite_lab: Lab, play: Play, lane: str) -> None:
    thread_id = play("expense-approval", lane, MIDDLE).thread_id
    workspace = sqlite_lab.workspace("tests")
    workspace.travel.replay(thread_id, before(workspace, thread_id, "pay"), confirmed=True)
    ended(workspace, thread_id)

    assert len(workspace.threads.business("ledger", [thread_id])) == 2
    assert len(workspace.threads.business("ledger", [thread_id], refused=True)) == 2
    assert workspace.history.outcome(thread_id) == "Paid twice: 1,000.00 €, should be 500.00 €"
