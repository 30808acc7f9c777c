"""Stateful reducer: an object's average is wrong from its second thread on, a pure function's is right in each."""

from typing import Any

import pytest

from graphs.outcome import Ended
from graphs.pattern import Example, WayBack
from graphs.state.stateful_reducer import MOST, add_up
from graphs.state.stateful_reducer_demo import PATTERN
from lab.lab import Lab
from tests.support.example_player import Play, player
from tests.support.labs import quiet

LANES = tuple(lane.key for lane in PATTERN.lanes)
ALONE, SECOND, REPLAYED, A_WORD = range(4)


def _verdict(values: dict[str, Any]) -> tuple[float, float, bool]:
    return values["by_reducer"], values["true_mean"], values["agree"]


@pytest.mark.parametrize("lane", LANES)
def test_the_first_thread_is_right_in_both_lanes(play: Play, lane: str) -> None:
    played = play("stateful-reducer", lane, ALONE)

    assert _verdict(played.values) == (20, 20, True)
    assert played.visited == ["read", "add", "add", "add", "check"]


def test_the_object_averages_a_second_thread_together_with_the_first(play: Play) -> None:
    played = play("stateful-reducer", "stateful", SECOND)

    assert _verdict(played.values) == (10, 10, True)
    assert [_verdict(values) for values in played.beside] == [(55, 100, False)]


def test_the_object_counts_a_replay_again(play: Play) -> None:
    played = play("stateful-reducer", "stateful", REPLAYED)

    assert _verdict(played.values) == (40, 10, False)


def test_the_replay_s_error_is_in_its_own_branch_and_the_first_end_stays_as_it_was(play: Play, sqlite_lab: Lab) -> None:
    played = play("stateful-reducer", "stateful", REPLAYED)
    workspace = sqlite_lab.workspace("tests")
    ends = [row.checkpoint_id for row in workspace.history.page(played.thread_id).rows if not row.next]

    assert [workspace.history.values(played.thread_id, ident)["by_reducer"] for ident in ends] == [10, 40]


@pytest.mark.parametrize("example", [ALONE, SECOND, REPLAYED])
def test_the_pure_function_is_right_in_every_thread_and_replay(play: Play, example: int) -> None:
    played = play("stateful-reducer", "pure", example)

    assert all(values["agree"] for values in [played.values, *played.beside])
    assert all(values["by_reducer"] == values["true_mean"] for values in [played.values, *played.beside])


def test_the_pure_function_s_state_holds_all_that_it_needs(play: Play) -> None:
    assert play("stateful-reducer", "pure", REPLAYED).values["average"] == {"n": 1, "sum": 10}


@pytest.mark.parametrize("lane", LANES)
def test_the_average_follows_the_numbers(play: Play, lane: str) -> None:
    played = play("stateful-reducer", lane, Example("others", {"numbers": "-1.5; 2 4,1e3"}))

    assert _verdict(played.values) == (251.125, 251.125, True)


@pytest.mark.parametrize(("lane", "expected"), [("stateful", 22), ("pure", 20)])
def test_a_replay_from_the_middle_is_told_too(sqlite_lab: Lab, play: Play, lane: str, expected: float) -> None:
    played = play("stateful-reducer", lane, Example("three", {"numbers": "10, 20, 30"}))
    workspace = sqlite_lab.workspace("tests")
    middle = [row.checkpoint_id for row in workspace.history.page(played.thread_id).rows if row.next == ("add",)][1]
    workspace.travel.replay(played.thread_id, middle, pace=0)
    assert workspace.wait(played.thread_id)

    head = workspace.history.snapshot(played.thread_id)
    assert head is not None
    assert head.values["by_reducer"] == expected


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(
    ("numbers", "said"),
    [("10, twenty, 30", "'twenty'"), ("1, nan", "'nan'"), ("inf", "'inf'"), ("1e10", "'1e10'"), (", ;", "0 numbers")],
)
def test_what_is_no_number_is_refused_before_the_reducer_sees_any(
    play: Play, lane: str, numbers: str, said: str
) -> None:
    played = play("stateful-reducer", lane, Example("wrong", {"numbers": numbers}))

    assert (played.failed_node, played.visited) == ("read", ["read"])
    assert said in (played.error or "")
    assert _verdict(play("stateful-reducer", lane, ALONE).values) == (20, 20, True)


