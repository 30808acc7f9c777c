"""The tree that a thread's checkpoints make: its branches, its lineages, and its long runs folded into one mark each.

Everything here takes time in proportion to the number of checkpoints, however they hang together.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from typing import NamedTuple

__all__ = ["Branch", "Divergence", "Fold", "Folded", "Lane", "Mark", "Tree", "fold", "grow"]

LANES = 60
"""Branches that are drawn at once; the others are counted."""
FEW = 30
"""A tree of no more checkpoints than this is drawn whole."""
ITEMS, PER_LANE = 60, 3
"""Marks and folds that a drawing aims at, and how many more for each branch."""
SHORTEST = 8
"""Checkpoints that are worth a fold."""
NEAR = 12
"""The newest checkpoints of the branch that was written last; there only plain steps are folded."""
PIECE = 50
"""Checkpoints that an opened fold shows one by one; a longer one opens into at most ten smaller folds."""

_WEIGHTS = {"input": 1, "update": 2, "fork": 2}
_NEVER = 4
"""The weight of what is never folded."""


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

    @property
    def weight(self) -> int:
        """How much a reader loses by its folding; 0 for a plain step."""
        return 3 if self.failed else max(_WEIGHTS.get(self.source, 0), int(self.interrupted))


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
        """Gives the branch that a checkpoint belongs to: of those that share it, the oldest."""
        return self.branches[self._numbers[checkpoint_id] - 1]

    def forks(self) -> dict[str, list[int]]:
        """Gives each fork point with the numbers of the branches that leave there."""
        found: dict[str, list[int]] = {}
        for branch in self.branches:
            if branch.forked_from is not None:
                found.setdefault(branch.forked_from, []).append(branch.number)
        return found

    def lineage(self, checkpoint_id: str) -> tuple[Mark, ...]:
        """Gives the way from the root to a checkpoint, both included."""
        way = [self.marks[checkpoint_id]]
        while (parent := self._parents[way[-1].checkpoint_id]) is not None:
            way.append(self.marks[parent])
        return tuple(reversed(way))

    def path(self, number: int) -> tuple[Mark, ...]:
        """Gives the way from the root to the leaf of a branch."""
        return self.lineage(self.branches[number - 1].leaf.checkpoint_id)

    def divergence(self, one: str, other: str) -> Divergence:
        """Finds where the ways to two checkpoints part; for two branches, give their leaves."""
        ways = self.lineage(one), self.lineage(other)
        same = 0
        while same < min(map(len, ways)) and ways[0][same] is ways[1][same]:
            same += 1
        after = [way[same] if same < len(way) else None for way in ways]
        return Divergence(ways[0][same - 1] if same else None, after[0], after[1])


def grow(marks: Sequence[Mark]) -> Tree:
    """Makes the tree of a thread's checkpoints, given in order of writing."""
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
    """Gives the checkpoints by id, and each one's parent in an order in which no parent comes after its child.

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
    """Names branches by their labels; one that another has already gets its number beside it."""
    names: list[str] = []
    for number, own in enumerate(owns, 1):
        label = next((mark.label for mark in own if mark.label.strip()), "")
        name = label or ("main" if number == 1 else f"branch {number}")
        names.append(f"{name} ({number})" if name in names else name)
    return names


@dataclass(frozen=True, slots=True)
class Fold:
    """A run of checkpoints drawn as one mark; an open one stands before what it holds, to close it again."""

    id: str
    """The same while the thread grows; where the selection parts a fold, its parts have one id."""
    marks: tuple[Mark, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """A branch as it's drawn."""

    branch: Branch
    items: tuple[Mark | Fold, ...]
    joined: bool
    """Whether the fork point that it leaves from is drawn too."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A tree as it's drawn."""

    lanes: tuple[Lane, ...]
    hidden: int
    """Branches that aren't drawn."""


