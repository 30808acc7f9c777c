"""The live picture of a graph: drawn once as SVG, coloured while it runs by nothing but CSS.

A page mounts `diagram` once in a run and writes `now` into a placeholder as often as it likes; the
browser then changes colours and badges and draws nothing anew.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Protocol

import streamlit as st

from ui.common import HANDLER, node_name
from ui.graph.layout import LINE, lay_out
from ui.graph.shape import Box, Cluster, Curve, Edge, Node, Point, Route, Shape

__all__ = [
    "NodeState",
    "Phase",
    "Shape",
    "describe_states",
    "draw_diagram",
    "highlight",
    "picture_size",
    "shape_of",
    "state_markup",
    "svg",
]


class Phase(StrEnum):
    """Where a node is in a run."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    WAITING = "waiting"
    PAUSED = "paused"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node's phase, and how often the run has come to it."""

    phase: Phase
    visits: int = 1


LOOKS = {
    "running": "--c:var(--st-blue-text-color);--w:3;--pulse:lg-pulse 1.6s ease-in-out infinite",
    "done": "--c:var(--st-green-text-color);--w:2",
    "failed": "--c:var(--st-red-text-color);--w:3",
    "waiting": "--c:var(--st-orange-text-color);--w:3;--dash:7 4",
    "paused": "--c:var(--st-violet-text-color);--w:2.5;--dash:2 3",
    "skipped": "--c:color-mix(in srgb,var(--st-text-color) 60%,var(--st-background-color));--w:1.2;--dash:4 4",
}
GLYPHS = {
    "running": "M-2.4-3.6L3.9 0L-2.4 3.6Z",
    "done": "M-3.7.2L-1.1 2.9L3.8-3",
    "failed": "M-2.9-2.9L2.9 2.9M2.9-2.9L-2.9 2.9",
    "waiting": "M-2.5-2.2C-2.5-5.4 2.5-5.4 2.5-2.2C2.5-.3 0-.4 0 1.4M0 4.3V4.4",
    "paused": "M-2-3.2V3.2M2-3.2V3.2",
    "skipped": "M-3.5 0H3.5",
}
"""Drawn around 0, so that no font has to have the symbols."""

SMALLEST = 0.7
"""How far a picture may shrink in a narrow column; beyond that its frame scrolls."""


class Drawable(Protocol):
    """What a compiled graph's `get_graph(xray=True)` gives."""

    @property
    def nodes(self) -> Mapping[str, Any]: ...
    @property
    def edges(self) -> Sequence[Any]: ...


def shape_of(drawable: Drawable) -> Shape:
    """Read a drawable graph; the starts and end inside subgraphs are left out and their edges joined."""
    nodes = {name: _node(name, node.metadata or {}) for name, node in drawable.nodes.items()}
    edges = [Edge(e.source, e.target, e.conditional, str(e.data or "")) for e in drawable.edges]
    for node in nodes.values():
        guarded = node.id.replace(HANDLER, "")
        if guarded != node.id and guarded in nodes:
            edges.append(Edge(guarded, node.id, True, "on error"))
    for node in [node for node in nodes.values() if node.parent and node.kind != "node"]:
        into = [edge for edge in edges if edge.target == node.id]
        out = [edge for edge in edges if edge.source == node.id]
        # More of both would give a web of edges; then the point is drawn as it is.
        if min(len(into), len(out)) <= 1:
            del nodes[node.id]
            edges = [edge for edge in edges if node.id not in (edge.source, edge.target)]
            edges += [_joined(a, b) for a in into for b in out]
    return Shape(tuple(nodes.values()), tuple(dict.fromkeys(edges)))


