"""Matching two sequences: which pieces differ, found in bounded work however long they are."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence

EDITS = 500
"""Edits up to which a matching is as short as can be; beyond, it's held together by what occurs once."""
WORK = 8
"""Steps for each item that a matching may take, so that it never takes time by the square."""

Span = tuple[int, int, int, int]
"""Begin and end in the old sequence, then in the new one, of a piece that differs."""


def spans_of(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Span]:
    """Return the pieces that differ, in order."""
    return list(_between(old, new, (0, len(old), 0, len(new)), rounds=6))


def _between(old: Sequence[Hashable], new: Sequence[Hashable], span: Span, rounds: int) -> Iterator[Span]:
    begin, end, came, gone = span
    while begin < end and came < gone and old[begin] == new[came]:
        begin, came = begin + 1, came + 1
    while begin < end and came < gone and old[end - 1] == new[gone - 1]:
        end, gone = end - 1, gone - 1
    if begin == end or came == gone or not rounds:
        yield from [(begin, end, came, gone)] if begin < end or came < gone else []
        return
    one, other = old[begin:end], new[came:gone]
    shortest = _shortest(one, other)
    matched = _unique(one, other) if shortest is None else shortest
    deeper = rounds - 1 if shortest is None and matched else 0
    at, to = begin, came
    for x, y in [*matched, (len(one), len(other))]:
        yield from _between(old, new, (at, begin + x, to, came + y), deeper)
        at, to = begin + x + 1, came + y + 1


def _shortest(one: Sequence[Hashable], other: Sequence[Hashable]) -> list[tuple[int, int]] | None:
    """Match two sequences by the shortest edit script (Myers 1986); None where that takes too much."""
    reach, trace = {1: 0}, list[dict[int, int]]()
    left = WORK * (len(one) + len(other) + 400)
    for edit in range(EDITS + 1):
        if left < 0:
            return None
        trace.append(dict(reach))
        for k in range(-edit, edit + 1, 2):
            begun = x = reach[k + 1] if _down(reach, k, edit) else reach[k - 1] + 1
            while x < len(one) and x - k < len(other) and one[x] == other[x - k]:
                x += 1
            reach[k] = x
            left -= x - begun + 1
            if k == len(one) - len(other) and x >= len(one):
                return _walk(trace, len(one), len(other))
    return None


def _down(reach: Mapping[int, int], k: int, edit: int) -> bool:
    return k == -edit or (k != edit and reach[k - 1] < reach[k + 1])


def _walk(trace: Sequence[Mapping[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    matches: list[tuple[int, int]] = []
    for edit, reach in reversed(list(enumerate(trace))):
        before = x - y + 1 if _down(reach, x - y, edit) else x - y - 1
        while x > reach[before] and y > max(0, reach[before] - before):
            x, y = x - 1, y - 1
            matches.append((x, y))
        x, y = reach[before], reach[before] - before
    return matches[::-1]


def _unique(one: Sequence[Hashable], other: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Match what occurs once in both, as much of it as keeps its order."""
    often, there = Counter(one), Counter(other)
    places = {item: y for y, item in enumerate(other) if there[item] == 1 == often[item]}
    pairs = [(x, places[item]) for x, item in enumerate(one) if item in places]
    lowest, last, previous = list[int](), list[int](), list[int]()
    for no, (_, y) in enumerate(pairs):
        at = bisect_left(lowest, y)
        lowest[at : at + 1], last[at : at + 1] = [y], [no]
        previous.append(last[at - 1] if at else -1)
    matches, no = list[tuple[int, int]](), last[-1] if last else -1
    while no >= 0:
        matches.append(pairs[no])
        no = previous[no]
    return matches[::-1]
