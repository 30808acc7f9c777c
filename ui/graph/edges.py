"""Leads edges through arranged layers: in curves between two layers, straight through a layer."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ui.graph.layers import Band, Wire
from ui.graph.shape import Curve, Curves, Point

CORNER = 10.0


def edge_curves(wire: Wire, bands: Sequence[Band]) -> Curves:
    """Lead a wire through the gaps between layers in curves and through the layers straight."""
    return tuple(
        _loop(wire) if wire.source is wire.target else _up(wire, bands) if wire.closes_loop else _down(wire, bands)
    )


def label_at(wire: Wire) -> Point:
    """Say where the middle of a wire's label is: beside a loop at one node, else just after the wire's start."""
    if wire.source is wire.target:
        return wire.source.x + wire.leaves + 6 + wire.label / 2, wire.source.y
    bend = wire.bends[-1 if wire.closes_loop else 0] if wire.label else wire.source
    return bend.x, bend.y


def _down(wire: Wire, bands: Sequence[Band]) -> Iterator[Curve]:
    source, target = wire.source, wire.target
    stops = [(source.x + wire.leaves, source.y + source.height / 2, bands[source.rank][1])]
    stops += [(bend.x, *bands[bend.rank]) for bend in wire.bends if not bend.passed]
    stops += [(target.x + wire.enters, bands[target.rank][0], target.y - target.height / 2)]
    yield from _through(stops)


def _up(wire: Wire, bands: Sequence[Band]) -> Iterator[Curve]:
    source, target = wire.source, wire.target
    low, high = source.y + wire.below, target.y - wire.above
    out, into = source.x + wire.leaves, target.x + wire.enters
    yield ((source.x + source.face, low), (out, low), (out, low), (out, low - CORNER))
    stops = [(out, low - CORNER, min(bands[source.rank][0], low - CORNER))]
    stops += [(bend.x, *bands[bend.rank][::-1]) for bend in wire.bends[::-1] if not bend.passed]
    stops += [(into, max(bands[target.rank][1], high + CORNER), high + CORNER)]
    yield from _through(stops)
    yield ((into, high + CORNER), (into, high), (into, high), (target.x + target.face, high))


def _loop(wire: Wire) -> Iterator[Curve]:
    item = wire.source
    face, lane = item.x + item.face, item.x + wire.leaves
    low, high = item.y + wire.below, item.y - wire.below
    yield ((face, low), (lane + 6, low), (lane + 6, high), (face, high))


def _through(stops: Sequence[tuple[float, float, float]]) -> Iterator[Curve]:
    """Run straight from y to y at each stop's x, and in an S from stop to stop."""
    for here, after in pairwise([*stops, None]):
        assert here
        x, first, last = here
        if abs(first - last) > 0.1:
            yield ((x, first), (x, first), (x, last), (x, last))
        if after:
            middle = (last + after[1]) / 2
            yield ((x, last), (x, middle), (after[0], middle), (after[0], after[1]))
