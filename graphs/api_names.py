"""The names of LangGraph's API that a graph's file uses, read from the file itself."""

import ast
import inspect
import sys
from functools import lru_cache
from typing import NamedTuple

from langchain_core.runnables import Runnable
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph

from graphs.pattern import Pattern

PACKAGES = ("langgraph", "langchain_core")

METHODS = {
    name
    for graph in (StateGraph, CompiledStateGraph)
    for base in graph.__mro__
    if base.__module__.startswith("langgraph")
    for name, value in vars(base).items()
    if callable(value) and not name.startswith("_")
}
"""What a graph is told to do, before and after it's compiled."""


class ApiNames(NamedTuple):
    """What code uses of the API."""

    names: frozenset[str]
    """What is imported, and the methods of graphs that are called; those that models have as well are left out."""
    parameters: frozenset[str]
    """What is given by name to either."""


def api_names(pattern: Pattern) -> ApiNames:
    """Return what the code of a pattern's graphs uses of the API."""
    read = [_read_module(inspect.unwrap(lane.build).__module__) for lane in pattern.lanes]
    return ApiNames(
        frozenset().union(*(one.names for one in read)), frozenset().union(*(one.parameters for one in read))
    )


@lru_cache(maxsize=256)
def _read_module(module: str) -> ApiNames:
    return read_api_names(inspect.getsource(sys.modules[module]))


def read_api_names(source: str) -> ApiNames:
    """Return what a file's code uses of the API."""
    nodes = list(ast.walk(ast.parse(source)))
    imported = {
        alias.asname or alias.name: alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in PACKAGES
        for alias in node.names
    }
    called: set[str] = set()
    parameters: set[str] = set()
    for node in nodes:
        match node:
            case ast.Call(ast.Attribute(attr=name), _, keywords) if name in METHODS:
                called |= set() if hasattr(Runnable, name) else {name}
            case ast.Call(ast.Name(name), _, keywords) if name in imported:
                pass
            case _:
                continue
        parameters.update(keyword.arg for keyword in keywords if keyword.arg)
    return ApiNames(frozenset(imported.values()) | called, frozenset(parameters))
