"""Puts boxes into layers: ranks by longest path, order by barycentre, columns by least squares, edges as curves."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Literal

from ui.shape import Curve, Curves, Point

APART, NEAR, LANE, CORNER, LABEL = 18.0, 10.0, 18.0, 10.0, 16.0
LEVEL, FLATTEST = 34.0, 0.16
"""The least space between two layers, and how much of an edge's sideways way it has to be."""
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
    back: bool = False
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
    """Marks the wires that lead back and gives the items in an order in which all others lead forward."""
    done: list[Item] = []
    under_way: set[Item] = set()

    def visit(item: Item) -> None:
        under_way.add(item)
        for wire in wires:
            if wire.source is item:
                wire.back = wire.target in under_way
                if not wire.back and wire.target not in done:
                    visit(wire.target)
        under_way.discard(item)
        done.append(item)

    reached = {wire.target for wire in wires if wire.source is not wire.target}
    for item in sorted(items, key=lambda item: (item.pin != "start", item in reached)):
        if item not in done:
            visit(item)
    return done[::-1]


def arrange(items: Sequence[Item], order: Sequence[Item], wires: Sequence[Wire]) -> list[Band]:
    """Sets the x and y of all items, and gives the top and bottom of every layer."""
    _rank(order, wires)
    _add_lanes(wires)
    rows: list[list[Item]] = [[] for _ in range(max(item.rank for item in items) + 1)]
    for item in [*items, *(bend for wire in wires for bend in _bends(wire))]:
        rows[item.rank].append(item)
    hops = [hop for wire in wires for hop in _hops(wire)]
    _sort(rows, hops)
    _columns(rows, hops)
    return _levels(rows, hops)


def _rank(order: Sequence[Item], wires: Sequence[Wire]) -> None:
    ahead = [wire for wire in wires if not wire.back]
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
    deepest = max((item.rank for item in order if item.pin != "exit"), default=0)
    stretch = 1 + any(wire.label for wire in ahead)
    for item in order:
        item.rank = stretch * {"end": deepest, "exit": deepest + 1}.get(item.pin, item.rank)


def _add_lanes(wires: Sequence[Wire]) -> None:
    taken: dict[Item, int] = defaultdict(int)

    def lane(item: Item, label: float) -> tuple[float, float]:
        taken[item] += 1
        item.face = item.face or item.right
        beside, item.right = item.right + LANE - 6, item.right + LANE + label
        return beside, min(6.0 * taken[item], item.height / 2 - 5)

    for wire in sorted((wire for wire in wires if wire.back), key=lambda wire: wire.source.rank - wire.target.rank):
        wire.leaves, wire.below = lane(wire.source, wire.label)
        wire.enters, wire.above = (
            (wire.leaves, wire.below) if wire.source is wire.target else lane(wire.target, 0.0)
        )


def _bends(wire: Wire) -> list[Item]:
    first, last = sorted((wire.source.rank, wire.target.rank))
    wire.bends = [Item(rank=rank, bend=True) for rank in range(first + 1, last)]
    if wire.label and not wire.back:
        wire.bends[0].left = wire.bends[0].right = wire.label / 2 + 3
        wire.bends[0].height = LABEL
    return wire.bends


def _hops(wire: Wire) -> Iterator[_Hop]:
    if wire.source is wire.target:
        return
    chain = [wire.source, *wire.bends, wire.target]
    beside = [wire.leaves, *(0.0 for _ in wire.bends), wire.enters]
    if wire.back:
        chain = [wire.target, *wire.bends, wire.source]
        beside.reverse()
    for (upper, out), (lower, into) in pairwise(zip(chain, beside, strict=True)):
        # A lane follows the boxes and never pulls them out of line.
        weight = 0.001 if wire.back else (1.0, 2.0, 8.0)[upper.bend + lower.bend]
        yield _Hop(upper, lower, out, into, weight)


