"""Edits by form, over random schemas, values and junk, and against what the library really does."""

import dataclasses
import operator
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph, add_messages
from pydantic import BaseModel, create_model
from typing_extensions import TypedDict

from lab.checkpoints import thread_config
from lab.errors import InvalidInput
from lab.state import Field, JsonText, Unshown, is_same_value, preview, rebuild, state_fields, to_form
from lab.state.form_reading import from_form
from tests.support.editable_state import VALUES, Address, Colour, State

FIELDS = {field.name: field for field in state_fields(State)}

Typed = tuple[Any, st.SearchStrategy[Any]]
"""A type and values of it."""

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.sampled_from(["a", "b", "item", "long_name", "x1"])
MESSAGES = st.builds(
    lambda kind, text, ident: kind(text, id=ident),
    st.sampled_from([HumanMessage, AIMessage, SystemMessage]),
    TEXT,
    st.none() | st.sampled_from(["1", "2", "3"]),
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
SCALARS: list[Typed] = [
    (str, TEXT),
    (int, st.integers()),
    (float, st.floats(allow_nan=False)),
    (bool, st.booleans()),
    (date, st.dates()),
    (time, st.times()),
    (datetime, st.datetimes() | st.datetimes(timezones=st.just(UTC))),
    (Literal["x", 1, True, None], st.sampled_from(["x", 1, True, None])),
    (Colour, st.sampled_from(Colour)),
]
OTHERS: list[Typed] = [
    (list[BaseMessage], st.lists(MESSAGES, max_size=3)),
    (Any, PLAIN),
    (list[dict[str, Any]], st.lists(st.dictionaries(NAMES, PLAIN, max_size=3), max_size=3)),
    (set[int], st.sets(st.integers(), max_size=3)),
    (int | str, st.integers() | TEXT),
    (tuple[int, str], st.tuples(st.integers(), TEXT)),
]


def optional(typed: Typed) -> Typed:
    return typed[0] | None, st.none() | typed[1]


def listed(typed: Typed) -> Typed:
    return list[typed[0]], st.lists(typed[1], max_size=3)  # type: ignore[valid-type]  # a type made here


def mapped(typed: Typed) -> Typed:
    return dict[str, typed[0]], st.dictionaries(TEXT, typed[1], max_size=3)  # type: ignore[valid-type]


def grouped(parts: dict[str, Typed], way: str) -> Typed:
    hints: Any = {name: typed[0] for name, typed in parts.items()}
    values = {name: typed[1] for name, typed in parts.items()}
    make: Any = TypedDict
    if way == "dict":
        return make("Group", hints), st.fixed_dictionaries(values)
    if way == "model":
        fields: Any = {name: (hint, ...) for name, hint in hints.items()}
        model: Any = create_model("Group", **fields)
        return model, st.builds(model, **values)
    data = dataclasses.make_dataclass("Group", hints.items())
    return data, st.builds(data, **values)


TYPED = st.recursive(
    st.sampled_from(SCALARS + OTHERS),
    lambda inner: (
        inner.map(listed)
        | inner.map(mapped)
        | st.sampled_from(SCALARS).map(optional)
        | st.builds(
            grouped, st.dictionaries(NAMES, inner, min_size=1, max_size=3), st.sampled_from(["dict", "model", "data"])
        )
    ),
    max_leaves=4,
)


def field_of(hint: Any) -> Field:
    make: Any = TypedDict
    (field,) = state_fields(make("State", {"field": hint}))
    return field


@given(st.data())
def test_a_form_gives_an_equal_value_back(data: st.DataObject) -> None:
    hint, values = data.draw(TYPED)
    value, field = data.draw(values), field_of(hint)
    found = from_form(field, to_form(field, value))
    assert is_same_value(found, value)


@given(st.sampled_from(SCALARS), st.data())
def test_a_plain_value_is_never_hidden(typed: Typed, data: st.DataObject) -> None:
    for hint, values in (typed, optional(typed), listed(typed), mapped(typed)):
        form = to_form(field_of(hint), data.draw(values))
        assert not isinstance(form, (Unshown, JsonText))


KEYS = st.sampled_from(["name", "price", "city", "key", "value", "role", "text", "id", "original"])
ROLES = st.sampled_from(["human", "ai", "tool", "remove"])
WAYS = st.sampled_from(["append", "replace"])
JUNK = st.recursive(
    PLAIN
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=3)
    | st.builds(JsonText, st.text(max_size=10) | PLAIN)
    | st.builds(Unshown, PLAIN)
    | st.just("half \ud800")
    | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "price", "city", "key", "value", "role", "text", "id", "original"])
            | st.integers(),
            inner,
        )
        | st.fixed_dictionaries(
            {"role": st.sampled_from(["human", "ai", "tool", "remove"]), "text": inner, "original": inner}
        )
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(FIELDS)), JUNK)
def test_junk_gives_a_value_or_a_fault_of_the_field(name: str, junk: Any) -> None:
    try:
        from_form(FIELDS[name], junk)
    except InvalidInput as error:
        assert all(place.partition(".")[0] == name for place in error.fields)  # noqa: PT017 - either is right


