"""The tree of checkpoints and its folding, against paths that the tests work out by themselves.

A *thread* here is a list of marks in order of writing. The truth about it is found the slow and obvious way: by
following each mark's parent, one by one.
"""

import random
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from lab.tree import ITEMS, LANES, PER_LANE, Fold, Folded, Mark, Tree, fold, grow


def ident(number: int) -> str:
    return f"{number:06d}"


def chain(length: int, **special: Any) -> list[Mark]:
    """A thread without forks; `special` says what its marks after the first are."""
    first = Mark(ident(0), None, -1, "input")
    return [first, *(Mark(ident(n), ident(n - 1), n - 1, "loop", **special) for n in range(1, length))]


def forked(length: int, branches: int, seed: int = 1) -> list[Mark]:
    """A thread whose branches, about equally long, leave from anywhere, other branches included."""
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
    """The truth about a lineage."""
    found = [mark]
    while parents := [other for other in marks if other.checkpoint_id == found[0].parent_id]:
        found.insert(0, parents[0])
    return found


def leaves(marks: Sequence[Mark]) -> list[Mark]:
    parents = {mark.parent_id for mark in marks}
    return [mark for mark in marks if mark.checkpoint_id not in parents]


def names(marks: Sequence[Mark | None]) -> list[str]:
    return [mark.checkpoint_id if mark else "" for mark in marks]


def test_a_thread_without_forks_is_one_branch_called_main() -> None:
    tree = grow(chain(4))
    (branch,) = tree.branches
    assert (branch.number, branch.name, branch.forked_from) == (1, "main", None)
    assert names(branch.own) == [ident(0), ident(1), ident(2), ident(3)]
    assert tree.head == ident(3)


def test_a_thread_that_was_never_written_has_no_branch_and_no_head() -> None:
    tree = grow([])
    assert (tree.branches, tree.head, tree.forks()) == ((), None, {})
    assert fold(tree) == Folded((), 0)


def test_a_fork_begins_a_branch_and_what_was_there_before_keeps_its_own() -> None:
    marks = [*chain(4), Mark(ident(4), ident(1), 1, "update"), Mark(ident(5), ident(4), 2, "loop")]
    tree = grow(marks)
    assert [names(branch.own) for branch in tree.branches] == [[ident(n) for n in range(4)], [ident(4), ident(5)]]
    assert tree.branches[1].forked_from == ident(1)
    assert tree.forks() == {ident(1): [2]}
    assert names(tree.path(2)) == [ident(0), ident(1), ident(4), ident(5)]
    assert tree.branch_of(ident(1)).number == 1


def test_a_branch_has_the_first_label_on_its_own_checkpoints() -> None:
    marks = chain(3)
    marks += [Mark(ident(3), ident(0), 0, "update"), Mark(ident(4), ident(3), 1, "loop", label="cheaper")]
    marks += [Mark(ident(5), ident(4), 2, "loop", label="later"), Mark(ident(6), ident(4), 2, "fork", label="  ")]
    assert [branch.name for branch in grow(marks).branches] == ["main", "cheaper", "branch 3"]


def test_pruned_beginnings_and_second_roots_begin_branches_of_their_own() -> None:
    marks = [*forked(20, 1)[5:], Mark(ident(90), None, -1, "input"), Mark(ident(91), ident(90), 0, "loop")]
    tree = grow(marks)
    assert [names(branch.own)[0] for branch in tree.branches] == [ident(5), ident(90)]
    assert [branch.forked_from for branch in tree.branches] == [None, None]
    assert tree.divergence(ident(8), ident(91)).shared is None


def test_two_branches_part_after_their_last_shared_checkpoint() -> None:
    marks = [*chain(4), Mark(ident(4), ident(1), 1, "update"), Mark(ident(5), ident(4), 2, "loop")]
    parted = grow(marks).divergence(ident(3), ident(5))
    assert names([parted.shared, parted.one, parted.other]) == [ident(1), ident(2), ident(4)]


