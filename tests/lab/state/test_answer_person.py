"""Fields of an answer that hold who gave it: filled in whatever is sent, by no schema that only looks like it."""

from typing import Any

import pytest
from pydantic import BaseModel, Field

from lab.history import Question, answer_fields, answer_text
from lab.jsonable import Json
from lab.state import filled_in, person_fields, usable_schema


class Verdict(BaseModel):
    decision: str
    by: str = Field("", title="Decided by", json_schema_extra={"acting_person": True})


SCHEMA, _ = usable_schema(Verdict.model_json_schema())


@pytest.mark.parametrize("sent", [{"decision": "yes"}, {"decision": "yes", "by": "Eve"}, {"decision": "yes", "by": 1}])
def test_the_person_s_name_takes_the_place_of_whatever_was_sent(sent: Json) -> None:
    assert filled_in(SCHEMA, sent, "Maya") == {"decision": "yes", "by": "Maya"}
    assert filled_in(SCHEMA, sent, "") == {"decision": "yes", "by": ""}


@pytest.mark.parametrize("answer", ["yes", None, ["yes"], 1])
def test_an_answer_without_fields_stays_as_it_is(answer: Json) -> None:
    assert filled_in(SCHEMA, answer, "Maya") == answer
    assert filled_in(None, answer, "Maya") == answer


MARKED = {"type": "string", "acting_person": True}


@pytest.mark.parametrize(
    ("schema", "fields"),
    [
        ({"properties": {"by": MARKED}}, {"by"}),
        ({"properties": {"by": {"$ref": "#/$defs/name"}}, "$defs": {"name": MARKED}}, {"by"}),
        ({"properties": {"by": {"anyOf": [MARKED, {"type": "null"}]}}}, {"by"}),
        ({"properties": {"by": {**MARKED, "acting_person": "yes"}}}, set()),
        ({"properties": {"by": {**MARKED, "type": "integer"}}}, set()),
        ({"properties": {"by": {"type": "object", "properties": {"inner": MARKED}}}}, set()),
        (MARKED, set()),
    ],
)
def test_only_a_text_of_the_answer_itself_that_is_marked_is_filled_in(schema: dict[str, Any], fields: set[str]) -> None:
    usable, why = usable_schema(schema)

    assert why == ""
    assert person_fields(usable) == fields


def test_the_field_isn_t_asked_for_and_is_told_with_the_answer() -> None:
    question = Question("i", {"question": "Pay?"}, SCHEMA, "pay")
    fields, alone = answer_fields(question)

    assert ([field.name for field in fields], alone) == (["decision"], False)
    assert answer_text(question, {"decision": "yes", "by": "Maya"}) == "Decision: yes\nDecided by: Maya"