@pytest.mark.parametrize("lane", LANES)
def test_as_many_numbers_as_allowed_are_within_the_limit_of_steps(play: Play, lane: str) -> None:
    most = ",".join(["7"] * MOST)

    assert _verdict(play("stateful-reducer", lane, Example("most", {"numbers": most})).values) == (7, 7, True)
    assert play("stateful-reducer", lane, Example("more", {"numbers": f"{most},7"})).failed_node == "read"


def test_looking_at_threads_feeds_the_object_nothing(sqlite_lab: Lab, play: Play) -> None:
    played = play("stateful-reducer", "stateful", Example("first", {"numbers": "10"}))
    workspace = sqlite_lab.workspace("tests")
    for row in workspace.history.page(played.thread_id).rows:
        workspace.history.snapshot(played.thread_id, row.checkpoint_id)
    workspace.history.tree(played.thread_id)

    assert _verdict(play("stateful-reducer", "stateful", Example("next", {"numbers": "100"})).values)[0] == 55


def test_a_restart_makes_the_object_forget(sqlite_lab: Lab, play: Play) -> None:
    play("stateful-reducer", "stateful", Example("first", {"numbers": "10"}))
    database = sqlite_lab.settings.database
    sqlite_lab.close()
    again = Lab(quiet(database))
    after = player(again)("stateful-reducer", "stateful", Example("next", {"numbers": "100"}, {"stateful": ()}))
    again.close()

    assert _verdict(after.values) == (100, 100, True)


def test_the_sum_of_two_means_takes_no_notice_of_their_order() -> None:
    one, other = {"n": 1, "sum": 10.0}, {"n": 2, "sum": 5.0}

    assert add_up(one, other) == add_up(other, one) == {"n": 3, "sum": 15.0}  # type: ignore[arg-type]
    assert add_up({}, {"n": 1, "sum": 3.0}) == {"n": 1, "sum": 3.0}


@pytest.mark.parametrize("lane", LANES)
def test_a_replay_of_every_number_looks_right_by_chance(play: Play, lane: str) -> None:
    twice = Example("twice", {"numbers": "10, 20"}, {lane: (WayBack("read"), WayBack("check"))})

    assert _verdict(play("stateful-reducer", lane, twice).values) == (15, 15, True)


OUTCOMES = {
    ("stateful", ALONE): "Average 20, as it should be",
    ("pure", ALONE): "Average 20, as it should be",
    ("stateful", SECOND): "Average 10, as it should be",
    ("pure", SECOND): "Average 10, as it should be",
    ("stateful", REPLAYED): "Average 40, should be 10: other numbers leaked in",
    ("pure", REPLAYED): "Average 10, as it should be",
    ("stateful", A_WORD): "No average, stopped by an error",
    ("pure", A_WORD): "No average, stopped by an error",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_whether_the_average_is_right(play: Play, lane: str, example: int) -> None:
    played = play("stateful-reducer", lane, example)

    assert played.outcome == OUTCOMES[lane, example]
    assert ("leaked" in played.outcome) == (not played.values.get("agree", True))


def test_the_outcome_of_a_further_thread_says_what_an_earlier_one_left_in_it(play: Play) -> None:
    play("stateful-reducer", "stateful", ALONE)
    played = play("stateful-reducer", "stateful", Example("third", {"numbers": "0.5, 0.25"}))

    assert played.outcome == "Average 12.15, should be 0.38: other numbers leaked in"


@pytest.mark.parametrize(
    ("number", "shown"), [(0.0, "0"), (100.0, "100"), (1e9, "1,000,000,000"), (-2.5, "-2.5"), (0.0004, "0.0004")]
)
def test_the_outcome_has_whole_figures(number: float, shown: str) -> None:
    values = {"by_reducer": number, "true_mean": number, "agree": True}
    told = PATTERN.lane("pure").outcome
    assert told is not None
    assert told(Ended(values)) == f"Average {shown}, as it should be"


def test_the_outcome_shows_a_difference_that_rounding_would_hide() -> None:
    values = {"by_reducer": 2.0001, "true_mean": 2.0, "agree": False}
    told = PATTERN.lane("stateful").outcome
    assert told is not None
    assert told(Ended(values)) == "Average 2.0001, should be 2.0: other numbers leaked in"
