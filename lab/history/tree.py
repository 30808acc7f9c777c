"""The tree that a thread's checkpoints make: its branches, and the lineage of each checkpoint.

Everything here takes time in proportion to the number of checkpoints, however they hang together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Mark(NamedTuple):
    """A checkpoint as the tree needs it; a tuple, because a long thread has thousands of them."""

    checkpoint_id: str
    parent_id: str | None
    step: int
    source: str
    """What wrote it: input, loop, update or fork."""
    label: str = ""
    interrupted: bool = False
    """Whether a node asked there, whether or not it was answered since."""
    failed: bool = False
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """A way through the tree that begins at a root or a fork point and ends at a leaf."""

    number: int
    """By age, from 1."""
    name: str
    forked_from: str | None
    """The checkpoint of another branch that it leaves from; None where it begins at a root."""
    own: tuple[Mark, ...]
    """Its checkpoints, without those that it shares with an older branch."""

    @property
    def leaf(self) -> Mark:
        """The checkpoint that it ends with."""
        return self.own[-1]


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where the ways to two checkpoints part."""

    shared: Mark | None
    """The last checkpoint on both ways; None where they have different roots."""
    one: Mark | None
    """The first checkpoint on the one way only; None where that way is the beginning of the other."""
    other: Mark | None


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """The checkpoints of a thread and how they descend from each other; an unknown id is a KeyError."""

    branches: tuple[Branch, ...]
    """Oldest first."""
    marks: Mapping[str, Mark]
    """By id, every parent before its children, else in order of writing."""
    head: str | None
    """The checkpoint written last, from which the thread goes on."""
    _parents: Mapping[str, str | None]
    _numbers: Mapping[str, int]

    def branch_of(self, checkpoint_id: str) -> Branch:
        """Return the branch that a checkpoint belongs to: of those that share it, the oldest."""
        return self.branches[self._numbers[checkpoint_id] - 1]

    def forks(self) -> dict[str, list[int]]:
        """Return each fork point with the numbers of the branches that leave there."""
        branches: dict[str, list[int]] = {}
        for branch in self.branches:
            if branch.forked_from is not None:
                branches.setdefault(branch.forked_from, []).append(branch.number)
        return branches

    def lineage(self, checkpoint_id: str) -> tuple[Mark, ...]:
        """Return the way from the root to a checkpoint, both included."""
        way = [self.marks[checkpoint_id]]
        while (parent := self._parents[way[-1].checkpoint_id]) is not None:
            way.append(self.marks[parent])
        return tuple(reversed(way))

    def path(self, number: int) -> tuple[Mark, ...]:
        """Return the way from the root to the leaf of a branch."""
        return self.lineage(self.branches[number - 1].leaf.checkpoint_id)

    def divergence(self, one: str, other: str) -> Divergence:
        """Find where the ways to two checkpoints part; for two branches, give their leaves."""
        ways = self.lineage(one), self.lineage(other)
        same = 0
        while same < min(map(len, ways)) and ways[0][same] is ways[1][same]:
            same += 1
        after = [way[same] if same < len(way) else None for way in ways]
        return Divergence(ways[0][same - 1] if same else None, after[0], after[1])


def build_tree(marks: Sequence[Mark]) -> Tree:
    """Make the tree of a thread's checkpoints, given in order of writing."""
    known, parents = _ordered(marks)
    numbers: dict[str, int] = {}
    owns: list[list[Mark]] = []
    for ident, parent in parents.items():
        # The first child goes on with the branch of its parent; every other one begins a branch.
        if parent is not None and owns[numbers[parent] - 1][-1].checkpoint_id == parent:
            numbers[ident] = numbers[parent]
        else:
            owns.append([])
            numbers[ident] = len(owns)
        owns[numbers[ident] - 1].append(known[ident])
    branches = tuple(
        Branch(number, name, parents[own[0].checkpoint_id], tuple(own))
        for number, (own, name) in enumerate(zip(owns, _names(owns), strict=True), 1)
    )
    return Tree(branches, {ident: known[ident] for ident in parents}, max(known, default=None), parents, numbers)


def _ordered(marks: Sequence[Mark]) -> tuple[dict[str, Mark], dict[str, str | None]]:
    """Return the checkpoints by id, and each one's parent in an order in which no parent comes after its child.

    A clock that was set back makes a child come first. Of a circle, which only damage can make, one link is cut.
    """
    known = {mark.checkpoint_id: mark for mark in marks}
    parents: dict[str, str | None] = {}
    for ident, mark in known.items():
        if mark.parent_id in parents:
            parents.setdefault(ident, mark.parent_id)
            continue
        way: dict[str, str | None] = {}
        at: str | None = ident
        while at is not None and at not in parents and at not in way:
            parent = known[at].parent_id
            way[at] = parent if parent in known else None
            at = way[at]
        for step, parent in reversed(way.items()):
            parents[step] = parent if parent in parents else None
    return known, parents


def _names(owns: Sequence[Sequence[Mark]]) -> list[str]:
    """Name branches by their labels; one that another has already gets its number beside it."""
    names: list[str] = []
    for number, own in enumerate(owns, 1):
        label = next((mark.label for mark in own if mark.label.strip()), "")
        name = label or ("main" if number == 1 else f"branch {number}")
        names.append(f"{name} ({number})" if name in names else name)
    return names
