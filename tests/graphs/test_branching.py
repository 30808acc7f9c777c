"""Branching: which handler answers, and what happens to a category that no handler is mapped to."""

from dataclasses import replace

import pytest

from graphs.pattern import Example, Go
from graphs.shapes.branching import ROUTES, UnmappedRoute, read_category, route_of
from graphs.shapes.branching_demo import ANSWERED, PATTERN
from tests.support.example_player import Play

LANES = tuple(lane.key for lane in PATTERN.lanes)
HAPPY = ((0, "urgent"), (1, "question"), (2, "general"))
UNMAPPED = 3


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(("example", "category"), HAPPY)
def test_only_the_handler_of_the_category_runs(play: Play, lane: str, example: int, category: str) -> None:
    played = play("branching", lane, example)

    assert played.visited == ["classify", category]
    assert (played.status, played.error) == ("finished", None)


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(("example", "category"), HAPPY)
def test_the_state_ends_with_the_category_and_the_handlers_answer(
    play: Play, lane: str, example: int, category: str
) -> None:
    played = play("branching", lane, example)

    assert played.values["category"] == category
    assert played.values["answer"] == played.answers[-1]
    assert played.answers[0] == category


@pytest.mark.parametrize("example", [example for example, _ in HAPPY])
def test_both_lanes_end_alike(play: Play, example: int) -> None:
    first, second = (play("branching", lane, example) for lane in LANES)

    assert first.values == second.values


@pytest.mark.parametrize("lane", LANES)
def test_a_changed_message_takes_another_way(play: Play, lane: str) -> None:
    calm = Example("calm", {"text": "The checkout was painted green, which suits it."})

    assert play("branching", lane, calm).visited == ["classify", "general"]


@pytest.mark.parametrize("lane", LANES)
def test_the_answer_depends_on_the_message(play: Play, lane: str) -> None:
    bread, trains = (Example("remark", {"text": f"Somebody wrote about {word}."}) for word in ("breadmaking", "trains"))

    assert "breadmaking" in play("branching", lane, bread).values["answer"]
    assert "breadmaking" not in play("branching", lane, trains).values["answer"]


@pytest.mark.parametrize("lane", LANES)
def test_an_unmapped_category_fails_on_the_classifier_with_the_remedy(play: Play, lane: str) -> None:
    played = play("branching", lane, UNMAPPED)

    assert played.failed_node == "classify"
    assert played.error is not None
    assert played.error.startswith("UnmappedRoute: The category 'complaint' has no route.")
    assert "Add a handler" in played.error


@pytest.mark.parametrize("lane", LANES)
def test_an_unmapped_category_never_ends_the_run_as_if_it_had_finished(play: Play, lane: str) -> None:
    played = play("branching", lane, UNMAPPED)

    assert played.status == "resumable"
    assert played.visited == ["classify"]
    assert played.answers == ["complaint"]
    assert "category" not in played.values
    assert "answer" not in played.values


@pytest.mark.parametrize("lane", LANES)
def test_going_on_after_an_unmapped_category_is_refused_again(play: Play, lane: str) -> None:
    stubborn = replace(PATTERN.examples[UNMAPPED], steps={lane: (Go(),)})

    played = play("branching", lane, stubborn)

    assert (played.status, played.failed_node) == ("resumable", "classify")
    assert not set(played.visited) & set(ROUTES)


@pytest.mark.parametrize(
    "answer",
    [
        "urgent",
        "Urgent.",
        " URGENT\n",
        "**Urgent**",
        "Category: urgent",
        "The message is urgent.",
        "urgent\n\nIt's late.",
    ],
)
def test_a_dressed_up_category_is_read(answer: str) -> None:
    assert route_of(read_category(answer)) == "urgent"


@pytest.mark.parametrize(
    "answer", ["", "urgent or general", "It isn't urgent", "not urgent", "complaint (urgent)", "spam"]
)
def test_a_doubtful_category_is_refused(answer: str) -> None:
    with pytest.raises(UnmappedRoute):
        route_of(read_category(answer))


SAYS = (
    "Answered as urgent",
    "Answered as a question",
    "Answered as a general message",
    "Not answered, stopped by an error",
)
OUTCOMES = {(lane, example): line for lane in LANES for example, line in enumerate(SAYS)}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_who_answered(play: Play, lane: str, example: int) -> None:
    played = play("branching", lane, example)

    assert played.outcome == OUTCOMES[lane, example]
    assert ("Not answered" in played.outcome) == ("answer" not in played.values)
    assert played.values.get("category", "Not") in played.outcome


def test_every_route_has_words_for_its_outcome() -> None:
    assert set(ANSWERED) == set(ROUTES)
