"""Questions and their answers in words: the one way in which every page, row and bubble shows them."""

from lab.history.snapshots import Question
from lab.jsonable import Json, to_jsonable
from lab.state import CHOICES, Field, choice_text, fields_of_schema, value_text, values_text

_ANSWER = {"type": "object", "properties": {"answer": {"type": "string", "title": "Answer"}}}
"""What is asked for where a pattern gave no schema and no options."""


_FIELDS = 100
"""Fields that a form asks for; a larger answer is written as JSON."""
_WRITTEN = {"properties": {"answer": {"title": "Answer (JSON)", "description": "Text that isn't JSON counts as text."}}}
"""What is asked for where the fields can't be."""


def question_text(value: Json) -> str:
    """Return the sentence that an interrupt's value asks."""
    return str(value["question"]) if isinstance(value, dict) and "question" in value else value_text(value)


def answer_fields(question: Question) -> tuple[tuple[Field, ...], bool]:
    """Return the fields to ask for, and whether their one value is the whole answer."""
    schema = question.schema
    if question.unusable:
        return fields_of_schema(_WRITTEN), True
    if schema is not None and (named := schema.get("properties")) and schema.get("type", "object") == "object":
        whole = len(named) <= _FIELDS and named.keys() >= set(schema.get("required", ()))
        return (fields_of_schema(schema), False) if whole else (fields_of_schema(_WRITTEN), True)
    if schema is not None:
        return fields_of_schema({**schema, "properties": {"answer": {"title": "Answer", **schema}}}), True
    options = question.value.get("options") if isinstance(question.value, dict) else None
    if isinstance(options, list) and 0 < len(options) <= CHOICES:
        return fields_of_schema({**_ANSWER, "properties": {"answer": {"title": "Answer", "enum": options}}}), True
    return fields_of_schema(_ANSWER), True


def answer_text(question: Question, answer: Json) -> str:
    """Return an answer by the titles and labels of the form that asked for it."""
    asked, simple = answer_fields(question)
    if simple:
        return choice_text(answer) if answer in [option for _, option in asked[0].choices] else value_text(answer)
    return values_text(answer, asked) if isinstance(answer, dict) else value_text(answer)


def answered(question: Question, answer: Json) -> dict[str, Json]:
    """Return what a run's event tells of an answer that was given."""
    return {
        "question": question_text(question.value),
        "answer": to_jsonable(answer),
        "text": answer_text(question, answer),
    }