@given(st.data(), JUNK)
def test_junk_never_breaks_the_form_of_any_type(data: st.DataObject, junk: Any) -> None:
    hint, _ = data.draw(TYPED)
    field = field_of(hint)
    to_form(field, junk)
    try:
        from_form(field, junk)
    except InvalidInput as error:
        assert error.fields  # noqa: PT017 - either is right


@given(st.dictionaries(st.sampled_from([*FIELDS, "nothing"]), JUNK, max_size=4), WAYS)
def test_an_update_of_junk_is_refused_or_previewed(forms: dict[str, Any], way: Any) -> None:
    try:
        preview(State, VALUES, rebuild(State, forms, dict.fromkeys(forms, way)))
    except InvalidInput as error:
        assert set(error.fields) <= {*forms, *(place for place in error.fields if "." in place)}  # noqa: PT017 - as above


def merged(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {**one, **other}


class Reduced(TypedDict, total=False):
    log: Annotated[list[str], operator.add]
    total: Annotated[int, operator.add]
    counts: Annotated[dict[str, int], merged]
    messages: Annotated[list[Any], add_messages]
    home: Address
    name: str


def graph_of(schema: Any) -> Any:
    built = StateGraph(schema).add_node("node", lambda _: {}).add_edge(START, "node")
    return built.compile(checkpointer=InMemorySaver())


GRAPH = graph_of(Reduced)
IDS = st.sampled_from(["1", "2", "3"])
ROWS = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["human", "ai"]), "text": TEXT, "id": IDS})
    | st.fixed_dictionaries({"role": st.just("remove"), "text": st.just(""), "id": IDS}),
    max_size=3,
    unique_by=lambda row: row["id"],
)
FORMS = st.fixed_dictionaries(
    {},
    optional={
        "log": st.lists(TEXT, max_size=3),
        "total": st.integers(),
        "counts": st.lists(
            st.fixed_dictionaries({"key": NAMES, "value": st.integers()}), max_size=3, unique_by=lambda row: row["key"]
        ),
        "messages": ROWS,
        "home": st.fixed_dictionaries({"city": st.just("Rome"), "number": st.none() | st.integers()}),
        "name": TEXT,
    },
)
BEFORE = st.fixed_dictionaries(
    {},
    optional={
        "log": st.lists(TEXT, max_size=3),
        "total": st.integers(),
        "counts": st.dictionaries(NAMES, st.integers(), max_size=3),
        "messages": st.lists(st.builds(HumanMessage, TEXT, id=IDS), max_size=3, unique_by=lambda one: str(one.id)),
        "name": TEXT,
    },
)


@given(
    BEFORE,
    FORMS,
    st.dictionaries(st.sampled_from(list(Reduced.__annotations__)), st.sampled_from(["append", "replace"])),
)
def test_a_preview_is_what_the_library_makes_of_the_update(
    before: dict[str, Any], forms: dict[str, Any], chosen: dict[str, Any]
) -> None:
    thread = thread_config(str(id(forms)))
    GRAPH.checkpointer.delete_thread(thread["configurable"]["thread_id"])
    try:
        GRAPH.update_state(thread, before, as_node="node")
    except TypeError:
        # Whole numbers of more than 64 bits can't be saved.
        return
    values = GRAPH.get_state(thread).values
    try:
        update = rebuild(Reduced, forms, {**dict.fromkeys(forms, "append"), **chosen})
        expected = preview(Reduced, values, update)
    except InvalidInput:
        return
    GRAPH.update_state(thread, update, as_node="node")
    assert GRAPH.get_state(thread).values == expected


def test_a_preview_of_a_refused_removal_is_refused_as_the_library_does() -> None:
    thread: Any = {"configurable": {"thread_id": "refused"}}
    update = rebuild(Reduced, {"messages": [{"role": "remove", "text": "", "id": "1"}]}, {"messages": "append"})
    with pytest.raises(ValueError, match="doesn't exist"):
        GRAPH.update_state(thread, update, as_node="node")
    with pytest.raises(InvalidInput):
        preview(Reduced, {}, update)


def test_what_cannot_be_saved_is_refused_in_the_preview() -> None:
    thread: Any = {"configurable": {"thread_id": "large"}}
    with pytest.raises(TypeError, match="64-bit"):
        GRAPH.update_state(thread, {"total": 2**70}, as_node="node")
    with pytest.raises(InvalidInput, match=r"'Total'.*64-bit"):
        preview(Reduced, {"total": 1}, {"total": 2**70})


class Held(BaseModel):
    city: str


class Holder(TypedDict):
    home: Held


def after_saving(update: Any) -> Any:
    graph = graph_of(Holder)
    thread: Any = {"configurable": {"thread_id": "held"}}
    graph.update_state(thread, {"home": Held(city="Rome")}, as_node="node")
    graph.update_state(thread, update, as_node="node")
    return graph.get_state(thread).values["home"]


def test_the_library_saves_plain_json_in_place_of_a_model() -> None:
    """The trap: the next node that says `state["home"].city` fails."""
    found = after_saving({"home": {"city": "Oslo"}})
    assert found == {"city": "Oslo"}
    with pytest.raises(AttributeError):
        _ = found.city


def test_an_edited_model_comes_back_as_the_model() -> None:
    (field,) = state_fields(Holder)
    form = to_form(field, Held(city="Rome"))
    found = after_saving(rebuild(Holder, {"home": {**form, "city": "Oslo"}}, {}))
    assert found == Held(city="Oslo")
