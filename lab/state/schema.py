"""Reads channels, reducers, nodes and types off a compiled graph; LangGraph's own objects are asked only here."""

import functools
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints
from weakref import WeakKeyDictionary

from langchain_core.runnables.graph import Edge
from langchain_core.runnables.graph import Graph as Drawing
from langchain_core.tools import BaseTool
from langgraph._internal._serde import build_serde_allowlist
from langgraph.channels import BinaryOperatorAggregate
from langgraph.channels.base import BaseChannel
from langgraph.graph import StateGraph, add_messages
from langgraph.prebuilt import ToolNode
from langgraph.pregel import Pregel
from langgraph.types import Command
from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError

from lab.types import Graph

Channel = BaseChannel[Any, Any, Any]

Reducer = Literal["none", "add", "messages", "other"]
"""What a state does with an update: takes it, adds it, merges messages by id, or something of its own."""

TypeNames = frozenset[tuple[str, ...]]
"""Module and name of each type."""


@dataclass(frozen=True, slots=True)
class GraphSchema:
    """What a compiled graph declares, without what the library adds to run it."""

    state: type
    input: type
    context: type | None
    """What a run hands to the nodes beside the state; None where the graph asks for nothing."""
    channels: Mapping[str, Channel]
    """The channels of all schemas, those of single nodes included; empty."""
    nodes: tuple[str, ...]
    """The names of the nodes, without those of subgraphs; `__start__` writes the input."""

    @property
    def reducers(self) -> dict[str, Reducer]:
        """Return by channel what it does with an update."""
        return {name: reducer_of(channel) for name, channel in self.channels.items()}


def schema_of(graph: Graph) -> GraphSchema:
    """Return what a compiled graph declares."""
    builder = graph.builder
    return GraphSchema(
        state=builder.state_schema,
        input=builder.input_schema,
        context=builder.context_schema,
        channels=dict(builder.channels),
        nodes=tuple(graph.nodes),
    )


def node_metadata(graph: Graph) -> Mapping[str, Mapping[str, Any]]:
    """Return by name what the nodes of a graph declare of themselves, those that call subgraphs included."""
    return {name: node.metadata or {} for name, node in graph.builder.nodes.items()}


def state_channels(schema: type) -> Mapping[str, Channel]:
    """Return the channels of a state, empty, as a graph of it would have them."""
    return StateGraph(schema).channels


def reducer_of(channel: Channel) -> Reducer:
    """Return what a channel does with an update."""
    merge = getattr(channel, "reducer", None)
    if isinstance(channel, BinaryOperatorAggregate):
        merge = channel.operator
    merge = merge.func if isinstance(merge, functools.partial) else merge
    if merge is None:
        return "none"
    if merge is operator.add:
        return "add"
    return "messages" if getattr(merge, "__module__", "") == add_messages.__module__ else "other"


def channels_at(graph: Graph, namespace: str) -> frozenset[str] | None:
    """Return the channels of a graph, or of its subgraph of that namespace; None where there is no such one."""
    if not namespace:
        return frozenset(graph.channels)
    # Behind each node's name stands the task's id, which differs from call to call.
    path = "|".join(step.partition(":")[0] for step in namespace.split("|"))
    subgraph = next((inner for name, inner in graph.get_subgraphs(namespace=path, recurse=True) if name == path), None)
    return None if subgraph is None else frozenset(getattr(subgraph, "channels", ()))


def draw(graph: Graph) -> Drawing:
    """Return a graph's nodes and edges, subgraphs opened, under the names by which runs tell of the nodes."""
    drawing = graph.get_graph(xray=True)
    drawing.edges.extend(_edges_of_error_handlers(graph, drawing.nodes))
    values = enum_values(graph)
    if not values:
        return drawing

    def name(ident: str) -> str:
        return ":".join(values.get(part, part) for part in str(ident).split(":"))

    nodes = {name(ident): node._replace(id=name(ident)) for ident, node in drawing.nodes.items()}
    edges = [edge._replace(source=name(edge.source), target=name(edge.target)) for edge in drawing.edges]
    return Drawing(nodes=nodes, edges=edges)


