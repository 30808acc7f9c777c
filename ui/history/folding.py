"""A tree of checkpoints as it's drawn: its long runs folded into one mark each.

Like the tree, it takes time in proportion to the number of checkpoints, however they hang together.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from lab.history import Branch, Mark, Tree

MOST_ROWS = 60
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


@dataclass(frozen=True, slots=True)
class Fold:
    """A run of checkpoints drawn as one mark; an open one stands before what it holds, to close it again."""

    id: str
    """The same while the thread grows; where the selection parts a fold, its parts have one id."""
    marks: tuple[Mark, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch as it's drawn."""

    branch: Branch
    items: tuple[Mark | Fold, ...]
    joined: bool
    """Whether the fork point that it leaves from is drawn too."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A tree as it's drawn."""

    lanes: tuple[BranchRow, ...]
    hidden: int
    """Branches that aren't drawn."""


def fold(
    tree: Tree, *, selected: str | None = None, opened: Collection[str] = frozenset(), lanes: int = MOST_ROWS
) -> Folded:
    """Fold long runs, but never a fork point, a branch's ends, the head or the selected checkpoint.

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
        folded.append(BranchRow(branch, (*items, *branch.own[done:]), joined))
    return Folded(tuple(folded), len(tree.branches) - len(drawn))


def _drawn(tree: Tree, selected: str | None, most: int) -> list[Branch]:
    """Choose branches: those on the way to the selected checkpoint and to the head, the first, then the newest."""
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
    """Return the checkpoints of a branch their weights; what is never folded has the greatest."""
    weights = [_NEVER if mark.checkpoint_id in forks else _weight(mark) for mark in own]
    weights[0] = weights[-1] = _NEVER
    return weights


def _weight(mark: Mark) -> int:
    """Tell how much a reader loses by a checkpoint's folding; 0 for a plain step."""
    return 3 if mark.failed else max(_WEIGHTS.get(mark.source, 0), int(mark.interrupted))


def _level(weights: Sequence[Sequence[int]]) -> int:
    """Return the weight from which on a checkpoint is kept out of folds."""
    total = sum(map(len, weights))
    if total <= FEW:
        return 0
    for level in range(1, _NEVER):
        folded = sum(end - start - 1 for own in weights for start, end in _runs(own, level))
        if total - folded <= ITEMS + PER_LANE * len(weights):
            return level
    return _NEVER


def _runs(weights: Sequence[int], level: int, near: int = 0) -> Iterator[tuple[int, int]]:
    """Find what is folded of a branch, as start and end; of its last `near` checkpoints only plain ones are."""
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
