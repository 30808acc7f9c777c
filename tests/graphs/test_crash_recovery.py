"""Crash recovery: what is lost and paid again when the process of a payroll is killed, by durability.

"Booked" are the ledger's rows, in their order; what is booked twice was paid twice.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphs.outcome import Ended
from graphs.pattern import Example, Recover
from graphs.persistence.crash_recovery_demo import PATTERN
from lab.errors import InvalidInput, NothingToContinue, NotPossible
from lab.events import RunEnded, RunStarted
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.app_pages import badges, open_page
from tests.support.app_pages import play as play_on_page
from tests.support.example_player import Play, Played, ended
from tests.support.labs import quiet

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("forked_workers")]

LANES = tuple(lane.key for lane in PATTERN.lanes)
DAY, THIRD, FIRST, LAST = range(4)
KILLED = ((THIRD, 2), (FIRST, 0), (LAST, 1))
"""Examples that are killed, with the supersteps that have ended by then."""


def departments(example: int) -> list[str]:
    return [name.strip() for name in str(PATTERN.examples[example].input["departments"]).split(",")]


def booked(played: Played) -> list[str]:
    return [row["order"] for row in played.ledger]


def expected(example: int, before: int, lost: int) -> list[str]:
    """Return the bookings of a payroll that was killed after `before` supersteps, of which so many were lost."""
    names = departments(example)
    return [*names[: before + 1], *names[before - lost :]]


def kinds(workspace: Workspace, thread_id: str) -> list[tuple[str, str]]:
    """Return how each run of the thread began and how it ended."""
    events = workspace.events(thread_id)
    begun = [event.kind for event in events if isinstance(event, RunStarted)]
    return list(zip(begun, [event.outcome for event in events if isinstance(event, RunEnded)], strict=True))


@pytest.mark.parametrize("lane", LANES)
def test_on_a_quiet_day_everybody_is_paid_once(play: Play, lane: str) -> None:
    played = play("crash-recovery", lane, DAY)

    assert (played.status, played.error) == ("finished", None)
    assert booked(played) == played.values["paid"] == departments(DAY)
    assert {row["cents"] for row in played.ledger} == {12_400_00}
    assert played.outcome == outcome(lane, DAY, played.ledger)
    assert played.values["receipt"] == "4 payments for 4 departments: 0 supersteps lost, 0 payments made twice."


@pytest.mark.parametrize(("example", "before"), KILLED)
def test_sync_loses_no_superstep_and_repeats_only_the_one_at_work(play: Play, example: int, before: int) -> None:
    played = play("crash-recovery", "sync", example)

    assert played.status == "finished"
    assert played.values["paid"] == departments(example)
    assert booked(played) == expected(example, before, 0)
    assert (played.values["lost"], played.values["repeated"]) == ([], [departments(example)[before]])
    assert played.outcome == outcome("sync", example, played.ledger)


@pytest.mark.parametrize(("example", "before"), KILLED)
def test_exit_loses_every_superstep_and_pays_everybody_again(
    play: Play, sqlite_lab: Lab, example: int, before: int
) -> None:
    played = play("crash-recovery", "exit", example)
    names = departments(example)

    assert played.status == "finished"
    assert played.values["paid"] == names
    assert booked(played) == expected(example, before, before)
    assert (played.values["lost"], played.values["repeated"]) == (names[:before], names[: before + 1])
    assert played.outcome == outcome("exit", example, played.ledger)
    assert kinds(sqlite_lab.workspace("tests"), played.thread_id) == [("start", "crashed"), ("start", "finished")]


@pytest.mark.parametrize(("example", "before"), KILLED)
def test_async_loses_none_or_some_of_the_newest_and_never_leaves_a_gap(play: Play, example: int, before: int) -> None:
    played = play("crash-recovery", "async", example)
    lost = len(played.values["lost"])

    assert played.status == "finished"
    assert played.values["paid"] == departments(example)
    assert 0 <= lost <= before
    assert booked(played) == expected(example, before, lost)
    assert len(played.values["repeated"]) == lost + 1
    assert played.outcome == outcome("async", example, played.ledger)


@pytest.mark.parametrize("lane", LANES)
def test_the_receipt_counts_what_the_ledger_says(play: Play, lane: str) -> None:
    played = play("crash-recovery", lane, THIRD)
    count, lost = len(played.ledger), len(played.ledger) - len(departments(THIRD)) - 1

    told = f"{count} payments for 4 departments: {lost} supersteps lost, {lost + 1} payments made twice."
    assert played.values["receipt"] == told


@pytest.mark.parametrize(("crash", "place"), [("first", 0), ("second", 1), ("third", 1), ("last", 1)])
def test_a_step_that_the_payroll_does_not_have_is_its_last_one(play: Play, crash: str, place: int) -> None:
    given = {"departments": "A, B", "wages": 1, "crash": crash}
    played = play("crash-recovery", "sync", Example("short", given, {"sync": (Recover(),)}))

    assert played.values["repeated"] == [["A", "B"][place]]


@pytest.mark.parametrize("departments", ["", " ", "A,,B", "A, A", "A,", ",".join("ABCDEFGHI")])
def test_departments_are_named_once_each_and_not_too_many(sqlite_lab: Lab, departments: str) -> None:
    given = {"departments": departments, "wages": 1, "crash": "never"}
    with pytest.raises(InvalidInput, match="up to 8 departments"):
        sqlite_lab.workspace("tests").start("crash-recovery", "sync", given)


@pytest.mark.parametrize(
    ("lane", "status", "repeated"),
    [("exit", "new", ["Kitchen", "Warehouse", "Sales"]), ("sync", "resumable", ["Sales"])],
)
def test_a_killed_payroll_is_taken_up_after_a_restart_of_the_lab(
    tmp_path: Path, lane: str, status: str, repeated: list[str]
) -> None:
    first = Lab(quiet(str(tmp_path / "lab.sqlite")))
    thread_id = first.workspace("tests").start("crash-recovery", lane, PATTERN.examples[THIRD].input).thread_id
    ended(first.workspace("tests"), thread_id)
    first.close()
    second = Lab(quiet(str(tmp_path / "lab.sqlite")))
    workspace = second.workspace("tests")
    assert workspace.history.status(thread_id) == status
    take_up: Callable[[str], None] = workspace.again if status == "new" else workspace.proceed
    take_up(thread_id)
    ended(workspace, thread_id)
    left = workspace.history.snapshot(thread_id)

    assert workspace.history.status(thread_id) == "finished"
    assert left is not None
    assert left.values["repeated"] == repeated
    second.close()


def test_a_thread_without_a_checkpoint_cannot_be_continued_only_started_again(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("tests")
    thread_id = workspace.start("crash-recovery", "exit", PATTERN.examples[FIRST].input).thread_id
    ended(workspace, thread_id)
    with pytest.raises(NothingToContinue):
        workspace.proceed(thread_id)

    assert (workspace.history.status(thread_id), workspace.history.snapshot(thread_id)) == ("new", None)
    assert len(workspace.threads.business("ledger", [thread_id])) == 1


def test_a_kill_that_left_a_checkpoint_is_continued_and_not_started_again(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("tests")
    thread_id = workspace.start("crash-recovery", "sync", PATTERN.examples[THIRD].input).thread_id
    ended(workspace, thread_id)
    with pytest.raises(NotPossible, match="Go on from there"):
        workspace.again(thread_id)

    assert workspace.history.status(thread_id) == "resumable"
    assert len(workspace.threads.business("ledger", [thread_id])) == 3


@pytest.mark.usefixtures("pages_lab")
def test_the_page_says_which_lane_lost_everything_and_starts_it_again() -> None:
    at = open_page("crash-recovery", tab="Ledger")
    play_on_page(at, PATTERN, THIRD)

    assert badges(at) == ["Finished"] * 3
    table = next(found.value for found in at.dataframe if "Lane" in found.value)
    by_lane = table.groupby("Lane").size()
    assert (by_lane["Durability exit"], by_lane["Durability sync"]) == (7, 5)
    assert 5 <= by_lane["Durability async"] <= 7


OUTCOMES = {
    **{(lane, DAY): "Paid everybody once: 49,600.00 €" for lane in LANES},
    ("exit", THIRD): "Lost 2 of 4 supersteps, paid 86,800.00 €, should be 49,600.00 €",
    ("exit", FIRST): "Lost none of 4 supersteps, paid 4,300.00 €, should be 3,440.00 €",
    ("exit", LAST): "Lost 1 of 2 supersteps, paid 12,602.00 €, should be 6,301.00 €",
    ("sync", THIRD): "Lost none of 4 supersteps, paid 62,000.00 €, should be 49,600.00 €",
    ("sync", FIRST): "Lost none of 4 supersteps, paid 4,300.00 €, should be 3,440.00 €",
    ("sync", LAST): "Lost none of 2 supersteps, paid 9,451.50 €, should be 6,301.00 €",
    # How many are lost is luck; the ledger tells.
    ("async", THIRD): "Lost {lost} of 4 supersteps, paid {paid} €, should be 49,600.00 €",
    ("async", FIRST): "Lost none of 4 supersteps, paid 4,300.00 €, should be 3,440.00 €",
    ("async", LAST): "Lost {lost} of 2 supersteps, paid {paid} €, should be 6,301.00 €",
}
"""Each is checked where its example is played."""


def outcome(lane: str, example: int, ledger: list[dict[str, Any]]) -> str:
    """Return the line that a lane should say, with what only the ledger knows."""
    paid = sum(row["cents"] for row in ledger)
    lost = max(0, len(ledger) - len(departments(example)) - 1)
    line = OUTCOMES[lane, example].format(lost=lost or "none", paid=f"{paid / 100:,.2f}")
    assert f"{paid / 100:,.2f} €" in line
    assert (f"Lost {lost or 'none'} of" in line) == (example != DAY)
    return line


@pytest.mark.parametrize(("booked_cents", "lost"), [(8, 0), (15, 7)])
def test_the_outcome_of_the_largest_payroll_is_a_short_line(booked_cents: int, lost: int) -> None:
    names = [f"Department {number}" for number in range(8)]
    values = {"departments": ", ".join(names), "wages": 1e6, "paid": names, "lost": names[:lost]}
    told = PATTERN.lane("exit").outcome
    assert told is not None
    line = told(Ended(values, ledger=[{"cents": 100_000_000}] * booked_cents))

    assert len(line) <= 70
    assert f"{booked_cents},000,000.00 €" in line


def test_a_copy_of_a_thread_that_paid_nothing_itself_says_so() -> None:
    told = PATTERN.lane("sync").outcome
    assert told is not None
    assert told(Ended({"wages": 1, "paid": ["A"], "lost": []})) == "Finished, but this thread paid nothing"
