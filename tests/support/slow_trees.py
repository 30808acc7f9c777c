"""Threads of all shapes, as marks in the order of writing, and the slow and obvious way through them."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as some

from lab.history import Mark


def ident(number: int) -> str:
    return f"{number:06d}"


def chain(length: int, **special: Any) -> list[Mark]:
    """Return a thread without forks; `special` says what its marks after the first are."""
    first = Mark(ident(0), None, -1, "input")
    return [first, *(Mark(ident(n), ident(n - 1), n - 1, "loop", **special) for n in range(1, length))]


def forked(length: int, branches: int, seed: int = 1) -> list[Mark]:
    """Return a thread whose branches, about equally long, leave from anywhere, other branches included."""
    chance, marks = random.Random(seed), [Mark(ident(0), None, -1, "input")]
    begins = {length * number // branches for number in range(1, branches)}
    # To leave from a leaf would be to go on with its branch.
    inner: list[int] = []
    for number in range(1, length):
        start = chance.choice(inner) if number in begins else number - 1
        inner.append(start)
        source = "update" if number in begins else "loop"
        marks.append(Mark(ident(number), ident(start), marks[start].step + 1, source, failed=chance.random() < 0.01))
    return marks


@some.composite
def threads(draw: some.DrawFn) -> list[Mark]:
    """Threads with forks of forks, second roots and pruned beginnings, some with long runs of plain steps."""
    marks: list[Mark] = []
    for _ in range(draw(some.integers(1, 14))):
        start = draw(some.none() | some.integers(0, len(marks) - 1)) if marks else None
        source = draw(some.sampled_from(["input", "loop", "update", "fork", "unheard of"]))
        label = draw(some.sampled_from(["", "", " ", "cheaper", "dearer"]))
        for step in range(draw(some.sampled_from([1, 1, 2, 5, 12, 30]))):
            parent = marks[-1] if step else marks[start] if start is not None else None
            number = len(marks)
            kind = source if step == 0 else "loop"
            number_of_step = parent.step + 1 if parent else -1
            flags = draw(some.sampled_from([(False, False)] * 8 + [(True, False), (False, True)])) if step < 3 else ()
            asked, failed = flags or (False, False)
            before = parent.checkpoint_id if parent else None
            marks.append(Mark(ident(number), before, number_of_step, kind, label, asked, failed))
    gone = draw(some.sets(some.integers(0, len(marks) - 1), max_size=3))
    return [mark for number, mark in enumerate(marks) if number not in gone or len(marks) - len(gone) < 1]


def way(marks: Sequence[Mark], mark: Mark) -> list[Mark]:
    """Return the truth about a lineage."""
    found = [mark]
    while parents := [other for other in marks if other.checkpoint_id == found[0].parent_id]:
        found.insert(0, parents[0])
    return found


def leaves(marks: Sequence[Mark]) -> list[Mark]:
    parents = {mark.parent_id for mark in marks}
    return [mark for mark in marks if mark.checkpoint_id not in parents]


def names(marks: Sequence[Mark | None]) -> list[str]:
    return [mark.checkpoint_id if mark else "" for mark in marks]


def restless(length: int) -> list[Mark]:
    """Return a thread in which everything is special."""
    kinds = ("input", "update", "fork", "loop")
    return [
        m._replace(source=kinds[n % 4], failed=n % 3 == 0, interrupted=n % 2 == 0) for n, m in enumerate(chain(length))
    ]


def comb(length: int) -> list[Mark]:
    """Return a branch at every second checkpoint."""
    marks = chain(length // 2)
    return marks + [Mark(ident(length + n), mark.checkpoint_id, n, "fork") for n, mark in enumerate(marks[:-1])]


def stairs(length: int) -> list[Mark]:
    """Return a fork of a fork of a fork: each branch leaves from the one before it."""
    marks = chain(2)
    for number in range(2, length, 2):
        marks.append(Mark(ident(number), ident(number - 2), number // 2, "fork"))
        marks.append(Mark(ident(number + 1), ident(number), number // 2 + 1, "loop"))
    return marks


def star(length: int) -> list[Mark]:
    """All branches leave from one checkpoint."""
    return [Mark(ident(0), None, -1, "input"), *(Mark(ident(n), ident(0), 0, "fork") for n in range(1, length))]


SHAPES: dict[str, Callable[[int], list[Mark]]] = {
    "one branch": chain,
    "two branches": lambda length: forked(length, 2),
    "fifty branches": lambda length: forked(length, 50),
    "everything special": restless,
    "comb": comb,
    "stairs": stairs,
    "star": star,
    "backwards": lambda length: chain(length)[::-1],
}
