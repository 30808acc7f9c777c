"""Lists in an answer: which of them are asked for as a table, and what is said of their rows."""

from typing import Any

import pytest

from lab.errors import InvalidInput
from lab.jsonable import Json
from lab.state import check_answer, fields_of_schema

STEP: dict[str, Any] = {
    "type": "object",
    "required": ["order", "step"],
    "properties": {
        "order": {"type": "number", "title": "No."},
        "step": {"type": "string", "title": "Step", "minLength": 1, "maxLength": 9},
        "run": {"type": "boolean", "default": True},
        "speed": {"enum": ["slow", "fast"], "title": "Speed"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
}
SCHEMA: dict[str, Any] = {
    "$defs": {"Step": STEP, "Tree": {"type": "object", "properties": {"of": {"type": "array", "items": {}}}}},
    "type": "object",
    "properties": {
        "steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}, "title": "Steps", "maxItems": 20},
        "tags": {"type": "array", "items": {"type": "string", "minLength": 1}},
    },
}


def kind_of(array: dict[str, Any]) -> str:
    (field,) = fields_of_schema({"properties": {"it": array}, "$defs": SCHEMA["$defs"]})
    return field.kind


def refused(answer: Json, schema: dict[str, Any] = SCHEMA) -> dict[str, str]:
    with pytest.raises(InvalidInput) as error:
        check_answer(schema, answer)
    return dict(error.value.fields)


def test_a_list_of_objects_of_single_values_is_a_table_with_a_column_for_each() -> None:
    steps, tags = fields_of_schema(SCHEMA)
    assert steps.item is not None
    assert tags.item is not None

    assert (steps.kind, steps.title, tags.kind, tags.item.kind) == ("table", "Steps", "list", "text")
    columns = {part.name: (part.kind, part.title, part.required, part.optional) for part in steps.item.parts}
    assert columns == {
        "order": ("number", "No.", True, False),
        "step": ("text", "Step", True, False),
        "run": ("toggle", "Run", False, False),
        "speed": ("choice", "Speed", False, False),
        "note": ("text", "Note", False, True),
    }


@pytest.mark.parametrize(
    "array",
    [
        {"type": "array"},
        {"type": "array", "items": True},
        {"type": "array", "items": {}},
        {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        {"type": "array", "items": {"type": "object"}},
        {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
        {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "object"}}}},
        {"type": "array", "items": {"type": "object", "required": ["b"], "properties": {"a": {"type": "string"}}}},
        {"type": "array", "items": {"type": "string"}, "prefixItems": [{"type": "integer"}]},
        {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
    ],
)
def test_a_list_whose_rows_hold_more_than_single_values_stays_json(array: dict[str, Any]) -> None:
    assert kind_of(array) == "json"


def test_a_schema_that_holds_itself_in_a_list_stays_json() -> None:
    tree = {"type": "object", "properties": {"name": {"type": "string"}, "of": {"type": "array"}}}
    tree["properties"] |= {"of": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}  # type: ignore[operator]  # a dict
    (field,) = fields_of_schema({"properties": {"of": {"$ref": "#/$defs/Node/of"}}, "$defs": {"of": {}}})
    assert field.kind == "json"
    (field,) = fields_of_schema(
        {"properties": {"of": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}, "$defs": {"Node": tree}}
    )
    assert field.kind == "json"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"order": 1, "step": ""}, "Row 2: 'Step' is empty. Fill it in."),
        ({"order": 1, "step": " \t"}, "Row 2: 'Step' is empty. Fill it in."),
        ({"order": 1, "step": None}, "Row 2: 'Step' is empty. Fill it in."),
        ({"order": 1}, "Row 2: 'Step' is empty. Fill it in."),
        ({"order": "first", "step": "a"}, "Row 2: 'No.' must be a number, such as 1.5."),
        ({"order": 1, "step": "much too long"}, "Row 2: 'Step' must have at most 9 characters; it has 13."),
        ({"order": 1, "step": "a", "speed": "warp"}, "Row 2: Choose one of: Slow, Fast."),
        ({"order": 1, "step": "a", "run": "yes"}, "Row 2: 'Run' must be yes or no."),
    ],
)
def test_what_is_wrong_with_a_row_is_told_by_its_number_and_the_title_of_the_column(row: Json, message: str) -> None:
    assert refused({"steps": [{"order": 1, "step": "a"}, row]}) == {"steps": message}


def test_faults_of_several_rows_are_told_together_in_their_order() -> None:
    rows = [{"order": "x", "step": " "}, {"order": 1, "step": "a"}, {"order": 1, "step": ""}]

    assert refused({"steps": rows})["steps"].splitlines() == [
        "Row 1: 'No.' must be a number, such as 1.5.",
        "Row 1: 'Step' is empty. Fill it in.",
        "Row 3: 'Step' is empty. Fill it in.",
    ]
    many = refused({"steps": [{"order": 1, "step": ""}] * 8})["steps"].splitlines()
    assert many[4:] == ["Row 5: 'Step' is empty. Fill it in.", "There are 3 more."]


def test_an_empty_entry_of_a_list_is_told_by_its_row() -> None:
    assert refused({"tags": ["a", " "]}) == {"tags": "Row 2: 'Value' is empty. Fill it in."}


def test_a_rule_of_the_whole_list_is_told_by_its_title() -> None:
    rows = [{"order": 1, "step": "a"}] * 21
    assert refused({"steps": rows}) == {"steps": "'Steps' must have at most 20 items; it has 21."}


def test_an_answer_that_is_a_list_itself_is_told_of_by_row_and_column() -> None:
    schema = {"type": "array", "items": STEP}
    assert refused([{"order": 1, "step": "a"}, {"order": 1}], schema) == {"": "Row 2: 'Step' is empty. Fill it in."}


def test_rows_that_fit_are_taken() -> None:
    check_answer(SCHEMA, {"steps": [{"order": 1.5, "step": "a", "note": None}], "tags": []})