def _node(name: str, metadata: Mapping[str, Any]) -> Node:
    *parent, last = name.split(":")
    notes = [f"pauses {metadata['__interrupt'].replace(',', ' and ')}"] if "__interrupt" in metadata else []
    notes += ["waits for all that run"] if metadata.get("defer") else []
    if last in ("__start__", "__end__"):
        kind: Literal["start", "end"] = "start" if last == "__start__" else "end"
        return Node(name, kind, kind, tuple(parent))
    label = "error handler" if last.startswith(HANDLER) else last
    return Node(name, label, "node", tuple(parent), ", ".join(notes))


def _joined(first: Edge, second: Edge) -> Edge:
    label = " / ".join(filter(None, (first.label, second.label)))
    return Edge(first.source, second.target, first.conditional or second.conditional, label)


@lru_cache(maxsize=256)
def svg(shape: Shape) -> str:
    """Draw a graph in the colours of the page's theme."""
    picture = lay_out(shape)
    count = sum(node.kind == "node" for node in shape.nodes)
    parts = chain(
        map(_cluster, picture.clusters),
        map(_edge, picture.routes),
        map(_box, picture.boxes),
        (_text(route.label, *route.at, "lb") for route in picture.routes if route.label),
    )
    width, height = f"{picture.width:.0f}", f"{picture.height:.0f}"
    return (
        f'<svg class="lg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="group" '
        f'style="min-width:{picture.width * SMALLEST:.0f}px;--height:{height}px" '
        f'aria-label="Graph of {count} nodes">{"".join(parts)}</svg>'
    )


def picture_size(shape: Shape) -> Point:
    """Return the width and the height of a graph's picture, in pixels."""
    picture = lay_out(shape)
    return picture.width, picture.height


def _cluster(cluster: Cluster) -> str:
    name = ":".join(cluster.path)
    return (
        f'<g class="grp" data-n="{_attribute(name)}"><title>{_attribute(cluster.path[-1])}</title>'
        f"{_rect(cluster, 10)}{_text(cluster.title, cluster.x + 12, cluster.y + 16)}"
        f"{_badges(cluster.x, cluster.y + 16)}</g>"
    )


def _box(box: Box) -> str:
    node, radius = box.node, 8 if box.node.kind == "node" else box.height / 2
    middle = box.y + box.height / 2
    first = middle - LINE * (len(box.lines) - 1) / 2
    said = ", ".join(filter(None, (" ".join(node.label.split()), node.note)))
    return (
        f'<g class="nd{" end-point" if node.kind != "node" else ""}" data-n="{_attribute(node.id)}" role="img" '
        f'aria-label="{_attribute(said)}"><title>{_attribute(said)}</title>'
        f"{_rect(box, radius + 2, 'halo', 2)}{_rect(box, radius, 'box')}"
        + "".join(_text(line, box.x + box.width / 2, first + LINE * i) for i, line in enumerate(box.lines))
        + _badges(box.x, middle)
        + f'<foreignObject class="count" x="{box.x + 2:.1f}" y="{box.y - 14:.1f}" width="36" height="16">'
        '<span aria-hidden="true"></span></foreignObject></g>'
    )


def _rect(place: Box | Cluster, radius: float, name: str = "", more: float = 0) -> str:
    return (
        f'<rect class="{name}" x="{place.x - more:.1f}" y="{place.y - more:.1f}" width="{place.width + 2 * more:.1f}" '
        f'height="{place.height + 2 * more:.1f}" rx="{radius:.1f}"/>'
    )


def _text(text: str, x: float, y: float, name: str = "") -> str:
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}" aria-hidden="true">{_attribute(text)}</text>'


def _badges(x: float, y: float) -> str:
    glyphs = (f'<g class="badge {name}"><circle r="8.5"/><path d="{d}"/></g>' for name, d in GLYPHS.items())
    return f'<g transform="translate({x - 2:.1f} {y:.1f})" aria-hidden="true">{"".join(glyphs)}</g>'