def fold(
    tree: Tree, *, selected: str | None = None, opened: Collection[str] = frozenset(), lanes: int = LANES
) -> Folded:
    """Folds long runs, but never a fork point, a branch's ends, the head or the selected checkpoint.

    Plain steps are folded first; where too many marks are left, so are inputs and questions, then edits and
    replays, then failures. An `opened` fold, named by its id, shows what it holds.
    """
    drawn = _drawn(tree, selected, lanes)
    numbers = {branch.number for branch in drawn}
    forks = {branch.forked_from for branch in drawn}
    weights = [_weights(branch.own, forks) for branch in drawn]
    level = _level(weights)
    pinned = {tree.head, selected}
    folded = []
    for branch, weighed in zip(drawn, weights, strict=True):
        items: list[Mark | Fold] = []
        done = 0
        for start, end in _runs(weighed, level, near=NEAR if branch.leaf.checkpoint_id == tree.head else 0):
            items += [*branch.own[done:start], *_run(branch.own[start:end], 0, pinned, opened)]
            done = end
        joined = branch.forked_from is not None and tree.branch_of(branch.forked_from).number in numbers
        folded.append(Lane(branch, (*items, *branch.own[done:]), joined))
    return Folded(tuple(folded), len(tree.branches) - len(drawn))


def _drawn(tree: Tree, selected: str | None, most: int) -> list[Branch]:
    """Chooses branches: those on the way to the selected checkpoint and to the head, the first, then the newest."""
    ways = chain.from_iterable(zip_longest(*(_ancestors(tree, ident) for ident in (selected, tree.head))))
    wanted = (branch.number for branch in chain(ways, tree.branches[:1], reversed(tree.branches)) if branch)
    numbers = set(islice(dict.fromkeys(wanted), most))
    return [branch for branch in tree.branches if branch.number in numbers]


def _ancestors(tree: Tree, checkpoint_id: str | None) -> Iterator[Branch]:
    at = checkpoint_id if checkpoint_id in tree.marks else None
    while at is not None:
        branch = tree.branch_of(at)
        yield branch
        at = branch.forked_from


def _weights(own: Sequence[Mark], forks: Collection[str | None]) -> list[int]:
    """Gives the checkpoints of a branch their weights; what is never folded has the greatest."""
    weights = [_NEVER if mark.checkpoint_id in forks else mark.weight for mark in own]
    weights[0] = weights[-1] = _NEVER
    return weights


def _level(weights: Sequence[Sequence[int]]) -> int:
    """Gives the weight from which on a checkpoint is kept out of folds."""
    total = sum(map(len, weights))
    if total <= FEW:
        return 0
    for level in range(1, _NEVER):
        folded = sum(end - start - 1 for own in weights for start, end in _runs(own, level))
        if total - folded <= ITEMS + PER_LANE * len(weights):
            return level
    return _NEVER


def _runs(weights: Sequence[int], level: int, near: int = 0) -> Iterator[tuple[int, int]]:
    """Finds what is folded of a branch, as start and end; of its last `near` checkpoints only plain ones are."""
    start = 0
    for at, weight in enumerate(weights):
        far = at < len(weights) - near
        if weight >= level or (weight and not far):
            if at - start >= (2 if level == _NEVER and far else SHORTEST):
                yield start, at
            start = at + 1


def _run(
    marks: tuple[Mark, ...], size: int, pinned: Collection[str | None], opened: Collection[str]
) -> Iterator[Mark | Fold]:
    # By its first checkpoint, because the run at the end of a live branch grows; by size, for its pieces begin there.
    ident = f"fold:{size}:{marks[0].checkpoint_id}"
    if ident not in opened:
        yield from _closed(marks, ident, pinned)
        return
    yield Fold(ident, marks, open=True)
    piece = PIECE
    while len(marks) > 10 * piece:
        piece *= 10
    for at in range(0, len(marks), piece):
        part = marks[at : at + piece]
        if len(marks) <= PIECE or len(part) < SHORTEST:
            yield from part
        else:
            yield from _run(part, piece, pinned, opened)


def _closed(marks: tuple[Mark, ...], ident: str, pinned: Collection[str | None]) -> Iterator[Mark | Fold]:
    start = 0
    for at in range(len(marks) + 1):
        if at == len(marks) or marks[at].checkpoint_id in pinned:
            rest = marks[start:at]
            yield from rest if len(rest) < 2 else [Fold(ident, rest)]
            yield from marks[at : at + 1]
            start = at + 1