def _edges_of_error_handlers(graph: Graph, drawn: Mapping[str, Any]) -> Iterator[Edge]:
    """Return the way from nodes to their error handlers, and on as far as the handlers' functions say it.

    The library draws neither.
    """
    nodes = graph.builder.nodes
    for name, node in nodes.items():
        handler = node.error_handler_node
        if handler is None or handler not in drawn or name not in drawn:
            continue
        yield Edge(name, handler, "on error", conditional=True)
        function = getattr(nodes[handler].runnable, "func", None)
        given = get_type_hints(function).get("return") if function is not None else None
        for where in get_args(given) if get_origin(given) is Command else ():
            yield from (Edge(handler, target, conditional=True) for target in get_args(where) if target in drawn)


_enum_values: WeakKeyDictionary[Any, Mapping[str, str]] = WeakKeyDictionary()


def enum_values(graph: Graph) -> Mapping[str, str]:
    """Return the values of the node names that are members of an Enum, by the texts that the library makes of them."""
    values = _enum_values.get(graph)
    if values is None:
        names = [name for part in _with_subgraphs(graph) for name in part.nodes if isinstance(name, Enum)]
        values = _enum_values[graph] = {str(name): str(name.value) for name in names}
    return values


_tool_schemas: WeakKeyDictionary[Any, Mapping[str, Mapping[str, Any]]] = WeakKeyDictionary()


def tool_schemas(graph: Graph) -> Mapping[str, Mapping[str, Any]]:
    """Return by name the JSON schemas of the arguments of a graph's tools, those of its subgraphs' tool nodes included.

    A tool whose arguments no schema describes isn't among them.
    """
    schemas = _tool_schemas.get(graph)
    if schemas is None:
        builders = [builder for part in _with_subgraphs(graph) if (builder := getattr(part, "builder", None))]
        called = [node.runnable for builder in builders for node in builder.nodes.values()]
        tools = [tool for node in called if isinstance(node, ToolNode) for tool in node.tools_by_name.values()]
        schemas = _tool_schemas[graph] = {tool.name: schema for tool in tools if (schema := _arguments(tool))}
    return schemas


def _arguments(tool: BaseTool) -> Mapping[str, Any]:
    """Return the JSON schema of what a model gives a tool; empty where its types have none."""
    asked = tool.tool_call_schema
    if isinstance(asked, dict):
        return asked
    try:
        schema: dict[str, Any] = TypeAdapter(asked).json_schema()
    except PydanticUserError:
        return {}
    return schema


def stream_values_as_saved(graph: Graph) -> None:
    """Leave the values of a graph's stream as they're saved, in place of building the state's own class of each.

    Version 2 of the stream would put a subgraph's values through the class of the outer graph's state, too, which
    fails where theirs is another.
    """
    graph._state_mapper = graph._output_mapper = None


def declared_types(graph: Graph) -> TypeNames:
    """Return the types that the schemas of a graph and of its subgraphs name, with the messages'."""
    declared: set[tuple[str, ...]] = set()
    for part in _with_subgraphs(graph):
        builder = getattr(part, "builder", None)
        nodes = [node.input_schema for node in builder.nodes.values()] if builder else []
        schemas = [builder.state_schema, builder.input_schema, builder.output_schema, *nodes] if builder else []
        declared |= build_serde_allowlist(schemas=schemas, channels=dict(part.channels))
        # The library passes over named tuples, and over what stands inside of a Sequence or a Mapping.
        values = [getattr(channel, "ValueType", None) for channel in part.channels.values()]
        classes = set(_classes_with_fields([*schemas, *values]))
        declared |= build_serde_allowlist(schemas=[one for one in classes if not issubclass(one, tuple)])
        declared |= {(one.__module__, one.__name__) for one in classes if issubclass(one, tuple)}
    return frozenset(declared)


def _with_subgraphs(graph: Graph) -> list[Pregel[Any, Any, Any, Any]]:
    """Return a graph and those of its subgraphs that run in this process."""
    inner = [subgraph for _, subgraph in graph.get_subgraphs(recurse=True)]
    return [part for part in (graph, *inner) if isinstance(part, Pregel)]


def _classes_with_fields(schemas: Sequence[Any]) -> Iterator[type]:
    """Return the classes with fields that schemas name, wherever they stand in them."""
    seen: set[int] = set()
    waiting = list(schemas)
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        waiting += get_args(one)
        if isinstance(one, type) and get_origin(one) is None:
            fields = _hints(one)
            waiting += fields.values()
            if fields and (not issubclass(one, tuple) or hasattr(one, "_fields")):
                yield one


def _hints(one: type) -> dict[str, Any]:
    try:
        return get_type_hints(one, include_extras=True)
    except (NameError, TypeError, AttributeError):
        # Names that only a type checker knows; the library leaves such a class's fields out as well.
        return {}
