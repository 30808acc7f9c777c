"""Differences of two states: complete for any JSON, short, told by reducer, and quick on long lists."""

import functools
import json
import math
import operator
import time
from dataclasses import dataclass, field
from typing import Annotated, Any, NotRequired, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.channels import BinaryOperatorAggregate, EphemeralValue, LastValue
from langgraph.graph import MessagesState
from langgraph.graph.message import add_messages
from langgraph.managed import RemainingSteps
from pydantic import BaseModel, Field

from lab.jsonable import Json, to_jsonable
from lab.state import Change, Reducer, diff_states, equal_values, state_fields
from lab.state.diff import apply

SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.text("ab 1\n\r\u2028é漢🙂", max_size=12)
JSON: st.SearchStrategy[Json] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from("abcd"), inner), max_leaves=20
)
MESSAGE = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["human", "ai"]),
        "text": st.text("ab ", max_size=6),
        "id": st.sampled_from("12345") | st.none(),
    }
)
VALUE = JSON | st.lists(MESSAGE, max_size=8)
STATE = st.dictionaries(st.sampled_from(["x", "y", "z"]), VALUE)
REDUCERS: st.SearchStrategy[dict[str, Reducer]] = st.dictionaries(
    st.sampled_from(["x", "y", "z"]), st.sampled_from(["add", "messages", "other", "none"])
)
LOG: dict[str, Reducer] = {"log": "add"}
CHAT: dict[str, Reducer] = {"messages": "messages"}


def said(text: str, ident: str, role: str = "ai") -> dict[str, Json]:
    return {"role": role, "text": text, "id": ident}


def only(changes: tuple[Change, ...]) -> Change:
    assert len(changes) == 1
    return changes[0]


@given(STATE, STATE, REDUCERS)
def test_a_diff_makes_the_new_state_from_the_old_one(
    before: dict[str, Json], after: dict[str, Json], reducers: dict[str, Reducer]
) -> None:
    frozen = json.dumps([before, after])
    assert equal_values(apply(before, diff_states(before, after, reducers)), after)
    assert equal_values(apply(after, diff_states(after, before, reducers)), before)
    assert json.dumps([before, after]) == frozen, "Neither state may be altered."


@given(STATE, st.lists(VALUE, min_size=1, max_size=4))
def test_what_an_appending_reducer_adds_is_told_as_appended(state: dict[str, Json], new: list[Json]) -> None:
    old: Any = state["x"] if isinstance(state.get("x"), list) else []
    change = only(diff_states({**state, "x": old}, {**state, "x": [*old, *new]}, {"x": "add"}))
    assert change.kind == "appended"
    assert equal_values([item.after for item in change.inside], new)


@given(STATE)
def test_a_state_does_not_differ_from_its_copy(state: dict[str, Json]) -> None:
    assert diff_states(state, json.loads(json.dumps(state)), {}) == ()


@given(STATE, STATE)
def test_changes_are_json_themselves(before: dict[str, Json], after: dict[str, Json]) -> None:
    told = to_jsonable(diff_states(before, after))
    assert equal_values(json.loads(json.dumps(told)), told)


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(0, 3), max_size=12))
def test_lists_keep_as_many_items_as_can_be_kept(before: list[int], after: list[int]) -> None:
    inside = only(diff_states({"x": before}, {"x": after})).inside if before != after else ()
    lost = sum(change.kind == "removed" or change.was is not None for change in inside)
    assert len(before) - lost == common(tuple(before), tuple(after))


