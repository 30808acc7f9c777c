"""Escalation: which answers go out by themselves, what leads to a person, and what that person gets to read."""

from itertools import product
from typing import Any

import pytest

from graphs.human.escalation import Input, NoAssessment, Verdict, read_assessment, reasons_to_ask
from graphs.human.escalation_demo import PATTERN
from graphs.outcome import Ended
from graphs.pattern import Example
from lab.errors import InvalidInput
from lab.state import check_answer
from tests.support.example_player import Play

UNSURE, ALONE, SENSITIVE, VALUABLE, HURRY, ALL, FOURTH = range(7)
SLUG, LANE = PATTERN.slug, "agent"


def given(value: float = 10, *, urgent: bool = False) -> Input:
    return {"message": "When do you deliver?", "value": value, "urgent": urgent}


@pytest.mark.parametrize(("unsure", "sensitive", "valuable", "urgent"), [*product([False, True], repeat=4)])
def test_each_sign_leads_to_a_person_alone_and_together_with_others(
    unsure: bool, sensitive: bool, valuable: bool, urgent: bool
) -> None:
    signs = {"low confidence": unsure, "sensitive topic": sensitive, "high value": valuable, "urgent": urgent}
    message = given(1000 if valuable else 999.99, urgent=urgent)

    reasons = reasons_to_ask(message, 0.69 if unsure else 0.7, sensitive=sensitive)
    assert reasons == [name for name, shows in signs.items() if shows]


def test_an_answer_without_a_sign_goes_out_by_itself(play: Play) -> None:
    played = play(SLUG, LANE, ALONE)

    assert (played.status, played.asked, played.values["answered_by"]) == ("finished", [], "the agent")
    assert "escalate" not in played.visited
    assert played.values["messages"][-1].text == played.values["draft"]


@pytest.mark.parametrize(
    ("example", "reason", "priority"),
    [
        (UNSURE, "low confidence", "normal"),
        (SENSITIVE, "sensitive topic", "normal"),
        (VALUABLE, "high value", "normal"),
        (HURRY, "urgent", "high"),
        (ALL, "low confidence, sensitive topic, high value, urgent", "high"),
    ],
)
def test_the_package_says_why_and_how_urgent_it_is(play: Play, example: int, reason: str, priority: str) -> None:
    played = play(SLUG, LANE, example)
    (asked,) = played.asked

    assert (asked["reason"], asked["priority"]) == (reason, priority)
    assert asked["last messages"] == [f"customer: {PATTERN.examples[example].input['message']}"]
    assert asked["suggested reply"]
    assert (played.status, played.values["answered_by"]) == ("finished", "a person")


def test_the_package_has_the_last_five_messages_and_no_more(play: Play) -> None:
    (asked,) = play(SLUG, LANE, FOURTH).asked

    assert [line.partition(":")[0] for line in asked["last messages"]] == ["customer", "shop"] * 2 + ["customer"]
    assert asked["last messages"][0] == "customer: Is the invoice in the parcel?"
    assert asked["last messages"][-1] == "customer: Now it wobbles. What do you say to that?"


@pytest.mark.parametrize("example", [UNSURE, SENSITIVE])
def test_nothing_is_said_to_the_customer_before_a_person_has_decided(play: Play, example: int) -> None:
    played = play(SLUG, LANE, Example("unanswered", PATTERN.examples[example].input))

    assert played.status == "waiting"
    assert [message.type for message in played.values["messages"]] == ["human"]


def test_the_customer_gets_the_words_of_the_person_who_rewrote_the_reply(play: Play) -> None:
    played = play(SLUG, LANE, ALL)

    assert played.values["messages"][-1].text == "I'll call you within the hour. Please don't use the shelf until then."


@pytest.mark.parametrize("reply", ["", "  \n"])
def test_a_rewrite_without_a_reply_is_refused(reply: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_answer(Verdict.model_json_schema(), {"decision": "rewrite", "reply": reply})
    assert "reply" in refused.value.fields


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ("0.92, harmless", (0.92, False)),
        ("**Confidence:** 0.4 (Sensitive)", (0.4, True)),
        ("1, harmless", (1.0, False)),
        ("I'd say .65; sensitive.", (0.65, True)),
    ],
)
def test_an_assessment_is_read_as_models_write_it(answer: str, read: tuple[float, bool]) -> None:
    assert read_assessment(answer) == read


@pytest.mark.parametrize("answer", ["very sure", "92 %, harmless", "7.5, harmless", ""])
def test_an_assessment_without_a_number_from_0_to_1_is_refused(answer: str) -> None:
    with pytest.raises(NoAssessment):
        read_assessment(answer)


OUTCOMES = {
    (LANE, ALONE): "Answered by itself, confidence 0.92",
    (LANE, UNSURE): "Asked a person, low confidence: own words sent",
    (LANE, SENSITIVE): "Asked a person, sensitive topic: suggestion sent",
    (LANE, VALUABLE): "Asked a person, high value: suggestion sent",
    (LANE, HURRY): "Asked a person, urgent: suggestion sent",
    (LANE, ALL): "Asked a person, 4 reasons: own words sent",
    (LANE, FOURTH): "Asked a person, low confidence: suggestion sent",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_who_answered(play: Play, lane: str, example: int) -> None:
    played = play(SLUG, lane, example)

    assert played.outcome == OUTCOMES[lane, example]
    assert ("Asked a person" in played.outcome) == bool(played.asked)


@pytest.mark.parametrize(
    ("values", "failed", "line"),
    [
        ({}, True, "No answer, stopped by an error"),
        ({"reasons": ["urgent"], "answered_by": "the agent"}, False, "Answered by itself in spite of urgent"),
    ],
)
def test_the_outcome_of_an_answer_that_went_otherwise(values: dict[str, Any], failed: bool, line: str) -> None:
    told = PATTERN.lane(LANE).outcome
    assert told is not None
    assert told(Ended(values, failed=failed)) == line
