"""Swallowed interrupt: who is asked about an invoice, and what is paid without anybody's yes."""

from typing import Any

import pytest

from graphs.outcome import Ended
from graphs.pattern import Example
from graphs.resilience.swallowed_interrupt_demo import PATTERN
from tests.support.example_player import Play

SMALL, LARGE, REFUSED, DOWN = range(4)
SLUG = PATTERN.slug


def invoice(amount: float, *, down: bool = False) -> Example:
    """Make an example of that amount that nobody answers."""
    return Example("invoice", {"supplier": "Printer", "amount": amount, "down": down})


@pytest.mark.parametrize("amount", [0.01, 64.5, 100, 100.01, 5000])
def test_the_trap_never_asks_and_the_cure_always_does(play: Play, amount: float) -> None:
    trap, cure = play(SLUG, "swallowed", invoice(amount)), play(SLUG, "raised", invoice(amount))

    assert (trap.status, trap.asked, trap.values["error"]) == ("finished", [], "GraphInterrupt")
    assert (cure.status, len(cure.asked), cure.ledger) == ("waiting", 1, [])
    assert f"{amount:,.2f} €" in cure.asked[0]["question"]


@pytest.mark.parametrize(("amount", "cents"), [(100, [100_00]), (100.01, [])])
def test_the_trap_pays_small_invoices_without_anybody_s_yes(play: Play, amount: float, cents: list[int]) -> None:
    played = play(SLUG, "swallowed", invoice(amount))

    assert [row["cents"] for row in played.ledger] == cents
    assert played.values["decided_by"] == "the error handler"


@pytest.mark.parametrize("example", [SMALL, LARGE])
def test_the_cure_pays_once_what_a_person_approves(play: Play, example: int) -> None:
    played = play(SLUG, "raised", example)

    assert (played.status, played.values["decided_by"]) == ("finished", "a person")
    assert [row["cents"] for row in played.ledger] == [round(PATTERN.examples[example].input["amount"] * 100)]
    assert "error" not in played.values


def test_what_a_person_refuses_is_paid_by_the_trap_alone(play: Play) -> None:
    assert play(SLUG, "raised", REFUSED).ledger == []
    assert [row["cents"] for row in play(SLUG, "swallowed", REFUSED).ledger] == [89_00]


@pytest.mark.parametrize("lane", ["swallowed", "raised"])
def test_a_true_error_reaches_both_handlers(play: Play, lane: str) -> None:
    played = play(SLUG, lane, DOWN)

    assert (played.status, played.asked, played.values["error"]) == ("finished", [], "ConnectionError")


OUTCOMES = {
    ("swallowed", SMALL): "Paid 64.50 €, nobody was asked",
    ("raised", SMALL): "Paid 64.50 €, approved by a person",
    ("swallowed", LARGE): "Held back, nobody was asked, nothing paid",
    ("raised", LARGE): "Paid 1,480.00 €, approved by a person",
    ("swallowed", REFUSED): "Paid 89.00 €, nobody was asked",
    ("raised", REFUSED): "Refused by a person, nothing paid",
    ("swallowed", DOWN): "Paid 75.00 €, nobody was asked",
    ("raised", DOWN): "Paid 75.00 €, nobody was asked",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_the_ledger_says(play: Play, lane: str, example: int) -> None:
    played = play(SLUG, lane, example)
    cents = sum(row["cents"] for row in played.ledger)

    assert played.outcome == OUTCOMES[lane, example]
    assert (f"Paid {cents / 100:,.2f} €" in played.outcome) == bool(cents)
    assert ("nobody was asked" in played.outcome) == (played.asked == [])


@pytest.mark.parametrize(
    ("values", "booked", "failed", "line"),
    [
        ({"approved": True, "decided_by": "a person"}, [], False, "Approved, but this thread paid nothing"),
        ({"approved": False, "decided_by": "a person"}, [10_00], False, "Refused by a person, yet paid 10.00 €"),
        ({}, [10_00], True, "Paid 10.00 €, stopped by an error"),
        ({}, [], True, "Nothing paid, stopped by an error"),
    ],
)
def test_the_outcome_of_an_invoice_that_went_otherwise(
    values: dict[str, Any], booked: list[int], failed: bool, line: str
) -> None:
    told = PATTERN.lane("raised").outcome
    assert told is not None
    assert told(Ended(values, ledger=[{"cents": cents} for cents in booked], failed=failed)) == line
