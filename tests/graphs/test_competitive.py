"""Competitive agents: the best score wins, whoever was first, and a judge's answer has to be whole."""

import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, ToolCall

from graphs.agents import competitive
from graphs.agents.competitive import JUDGE, SOLVERS, ScoreMissing, scores_in
from graphs.agents.competitive_demo import PATTERN
from graphs.outcome import Ended
from graphs.pattern import Example
from lab.lab import Lab
from lab.models import OfflineModel
from lab.workspace import StateEdit
from tests.support.example_player import Play, before, ended

SLUG, LANE = "competitive", "judged"
NO_LIMITS, MONEY, TIME, NOBODY = range(4)
NAMES = sorted(SOLVERS)


@pytest.mark.parametrize(("example", "winner"), [(NO_LIMITS, "thorough"), (MONEY, "frugal"), (TIME, "quick")])
def test_the_winner_has_the_best_score(play: Play, example: int, winner: str) -> None:
    values = play(SLUG, LANE, example).values
    points = {one["solver"]: one["score"] for one in values["scores"]}

    assert values["winner"] == winner
    assert points[winner] == max(points.values())
    assert all(one["reason"] for one in values["scores"])


def test_nobody_wins_where_no_score_is_good_enough(play: Play) -> None:
    played = play(SLUG, LANE, NOBODY)

    assert (played.status, played.values["winner"]) == ("finished", "")


def test_all_solvers_work_in_one_superstep_and_the_judge_runs_once_behind_them(play: Play) -> None:
    visited = play(SLUG, LANE, NO_LIMITS).visited

    assert sorted(visited[:3]) == NAMES
    assert visited[3:] == ["judge", "award"]


@pytest.mark.parametrize("seed", range(6))
def test_shuffling_the_solvers_changes_neither_scores_nor_winner(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    order = list(SOLVERS.items())
    random.Random(seed).shuffle(order)
    monkeypatch.setattr(competitive, "SOLVERS", dict(order))
    given: Any = PATTERN.examples[TIME].input
    values = competitive.build(OfflineModel(script=PATTERN.script)).compile().invoke(given)

    assert values["winner"] == "quick"
    assert [one["solver"] for one in values["scores"]] == NAMES


def test_the_first_to_finish_has_no_advantage_where_scores_are_equal() -> None:
    def script(messages: Sequence[BaseMessage]) -> str | AIMessage:
        if messages[0].text != JUDGE:
            return "The same for all."
        calls = [call(name, 7) for name in reversed(re.findall(r"Solution (\w+):", messages[-1].text))]
        return AIMessage("", tool_calls=calls)

    graph = competitive.build(OfflineModel(script=script)).compile()
    assert graph.invoke({"problem": "Anything."})["winner"] == NAMES[0]


def test_another_problem_gives_another_winner(play: Play) -> None:
    example = Example("other", {"problem": "Mend the roof. It may take 1 day at most."})
    assert play(SLUG, LANE, example).values["winner"] == "quick"


def call(solver: str, score: object, reason: str = "Because.") -> ToolCall:
    return ToolCall(name="Score", args={"solver": solver, "score": score, "reason": reason}, id=f"{solver}-{score}")


def test_scores_are_read_by_name_whatever_their_order_and_the_first_one_counts() -> None:
    answer = AIMessage("", tool_calls=[call("quick", 3), call("frugal", 9), call("quick", 10), call("nobody", 10)])

    assert [(one["solver"], one["score"]) for one in scores_in(answer, ["frugal", "quick"])] == [
        ("frugal", 9),
        ("quick", 3),
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (AIMessage("All are nice."), "no score for frugal, quick and said: 'All are nice.'"),
        (AIMessage("", tool_calls=[call("frugal", 9)]), "no score for quick"),
        (AIMessage("", tool_calls=[call("frugal", 11), call("quick", 1)]), "doesn't fit: Input should be less than"),
        (AIMessage("", tool_calls=[call("frugal", "best"), call("quick", 1)]), "doesn't fit"),
        (AIMessage("", tool_calls=[call("frugal", 1, ""), call("quick", 1)]), "doesn't fit"),
    ],
)
def test_a_score_that_is_missing_or_doesnt_fit_is_refused_with_the_reason(answer: AIMessage, said: str) -> None:
    with pytest.raises(ScoreMissing, match=said):
        scores_in(answer, ["frugal", "quick"])


def test_figures_tell_who_was_first_and_each_score(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("tests")
    thread_id = workspace.start(SLUG, LANE, PATTERN.examples[MONEY].input, pace=0).thread_id
    ended(workspace, thread_id)
    view = workspace.view(thread_id)
    view.catch_up()
    tell = PATTERN.lane(LANE).figures
    assert tell is not None
    values = {figure.name: getattr(figure, "value", "") for figure in tell(view)}

    assert values.pop("First to finish") in NAMES
    assert values == {"Frugal": "7 of 10", "Quick": "2 of 10", "Thorough": "5 of 10"}


OUTCOMES = {
    (LANE, NO_LIMITS): "The thorough solver wins with 9 of 10 (frugal 7, quick 6)",
    (LANE, MONEY): "The frugal solver wins with 7 of 10 (quick 2, thorough 5)",
    (LANE, TIME): "The quick solver wins with 6 of 10 (frugal 3, thorough 5)",
    (LANE, NOBODY): "Nobody wins: the best score is 1, and 5 is needed",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_names_the_winner_with_all_scores(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]


def test_the_outcome_of_a_failure_counts_what_was_handed_in() -> None:
    told = PATTERN.lane(LANE).outcome
    assert told is not None
    assert told(Ended({"solutions": [{}, {}]}, failed=True)) == "No winner among 2 solutions: stopped by an error"


def test_the_outcome_of_a_failure_doesnt_name_the_winner_of_before() -> None:
    told = PATTERN.lane(LANE).outcome
    assert told is not None
    values = {"solutions": [{}], "scores": [{"solver": "quick", "score": 9}], "winner": "quick"}
    assert told(Ended(values, failed=True)) == "No winner among 1 solutions: stopped by an error"


@pytest.mark.parametrize(("node", "emptied"), [("judge", "solutions"), ("award", "scores")])
def test_nobody_wins_where_an_edit_leaves_nothing_to_judge(
    play: Play, sqlite_lab: Lab, node: str, emptied: str
) -> None:
    workspace, thread_id = sqlite_lab.workspace("tests"), play(SLUG, LANE, MONEY).thread_id
    edit = StateEdit({emptied: []}, {emptied: "replace"})
    workspace.travel.fork(thread_id, before(workspace, thread_id, node), edit, run=True, pace=0)
    ended(workspace, thread_id)

    assert workspace.history.status(thread_id) == "finished"
    assert workspace.history.outcome(thread_id) == "Nobody wins: there is no score"