def _sort(rows: list[list[Item]], hops: Sequence[_Hop]) -> None:
    """Sorts each layer by the mean place of its neighbours, down and up in turn, and keeps the best order seen."""
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
    """Moves every item to the weighted mean of its neighbours, as far as its row leaves room, until it settles."""
    pulls: dict[Item, list[tuple[Item, float, float]]] = defaultdict(list)
    for hop in hops:
        pulls[hop.upper].append((hop.lower, hop.into - hop.out, hop.weight))
        pulls[hop.lower].append((hop.upper, hop.out - hop.into, hop.weight))
    for row in rows:
        _settle(row, [(0.0, 1.0)] * len(row))
    for turn in range(40):
        for row in rows if turn % 2 else rows[::-1]:
            wants = []
            for item in row:
                weight = sum(pull[2] for pull in pulls[item])
                mean = sum((other.x + beside) * w for other, beside, w in pulls[item]) / weight if weight else item.x
                wants.append((mean, weight or 0.01))
            _settle(row, wants)
    left = min(item.x - item.left for row in rows for item in row)
    for row in rows:
        for item in row:
            item.x -= left


def _settle(row: Sequence[Item], wants: Sequence[tuple[float, float]]) -> None:
    """Puts a row's items as near as possible to where they want to be, in order and apart (isotonic regression)."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + left.right + right.left + (NEAR if left.bend or right.bend else APART))
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
            item.y = sum(bands[-1]) / 2
        top = bands[-1][1] + step
    return bands


def draw(wire: Wire, bands: Sequence[Band]) -> Curves:
    """Leads a wire through the gaps between layers in curves and through the layers straight."""
    return tuple(_loop(wire) if wire.source is wire.target else _up(wire, bands) if wire.back else _down(wire, bands))


def label_at(wire: Wire) -> Point:
    """Says where the middle of a wire's label is."""
    if wire.back:
        return wire.source.x + wire.leaves + 5 + wire.label / 2, wire.source.y + wire.below
    return (wire.bends[0].x, wire.bends[0].y) if wire.label else (0.0, 0.0)


def _down(wire: Wire, bands: Sequence[Band]) -> Iterator[Curve]:
    source, target = wire.source, wire.target
    stops = [(source.x + wire.leaves, source.y + source.height / 2, bands[source.rank][1])]
    stops += [(bend.x, *bands[bend.rank]) for bend in wire.bends if _tall(bands[bend.rank])]
    stops += [(target.x + wire.enters, bands[target.rank][0], target.y - target.height / 2)]
    yield from _through(stops)


def _up(wire: Wire, bands: Sequence[Band]) -> Iterator[Curve]:
    source, target = wire.source, wire.target
    low, high = source.y + wire.below, target.y - wire.above
    out, into = source.x + wire.leaves, target.x + wire.enters
    yield ((source.x + source.face, low), (out, low), (out, low), (out, low - CORNER))
    stops = [(out, low - CORNER, min(bands[source.rank][0], low - CORNER))]
    stops += [(bend.x, *bands[bend.rank][::-1]) for bend in wire.bends[::-1] if _tall(bands[bend.rank])]
    stops += [(into, max(bands[target.rank][1], high + CORNER), high + CORNER)]
    yield from _through(stops)
    yield ((into, high + CORNER), (into, high), (into, high), (target.x + target.face, high))


def _loop(wire: Wire) -> Iterator[Curve]:
    item = wire.source
    face, lane = item.x + item.face, item.x + wire.leaves
    low, high = item.y + wire.below, item.y - wire.below
    yield ((face, low), (lane + 6, low), (lane + 6, high), (face, high))


def _tall(band: Band) -> bool:
    # A layer that was kept free for labels and has none is no reason to bend.
    return band[0] < band[1]


def _through(stops: Sequence[tuple[float, float, float]]) -> Iterator[Curve]:
    """Runs straight from y to y at each stop's x, and in an S from stop to stop."""
    for here, after in pairwise([*stops, None]):
        assert here
        x, first, last = here
        if first != last:
            yield ((x, first), (x, first), (x, last), (x, last))
        if after:
            middle = (last + after[1]) / 2
            yield ((x, last), (x, middle), (after[0], middle), (after[0], after[1]))
