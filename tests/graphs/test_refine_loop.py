"""Refine loop: it ends when all rules are kept, or at a limit of attempts; without one only the library ends it."""

from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from graphs.figures import Figure
from graphs.outcome import Ended
from graphs.pattern import Example
from graphs.shapes.refine_loop import build_limited, check, find_problems
from graphs.shapes.refine_loop_demo import PATTERN
from lab.lab import Lab
from lab.workspace import StateEdit
from tests.support.example_player import Play, ended

SLUG, LANES = PATTERN.slug, tuple(lane.key for lane in PATTERN.lanes)
MENDED, AT_ONCE, CONTRADICTION, TOO_LOW = range(4)


def state(notice: str, **rules: Any) -> Any:
    return {"notice": notice, "needed": "", "banned": "", "most": 60, "tries": [], **rules}


def figures(lab: Lab, lane: str, thread_id: str) -> dict[str, str]:
    view, tell = lab.workspace("tests").view(thread_id), PATTERN.lane(lane).figures
    view.catch_up()
    assert tell is not None
    return {one.name: one.value for one in tell(view) if isinstance(one, Figure)}


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("example", [MENDED, AT_ONCE])
def test_rules_that_can_be_kept_end_the_loop_with_a_notice_that_keeps_them(play: Play, lane: str, example: int) -> None:
    played = play(SLUG, lane, example)

    assert (played.values["problems"], find_problems(state(**played.values))) == ([], [])
    assert played.values["stopped"] == f"all rules kept after {len(played.values['tries'])}"
    assert played.visited.count("refine") == len(played.values["tries"]) - 1


@pytest.mark.parametrize(("example", "limit"), [(CONTRADICTION, 5), (TOO_LOW, 2)])
def test_a_limit_ends_the_loop_with_its_last_attempt_and_the_reason(play: Play, example: int, limit: int) -> None:
    played = play(SLUG, "limited", example)

    assert (played.status, played.error) == ("finished", None)
    assert len(played.values["tries"]) == limit
    assert played.values["stopped"] == f"limit of {limit} reached"
    assert played.values["notice"] == played.values["tries"][-1]["text"]


def test_without_a_limit_the_library_stops_the_run_with_a_message_that_says_what_to_do(
    sqlite_lab: Lab, play: Play
) -> None:
    played = play(SLUG, "unlimited", CONTRADICTION)

    assert "finish" not in played.visited
    assert len(played.visited) == sqlite_lab.settings.recursion_limit
    assert (played.error or "").startswith("GraphRecursionError: the run reached its limit of 50 supersteps")
    assert "LAB_RECURSION_LIMIT" in (played.error or "")
    assert "stopped" not in played.values


@pytest.mark.parametrize("lane", LANES)
def test_an_error_of_the_model_isnt_told_as_the_step_limit_and_its_attempts_are_no_harm_of_the_trap(
    sqlite_lab: Lab, play: Play, lane: str
) -> None:
    workspace, thread_id = sqlite_lab.workspace("tests"), play(SLUG, lane, MENDED).thread_id
    # The offline model takes a word out of nothing here, and an empty answer is an error of its stream.
    last = [row.checkpoint_id for row in workspace.history.page(thread_id).rows if "refine" in row.next][-1]
    workspace.travel.fork(thread_id, last, StateEdit({"notice": ""}, {}), run=True, pace=0)
    ended(workspace, thread_id)
    view, harm = workspace.view(thread_id), PATTERN.lane("unlimited").harm
    view.catch_up()

    assert view.runs[-1].error.startswith("ValueError")
    assert workspace.history.outcome(thread_id) == "No notice in 3 attempts, stopped by an error"
    assert harm is not None
    assert harm.count(Ended({"tries": [{}]}, failed=True)) == 0
    assert harm.count(Ended({"tries": [{}]}, failed=True, out_of_steps=True)) == 1


def test_each_attempt_has_its_text_what_was_wrong_and_what_changed(play: Play) -> None:
    first, *later = play(SLUG, "limited", MENDED).values["tries"]

    assert len(first["problems"]) == 3
    assert [attempt["changed"] for attempt in [first, *later]] == ["", "+ friday", "- absolutely", "- free"]
    assert [len(attempt["problems"]) for attempt in later] == [2, 1, 0]