def test_a_checkpoint_and_its_descendant_part_where_the_shorter_way_ends() -> None:
    parted = grow(chain(4)).divergence(ident(1), ident(3))
    assert names([parted.shared, parted.one, parted.other]) == [ident(1), "", ident(2)]


def test_an_unknown_checkpoint_is_a_key_error() -> None:
    tree = grow(chain(2))
    for ask in (tree.branch_of, tree.lineage, lambda name: tree.divergence(ident(0), name)):
        with pytest.raises(KeyError):
            ask("unknown")


def test_a_child_written_under_a_clock_that_was_set_back_is_still_its_parents_child() -> None:
    marks = [Mark("5", None, -1, "input"), Mark("6", "5", 0, "loop"), Mark("1", "6", 1, "loop"), Mark("2", "1", 2, "")]
    tree = grow(sorted(marks, key=lambda mark: mark.checkpoint_id))
    assert names(tree.path(1)) == ["5", "6", "1", "2"]
    assert tree.head == "6", "The library goes on from the greatest id, so the tree must say the same."


def test_a_circle_of_parents_is_cut_instead_of_followed_for_ever() -> None:
    marks = [Mark("1", "3", 0, "loop"), Mark("2", "1", 1, "loop"), Mark("3", "2", 2, "loop"), Mark("4", "4", 0, "loop")]
    tree = grow(marks)
    assert sorted(name for branch in tree.branches for name in names(branch.own)) == ["1", "2", "3", "4"]
    assert len(tree.lineage("3")) <= 3


@settings(max_examples=200, deadline=None)
@given(threads())
def test_each_leaf_ends_one_branch_and_each_checkpoint_belongs_to_the_oldest_that_has_it(marks: list[Mark]) -> None:
    tree = grow(marks)
    assert {branch.leaf.checkpoint_id for branch in tree.branches} == set(names(leaves(marks)))
    paths = {branch.number: tree.path(branch.number) for branch in tree.branches}
    assert all(list(paths[branch.number]) == way(marks, branch.leaf) for branch in tree.branches)
    for mark in marks:
        oldest = min(number for number, path in paths.items() if mark in path)
        assert tree.branch_of(mark.checkpoint_id).number == oldest
        assert list(tree.lineage(mark.checkpoint_id)) == way(marks, mark)
    assert sorted(names([mark for branch in tree.branches for mark in branch.own])) == names(marks)
    begins = names([branch.own[0] for branch in tree.branches])
    assert begins == sorted(begins), "Branches are numbered by age."
    assert tree.head == marks[-1].checkpoint_id


@settings(max_examples=100, deadline=None)
@given(threads(), some.randoms())
def test_the_order_of_rows_changes_no_lineage(marks: list[Mark], chance: random.Random) -> None:
    mixed = list(marks)
    chance.shuffle(mixed)
    tree = grow(mixed)
    assert all(list(tree.lineage(mark.checkpoint_id)) == way(marks, mark) for mark in marks)
    order = list(tree.marks)
    assert all(
        order.index(mark.parent_id) < order.index(name) for name, mark in tree.marks.items() if mark.parent_id in order
    )


@settings(max_examples=100, deadline=None)
@given(threads(), some.data())
def test_two_ways_part_where_the_first_difference_is(marks: list[Mark], data: some.DataObject) -> None:
    one, other = (data.draw(some.sampled_from(marks)) for _ in range(2))
    ways = way(marks, one), way(marks, other)
    parted = grow(marks).divergence(one.checkpoint_id, other.checkpoint_id)
    shared = [mark for mark in ways[0] if mark in ways[1]]
    assert parted.shared == (shared[-1] if shared else None)
    assert [parted.one, parted.other] == [found[len(shared)] if len(shared) < len(found) else None for found in ways]


def closed(picture: Folded) -> list[list[Mark]]:
    """What each lane shows and holds, in its order."""
    return [
        [
            mark
            for item in lane.items
            for mark in ([item] if isinstance(item, Mark) else item.marks if not item.open else [])
        ]
        for lane in picture.lanes
    ]


def folds(picture: Folded) -> list[Fold]:
    return [item for lane in picture.lanes for item in lane.items if isinstance(item, Fold)]