def _edge(route: Route) -> str:
    *curves, (start, out, into, tip) = route.curves
    before = into if into != tip else start
    length = ((tip[0] - before[0]) ** 2 + (tip[1] - before[1]) ** 2) ** 0.5 or 1.0
    dx, dy = (tip[0] - before[0]) / length, (tip[1] - before[1]) / length
    # The line ends inside the arrowhead, so that its square end doesn't show at the tip.
    end = tip[0] - 5 * dx, tip[1] - 5 * dy
    line = "".join(_curve(c) for c in (*curves, (start, out, end if into == tip else into, end)))
    wings = [(tip[0] - 8 * dx + side * 4 * dy, tip[1] - 8 * dy - side * 4 * dx) for side in (1, -1)]
    head = " ".join(f"{x:.1f},{y:.1f}" for x, y in (tip, *wings))
    edge = route.edge
    return (
        f'<g class="ed{" cond" if edge.conditional else ""}" data-from="{_attribute(edge.source)}" '
        f'data-to="{_attribute(edge.target)}"><path class="line" d="M{_at(route.curves[0][0])}{line}"/>'
        f'<polygon class="head" points="{head}"/></g>'
    )


def _curve(curve: Curve) -> str:
    return f"C{' '.join(map(_at, curve[1:]))}"


def _at(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"


def _attribute(text: str) -> str:
    """Escape a text for HTML; line ends would otherwise not come back as they were."""
    return re.sub(r"[\r\n\t]", lambda match: f"&#{ord(match[0])};", html.escape(_storable(text)))


def _storable(text: str) -> str:
    return re.sub(r"[\0\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


_mount = st.components.v2.component(
    "lab_graph",
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
    # The page's own CSS must reach the nodes, which is how they are highlighted.
    isolate_styles=False,
)


def draw_diagram(graph: Shape | str, *, key: str, title: str = "", width: int | Literal["stretch"] = "stretch") -> None:
    """Show a graph, or SVG that was drawn of one; with a `title` it opens large."""
    drawn = graph if isinstance(graph, str) else svg(graph)
    with st.container(key=f"graph_{key}", width=width):
        _mount(key=f"diagram_{key}", data={"svg": drawn, "title": title}, height="content")


def state_markup(key: str, states: Mapping[str, NodeState]) -> str:
    """Return what a placeholder's `markdown(..., unsafe_allow_html=True)` takes: the highlight and its text twin."""
    return f'<div class="lg-now">{html.escape(describe_states(states))}</div>\n{highlight(key, states)}'


def highlight(key: str, states: Mapping[str, NodeState]) -> str:
    """Return the style element that shows each node's state by colour, stroke, badge and number of visits."""
    return f"<style>{''.join(_rules(key, states))}</style>"


def _rules(key: str, states: Mapping[str, NodeState]) -> Iterator[str]:
    # Streamlit makes its class of a container's key in the same way.
    root = ".st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", f"graph_{key}".strip())
    for phase, look in LOOKS.items():
        names = [name for name, state in states.items() if state.phase == phase]
        if names:
            yield f"{','.join(_selector(root, name) for name in names)}{{--{phase}:inline;{look}}}"
    for name, state in states.items():
        if state.visits > 1:
            yield f'{_selector(root, name)}{{--visits:"×{state.visits:d}";--many:inline-block}}'


def _selector(root: str, name: str) -> str:
    escaped = re.sub(r"[^a-zA-Z0-9_-]", lambda match: f"\\{ord(match[0]):x} ", _storable(name))
    return f'{root} .lg [data-n="{escaped}"]'


def describe_states(states: Mapping[str, NodeState]) -> str:
    """Say in words what the highlight shows."""
    return ", ".join(
        f"{' '.join(_said(name).split())}: {state.phase.value}"
        + (f" ({state.visits} visits)" if state.visits > 1 else "")
        for name, state in states.items()
    )


def _said(name: str) -> str:
    node = _node(name, {})
    # In the picture an error handler hangs on its node; in words its name has to say whose it is.
    last = node.label if node.kind != "node" else node_name(name.rpartition(":")[2])
    return ":".join((*node.parent, last))
