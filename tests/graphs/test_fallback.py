"""Fallback: which source answers where some are down, and what nobody is told as an answer."""

from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from graphs.figures import States
from graphs.pattern import Example
from graphs.resilience.fallback import FAQ, HANDBOOK, build_fallback
from graphs.resilience.fallback_demo import PATTERN
from lab.lab import Lab
from tests.support.example_player import Play

SLUG = PATTERN.slug
DOWN, WELL, UNKNOWN, TWO, ALL = range(5)

HANDLER = "__error_handler__"

OUTCOMES = {
    ("fails", DOWN): "No answer, stopped by an error",
    ("falls-back", DOWN): "Answered by the list of common questions, after 1 source failed",
    ("fails", WELL): "Answered by the model",
    ("falls-back", WELL): "Answered by the model",
    ("fails", UNKNOWN): "No answer, stopped by an error",
    ("falls-back", UNKNOWN): "Answered by the handbook, after 2 sources failed",
    ("fails", TWO): "No answer, stopped by an error",
    ("falls-back", TWO): "Answered by the handbook, after 2 sources failed",
    ("fails", ALL): "No answer, stopped by an error",
    ("falls-back", ALL): "No answer: all 3 sources failed",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_who_answered(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]


@pytest.mark.parametrize(
    ("example", "visited"),
    [
        (WELL, ["model"]),
        (DOWN, ["model", f"{HANDLER}model", "faq"]),
        (TWO, ["model", f"{HANDLER}model", "faq", f"{HANDLER}faq", "handbook"]),
        (ALL, ["model", f"{HANDLER}model", "faq", f"{HANDLER}faq", "handbook", f"{HANDLER}handbook", "give_up"]),
    ],
)
def test_sources_are_asked_in_their_order_and_none_after_the_one_that_answers(
    play: Play, example: int, visited: list[str]
) -> None:
    assert play(SLUG, "falls-back", example).visited == visited


def test_the_answer_is_the_sources_own_and_the_errors_stand_in_the_state(play: Play) -> None:
    played = play(SLUG, "falls-back", DOWN)

    assert played.values["answer"] == FAQ["delivery"]
    assert [error[: len("model: ConnectionError")] for error in played.values["errors"]] == ["model: ConnectionError"]


def test_where_all_are_down_no_answer_is_made_up_and_each_error_is_told(play: Play) -> None:
    played = play(SLUG, "falls-back", ALL)

    assert (played.status, played.values["answer"], played.values["source"]) == ("finished", "", "none")
    assert [error.split(":")[0] for error in played.values["errors"]] == ["model", "faq", "handbook"]


def test_the_handler_runs_only_after_the_retries_of_its_node(play: Play, sqlite_lab: Lab) -> None:
    lost, late = (
        sqlite_lab.world(play(SLUG, "falls-back", number).thread_id).faults.calls("model") for number in (DOWN, TWO)
    )

    assert (lost, late) == (2, 1)


@pytest.mark.parametrize("failure", ["connection lost", "timeout", "rate limit", "rejected"])
def test_every_kind_of_failure_falls_back(play: Play, failure: str) -> None:
    given = {"question": "Is there a warranty?", "down": 1, "failure": failure}

    assert play(SLUG, "falls-back", Example("kind", given)).values["source"] == "faq"


def test_a_source_that_is_up_and_knows_nothing_is_passed_over(play: Play) -> None:
    played = play(SLUG, "falls-back", UNKNOWN)

    assert played.values["answer"] == HANDBOOK
    assert "NoAnswer" in played.values["errors"][1]


def test_an_empty_answer_of_a_model_is_no_answer(sqlite_lab: Lab, play: Play) -> None:
    world = sqlite_lab.world(play(SLUG, "fails", WELL).thread_id)
    graph = build_fallback(FakeListChatModel(responses=["  "])).compile()
    given: Any = {"question": "Which bulb?", "down": 0, "failure": "timeout"}

    assert graph.invoke(given, context=world)["source"] == "faq"


def test_without_a_fallback_the_error_of_the_model_is_the_threads(play: Play) -> None:
    played = play(SLUG, "fails", DOWN)

    assert (played.status, played.failed_node) == ("resumable", "model")
    assert "ConnectionError" in str(played.error)


def test_the_figures_mark_the_source_that_answers(play: Play, sqlite_lab: Lab) -> None:
    figures = PATTERN.lane("falls-back").figures
    assert figures is not None
    sources = {}
    for number in (WELL, DOWN, TWO, ALL):
        view = sqlite_lab.workspace("tests").view(play(SLUG, "falls-back", number).thread_id)
        view.catch_up()
        sources[number] = [one.current for one in figures(view) if isinstance(one, States)]

    assert sources == {WELL: ["model"], DOWN: ["faq"], TWO: ["handbook"], ALL: ["give_up"]}


def test_the_picture_shows_where_each_error_handler_goes(sqlite_lab: Lab) -> None:
    edges = sqlite_lab.graphs.drawing(SLUG, "falls-back").edges
    goes = {edge.source: edge.target for edge in edges if edge.source.startswith(HANDLER)}

    assert goes == {f"{HANDLER}model": "faq", f"{HANDLER}faq": "handbook", f"{HANDLER}handbook": "give_up"}
