"""Layered graph layout: ranks by longest path, order by barycentre, columns by least squares."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, pairwise
from typing import Literal

BOX_GAP, NEAR, LANE, LABEL = 18.0, 10.0, 18.0, 16.0
LEVEL, FLATTEST = 26.0, 0.16
"""The least space between two layers, and how much of an edge's sideways way it has to be."""
STRAIGHT = 40.0
WIDE = 4000.0
"""More than any offset, so that offsets only decide between edges at the same item."""

Band = tuple[float, float]
"""Top and bottom of a layer."""


@dataclass(slots=True, eq=False)
class Item:
    """What takes room in a layer: a box, a subgraph, a border crossing, or the bend or label of an edge."""

    left: float = 4.0
    right: float = 4.0
    height: float = 0.0
    pin: Literal["", "start", "end", "entry", "exit"] = ""
    """What keeps it out of the middle layers: ends of the graph, or crossings of a subgraph's border."""
    bend: bool = False
    passed: bool = False
    """True for a bend in a layer without boxes, where there is nothing to bend around."""
    rank: int = 0
    x: float = 0.0
    y: float = 0.0
    """The middle, as x is."""
    face: float = 0.0
    """How far its right side is from the middle, without the lanes beside it; 0 where there are none."""


@dataclass(slots=True, eq=False)
class Wire:
    """An edge between two items; it leaves and enters so far beside their middles."""

    source: Item
    target: Item
    leaves: float = 0.0
    enters: float = 0.0
    label: float = 0.0
    """The label's width, 0 for none."""
    closes_loop: bool = False
    """True where it closes a loop: it then leaves and enters on the right side and runs up."""
    below: float = 0.0
    above: float = 0.0
    """How far from the middles' heights it then leaves and enters."""
    bends: list[Item] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Hop:
    """A wire's way from one layer to the next, and how much it wants to be straight."""

    upper: Item
    lower: Item
    out: float
    into: float
    weight: float


def find_loops(items: Sequence[Item], wires: Sequence[Wire]) -> list[Item]:
    """Mark the wires that lead back and return the items in an order in which all others lead forward."""
    done: list[Item] = []
    under_way: set[Item] = set()

    def visit(item: Item) -> None:
        under_way.add(item)
        for wire in wires:
            if wire.source is item:
                wire.closes_loop = wire.target in under_way
                if not wire.closes_loop and wire.target not in done:
                    visit(wire.target)
        under_way.discard(item)
        done.append(item)

    reached = {wire.target for wire in wires if wire.source is not wire.target}
    for item in sorted(items, key=lambda item: (item.pin != "start", item in reached)):
        if item not in done:
            visit(item)
    return done[::-1]


def arrange(items: Sequence[Item], order: Sequence[Item], wires: Sequence[Wire]) -> tuple[float, list[Band]]:
    """Set the x and y of all items, and return the width and the top and bottom of every layer."""
    _rank(order, wires)
    _add_lanes(wires)
    rows: list[list[Item]] = [[] for _ in range(max(item.rank for item in items) + 1)]
    for item in [*items, *(bend for wire in wires for bend in _bends(wire))]:
        rows[item.rank].append(item)
    hops = [hop for wire in wires for hop in _hops(wire)]
    _sort(rows, hops)
    _columns(rows, hops)
    return max(item.x + item.right for item in chain(*rows)), _levels(rows, hops)


def _rank(order: Sequence[Item], wires: Sequence[Wire]) -> None:
    ahead = [wire for wire in wires if not wire.closes_loop]
    base = int(any(item.pin == "entry" for item in order))
    for item in order:
        item.rank = 0 if item.pin == "entry" else max(item.rank, base)
        for wire in ahead:
            if wire.source is item:
                wire.target.rank = max(wire.target.rank, item.rank + 1)
    for item in reversed(order):
        after = [wire.target.rank for wire in ahead if wire.source is item]
        if after and not item.pin and not any(wire.target is item for wire in ahead):
            item.rank = min(after) - 1
    # The end has the last layer for itself, as the start has the first.
    deepest = max((item.rank + (item.pin != "end") for item in order if item.pin != "exit"), default=0)
    if not any(item.pin == "end" for item in order):
        deepest -= 1
    stretch = 1 + any(wire.label and wire.source is not wire.target for wire in wires)
    for item in order:
        item.rank = stretch * {"end": deepest, "exit": deepest + 1}.get(item.pin, item.rank)


def _add_lanes(wires: Sequence[Wire]) -> None:
    taken: dict[Item, int] = defaultdict(int)
    for wire in sorted(
        (wire for wire in wires if wire.closes_loop), key=lambda wire: wire.source.rank - wire.target.rank
    ):
        ends = {wire.source, wire.target}
        free = {item: item.right + LANE - 6 for item in ends}
        for item in ends:
            taken[item] += 1
            item.face = item.face or item.right
        # Where both ends are about as wide, one straight lane serves them.
        if max(free.values()) - min(free.values()) < STRAIGHT:
            free = dict.fromkeys(ends, max(free.values()))
        for item in ends:
            item.right = free[item] + 6
        if wire.source is wire.target:
            wire.source.right += wire.label
        wire.leaves, wire.enters = free[wire.source], free[wire.target]
        wire.below, wire.above = (min(6.0 * taken[item], item.height / 2 - 5) for item in (wire.source, wire.target))