def shown(picture: Folded) -> set[str]:
    return {item.checkpoint_id for lane in picture.lanes for item in lane.items if isinstance(item, Mark)}


@settings(max_examples=200, deadline=None)
@given(threads(), some.data())
def test_folding_loses_no_checkpoint_and_hides_nothing_that_matters(marks: list[Mark], data: some.DataObject) -> None:
    tree = grow(marks)
    selected = data.draw(some.none() | some.sampled_from(names(marks)))
    every = [item.id for item in folds(fold(tree, selected=selected))]
    opened = data.draw(some.sets(some.sampled_from(every))) if every else set()
    picture = fold(tree, selected=selected, opened=opened)
    assert closed(picture) == [list(branch.own) for branch in tree.branches]
    ends = {mark.checkpoint_id for branch in tree.branches for mark in (branch.own[0], branch.leaf)}
    assert shown(picture) >= ends | set(tree.forks()) | {tree.head} | ({selected} if selected else set())
    assert {item.id for item in folds(picture) if item.open} == opened
    assert all(lane.joined == (lane.branch.forked_from is not None) for lane in picture.lanes)


def test_a_short_thread_is_drawn_whole() -> None:
    assert not folds(fold(grow(chain(30))))


def test_a_long_run_of_plain_steps_becomes_one_mark_that_opens() -> None:
    tree = grow(chain(49))
    first, run, last = fold(tree).lanes[0].items
    assert isinstance(run, Fold)
    assert (len(run.marks), run.open) == (47, False)
    begin, handle, *steps, end = fold(tree, opened={run.id}).lanes[0].items
    assert handle == replace(run, open=True)
    assert tuple(steps) == run.marks
    assert (begin, end) == (first, last)


@pytest.mark.parametrize("what", [{"interrupted": True}, {"failed": True}, {"source": "update"}, {"source": "fork"}])
def test_what_is_no_plain_step_stands_outside_of_folds(what: dict[str, Any]) -> None:
    marks = chain(60)
    marks[30] = marks[30]._replace(**what)
    assert ident(30) in shown(fold(grow(marks)))


def test_a_thread_of_many_turns_keeps_its_end_and_folds_the_turns_before() -> None:
    marks = [mark._replace(source="input" if number % 4 == 0 else "loop") for number, mark in enumerate(chain(5000))]
    picture = fold(grow(marks))
    assert len(folds(picture)) == 1
    assert shown(picture) >= {ident(0), *map(ident, range(4990, 5000))}


def test_failures_are_the_last_to_be_folded() -> None:
    marks = [mark._replace(source="update" if number % 3 else "input") for number, mark in enumerate(chain(3000))]
    marks = [mark._replace(failed=number in (700, 1500)) for number, mark in enumerate(marks)]
    assert shown(fold(grow(marks))) >= {ident(700), ident(1500)}


def test_the_selected_checkpoint_shows_through_its_fold_which_stays_one() -> None:
    tree = grow(chain(100))
    items = fold(tree, selected=ident(50)).lanes[0].items
    assert names([item for item in items if isinstance(item, Mark)]) == [ident(0), ident(50), ident(99)]
    before, after = (item for item in items if isinstance(item, Fold))
    assert before.id == after.id == folds(fold(tree))[0].id


def test_an_opened_fold_stays_open_while_the_thread_grows_and_whatever_is_selected() -> None:
    (run,) = folds(fold(grow(chain(60))))
    for selected in (None, ident(0), ident(20), ident(50)):
        for length in (60, 61, 90):
            assert any(item.open for item in folds(fold(grow(chain(length)), selected=selected, opened={run.id})))


def test_ten_thousand_steps_open_in_a_few_moves_of_at_most_fifty_marks() -> None:
    tree, opened = grow(chain(10_000)), set[str]()
    for _ in range(4):
        picture = fold(tree, opened=opened)
        assert len(picture.lanes[0].items) < 100
        opened.update([item.id for item in folds(picture) if not item.open][:1])
    assert ident(25) in shown(fold(tree, opened=opened))


