"""Answers: a choice that needs a text is refused without one, by the JSON schema that a form has and by the model."""

from typing import Any, Literal

import pytest
from pydantic import Field, ValidationError, create_model

from graphs.answers import Answer
from lab.errors import InvalidInput
from lab.state import check_answer


class Verdict(Answer, choice="status", needs="why", when=("revise", "reject")):
    status: Literal["approve", "revise", "reject"]
    why: str = ""


Longer = create_model("Longer", __base__=Verdict, text=(str, Field("begins like this")))


@pytest.mark.parametrize("model", [Verdict, Longer])
@pytest.mark.parametrize("answer", [{"status": "reject"}, {"status": "revise", "why": " \n"}])
def test_a_choice_that_needs_a_text_is_refused_without_one(model: type[Answer], answer: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_answer(model.model_json_schema(), answer)
    assert list(refused.value.fields) == ["why"]
    with pytest.raises(ValidationError, match="needs a why"):
        model.model_validate(answer)


@pytest.mark.parametrize("answer", [{"status": "approve"}, {"status": "reject", "why": "It's too long."}])
def test_a_choice_that_needs_none_or_has_one_is_taken(answer: dict[str, Any]) -> None:
    check_answer(Verdict.model_json_schema(), answer)

    assert Verdict.model_validate(answer).model_dump() == {"why": "", **answer}


def test_an_answer_that_names_no_need_has_none() -> None:
    class Free(Answer):
        decision: Literal["yes", "no"]

    assert Free.model_validate({"decision": "no"}).decision == "no"
    assert "if" not in Free.model_json_schema()