def _bends(wire: Wire) -> list[Item]:
    first, last = sorted((wire.source.rank, wire.target.rank))
    wire.bends = [Item(rank=rank, bend=True) for rank in range(first + 1, last)]
    if wire.label and wire.bends:
        bend = wire.bends[-1 if wire.closes_loop else 0]
        bend.left = bend.right = wire.label / 2 + 3
        bend.height = LABEL
    return wire.bends


def _hops(wire: Wire) -> Iterator[_Hop]:
    if wire.source is wire.target:
        return
    stops = [(wire.source, wire.leaves), *((bend, 0.0) for bend in wire.bends), (wire.target, wire.enters)]
    if wire.closes_loop:
        stops = [stops[-1], *stops[1:-1], stops[0]]
    for (upper, out), (lower, into) in pairwise(stops):
        # A lane follows the boxes and never pulls them out of line.
        weight = 0.001 if wire.closes_loop else (1.0, 2.0, 4.0)[upper.bend + lower.bend]
        yield _Hop(upper, lower, out, into, weight)


def _sort(rows: list[list[Item]], hops: Sequence[_Hop]) -> None:
    """Sort each layer by the mean place of its neighbours, down and up in turn, and keep the best order seen."""
    best, fewest = [list(row) for row in rows], _crossings(rows, hops)
    for turn in range(8):
        down = turn % 2 == 0
        for row in rows if down else rows[::-1]:
            at = _places(rows)
            near: dict[Item, list[float]] = defaultdict(list)
            for hop in hops:
                if down:
                    near[hop.lower].append(at[hop.upper] + hop.out / WIDE)
                else:
                    near[hop.upper].append(at[hop.lower] + hop.into / WIDE)
            row.sort(key=lambda item: sum(near[item]) / len(near[item]) if near[item] else at[item])
        if (crossings := _crossings(rows, hops)) < fewest:
            best, fewest = [list(row) for row in rows], crossings
    rows[:] = best


def _places(rows: Sequence[Sequence[Item]]) -> dict[Item, int]:
    return {item: place for row in rows for place, item in enumerate(row)}


def _crossings(rows: Sequence[Sequence[Item]], hops: Sequence[_Hop]) -> int:
    at = _places(rows)
    ends: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for hop in hops:
        ends[hop.upper.rank].append((at[hop.upper] + hop.out / WIDE, at[hop.lower] + hop.into / WIDE))
    return sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for level in ends.values() for a, b in combinations(level, 2))


def _columns(rows: Sequence[Sequence[Item]], hops: Sequence[_Hop]) -> None:
    """Move every item to the weighted mean of its neighbours, as far as its row leaves room, until it settles."""
    pulls: dict[Item, list[tuple[Item, float, float]]] = defaultdict(list)
    for hop in hops:
        pulls[hop.upper].append((hop.lower, hop.into - hop.out, hop.weight))
        pulls[hop.lower].append((hop.upper, hop.out - hop.into, hop.weight))
    for row in rows:
        _settle(row, [(0.0, 1.0)] * len(row))
    for turn in range(150):
        before = [item.x for item in chain(*rows)]
        for row in rows if turn % 2 else rows[::-1]:
            wants = []
            for item in row:
                weight = sum(pull[2] for pull in pulls[item])
                mean = sum((other.x + offset) * w for other, offset, w in pulls[item]) / weight if weight else item.x
                wants.append((mean, weight or 0.01))
            _settle(row, wants)
        if max(abs(item.x - x) for item, x in zip(chain(*rows), before, strict=True)) < 0.05:
            break
    left = min(item.x - item.left for item in chain(*rows))
    for item in chain(*rows):
        item.x -= left


def _settle(row: Sequence[Item], wants: Sequence[tuple[float, float]]) -> None:
    """Put a row's items as near as possible to where they want to be, in order and apart (isotonic regression)."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + left.right + right.left + (NEAR if left.bend or right.bend else BOX_GAP))
    blocks: list[tuple[float, float, int]] = []
    for offset, (want, weight) in zip(offsets, wants, strict=True):
        blocks.append((want - offset, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, v, m), (b, w, n) = blocks[-2:]
            blocks[-2:] = [((a * v + b * w) / (v + w), v + w, m + n)]
    places = [place for place, _, count in blocks for _ in range(count)]
    for item, offset, place in zip(row, offsets, places, strict=True):
        item.x = place + offset


def _levels(rows: Sequence[Sequence[Item]], hops: Sequence[_Hop]) -> list[Band]:
    steps = [LEVEL] * len(rows)
    if any(item.bend and item.height for row in rows for item in row):
        steps = [LEVEL * 0.55] * len(rows)
    for hop in hops:
        sideways = abs(hop.upper.x + hop.out - hop.lower.x - hop.into)
        steps[hop.upper.rank] = max(steps[hop.upper.rank], min(sideways * FLATTEST, 2 * LEVEL))
    for rank, row in enumerate(rows[1:]):
        if all(item.pin == "exit" for item in row):
            steps[rank] = min(steps[rank], LEVEL / 2)
    bands: list[Band] = []
    top = 0.0
    for row, step in zip(rows, steps, strict=True):
        bands.append((top, top + max((item.height for item in row), default=0.0)))
        for item in row:
            item.y, item.passed = sum(bands[-1]) / 2, all(other.bend for other in row)
        top = bands[-1][1] + step
    return bands
