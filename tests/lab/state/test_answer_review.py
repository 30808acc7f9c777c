"""Reviews of tool calls: which interrupts are some, what may be decided, and which answers are refused and where."""

from typing import Any

import pytest

from lab.errors import InvalidInput
from lab.jsonable import Json
from lab.state import Review, check_review, review_of, usable_schema

TOOLS: dict[str, dict[str, Any]] = {
    "pay": {
        "properties": {
            "euros": {"type": "number", "title": "Euros", "exclusiveMinimum": 0, "maximum": 100},
            "to": {"type": "string", "minLength": 1},
        },
        "required": ["euros", "to"],
    }
}
ALL = ["approve", "edit", "reject", "respond"]
PAY = {"name": "pay", "args": {"euros": 12.5, "to": "Anna"}, "description": "Pay?"}
MAIL = {"name": "mail", "args": {"text": "Hi", "copies": 2, "urgent": False, "tags": ["a"]}}
YES = {"type": "approve"}


def asked(*calls: dict[str, Any], allowed: list[str] | None = None, **rules: Any) -> Json:
    """Make the value with which the library's middleware interrupts."""
    configs = [{"action_name": call["name"], "allowed_decisions": allowed or ALL, **rules} for call in calls]
    return {"action_requests": list(calls), "review_configs": configs}


def review(value: Json, schema: Any = None) -> Review:
    found = review_of(value, usable_schema(schema)[0], TOOLS)
    assert found is not None
    return found


def edit(name: str, **args: Json) -> Json:
    return {"type": "edit", "edited_action": {"name": name, "args": args}}


def wrong(one: Review, answer: Json) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        check_review(one, answer)
    return refused.value.fields


BOTH = review(asked(PAY, MAIL))


def test_each_call_has_its_name_its_arguments_and_what_may_be_decided() -> None:
    first, second = review(asked(PAY, MAIL, allowed=["reject", "approve"])).calls

    assert (first.name, first.args, first.description) == ("pay", PAY["args"], "Pay?")
    assert first.allowed == second.allowed == ("approve", "reject")


def test_arguments_are_asked_for_by_the_request_s_schema_before_the_tool_s() -> None:
    own = {"properties": {"euros": {"type": "integer"}}}

    assert review(asked(PAY, args_schema=own)).calls[0].schema["properties"]["euros"] == {"type": "integer"}
    assert review(asked(PAY)).calls[0].schema["properties"]["euros"]["maximum"] == 100


def test_arguments_without_a_schema_are_asked_for_by_the_types_of_their_values() -> None:
    kinds = {name: rule["type"] for name, rule in BOTH.calls[1].schema["properties"].items()}

    assert kinds == {"text": "string", "copies": "number", "urgent": "boolean", "tags": "array"}


@pytest.mark.parametrize(
    "value",
    [
        "May I?",
        {"action_requests": []},
        {"action_requests": [PAY]},
        {"action_requests": [PAY], "review_configs": [{"action_name": "other", "allowed_decisions": ALL}]},
        asked(PAY, allowed=["perhaps"]),
        asked({"name": "pay", "args": ["no", "names"]}),
        {"name": "pay", "args": {}},
    ],
)
def test_what_is_no_complete_review_is_asked_for_as_any_other_question(value: Json) -> None:
    assert review_of(value, None, TOOLS) is None


@pytest.mark.parametrize(
    "decisions",
    [
        [YES, YES],
        [YES, {"type": "reject"}],
        [{"type": "respond", "message": "Done by hand"}, {"type": "reject", "message": "Too late"}],
        [edit("pay", euros=5, to="Tom"), edit("mail", text="Hello", copies=1.5, urgent=True, tags=[])],
    ],
)
def test_a_decision_for_each_call_is_accepted(decisions: list[Json]) -> None:
    check_review(BOTH, {"decisions": decisions})


@pytest.mark.parametrize(
    "answer", [{"decisions": [YES]}, {"decisions": [YES] * 3}, {"decisions": YES}, YES, [YES, YES]]
)
def test_as_many_decisions_as_calls_are_wanted(answer: Json) -> None:
    assert wrong(BOTH, answer)[""].startswith("There are 2 calls to decide on")


