"""Answers to questions without a schema: one of the options where there are some, and no blank text otherwise."""

from typing import Any

import pytest

from lab.errors import InvalidInput
from lab.history import Question, check_answers
from lab.state import CHOICES


def check(value: Any, answer: Any, schema: dict[str, Any] | None = None, unusable: str = "") -> None:
    check_answers([Question("q", value, schema, "ask", unusable)], {"q": answer})


CHOICE = {"question": "Which?", "options": ["yes", "no", 1, None]}


@pytest.mark.parametrize("answer", ["yes", "no", 1, None])
def test_an_option_is_taken(answer: Any) -> None:
    check(CHOICE, answer)


@pytest.mark.parametrize("answer", ["maybe", {"x": 1}, "", "1", True, ["yes"]])
def test_what_is_no_option_is_refused_with_those_that_there_are(answer: Any) -> None:
    with pytest.raises(InvalidInput, match="Choose one of: Yes, No, 1"):
        check(CHOICE, answer)


@pytest.mark.parametrize("value", ["Which?", {"question": "Which?"}, {"question": "Which?", "options": []}])
@pytest.mark.parametrize("answer", ["", "   ", "\n\t"])
def test_a_blank_text_is_no_answer_to_a_plain_question(value: Any, answer: str) -> None:
    with pytest.raises(InvalidInput, match="'Answer'"):
        check(value, answer)


@pytest.mark.parametrize("answer", ["12 kg", 0, None, False, {}, {"x": " "}])
def test_any_other_answer_to_a_plain_question_is_taken(answer: Any) -> None:
    check({"question": "How heavy?"}, answer)


def test_where_a_schema_says_what_is_asked_the_payload_has_no_say() -> None:
    check(CHOICE, "maybe", {"type": "string"})
    check({"question": "Which?"}, "", {"type": "string"})
    check(CHOICE, "maybe", None, "It's too large.")
    check({"question": "Which?", "options": [*range(CHOICES + 1)]}, "maybe")
