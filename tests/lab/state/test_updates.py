"""Edits by form: every value comes back in its type, what doesn't fit is told where it is, and a preview is true."""

import operator
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, Required

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langgraph.graph import MessagesState
from langgraph.types import Overwrite
from pydantic import BaseModel, Field, field_validator, model_validator
from typing_extensions import TypedDict

from lab.errors import InvalidInput
from lab.state import Field as FormField
from lab.state import JsonText, Unshown, preview, rebuild, state_fields, to_form
from lab.state.form_reading import from_form
from tests.support.editable_state import KINDS, VALUES, Colour, Item, State

FIELDS = {field.name: field for field in state_fields(State)}


def faults(field: FormField, form: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        from_form(field, form)
    return refused.value.fields


def test_every_kind_of_field_is_found() -> None:
    assert {name: field.kind for name, field in FIELDS.items()} == KINDS


def test_the_reducer_of_each_field_is_the_one_that_the_library_would_use() -> None:
    found = {name: field.reducer for name, field in FIELDS.items() if field.reducer != "none"}
    assert found == {"log": "add", "total": "add", "best": "other", "messages": "messages"}
    assert state_fields(MessagesState)[0].reducer == "messages"


def test_titles_and_bounds_are_those_of_the_type() -> None:
    assert (FIELDS["name"].title, FIELDS["name"].max_length) == ("The name", 40)
    assert (FIELDS["count"].minimum, FIELDS["count"].maximum) == (0, 9)
    assert FIELDS["colour"].choices == (("RED", Colour.RED), ("BLUE", Colour.BLUE))


def test_inheritance_and_what_is_said_round_a_type_are_seen_through() -> None:
    class Base(TypedDict, total=False):
        first: Required[Annotated[list[str], operator.add]]

    class Child(Base):
        second: Annotated[NotRequired[int], Field(ge=1)]

    first, second = state_fields(Child)
    assert (first.kind, first.reducer, first.required) == ("list", "add", True)
    assert (second.kind, second.minimum, second.required) == ("integer", 1, False)


def test_a_state_may_be_a_model_or_a_dataclass() -> None:
    class Model(BaseModel):
        log: Annotated[list[str], operator.add] = []
        count: int = Field(default=1, ge=0, title="How many")

    @dataclass
    class Data:
        log: Annotated[list[str], operator.add]
        count: int = 1

    for schema in (Model, Data):
        log, count = state_fields(schema)
        assert (log.kind, log.reducer, count.kind, count.required) == ("list", "add", "integer", False)
    assert (state_fields(Model)[1].title, state_fields(Model)[1].minimum) == ("How many", 0)


def test_a_type_that_holds_itself_ends_in_json() -> None:
    home = next(field for field in state_fields(Nested) if field.name == "node")
    assert [(part.name, part.kind) for part in home.parts] == [("name", "text"), ("children", "json")]
    value = Node(name="a", children=[Node(name="b")])
    assert from_form(home, to_form(home, value)) == value


class Node(BaseModel):
    name: str
    children: list["Node"] = []


class Nested(TypedDict):
    node: Node


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_equal_and_in_its_type(name: str) -> None:
    form = to_form(FIELDS[name], VALUES[name])
    found = from_form(FIELDS[name], form)
    assert not isinstance(form, Unshown)
    assert found == VALUES[name]
    assert isinstance(found, type(VALUES[name]))


def test_what_a_form_cannot_show_is_kept_as_it_is() -> None:
    strange = {"a": {1, 2}}
    for name, value in (("anything", strange), ("count", "junk"), ("name", None), ("name", "half \ud800")):
        form = to_form(FIELDS[name], value)
        assert isinstance(form, Unshown)
        assert from_form(FIELDS[name], form) is value


def test_a_value_that_breaks_a_rule_is_shown_to_be_put_right() -> None:
    assert to_form(FIELDS["count"], 12) == 12
    assert to_form(FIELDS["name"], "") == ""


def test_an_extra_key_that_the_type_has_no_field_for_is_not_lost() -> None:
    class Holder(TypedDict):
        item: Item

    value = {"name": "Pen", "price": 1.0, "paid": True, "tags": [], "extra": 1}
    (field,) = state_fields(Holder)
    assert to_form(field, value) == Unshown(value)


@pytest.mark.parametrize(
    ("name", "form", "where", "told"),
    [
        ("count", 12, "count", "'Count' must be at most 9."),
        ("count", "many", "count", "'Count' must be a whole number."),
        ("count", None, "count", "'Count' is empty."),
        ("name", "", "name", "'The name' is empty."),
        ("status", "lost", "status", "Choose one of: Open, Closed."),
        ("day", "tomorrow", "day", "date"),
        ("log", ["a", 5], "log", "Row 2: 'Value' must be a text."),
        (
            "items",
            [{"name": "x", "price": "dear", "paid": 1, "tags": JsonText("[1")}],
            "items",
            "Row 1: 'Price' must be a number",
        ),
        ("items", [{"name": "x"}], "items", "Row 1: 'Price' is empty."),
        ("items", [{"nothing": 1}], "items", "Row 1: 'nothing' isn't a field"),
        (
            "addresses",
            [{"city": "Rome"}, {"city": "x"}],
            "addresses",
            "Row 2: 'City' must have at least 2 characters; it has 1.",
        ),
        ("home", {"city": "x", "number": "y"}, "home.number", "'Number' must be a whole number."),
        ("home", JsonText('{"city": "x"}'), "home.city", "at least 2 characters"),
        (
            "prices",
            [{"key": "a", "value": 1.0}, {"key": "a", "value": 1.0}],
            "prices",
            "Row 2: 'Key' stands there twice.",
        ),
        ("prices", [{"key": "a", "value": "x"}], "prices", "Row 1: 'Value' must be a number"),
        ("messages", [{"role": "wizard", "text": "x"}], "messages", "Row 1: Choose a role"),
        ("messages", [{"role": "human", "text": 5}], "messages", "Row 1: 'Text' must be a text."),
        ("anything", JsonText("{1"), "anything", "isn't valid JSON"),
        ("loose", [{"a": [1]}], "loose", "Row 1: 'a' must be a text, a number"),
    ],
)
def test_what_does_not_fit_is_told_at_its_place(name: str, form: Any, where: str, told: str) -> None:
    found = faults(FIELDS[name], form)
    assert told in found[where]


def test_many_faults_of_one_table_are_counted() -> None:
    found = faults(FIELDS["log"], [1] * 9)["log"].splitlines()
    assert found[-1] == "There are 4 more."
    assert len(found) == 6


def test_a_validator_that_raises_whatever_it_likes_is_a_fault_of_the_field() -> None:
    class Careless(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def check(cls, name: str) -> str:
            raise KeyError(name)

    class Holder(TypedDict):
        held: Careless

    (field,) = state_fields(Holder)
    assert "KeyError" in faults(field, {"name": "x"})["held"]
    assert isinstance(to_form(field, Careless.model_construct(name="x")), Unshown)


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = to_form(FIELDS["messages"], VALUES["messages"])
    return found


def test_an_edited_message_keeps_its_id_and_its_tool_calls() -> None:
    _, asked, _ = VALUES["messages"]
    found = from_form(FIELDS["messages"], [{**rows()[1], "text": "I look"}])[0]
    assert (found.text, found.id, found.tool_calls) == ("I look", "2", asked.tool_calls)
    assert asked.text == "Let me look"


def test_a_message_may_change_its_role_unless_tools_hang_on_it() -> None:
    field = FIELDS["messages"]
    assert from_form(field, [{**rows()[0], "role": "system"}]) == [SystemMessage("What is the weather?", id="1")]
    for row in rows()[1:]:
        assert "keeps its role" in faults(field, [{**row, "role": "human"}])["messages"]


def test_an_edited_text_leaves_the_other_blocks_of_a_message() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:"}}
    (row,) = to_form(FIELDS["messages"], [HumanMessage([{"type": "text", "text": "see"}, picture], id="1")])
    (found,) = from_form(FIELDS["messages"], [{**row, "text": "look"}])
    assert found.content == [{"type": "text", "text": "look"}, picture]


def test_messages_as_json_are_messages() -> None:
    (found,) = from_form(FIELDS["messages"], JsonText('[{"type": "ai", "content": "x", "id": "9"}]'))
    assert found == AIMessage("x", id="9")


def test_append_gives_the_bare_items_and_replace_goes_past_the_reducer() -> None:
    forms = {"log": ["new"], "count": 4}
    assert rebuild(State, forms, {"log": "append"}) == {"log": ["new"], "count": 4}
    assert rebuild(State, forms, {"log": "replace"}) == {"log": Overwrite(["new"]), "count": 4}


def test_nobody_appends_or_replaces_by_accident() -> None:
    with pytest.raises(InvalidInput, match="Choose whether 'Log' is appended"):
        rebuild(State, {"log": ["new"]}, {})


def test_all_faults_of_an_update_are_told_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        rebuild(State, {"count": 99, "nothing": 1, "home": {"city": "x"}, "name": "fine"}, {})
    assert set(refused.value.fields) == {"count", "nothing", "home.city"}


def test_a_removal_is_for_merged_messages_only() -> None:
    removal = {"role": "remove", "id": "1", "text": ""}
    after = preview(State, VALUES, rebuild(State, {"messages": [removal]}, {"messages": "append"}))
    assert [message.id for message in after["messages"]] == ["2", "3"]
    with pytest.raises(InvalidInput, match="removal"):
        rebuild(State, {"messages": [removal]}, {"messages": "replace"})


def test_a_reducer_that_refuses_is_told_in_the_preview() -> None:
    update = rebuild(State, {"messages": [{"role": "remove", "id": "none", "text": ""}]}, {"messages": "append"})
    with pytest.raises(InvalidInput, match="The state can't take this value of 'Messages'"):
        preview(State, VALUES, update)


def test_a_preview_changes_neither_the_state_nor_the_update() -> None:
    def careless(there: list[str], new: list[str]) -> list[str]:
        there += new
        new.clear()
        return there

    class Careless(TypedDict):
        log: Annotated[list[str], careless]

    before, update = {"log": ["a"]}, {"log": ["b"]}
    assert preview(Careless, before, update) == {"log": ["a", "b"]}
    assert (before, update) == ({"log": ["a"]}, {"log": ["b"]})


def test_a_state_that_a_model_would_refuse_is_refused_before_it_is_saved() -> None:
    class Span(BaseModel):
        low: int = 0
        high: int = 0

        @model_validator(mode="after")
        def check(self) -> "Span":
            if self.low > self.high:
                raise ValueError("low is above high")
            return self

    with pytest.raises(InvalidInput, match="Low is above high"):
        preview(Span, {"low": 1, "high": 2}, {"low": 3})
    assert preview(Span, {"low": 1, "high": 2}, {"high": 3}) == {"low": 1, "high": 3}