def test_a_decision_that_is_missing_is_told_at_its_call() -> None:
    assert wrong(BOTH, {"decisions": [YES, None]}) == {"1.type": "Choose one of: Approve, Edit, Reject, Respond."}


def test_a_decision_that_isnt_allowed_is_told_at_its_call() -> None:
    only = review(asked(PAY, MAIL, allowed=["approve"]))

    assert wrong(only, {"decisions": [{"type": "reject"}, YES]}) == {"0.type": "Choose one of: Approve."}


def test_what_is_wrong_with_edited_arguments_is_told_at_each_of_them() -> None:
    answer = {"decisions": [edit("pay", euros=500, to=""), YES]}

    assert wrong(BOTH, answer) == {
        "0.args.euros": "'Euros' must be at most 100.",
        "0.args.to": "'To' is empty. Fill it in.",
    }
    assert set(wrong(BOTH, {"decisions": [edit("pay", euros="5", to="Tom"), YES]})) == {"0.args.euros"}


def test_an_edit_cant_change_to_another_tool() -> None:
    assert set(wrong(BOTH, {"decisions": [edit("mail", text="Hi"), YES]})) == {"0.type"}


def test_an_approval_with_edited_arguments_is_refused_because_they_would_be_passed_over() -> None:
    assert set(wrong(BOTH, {"decisions": [{**edit("pay", euros=5, to="Tom"), "type": "approve"}, YES]})) == {"0.type"}


@pytest.mark.parametrize("message", ["", " \n", None, 7])
def test_an_answer_in_a_tool_s_place_has_a_text(message: Json) -> None:
    assert set(wrong(BOTH, {"decisions": [{"type": "respond", "message": message}, YES]})) == {"0.message"}


DECISION = {
    "oneOf": [{"$ref": "#/$defs/Yes"}, {"$ref": "#/$defs/No"}, {"$ref": "#/$defs/Edit"}],
    "$defs": {
        "Yes": {"type": "object", "properties": {"type": {"const": "approve"}}, "required": ["type"]},
        "No": {
            "type": "object",
            "properties": {"type": {"const": "reject"}, "message": {"type": "string"}},
            "required": ["type", "message"],
        },
        "Edit": {
            "type": "object",
            "properties": {"type": {"const": "edit"}, "edited_action": {"$ref": "#/$defs/Action"}},
            "required": ["type", "edited_action"],
        },
        "Action": {"type": "object", "properties": {"name": {"const": "pay"}, "args": {"$ref": "#/$defs/Args"}}},
        "Args": {"type": "object", "properties": {"euros": {"$ref": "#/$defs/Sum"}, "to": {"type": "string"}}},
        "Sum": {"type": "number", "minimum": 1},
    },
}


def test_a_single_call_is_decided_by_the_schema_of_its_answer() -> None:
    one = review({**PAY, "type": "tool_approval"}, DECISION)

    assert one.calls[0].allowed == ("approve", "edit", "reject")
    check_review(one, YES)
    assert wrong(one, edit("pay", euros=0.5, to="Tom")) == {"0.args.euros": "'Euros' must be at least 1."}


@pytest.mark.parametrize("decision", [{"type": "reject"}, {"type": "reject", "message": "  "}])
def test_a_rejection_says_why_where_the_schema_wants_it(decision: Json) -> None:
    one = review({**PAY, "type": "tool_approval"}, DECISION)

    assert wrong(one, decision) == {"0.message": "'Reason' is empty. Fill it in."}
    check_review(BOTH, {"decisions": [decision, YES]})


def test_a_schema_that_takes_something_else_too_is_no_review() -> None:
    either = {"anyOf": [DECISION["$defs"]["Yes"], {"type": "string"}]}  # type: ignore[index]  # it has definitions

    assert review_of({**PAY, "type": "tool_approval"}, usable_schema(either)[0], TOOLS) is None
