"""Error recovery: what is repaired and tried again, how often, and what ends on the failure path."""

import pytest

from graphs.figures import Figure, States
from graphs.pattern import Example
from graphs.resilience.error_recovery import PAUSE, repair
from graphs.resilience.error_recovery_demo import PATTERN
from lab.lab import Lab
from lab.workspace import StateEdit
from tests.support.example_player import Play, Played, before, ended
from tests.support.scripted_clock import ScriptedClock

SLUG, LANE = PATTERN.slug, "recovery"
REPAIRED, WELL, AWAY, STRANGE, LIMIT, NO = range(6)
HANDLER = "__error_handler__process"

OUTCOMES = {
    (LANE, REPAIRED): "Goods worth 1,501.80 € read after 3 attempts",
    (LANE, WELL): "Goods worth 655.80 € read after 1 attempt",
    (LANE, AWAY): "Goods worth 655.80 € read after 3 attempts",
    (LANE, STRANGE): "Goods worth 655.80 € read after 2 attempts, 1 row left out",
    (LANE, LIMIT): "Nothing read, given up after 3 attempts",
    (LANE, NO): "Nothing read, given up after 1 attempt",
}


def errors(played: Played) -> list[str]:
    return [attempt["error"].partition(":")[0] for attempt in played.values["history"]]


def given(rows: str, limit: int = 4) -> Example:
    return Example("own", {"rows": rows, "limit": limit, "failures": 0, "failure": "timeout"})


@pytest.mark.parametrize("example", range(6))
def test_every_example_ends_on_one_of_the_two_ways_out(play: Play, example: int) -> None:
    played = play(SLUG, LANE, example)

    assert (played.status, played.outcome) == ("finished", OUTCOMES[LANE, example])
    assert played.visited[-1] == ("fail" if "given up" in played.outcome else "succeed")


@pytest.mark.parametrize(
    ("example", "history"),
    [
        (REPAIRED, ["BadRow", "BadRow", ""]),
        (WELL, [""]),
        (AWAY, ["ConnectionError", "ConnectionError", ""]),
        (STRANGE, ["BadRow", ""]),
        (LIMIT, ["TimeoutError"] * 3),
        (NO, ["Rejected"]),
    ],
)
def test_every_attempt_stands_in_the_history_with_its_error(play: Play, example: int, history: list[str]) -> None:
    played = play(SLUG, LANE, example)

    assert errors(played) == history
    assert [attempt["number"] for attempt in played.values["history"]] == [*range(1, len(history) + 1)]


def test_an_error_is_handled_and_recovered_from_before_the_next_attempt(play: Play) -> None:
    assert play(SLUG, LANE, STRANGE).visited == ["process", HANDLER, "recover", "process", "succeed"]
    assert play(SLUG, LANE, NO).visited == ["process", HANDLER, "fail"]


def test_nothing_is_taken_over_on_the_failure_path(play: Play) -> None:
    assert "cents" not in play(SLUG, LANE, LIMIT).values


def test_a_service_that_failed_is_waited_for(play: Play, waits: ScriptedClock) -> None:
    assert waits.waits[play(SLUG, LANE, AWAY).thread_id] == [PAUSE, PAUSE]


def test_what_the_visitor_wrote_stays_beside_what_was_repaired(play: Play) -> None:
    played = play(SLUG, LANE, given("Lamp; two; 3,50"))

    assert (played.values["rows"], played.values["repaired"]) == ("Lamp; two; 3,50", "Lamp; 2; 3.50")
    assert played.values["cents"] == 700


@pytest.mark.parametrize(
    ("row", "better"),
    [
        ("Lamp; 3; 3,50 €", "Lamp; 3; 3.50"),
        ("Lamp | Three | EUR 7", "Lamp; 3; 7"),
        ("Lamp; 20 pcs; 1.00", "Lamp; 20; 1.00"),
        ("Lamp", "Lamp"),
    ],
)
def test_what_is_known_to_go_wrong_is_repaired(row: str, better: str) -> None:
    assert repair(row) == better


def test_each_row_takes_an_attempt_of_its_own_and_the_limit_counts_them_all(play: Play) -> None:
    rows = "\n".join(f"Lamp {number}; one; 1" for number in range(4))

    assert play(SLUG, LANE, given(rows, 4)).outcome == "Nothing read, given up after 4 attempts"
    assert play(SLUG, LANE, given(rows, 5)).outcome == "Goods worth 4.00 € read after 5 attempts"


def test_the_figures_name_the_place_in_the_loop_and_count_attempts_and_repairs(play: Play, sqlite_lab: Lab) -> None:
    figures = PATTERN.lanes[0].figures
    assert figures is not None
    view = sqlite_lab.workspace("tests").view(play(SLUG, LANE, AWAY).thread_id)
    view.catch_up()

    assert [one.current for one in figures(view) if isinstance(one, States)] == ["succeed"]
    assert [(one.name, one.value) for one in figures(view) if isinstance(one, Figure)] == [
        ("Attempts", "3"),
        ("Failed", "2"),
        ("Repairs", "2"),
    ]


def test_a_list_of_which_no_row_is_left_ends_on_the_failure_path(play: Play, sqlite_lab: Lab) -> None:
    played = play(SLUG, LANE, given("x\ny\nz", 8))

    assert (played.outcome, played.visited[-1]) == ("Nothing read, given up after 4 attempts", "fail")
    assert "cents" not in played.values
    assert sqlite_lab.world(played.thread_id).faults.calls("warehouse") == 0


@pytest.mark.parametrize("row", [99, -1])
def test_a_bad_row_that_an_edit_puts_beyond_the_list_is_left_and_the_list_is_read_again(
    play: Play, sqlite_lab: Lab, row: int
) -> None:
    workspace, thread_id = sqlite_lab.workspace("tests"), play(SLUG, LANE, STRANGE).thread_id
    place = before(workspace, thread_id, "recover")
    workspace.travel.fork(thread_id, place, StateEdit({"bad_row": row}, {}), run=True, pace=0)
    ended(workspace, thread_id)

    assert workspace.history.status(thread_id) == "finished"
    assert workspace.history.outcome(thread_id) == "Goods worth 655.80 € read after 3 attempts, 1 row left out"
