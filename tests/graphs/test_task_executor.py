"""Task executor: what a person makes of a plan is what runs, in their order, and each step has its result."""

from typing import Any

import pytest

from graphs.human.task_executor import NoPlan, PlannedStep, in_order, read_plan, review_of
from graphs.human.task_executor_demo import PATTERN
from graphs.outcome import Ended
from graphs.pattern import Example
from lab.errors import InvalidInput
from lab.lab import Lab
from lab.state import check_answer
from tests.support.example_player import Play, begun

PLANNED, REORDERED, ADDED, UNTICKED, NOTHING = range(5)
SLUG, LANE = PATTERN.slug, "executor"
PLAN = ["List the points", "Sort the points by the alphabet", "Shorten each point to 3 words", "Count the words"]


def ran(play: Play, example: Example | int) -> list[str]:
    played = play(SLUG, LANE, example)
    assert played.status == "finished"
    return [done["step"] for done in played.values["results"]]


def test_the_table_begins_with_the_plan_numbered_and_ticked(play: Play) -> None:
    played = play(SLUG, LANE, Example("unanswered", PATTERN.examples[PLANNED].input))
    default = review_of(played.values["plan"]).model_json_schema()["properties"]["steps"]["default"]

    assert (played.status, played.values["plan"], played.values["results"]) == ("waiting", PLAN, [])
    assert default == [{"order": number, "step": step, "run": True} for number, step in enumerate(PLAN, 1)]


def test_the_plan_and_its_results_depend_on_the_text(play: Play) -> None:
    texts = ["One thing is left. Is it mine? Is it yours?", "First rain fell. Then it froze. So we stayed."]
    plans = [play(SLUG, LANE, Example("other", {"text": text})).values["plan"] for text in texts]

    assert plans == [
        ["List the questions", "Shorten each question to 3 words", "Count the words"],
        ["List the points", "Shorten each point to 3 words", "Count the words"],
    ]


@pytest.mark.parametrize(
    ("example", "steps"),
    [
        (PLANNED, PLAN),
        (REORDERED, ["Count the words", PLAN[0], "Shorten each point to 6 words", PLAN[1]]),
        (ADDED, ["List the questions", "Count the words", "Write it in capitals"]),
        (UNTICKED, ["List the points", "Count the words"]),
        (NOTHING, []),
    ],
)
def test_only_what_was_approved_runs_in_the_order_that_was_given(play: Play, example: int, steps: list[str]) -> None:
    assert ran(play, example) == steps


def test_each_step_is_a_superstep_that_works_on_what_those_before_it_made(play: Play) -> None:
    played = play(SLUG, LANE, PLANNED)
    results = [done["result"] for done in played.values["results"]]

    assert played.visited.count("execute") == 4
    assert results[0].splitlines()[0] == "- The heating of our house fails on cold days."
    assert results[1].splitlines()[0] == "- A firm can come on Monday morning."
    assert results[2].splitlines() == ["- A firm can", "- Its work costs", "- The heating of", "- Two tenants have"]
    assert results[3] == "12 words"
    assert play(SLUG, LANE, REORDERED).values["results"][0] == {"step": "Count the words", "result": "28 words"}


def test_with_nothing_approved_no_step_runs_and_the_report_says_so(play: Play) -> None:
    played = play(SLUG, LANE, NOTHING)

    assert "execute" not in played.visited
    assert played.values["report"] == "Nothing was approved, so nothing ran."


def test_the_report_has_each_step_with_its_result_in_order(play: Play) -> None:
    played = play(SLUG, LANE, UNTICKED)

    assert played.values["report"].splitlines()[0] == "1. List the points"
    assert played.values["report"].endswith("2. Count the words\n28 words")


def test_the_order_is_by_number_then_by_row_and_rows_without_a_number_come_last() -> None:
    given = [(None, "last", True), (7, "c", True), (0.5, "b", True), (7, "d", True), (-1, "a", True), (0, "no", False)]
    rows = [PlannedStep(order=order, step=step, run=run) for order, step, run in given]

    assert in_order(rows) == ["a", "b", "c", "d", "last"]


@pytest.mark.parametrize("text", ["", "  ", None])
def test_a_step_without_a_text_is_refused_nothing_runs_and_the_question_stays(lab: Lab, text: Any) -> None:
    workspace = lab.workspace("tests")
    thread = begun(workspace, SLUG, LANE, PATTERN.examples[PLANNED]).thread.thread_id
    asked = workspace.history.snapshot(thread)
    assert asked is not None
    rows = [{"order": 1, "step": "List the points", "run": True}, {"order": 2, "step": text, "run": True}]

    with pytest.raises(InvalidInput) as refused:
        workspace.resume(thread, {asked.questions[0].id: {"steps": rows}}, asked.checkpoint_id)
    assert [*refused.value.fields.values()] == ["Row 2: 'Step' is empty. Fill it in."]
    assert workspace.history.status(thread) == "waiting"
    assert workspace.history.snapshot(thread) == asked


def test_more_steps_than_fit_are_refused() -> None:
    rows = [{"order": 1, "step": "Count the words", "run": True}] * 13
    with pytest.raises(InvalidInput) as refused:
        check_answer(review_of(PLAN).model_json_schema(), {"steps": rows})
    assert refused.value.fields == {"steps": "'Steps' must have at most 12 items; it has 13."}


@pytest.mark.parametrize("answer", ["1. Look\n\n2) Think\n3. Act", "- Look\n* Think\n• Act", "Look\nThink\nAct\n"])
def test_a_plan_is_read_as_models_write_it(answer: str) -> None:
    assert read_plan(answer) == ["Look", "Think", "Act"]


@pytest.mark.parametrize("answer", ["", "Look\nAct", "\n".join("abcdefghijklm")])
def test_a_plan_of_too_few_steps_or_too_many_is_refused(answer: str) -> None:
    with pytest.raises(NoPlan):
        read_plan(answer)


OUTCOMES = {
    (LANE, PLANNED): "4 steps run as planned",
    (LANE, REORDERED): "4 steps run: 1 the person's own, 1 left out, in another order",
    (LANE, ADDED): "3 steps run: 1 the person's own, 1 left out",
    (LANE, UNTICKED): "2 steps run: 2 left out",
    (LANE, NOTHING): "Nothing approved, none of 3 steps run",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_ran_of_the_plan(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]


def test_the_outcome_of_an_executor_that_failed_counts_what_ran() -> None:
    told = PATTERN.lane(LANE).outcome
    assert told is not None
    assert told(Ended({"results": [{"step": "a", "result": "b"}]}, failed=True)) == "Stopped by an error, 1 step run"
