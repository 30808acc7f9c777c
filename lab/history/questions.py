"""Questions and their answers: the fields that ask for them, their check, and the words that all pages show of them."""

from collections.abc import Mapping, Sequence

from lab.errors import InvalidInput
from lab.history.snapshots import Question
from lab.jsonable import Json, to_jsonable
from lab.state import (
    CHOICES,
    Fault,
    Field,
    Review,
    ReviewedCall,
    choice_text,
    fields_of_schema,
    is_same_value,
    person_fields,
    reviewed_tools,
    sentence,
    value_text,
    values_text,
)

_ANSWER = {"type": "object", "properties": {"answer": {"type": "string", "title": "Answer"}}}
"""What is asked for where a pattern gave no schema and no options."""


_FIELDS = 100
"""Fields that a form asks for; a larger answer is written as JSON."""
_WRITTEN = {"properties": {"answer": {"title": "Answer (JSON)", "description": "Text that isn't JSON counts as text."}}}
"""What is asked for where the fields can't be."""


def question_text(value: Json) -> str:
    """Return the sentence that an interrupt's value asks."""
    if isinstance(value, dict) and "question" in value:
        return str(value["question"])
    tools = reviewed_tools(value)
    if not tools:
        return value_text(value)
    return f"May {tools[0]} run?" if len(tools) == 1 else f"May these {len(tools)} tools run: {', '.join(tools)}?"


def answer_fields(question: Question) -> tuple[tuple[Field, ...], bool]:
    """Return the fields to ask for, and whether their one value is the whole answer."""
    schema = question.schema
    if question.unusable:
        return fields_of_schema(_WRITTEN), True
    if schema is not None and (named := schema.get("properties")) and schema.get("type", "object") == "object":
        whole = len(named) <= _FIELDS and named.keys() >= set(schema.get("required", ()))
        if not whole:
            return fields_of_schema(_WRITTEN), True
        unasked = person_fields(schema)
        return tuple(field for field in fields_of_schema(schema) if field.name not in unasked), False
    if schema is not None:
        return fields_of_schema({**schema, "properties": {"answer": {"title": "Answer", **schema}}}), True
    if options := _options(question):
        return fields_of_schema({**_ANSWER, "properties": {"answer": {"title": "Answer", "enum": options}}}), True
    return fields_of_schema(_ANSWER), True


def answer_text(question: Question, answer: Json) -> str:
    """Return an answer by the titles and labels of the form that asked for it."""
    if question.review is not None and (decided := question.review.decisions(answer)) is not None:
        return _decided_text(question.review, decided)
    asked, simple = answer_fields(question)
    if simple:
        return choice_text(answer) if answer in [option for _, option in asked[0].choices] else value_text(answer)
    if not isinstance(answer, dict):
        return value_text(answer)
    # Who answered isn't asked for, and is part of the answer all the same.
    return values_text(answer, fields_of_schema(question.schema or {}))


def _decided_text(review: Review, decisions: Sequence[Json]) -> str:
    """Return what was decided on each call."""
    return "; ".join(
        f"{call.name}: {_decision_text(call, decision)}"
        for call, decision in zip(review.calls, decisions, strict=False)
    )


def _decision_text(call: ReviewedCall, decision: Json) -> str:
    match decision:
        case {"type": "approve"}:
            return "approved"
        case {"type": "edit", "edited_action": {"args": dict(args)}}:
            changed = {name: value for name, value in args.items() if name not in call.args or call.args[name] != value}
            left_out = [name for name in call.args if name not in args]
            written = [values_text(changed, fields_of_schema(call.schema))] if changed else []
            return ", ".join(["edited", *written, *(f"without {name}" for name in left_out)])
        case {"type": "reject", "message": str(why)} if why.strip():
            return f"rejected, {why}"
        case {"type": "reject"}:
            return "rejected"
        case {"type": "respond", "message": message}:
            return f"answered, {message}"
    return value_text(decision)


def check_answers(asked: Sequence[Question], answers: Mapping[str, Json]) -> None:
    """Check an answer to each of these questions; raises InvalidInput for all that are at fault.

    Where there are several, the messages stand by the question's id and what of its answer they are about.
    """
    wrong: dict[str, str] = {}
    for question in asked:
        try:
            question.check(answers[question.id])
            _check_without_schema(question, answers[question.id])
        except InvalidInput as error:
            if len(asked) == 1:
                raise
            wrong |= {f"{question.id}.{name}": message for name, message in error.fields.items()}
    if wrong:
        raise InvalidInput(wrong)


def _check_without_schema(question: Question, answer: Json) -> None:
    """Check an answer where the pattern gave no schema: an option where there are some, and else no blank text."""
    if question.schema is not None or question.unusable or question.review is not None:
        return
    options = _options(question)
    if options and not any(is_same_value(answer, option) for option in options):
        raise InvalidInput({"": sentence(Fault("choice", options), "Answer")})
    if not options and isinstance(answer, str) and not answer.strip():
        raise InvalidInput({"": sentence(Fault("empty"), "Answer")})


def _options(question: Question) -> list[Json]:
    """Return the options that a payload offers, none where they are too many to choose from."""
    options = question.value.get("options") if isinstance(question.value, dict) else None
    return options if isinstance(options, list) and len(options) <= CHOICES else []


def answered(question: Question, answer: Json) -> dict[str, Json]:
    """Return what a run's event tells of an answer that was given."""
    return {
        "question": question_text(question.value),
        "answer": to_jsonable(answer),
        "text": answer_text(question, answer),
    }
