"""Values in words: titles and labels of a form, and nothing of Python."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.history import Question, answer_text, question_text
from lab.jsonable import Json
from lab.state import Field, fields_of_schema, value_text, values_text

SCHEMA = {
    "properties": {
        "decision": {"enum": ["approved", "sent-back"], "title": "Decision"},
        "note": {"type": "string", "title": "Note (needed to reject)"},
        "wages": {"type": "number", "title": "Wages in euros"},
    }
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def asked(value: Json, schema: dict[str, Json] | None = None) -> Question:
    return Question("1", value, schema, "ask")


def test_an_answer_is_told_by_titles_and_labels_and_leaves_out_what_was_left_empty() -> None:
    question = asked({"question": "Pay?"}, SCHEMA)

    assert answer_text(question, {"decision": "sent-back", "note": ""}) == "Decision: Sent back"
    assert answer_text(question, {"decision": "approved", "note": "Go\non"}) == (
        "Decision: Approved\nNote (needed to reject):\nGo\non"
    )


@pytest.mark.parametrize(
    ("value", "answer", "text"),
    [
        ({"question": "Which?", "options": ["left-hand", "right"]}, "left-hand", "Left hand"),
        ({"question": "Sure?"}, True, "yes"),
        ("Name?", "Ada", "Ada"),
        ("Name?", {"any": 1, "thing": [1, 2]}, "Any: 1, Thing: 1, 2"),
    ],
)
def test_an_answer_without_a_schema_is_told_as_it_was_chosen(value: Json, answer: Json, text: str) -> None:
    assert answer_text(asked(value), answer) == text


def test_a_question_is_its_sentence_whatever_else_it_carries() -> None:
    assert question_text({"question": "Pay?", "order": "A-1"}) == "Pay?"
    assert question_text("Pay?") == "Pay?"
    assert question_text({"draft": "Dear all", "tries": 2}) == "Draft: Dear all, Tries: 2"


def test_messages_are_told_by_who_speaks_and_not_by_their_ids() -> None:
    messages = [{"role": "human", "text": "Hi, you", "id": "f4f8"}, {"role": "ai", "text": "Yes", "id": None}]

    assert value_text(messages) == "Human: Hi, you\nAi: Yes"


def test_money_is_told_as_money_and_a_single_field_by_its_value_alone() -> None:
    known = fields_of_schema(SCHEMA)

    assert values_text({"wages": 12400.0}, known) == "Wages in euros: 12,400.00"
    assert (
        values_text({"text": "All of it"}, fields_of_schema({"properties": {"text": {"type": "string"}}}))
        == "All of it"
    )
    assert values_text({"text": "All"}, (), titled=True) == "Text: All"


@given(JSON)
def test_nothing_of_python_is_shown_of_any_value(value: Json) -> None:
    field = Field("v", "V", kind="text")
    for text in (value_text(value), values_text({"v": value}, (field,), titled=True)):
        assert isinstance(text, str)
        if not _has_text(value):
            assert not any(sign in text for sign in ("{", "[", "None", "True", "False"))


def _has_text(value: Json) -> bool:
    match value:
        case str():
            return True
        case list():
            return any(map(_has_text, value))
        case dict():
            return bool(value)
    return False
