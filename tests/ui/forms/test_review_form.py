"""The form of a review: what each decision asks for, and what is told at its place."""

from typing import Any

from tests.support.app_pages import decide, texts
from tests.support.foreign_questions import asked, card_of, send

CALL = {
    "type": "tool_approval",
    "name": "pay_*invoice*",
    "args": {"euros": 1200.0, "note": None},
    "description": "Pay?",
}


def decision(kind: str, **more: Any) -> dict[str, Any]:
    """Make the schema of one decision."""
    properties = {"type": {"const": kind}, **more}
    return {"type": "object", "properties": properties, "required": list(properties)}


REASONED: dict[str, Any] = {
    "oneOf": [
        decision("approve"),
        decision("reject", message={"type": "string", "minLength": 1}),
        decision("edit", edited_action={"type": "object", "properties": {"name": {}, "args": {"type": "object"}}}),
    ]
}


def test_a_rejection_asks_for_its_reason_where_the_schema_wants_one() -> None:
    at, door = card_of(asked(REASONED, CALL))
    decide(at, "card_q_", 0, {"type": "reject"})
    assert at.text_input(key="card_q_0_reject_message").label == "Reason"
    send(at)
    assert "'Reason' is empty. Fill it in." in texts(at)
    assert door.taken == []

    decide(at, "card_q_", 0, {"type": "reject", "message": "Too dear"})
    send(at)
    assert door.taken == [{"type": "reject", "message": "Too dear"}]


def test_a_rejection_without_a_reason_is_taken_where_none_is_wanted() -> None:
    at, door = card_of(asked({"oneOf": [decision("approve"), {**decision("reject"), "required": ["type"]}]}, CALL))
    decide(at, "card_q_", 0, {"type": "reject"})
    assert at.text_input(key="card_q_0_reject_message").label == "Reason (optional)"
    send(at)
    assert door.taken == [{"type": "reject"}]


def test_what_isnt_touched_in_an_edit_stays_what_it_is_and_a_number_stays_a_number() -> None:
    at, door = card_of(asked(REASONED, CALL))
    decide(at, "card_q_", 0, {"type": "edit", "edited_action": {"args": {"note": '"soon"'}}})
    send(at)
    decide(at, "card_q_", 0, {"type": "edit", "edited_action": {"args": {"euros": 980}}})
    send(at)

    args = [answer["edited_action"]["args"] for answer in door.taken]
    assert [repr(one["euros"]) for one in args] == ["1200.0", "980"]
    assert [one["note"] for one in args] == ["soon", "soon"]


def test_arguments_that_were_empty_or_left_out_stay_so_where_nothing_is_typed() -> None:
    either = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
    args = {"type": "object", "properties": {"euros": {"type": "number"}, "note": either, "tag": either, "by": either}}
    edit = decision("edit", edited_action={"type": "object", "properties": {"args": args}})
    at, door = card_of(asked({"oneOf": [decision("approve"), edit]}, CALL))
    decide(at, "card_q_", 0, {"type": "edit", "edited_action": {"args": {"euros": 5, "by": "Eva"}}})
    send(at)

    assert door.taken[0]["edited_action"]["args"] == {"euros": 5, "note": None, "by": "Eva"}


def test_a_tool_s_name_is_shown_as_text() -> None:
    at, _ = card_of(asked(REASONED, CALL))

    assert any("`pay_*invoice*`" in str(found.value) for found in at.markdown)
    assert at.segmented_control(key="card_q_0_type").label.replace("\\", "") == "Decision on pay_*invoice*"
