"""A graph as plain data, before and after it's laid out."""

from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]
Curve = tuple[Point, Point, Point, Point]
"""A cubic Bezier: start, two control points, end."""
Curves = tuple[Curve, ...]
"""Curves joined end to end."""


@dataclass(frozen=True, slots=True)
class Node:
    """What is drawn as a box; `parent` names the subgraphs around it, outermost first."""

    id: str
    label: str
    kind: Literal["start", "end", "node"] = "node"
    parent: tuple[str, ...] = ()
    note: str = ""
    """What else is known of it, such as a breakpoint; shown on hovering."""


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from one node to another; a conditional one may or may not be taken."""

    source: str
    target: str
    conditional: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """A graph as plain data."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """A node's place, by its top left corner, and the lines of its text."""

    node: Node
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """A subgraph's place; `path` holds the names from the outermost subgraph to this one."""

    path: tuple[str, ...]
    title: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Route:
    """An edge's way, as curves joined end to end, and the middle of its label."""

    edge: Edge
    curves: Curves
    label: str = ""
    at: Point = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Way:
    """A piece of edge inside a subgraph, between its border and a node; edges from outside are joined to it."""

    entering: bool
    node: str
    curves: Curves


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything placed, outer clusters before inner ones."""

    width: float
    height: float
    boxes: tuple[Box, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    routes: tuple[Route, ...] = ()
    ways: tuple[Way, ...] = ()
