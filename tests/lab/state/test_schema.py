"""What a compiled graph says of itself, whoever compiled it."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, NamedTuple, TypedDict, cast

import pytest
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel

from lab.state import (
    channels_at,
    declared_types,
    draw,
    enum_values,
    schema_of,
    stream_values_as_saved,
)
from lab.types import Graph


class Step(str, Enum):  # noqa: UP042 - a StrEnum is written as its value
    READ = "read"


class Place(NamedTuple):
    row: int


class Outer(MessagesState):
    lines: Annotated[list[str], operator.add]
    places: Sequence[Place]


class Given(TypedDict):
    lines: list[str]


class Own(TypedDict):
    secret: str


class Inner(BaseModel):
    lines: list[str] = []
    depth: int


@dataclass
class Asked:
    tenant: str


def nothing(_: Any) -> dict[str, Any]:
    return {}


def own(_: Own) -> dict[str, Any]:
    return {}


def inner() -> Graph:
    graph: Any = StateGraph(Inner).add_node("down", cast("Any", nothing)).add_edge(START, "down").compile()
    return cast("Graph", graph)


def outer() -> Graph:
    built: Any = StateGraph(Outer, context_schema=Asked, input_schema=Given)
    built.add_node(Step.READ, nothing).add_node("own", own).add_node("sub", inner())
    built.add_edge(START, Step.READ).add_edge(Step.READ, "own").add_edge("own", "sub")
    return cast("Graph", built.compile())


def test_a_graph_names_its_state_its_input_and_its_context() -> None:
    schema = schema_of(outer())

    assert (schema.state, schema.input, schema.context) == (Outer, Given, Asked)
    assert schema_of(inner()).context is None
    assert schema_of(inner()).input is Inner


def test_a_graph_names_its_nodes_and_those_of_no_subgraph() -> None:
    assert schema_of(outer()).nodes == ("__start__", "read", "own", "sub")


def test_its_channels_are_those_of_all_schemas_and_none_of_the_librarys_own() -> None:
    assert schema_of(outer()).channels.keys() == {"messages", "lines", "places", "secret"}


def test_each_channel_says_what_it_does_with_an_update() -> None:
    assert schema_of(outer()).reducers == {"messages": "messages", "lines": "add", "places": "none", "secret": "none"}


def test_a_subgraphs_channels_are_found_by_its_namespace_whatever_its_task() -> None:
    graph = outer()
    channels = channels_at(graph, "sub:3f2a")

    assert channels is not None
    assert {"lines", "depth"} <= channels
    assert channels == channels_at(graph, "sub:77")
    assert "places" in (channels_at(graph, "") or ())
    assert channels_at(graph, "own:1") is None
    assert channels_at(graph, "sub:1|sub:2") is None


def test_nodes_named_by_an_enum_are_drawn_by_its_values() -> None:
    graph = outer()
    drawing = draw(graph)

    assert enum_values(graph) == {"Step.READ": "read"}
    assert drawing.nodes.keys() >= {"__start__", "read", "own"}
    assert all(node.id == ident for ident, node in drawing.nodes.items())
    assert {(edge.source, edge.target) for edge in drawing.edges} >= {("__start__", "read"), ("read", "own")}


def test_a_subgraphs_values_go_through_no_class_of_the_outer_state() -> None:
    """Depth is missing in the outer one's values, and names of it in the inner one's."""

    class Strict(BaseModel):
        name: str
        depth: int = 0

    class Below(TypedDict):
        depth: int

    def deeper(state: Below) -> dict[str, int]:
        return {"depth": state["depth"] + 1}

    below = StateGraph(Below).add_node("deeper", deeper).add_edge(START, "deeper").compile()
    graph: Any = StateGraph(Strict).add_node("sub", below).add_edge(START, "sub").compile()

    def stream() -> list[Any]:
        return list(graph.stream({"name": "a"}, stream_mode=["values"], subgraphs=True, version="v2"))

    with pytest.raises(ValueError, match="name"):
        stream()
    stream_values_as_saved(graph)
    assert {"depth": 1} in [part["data"] for part in stream()]


def test_the_types_that_may_be_saved_are_those_that_any_schema_names() -> None:
    class Unnamed(BaseModel):
        text: str

    names = {name[-1] for name in declared_types(outer())}

    assert {"Place", "HumanMessage"} <= names
    assert "Place" not in {name[-1] for name in declared_types(inner())}
    assert Unnamed.__name__ not in names
