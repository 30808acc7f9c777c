"""Ask a human: when the agent asks, and that its answer is made of what the person said."""

from typing import Any

import pytest

from graphs.human.ask_human import TARIFF, TOOLS, ask_by_input
from graphs.human.ask_human_demo import COUNTRY, PATTERN, WEIGHT
from graphs.outcome import Ended
from graphs.pattern import Example, Reply
from tests.support.example_player import Play

NO_WEIGHT, NOTHING, NEITHER, NO_TARIFF, UNKNOWN = range(5)
SLUG, LANE = PATTERN.slug, "interrupts"


def questions(asked: list[Any]) -> list[str]:
    return [one["question"] for one in asked]


def price(country: str, kilograms: float) -> str:
    parcel, kilogram = TARIFF[country]
    return f"{(parcel + kilogram * kilograms) / 100:,.2f} €"


def test_it_asks_nothing_where_nothing_is_missing(play: Play) -> None:
    played = play(SLUG, LANE, NOTHING)

    assert (played.status, played.asked) == ("finished", [])
    assert price("France", 2) in played.values["messages"][-1].text


@pytest.mark.parametrize(
    ("example", "asked", "told"),
    [
        (NO_WEIGHT, [WEIGHT], price("Japan", 4.5)),
        (NEITHER, [COUNTRY, WEIGHT], price("Poland", 12)),
        (NO_TARIFF, [f"No tariff for Atlantis. Parcels go to {', '.join(TARIFF)}. {COUNTRY}"], price("Germany", 3)),
    ],
)
def test_it_asks_for_what_is_missing_and_answers_by_what_it_was_told(
    play: Play, example: int, asked: list[str], told: str
) -> None:
    played = play(SLUG, LANE, example)

    assert (played.status, questions(played.asked)) == ("finished", asked)
    assert told in played.values["messages"][-1].text


@pytest.mark.parametrize("weight", ["1 kg", "20", "7.5 kilos"])
def test_another_answer_gives_another_price(play: Play, weight: str) -> None:
    example = Example("own", PATTERN.examples[NO_WEIGHT].input, {LANE: (Reply(weight),)})

    told = play(SLUG, LANE, example).values["messages"][-1].text
    assert price("Japan", float(weight.split()[0])) in told


def test_it_tells_no_price_where_the_person_does_not_know(play: Play) -> None:
    played = play(SLUG, LANE, UNKNOWN)

    assert played.status == "finished"
    assert "€" not in played.values["messages"][-1].text


def test_the_thread_waits_in_the_tool_and_no_price_is_told_before_the_answer(play: Play) -> None:
    played = play(SLUG, LANE, Example("unanswered", PATTERN.examples[NEITHER].input))

    assert (played.status, questions(played.asked)) == ("waiting", [COUNTRY])
    assert [message.type for message in played.values["messages"]] == ["human", "ai"]


def test_the_tool_that_blocks_the_server_is_given_to_nobody() -> None:
    assert ask_by_input not in TOOLS


OUTCOMES = {
    (LANE, NOTHING): "Told the price, 9.10 €, without a question",
    (LANE, NO_WEIGHT): "Told the price, 56.60 €, after 1 question",
    (LANE, NEITHER): "Told the price, 19.50 €, after 2 questions",
    (LANE, NO_TARIFF): "Told the price, 7.60 €, after 1 question",
    (LANE, UNKNOWN): "Told no price after 1 question",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_how_often_it_asked_and_what_it_told(play: Play, lane: str, example: int) -> None:
    played = play(SLUG, lane, example)

    assert played.outcome == OUTCOMES[lane, example]
    assert ("€" in played.outcome) == ("€" in played.values["messages"][-1].text)


def test_the_outcome_of_a_run_that_failed() -> None:
    told = PATTERN.lane(LANE).outcome
    assert told is not None
    assert told(Ended({}, failed=True)) == "No answer without a question, stopped by an error"