@settings(max_examples=30, deadline=None)
@given(some.integers(2, 600), some.integers(1, 5))
def test_opening_every_fold_shows_every_checkpoint(length: int, seed: int) -> None:
    tree, opened = grow(forked(length, 1 + length // 100, seed)), set[str]()
    while rest := {item.id for item in folds(fold(tree, opened=opened)) if not item.open}:
        assert not rest & opened
        opened |= rest
    assert shown(fold(tree, opened=opened)) == set(tree.marks)


def restless(length: int) -> list[Mark]:
    """A thread in which everything is special."""
    kinds = ("input", "update", "fork", "loop")
    return [
        m._replace(source=kinds[n % 4], failed=n % 3 == 0, interrupted=n % 2 == 0) for n, m in enumerate(chain(length))
    ]


def comb(length: int) -> list[Mark]:
    """A branch at every second checkpoint."""
    marks = chain(length // 2)
    return marks + [Mark(ident(length + n), mark.checkpoint_id, n, "fork") for n, mark in enumerate(marks[:-1])]


def stairs(length: int) -> list[Mark]:
    """A fork of a fork of a fork: each branch leaves from the one before it."""
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


@pytest.mark.parametrize("shape", SHAPES)
def test_a_drawing_holds_few_marks_however_many_checkpoints_there_are(shape: str) -> None:
    tree = grow(SHAPES[shape](5000))
    picture = fold(tree, selected=ident(100))
    assert len(picture.lanes) == min(len(tree.branches), LANES)
    assert picture.hidden == len(tree.branches) - len(picture.lanes)
    assert sum(len(lane.items) for lane in picture.lanes) <= ITEMS + (PER_LANE + 3) * len(picture.lanes)


def test_of_too_many_branches_the_way_to_the_selected_one_and_the_newest_are_drawn() -> None:
    picture = fold(grow(comb(1000)), selected=ident(1007), lanes=5)
    assert [lane.branch.number for lane in picture.lanes] == [1, 9, 498, 499, 500]
    assert all(lane.joined for lane in picture.lanes[1:])
    deep = fold(grow(stairs(1000)), selected=ident(401), lanes=5)
    assert [(lane.branch.number, lane.joined) for lane in deep.lanes] == [
        *((199, False), (200, True), (201, True)),
        *((499, False), (500, True)),
    ], "Ways that are too long are drawn from their ends, the one to the head too."


class Counted(str):
    """An id that counts how often it's compared or looked up."""

    asked = 0

    def __eq__(self, other: object) -> bool:
        Counted.asked += 1
        return str.__eq__(self, other)

    def __hash__(self) -> int:
        Counted.asked += 1
        return str.__hash__(self)


def effort(work: Callable[[], object]) -> int:
    """Counts Python's instructions and the comparisons of ids, which is what a second run takes exactly again."""
    steps = 0

    def trace(frame: Any, event: str, _: object) -> Any:
        nonlocal steps
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        steps += event == "opcode"
        return trace

    Counted.asked, before = 0, sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return steps + Counted.asked


def use(marks: Sequence[Mark], opened: Collection[str] = ()) -> Tree:
    """All that a page asks of a tree at once."""
    tree = grow(marks)
    fold(tree, selected=marks[len(marks) // 2].checkpoint_id, opened=opened)
    tree.forks()
    tree.divergence(tree.branches[0].leaf.checkpoint_id, tree.branches[-1].leaf.checkpoint_id)
    return tree


@pytest.mark.parametrize("shape", SHAPES)
def test_the_work_grows_with_the_number_of_checkpoints_and_no_faster(shape: str) -> None:
    def marks(length: int) -> list[Mark]:
        return [
            mark._replace(
                checkpoint_id=Counted(mark.checkpoint_id), parent_id=mark.parent_id and Counted(mark.parent_id)
            )
            for mark in SHAPES[shape](length)
        ]

    small, large = marks(1000), marks(4000)
    # Four times as many, and the longer thread may be folded at a further level; a square would be sixteen times.
    assert effort(lambda: use(large)) < 6 * effort(lambda: use(small))