@functools.cache
def common(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """Return the length of the longest common subsequence, by its definition."""
    if not one or not other:
        return 0
    if one[-1] == other[-1]:
        return 1 + common(one[:-1], other[:-1])
    return max(common(one[:-1], other), common(one, other[:-1]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (1, True),
        (0, False),
        (1, 1.0),
        (1, "1"),
        (None, False),
        (None, 0),
        ("", None),
        ([], {}),
        (0.0, -0.0),
        ({}, None),
    ],
)
def test_values_that_are_other_json_differ(old: Json, new: Json) -> None:
    change = only(diff_states({"x": old}, {"x": new}))
    assert (change.kind, type(change.before), type(change.after)) == ("changed", type(old), type(new))
    assert not equal_values([old], [new])
    assert not equal_values({"k": old}, {"k": new})


def test_nan_is_the_same_as_nan() -> None:
    assert diff_states({"x": [math.nan], "y": math.nan}, {"x": [float("nan")], "y": float("nan")}) == ()
    assert math.isnan(apply({"x": 1.0}, diff_states({"x": 1.0}, {"x": math.nan}))["x"])


def test_keys_are_told_one_by_one_and_equal_ones_left_out() -> None:
    found = diff_states({"gone": 1, "kept": 2, "value": 20}, {"kept": 2, "value": 100, "new": None})
    assert found == (
        Change("gone", "removed", before=1),
        Change("value", "changed", before=20, after=100),
        Change("new", "added", after=None),
    )


def test_only_an_appending_reducer_appends() -> None:
    before, after = {"log": ["a"]}, {"log": ["a", "b"]}
    assert only(diff_states(before, after, LOG)) == Change(
        "log", "appended", inside=(Change(1, "appended", after="b"),)
    )
    assert only(diff_states(before, after)) == Change("log", "items", inside=(Change(1, "added", after="b"),))
    overwritten = only(diff_states(before, {"log": ["z", "a"]}, LOG))
    assert [(change.at, change.kind) for change in overwritten.inside] == [(0, "added")]


def test_messages_are_matched_by_id() -> None:
    before = {"messages": [said("hi", "1", "human"), said("hello there", "2"), said("bye", "3")]}
    after = {"messages": [said("hi", "1", "human"), said("hello you", "2"), said("new", "4"), said("newer", "5")]}
    change = only(diff_states(before, after, CHAT))
    assert change.kind == "items"
    assert [(item.at, item.kind, item.name) for item in change.inside] == [
        (1, "fields", "ai 2"),
        (2, "removed", "ai 3"),
        (2, "appended", "ai 4"),
        (3, "appended", "ai 5"),
    ]
    text = only(change.inside[0].inside)
    assert (text.at, [run.text for run in text.runs]) == ("text", ["hello ", "there", "you"])


def test_a_message_of_another_id_is_another_message() -> None:
    change = only(diff_states({"messages": [said("same", "1")]}, {"messages": [said("same", "2")]}, CHAT))
    assert [item.kind for item in change.inside] == ["removed", "appended"]


def test_messages_of_langchain_are_told_by_what_add_messages_did() -> None:
    old = [HumanMessage("hi", id="1"), AIMessage("hello", id="2")]
    new: Any = add_messages(list(old), [AIMessage("hello again", id="2"), HumanMessage("so", id="3")])  # type: ignore[arg-type]  # a list of messages is one
    change = only(diff_states({"messages": to_jsonable(old)}, {"messages": to_jsonable(new)}, CHAT))
    assert [(item.kind, item.name) for item in change.inside] == [("fields", "ai 2"), ("appended", "human 3")]


def test_items_are_inserted_removed_and_changed_where_they_are() -> None:
    change = only(diff_states({"x": [1, 2, 3, 4]}, {"x": [0, 1, 5, 4]}))
    assert [(item.kind, item.at, item.was, item.before, item.after) for item in change.inside] == [
        ("added", 0, None, None, 0),
        ("changed", 2, 1, 2, 5),
        ("removed", 2, None, 3, None),
    ]


def test_dicts_are_compared_by_path() -> None:
    before = {"order": {"address": {"city": "Bonn", "zip": 1}, "paid": False}}
    after = {"order": {"address": {"city": "Köln", "zip": 1}, "paid": True}}
    address, paid = only(diff_states(before, after)).inside
    assert (address.at, only(address.inside).at, only(address.inside).kind) == ("address", "city", "text")
    assert (paid.before, paid.after) == (False, True)


def test_what_lies_too_deep_is_one_value() -> None:
    before, after = "old", "new"
    for _ in range(300):
        before, after = {"in": before}, {"in": after}  # type: ignore[assignment]  # grows into a dict
    assert equal_values(apply({"x": before}, diff_states({"x": before}, {"x": after})), {"x": after})


def test_long_lists_take_bounded_work() -> None:
    before = [said(f"message {number} " * 30, str(number)) for number in range(5000)]
    after = [*before[:2500], said("other", "2500"), *before[2501:], said("new", "5000")]
    begun = time.process_time()
    change = only(diff_states({"messages": before}, {"messages": json.loads(json.dumps(after))}, CHAT))
    assert time.process_time() - begun < 2
    assert [item.kind for item in change.inside] == ["fields", "appended"]


class Typed(TypedDict):
    log: Annotated[list[str], operator.add]
    messages: Annotated[list[Any], add_messages]
    formatted: Annotated[list[Any], add_messages(format="langchain-openai")]
    custom: Annotated[list[str], lambda left, right: right]
    merged: NotRequired[Annotated[dict[str, int], operator.or_]]
    channel: Annotated[list[str], BinaryOperatorAggregate(list, operator.add)]
    value: Annotated[int, LastValue(int)]
    short: Annotated[int, EphemeralValue]
    steps: RemainingSteps
    named: Annotated[int, "in euros"]
    plain: int


class Modelled(BaseModel):
    log: Annotated[list[str], Field(title="Log"), operator.add] = []
    amount: Annotated[int, Field(ge=1)] = 1


@dataclass
class Kept:
    log: Annotated[list[str], operator.add] = field(default_factory=list)
    text: str = ""


def reducers_of(schema: type) -> dict[str, Reducer]:
    return {entry.name: entry.reducer for entry in state_fields(schema)}


def test_reducers_are_those_of_the_channels_that_the_library_makes() -> None:
    assert reducers_of(Typed) == {
        "log": "add",
        "messages": "messages",
        "formatted": "messages",
        "custom": "other",
        "merged": "other",
        "channel": "add",
        "value": "none",
        "short": "none",
        "named": "none",
        "plain": "none",
    }
    assert reducers_of(Modelled) == {"log": "add", "amount": "none"}
    assert reducers_of(Kept) == {"log": "add", "text": "none"}
    assert reducers_of(MessagesState) == {"messages": "messages"}
