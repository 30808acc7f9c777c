"""Places a graph in layers, top down, each subgraph as one box around layers of its own.

A subgraph is laid out first and then stands in its parent's layers as one big box. Edges curve only
between two layers; through a layer they run straight, in a column of their own. So no two boxes
overlap, no edge crosses a box, and a subgraph encloses its nodes however deep they nest.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations, pairwise

from ui.graph.edges import edge_curves, label_at
from ui.graph.layers import Band, Item, Wire, arrange, find_loops
from ui.graph.shape import Box, Cluster, Curves, Edge, Node, Picture, Point, Route, Shape, Way

__all__ = ["LINE", "SIZE", "SMALL", "Box", "Cluster", "Edge", "Node", "Picture", "Route", "Shape", "lay_out"]

SIZE, SMALL = 14.0, 12.0
"""Of the text in boxes and beside edges, in pixels of the unscaled picture."""
TARGET = 460.0
"""A picture of this width still shows its boxes' text at 12 px in a column of 400 px."""
LIMITS = (150.0, 112.0, 92.0, 76.0)
"""Widths of a line of text, tried in turn until the picture is narrow enough."""
LINE, PAD, TITLE, MARGIN = 17.0, 12.0, 26.0, 12.0


def text_width(text: str, size: float = SIZE) -> float:
    """Estimate how wide a text is drawn, rather too wide than too narrow."""
    return size * sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.7 if c.isupper() else 0.53 for c in text)


def cut(text: str, limit: float, size: float = SIZE) -> str:
    """Shorten a text to a width, with an ellipsis."""
    if text_width(text, size) <= limit:
        return text
    while text and text_width(text + "…", size) > limit:
        text = text[:-1]
    return text.rstrip(" _-") + "…"


def wrap(label: str, limit: float) -> tuple[str, ...]:
    """Break a label into up to three lines, after spaces, underscores and hyphens, and cut what is still too long."""
    text = " ".join(label.split())
    breaks = [i + 1 for i, c in enumerate(text[:-1]) if c in " _-"][:12]
    lines: tuple[str, ...] = (text,)
    for more in range(3):
        splits = [
            tuple(text[a:b].rstrip(" ") for a, b in pairwise((0, *at, None))) for at in combinations(breaks, more)
        ]
        lines = min(splits, key=lambda split: max(map(text_width, split)), default=lines)
        if max(map(text_width, lines)) <= limit:
            break
    return tuple(cut(line, limit) for line in lines)


@lru_cache(maxsize=256)
def lay_out(shape: Shape) -> Picture:
    """Lay a graph out, with as much of its labels as the width allows."""
    pictures: list[Picture] = []
    for limit in LIMITS:
        pictures.append(_Level(shape, (), limit).picture())
        if pictures[-1].width <= TARGET:
            return pictures[-1]
    # Cutting labels that much shorter must be worth it.
    narrowest = min(picture.width for picture in pictures)
    return next(picture for picture in pictures if picture.width <= 1.05 * narrowest)