def test_the_figures_tell_attempts_and_why_the_loop_ended(sqlite_lab: Lab, play: Play) -> None:
    limited = figures(sqlite_lab, "limited", play(SLUG, "limited", TOO_LOW).thread_id)
    unlimited = figures(sqlite_lab, "unlimited", play(SLUG, "unlimited", CONTRADICTION).thread_id)

    assert (limited["Attempts"], limited["Rules broken"], limited["Stopped by"]) == ("2", "3", "limit of 2 reached")
    assert (unlimited["Attempts"], unlimited.get("Stopped by")) == ("25", None)


@pytest.mark.parametrize(
    ("notice", "rules", "problems"),
    [
        ("A swing.", {"needed": "Swing, "}, []),
        ("A swingset.", {"needed": "swing"}, ["It lacks 'swing'."]),
        ("It's FREE!", {"banned": "free"}, ["It has 'free'."]),
        ("Come for free to the old\nmill", {"needed": "Old  mill", "banned": "for free"}, ["It has 'for free'."]),
        ("Come to the old windmill", {"needed": "old mill"}, ["It lacks 'old mill'."]),
        ("Learn C++ with us", {"needed": "c++", "banned": "C"}, []),
        ("Learn it all!", {"needed": "C++, !"}, ["It lacks 'c++'."]),
        ("A free-range egg, and it's good", {"banned": "free, it"}, []),
        ("One two three", {"most": 2}, ["It has 3 words, and at most 2 are allowed."]),
        (" ", {}, ["It's empty."]),
    ],
)
def test_each_rule_is_checked_by_whole_words_and_phrases(
    notice: str, rules: dict[str, Any], problems: list[str]
) -> None:
    assert find_problems(state(notice, **rules)) == problems


def test_another_model_s_empty_answer_is_a_problem_and_no_end() -> None:
    given: Any = {"about": "x", "needed": "", "banned": "", "most": 9, "limit": 3}
    ended = build_limited(FakeListChatModel(responses=["", " ", "A swing."])).compile().invoke(given)

    assert [attempt["problems"] for attempt in ended["tries"]] == [["It's empty."], ["It's empty."], []]
    assert ended["stopped"] == "all rules kept after 3"


def test_the_first_attempt_has_nothing_before_it() -> None:
    assert check(state("A swing."))["tries"][0]["changed"] == ""


@pytest.mark.parametrize("lane", LANES)
def test_phrases_and_signs_are_mended_as_single_words_are(play: Play, lane: str) -> None:
    given = {"about": "all for free", "needed": "old mill, C++", "banned": "for free", "most": 60, "limit": 6}
    played = play(SLUG, lane, Example("own", given))

    assert played.outcome == "All rules kept after 4 attempts"
    assert "for free" not in played.values["notice"]
    assert "old mill, c++" in played.values["notice"]


@pytest.mark.parametrize("lane", LANES)
def test_the_notice_follows_what_it_is_about(play: Play, lane: str) -> None:
    given = {"about": "lanterns", "needed": "owls", "banned": "", "most": 60, "limit": 4}

    assert {"lanterns", "owls"} <= set(
        play(SLUG, lane, Example("own", given)).values["notice"].rstrip(".").replace(":", "").replace(".", "").split()
    )


OUTCOMES = {
    ("unlimited", MENDED): "All rules kept after 4 attempts",
    ("unlimited", AT_ONCE): "All rules kept after 1 attempt",
    ("unlimited", CONTRADICTION): "No notice in 25 attempts, stopped by the step limit",
    ("unlimited", TOO_LOW): "All rules kept after 5 attempts",
    ("limited", MENDED): "All rules kept after 4 attempts",
    ("limited", AT_ONCE): "All rules kept after 1 attempt",
    ("limited", CONTRADICTION): "5 attempts, then enough: 4 rules still broken",
    ("limited", TOO_LOW): "2 attempts, then enough: 3 rules still broken",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_how_the_loop_ended(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]
