"""Validated recovery: what a later visit makes of the row that an earlier one has left.

"The archive" is the table of saved cards; each row tells its status, its error and its text.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from graphs.pattern import Example, Turn
from graphs.persistence.validated_recovery import Card, Damage, damaged
from lab.lab import Lab
from tests.support.example_player import Play, Played, ended
from tests.support.labs import quiet

RESTORED, OLD, CUT, BY_HAND, OVERSPENT = range(5)
DAMAGES: tuple[Damage, ...] = ("old-release", "edited-by-hand", "cut-short")
ADA = "Ada Lovelace"


def visit(points: int, damage: Damage = "nothing", customer: str = ADA) -> dict[str, Any]:
    return {"customer": customer, "points": points, "damage": damage}


def visits(first: dict[str, Any], *more: dict[str, Any]) -> Example:
    return Example("visits", first, {"checked": tuple(Turn(values) for values in more)})


def statuses(played: Played) -> list[str]:
    return [row["status"] for row in played.archive]


def card(row: dict[str, Any]) -> tuple[int, int]:
    """Return the points and visits of a valid row."""
    found = Card.model_validate_json(row["body"])
    return found.points, found.visits


def test_a_valid_row_is_restored_and_goes_on(play: Play) -> None:
    played = play("validated-recovery", "checked", RESTORED)

    assert (played.status, played.error) == ("finished", None)
    assert played.visited == ["load", "fresh", "update", "store", "load", "restore", "update", "store"]
    assert statuses(played) == ["restored", "stored"]
    assert [card(row) for row in played.archive] == [(30, 1), (50, 2)]
    assert played.values["card"] == {"customer": ADA, "points": 50, "visits": 2}


@pytest.mark.parametrize(
    ("example", "error", "text"),
    [
        (OLD, "points: Input should be a valid integer; visits: Field required", '"30 pts"'),
        (CUT, "Invalid JSON", '{"customer":"Ada'),
        (BY_HAND, "points: Input should be greater than or equal to 0", '"points": -1'),
    ],
)
def test_an_invalid_row_is_set_aside_with_its_error_and_a_fresh_card_is_started(
    play: Play, example: int, error: str, text: str
) -> None:
    played = play("validated-recovery", "checked", example)
    bad, good, *_ = played.archive

    assert (played.status, played.error) == ("finished", None)
    assert played.visited[5:10] == ["load", "quarantine", "fresh", "update", "store"]
    assert (bad["status"], bad["error"].startswith(error)) == ("quarantined", True)
    assert text in bad["body"]
    assert card(good) == (20, 1)


def test_after_a_quarantine_the_fresh_card_is_restored_like_any_other(play: Play) -> None:
    played = play("validated-recovery", "checked", BY_HAND)

    assert statuses(played) == ["quarantined", "restored", "stored"]
    assert card(played.archive[-1]) == (25, 2)


def test_an_invalid_card_is_never_stored_and_the_row_stays_as_it_was(play: Play) -> None:
    played = play("validated-recovery", "checked", OVERSPENT)

    assert played.visited[4:] == ["load", "restore", "update", "refuse"]
    assert [card(row) for row in played.archive] == [(30, 1)]
    assert played.values["card"]["points"] == 30
    assert "points: Input should be greater than or equal to 0" in played.values["outcome"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed_by_the_next_visit_and_not_before(play: Play, damage: Damage) -> None:
    played = play("validated-recovery", "checked", visits(visit(30, damage)))

    assert (statuses(played), played.archive[0]["error"]) == (["stored"], "")


@pytest.mark.parametrize("damage", DAMAGES)
def test_no_visit_deletes_a_row_or_mends_its_text(play: Play, damage: Damage) -> None:
    before = play("validated-recovery", "checked", visits(visit(30, damage))).archive
    played = play("validated-recovery", "checked", visits(visit(30, damage), visit(20), visit(-500), visit(1)))

    assert played.archive[0]["body"] == before[0]["body"]
    assert statuses(played) == ["quarantined", "restored", "stored"]


def test_a_quarantined_row_is_not_loaded_again(play: Play) -> None:
    played = play("validated-recovery", "checked", visits(visit(30, "cut-short"), visit(-5), visit(7)))

    assert played.visited.count("quarantine") == 1
    assert [row["status"] for row in played.archive] == ["quarantined", "stored"]
    assert card(played.archive[-1]) == (7, 1)


def test_each_customer_has_a_card_of_their_own(play: Play) -> None:
    played = play("validated-recovery", "checked", visits(visit(30), visit(4, customer="Charles"), visit(1)))

    assert [(row["name"], *card(row)) for row in played.archive] == [(ADA, 30, 1), ("Charles", 4, 1), (ADA, 31, 2)]


def test_another_thread_has_an_archive_of_its_own(play: Play) -> None:
    play("validated-recovery", "checked", visits(visit(30)))
    played = play("validated-recovery", "checked", visits(visit(20)))

    assert [card(row) for row in played.archive] == [(20, 1)]


@pytest.mark.parametrize(("damage", "points"), [("nothing", 50), ("old-release", 20)])
def test_after_a_restart_of_the_lab_the_row_is_loaded_and_checked_all_the_same(
    tmp_path: Path, damage: Damage, points: int
) -> None:
    first = Lab(quiet(str(tmp_path / "lab.sqlite")))
    thread_id = first.workspace("tests").start("validated-recovery", "checked", visit(30, damage)).thread_id
    ended(first.workspace("tests"), thread_id)
    first.close()
    second = Lab(quiet(str(tmp_path / "lab.sqlite")))
    workspace = second.workspace("tests")
    workspace.turn(thread_id, visit(20))
    ended(workspace, thread_id)
    rows = workspace.threads.business("archive", [thread_id])

    assert [row["status"] for row in rows] == ["restored" if damage == "nothing" else "quarantined", "stored"]
    assert json.loads(rows[-1]["body"])["points"] == points
    second.close()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("points", [0, 1, 10**9])
def test_every_damage_leaves_a_text_that_is_refused(damage: Damage, points: int) -> None:
    with pytest.raises(ValidationError):
        Card.model_validate_json(damaged(Card(customer="A", points=points, visits=1), damage))


def test_a_row_that_nothing_happened_to_is_the_card() -> None:
    kept = Card(customer='A "quoted" name', points=3, visits=2)

    assert Card.model_validate_json(damaged(kept, "nothing")) == kept


OUTCOMES = {
    ("checked", RESTORED): "Stored 50 points after 2 visits",
    ("checked", OLD): "Damaged row set aside, started anew with 20 points",
    ("checked", CUT): "Damaged row set aside, started anew with 20 points",
    ("checked", BY_HAND): "Stored 25 points after 2 visits",
    ("checked", OVERSPENT): "Nothing stored: 30 points there, 50 to be spent",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_the_archive_holds(play: Play, lane: str, example: int) -> None:
    played = play("validated-recovery", lane, example)
    points, visited = card(played.archive[-1])

    assert played.outcome == OUTCOMES[lane, example]
    assert f"{points} points" in played.outcome
    assert ("set aside" in played.outcome) == (visited == 1 and statuses(played)[0] == "quarantined")
    assert ("Nothing stored" in played.outcome) == (played.visited[-1] == "refuse")


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_outcome_says_that_a_row_was_damaged_after_it_was_stored(play: Play, damage: Damage) -> None:
    assert play("validated-recovery", "checked", visits(visit(1, damage))).outcome == (
        "Stored 1 point, then the row was damaged"
    )