class _Level:
    """What is directly in one subgraph; `entries` and `exits` name the nodes in it that edges from outside reach."""

    def __init__(
        self, shape: Shape, path: tuple[str, ...], limit: float, entries: Iterable[str] = (), exits: Iterable[str] = ()
    ) -> None:
        self.shape, self.path, self.limit = shape, path, limit
        self.parents = {node.id: node.parent for node in shape.nodes if node.parent[: len(path)] == path}
        self.items = {self._key(name): Item() for name in self.parents}
        self.nodes = [(node, self.items["node", node.id]) for node in shape.nodes if node.parent == path]
        self.inner: dict[Item, Picture] = {}
        self.wires = [(edge, self._wire(edge)) for edge in shape.edges if self._is_here(edge)]
        self.wires += [(Edge("", name), Wire(Item(pin="entry"), self._item(name))) for name in entries]
        self.wires += [(Edge(name, ""), Wire(self._item(name), Item(pin="exit"))) for name in exits]

    def _key(self, name: str) -> tuple[str, ...]:
        inside = self.parents[name][: len(self.path) + 1]
        return ("group", *inside) if len(inside) > len(self.path) else ("node", name)

    def _item(self, name: str) -> Item:
        return self.items[self._key(name)]

    def _is_here(self, edge: Edge) -> bool:
        if not {edge.source, edge.target} <= self.parents.keys():
            return False
        source, target = self._key(edge.source), self._key(edge.target)
        return source != target or source[0] == "node"

    def _wire(self, edge: Edge) -> Wire:
        label = cut(edge.label, self.limit, SMALL)
        return Wire(self._item(edge.source), self._item(edge.target), label=text_width(label, SMALL))

    def picture(self) -> Picture:
        """Lay the level out, its subgraphs first."""
        wires = [wire for _, wire in self.wires]
        ports = [end for wire in wires for end in (wire.source, wire.target) if end.pin in ("entry", "exit")]
        for node, item in self.nodes:
            _measure(item, node, self.limit)
        items = [*self.items.values(), *ports]
        order = find_loops(items, wires)
        for key, item in self.items.items():
            if key[0] == "group":
                self._lay_out(key[1:], item)
        return self._framed(*arrange(items, order, wires))

    def _lay_out(self, path: tuple[str, ...], item: Item) -> None:
        """Lay a subgraph out; edges that lead back stop at its border, all others are led to the very node inside."""
        ahead = [(edge, wire) for edge, wire in self.wires if not wire.closes_loop]
        entries = dict.fromkeys(edge.target for edge, wire in ahead if wire.target is item)
        exits = dict.fromkeys(edge.source for edge, wire in ahead if wire.source is item)
        inner = self.inner[item] = _Level(self.shape, path, self.limit, entries, exits).picture()
        item.left = item.right = inner.width / 2
        item.height = inner.height
        for edge, wire in ahead:
            if wire.target is item:
                wire.enters = _way(inner, True, edge.target)[0][0][0] - item.left
            if wire.source is item:
                wire.leaves = _way(inner, False, edge.source)[-1][3][0] - item.left

    def _framed(self, right: float, bands: Sequence[Band]) -> Picture:
        """Put margins around the level, and around a subgraph its border with the title."""
        title = cut(self.path[-1], self.limit, SMALL) if self.path else ""
        entered = [wire.source.x for _, wire in self.wires if wire.source.pin == "entry"]
        left_out = any(wire.target.pin == "exit" for _, wire in self.wires)
        left = top = bottom = MARGIN
        if self.path:
            room = text_width(title, SMALL) + 18
            # The title stands left of the edges that come in.
            left = max(PAD, room - min(entered, default=room))
            top, bottom = 0.0 if entered else TITLE + 4, 0.0 if left_out else PAD
            right = max(right, room - left)
        width, height = left + right + (PAD if self.path else MARGIN), top + bands[-1][1] + bottom
        content = _moved(self._content(bands), left, top)
        frame = (Cluster(self.path, title, 0, 0, width, height),) if self.path else ()
        return replace(content, width=width, height=height, clusters=(*frame, *content.clusters))

    def _content(self, bands: Sequence[Band]) -> Picture:
        boxes = [_box(node, item, self.limit) for node, item in self.nodes]
        inner = [_moved(picture, item.x - item.left, item.y - item.height / 2) for item, picture in self.inner.items()]
        routes, ways = [], []
        for edge, wire in self.wires:
            curves = (
                *self._led(False, edge.source, wire),
                *edge_curves(wire, bands),
                *self._led(True, edge.target, wire),
            )
            if edge.source and edge.target:
                routes.append(Route(edge, curves, cut(edge.label, self.limit, SMALL), label_at(wire)))
            else:
                ways.append(Way(not edge.source, edge.target or edge.source, curves))
        return Picture(
            width=0,
            height=0,
            boxes=(*boxes, *(box for picture in inner for box in picture.boxes)),
            clusters=tuple(cluster for picture in inner for cluster in picture.clusters),
            routes=(*routes, *(route for picture in inner for route in picture.routes)),
            ways=tuple(ways),
        )

    def _led(self, entering: bool, name: str, wire: Wire) -> Curves:
        """Return the rest of an edge's way inside the subgraph at one of its ends, if there is one."""
        item = wire.target if entering else wire.source
        if wire.closes_loop or item not in self.inner:
            return ()
        curves = _way(self.inner[item], entering, name)
        return _shifted(curves, item.x - item.left, item.y - item.height / 2)


def _way(picture: Picture, entering: bool, name: str) -> Curves:
    return next(way.curves for way in picture.ways if (way.entering, way.node) == (entering, name))


def _measure(item: Item, node: Node, limit: float) -> None:
    lines = wrap(node.label, limit)
    item.left = item.right = max(max(map(text_width, lines)) + 32, 48) / 2
    item.height = LINE * len(lines) + 13
    if node.kind != "node":
        item.pin, item.height = node.kind, LINE + 7


def _box(node: Node, item: Item, limit: float) -> Box:
    return Box(node, wrap(node.label, limit), item.x - item.left, item.y - item.height / 2, 2 * item.left, item.height)


def _shifted(curves: Curves, right: float, down: float) -> Curves:
    def point(old: Point) -> Point:
        return old[0] + right, old[1] + down

    return tuple((point(a), point(b), point(c), point(d)) for a, b, c, d in curves)


def _moved(picture: Picture, right: float, down: float) -> Picture:
    return replace(
        picture,
        boxes=tuple(replace(box, x=box.x + right, y=box.y + down) for box in picture.boxes),
        clusters=tuple(replace(cluster, x=cluster.x + right, y=cluster.y + down) for cluster in picture.clusters),
        routes=tuple(
            replace(route, curves=_shifted(route.curves, right, down), at=(route.at[0] + right, route.at[1] + down))
            for route in picture.routes
        ),
        ways=tuple(replace(way, curves=_shifted(way.curves, right, down)) for way in picture.ways),
    )
