"""The tree of checkpoints and its folding, against paths that the tests work out by themselves.

A *thread* here is a list of marks in order of writing. The truth about it is found the slow and obvious way: by
following each mark's parent, one by one.
"""

import random
import sys
from collections.abc import Callable, Collection, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from lab.history import Mark, Tree, build_tree
from tests.support.slow_trees import SHAPES, chain, forked, ident, leaves, names, threads, way
from ui.history import Folded, fold


def test_a_thread_without_forks_is_one_branch_called_main() -> None:
    tree = build_tree(chain(4))
    (branch,) = tree.branches
    assert (branch.number, branch.name, branch.forked_from) == (1, "main", None)
    assert names(branch.own) == [ident(0), ident(1), ident(2), ident(3)]
    assert tree.head == ident(3)


def test_a_thread_that_was_never_written_has_no_branch_and_no_head() -> None:
    tree = build_tree([])
    assert (tree.branches, tree.head, tree.forks()) == ((), None, {})
    assert fold(tree) == Folded((), 0)


def test_a_fork_begins_a_branch_and_what_was_there_before_keeps_its_own() -> None:
    marks = [*chain(4), Mark(ident(4), ident(1), 1, "update"), Mark(ident(5), ident(4), 2, "loop")]
    tree = build_tree(marks)
    assert [names(branch.own) for branch in tree.branches] == [[ident(n) for n in range(4)], [ident(4), ident(5)]]
    assert tree.branches[1].forked_from == ident(1)
    assert tree.forks() == {ident(1): [2]}
    assert names(tree.path(2)) == [ident(0), ident(1), ident(4), ident(5)]
    assert tree.branch_of(ident(1)).number == 1


def test_a_branch_has_the_first_label_on_its_own_checkpoints() -> None:
    marks = chain(3)
    marks += [Mark(ident(3), ident(0), 0, "update"), Mark(ident(4), ident(3), 1, "loop", label="cheaper")]
    marks += [Mark(ident(5), ident(4), 2, "loop", label="later"), Mark(ident(6), ident(4), 2, "fork", label="  ")]
    assert [branch.name for branch in build_tree(marks).branches] == ["main", "cheaper", "branch 3"]


def test_pruned_beginnings_and_second_roots_begin_branches_of_their_own() -> None:
    marks = [*forked(20, 1)[5:], Mark(ident(90), None, -1, "input"), Mark(ident(91), ident(90), 0, "loop")]
    tree = build_tree(marks)
    assert [names(branch.own)[0] for branch in tree.branches] == [ident(5), ident(90)]
    assert [branch.forked_from for branch in tree.branches] == [None, None]
    assert tree.divergence(ident(8), ident(91)).shared is None


def test_two_branches_part_after_their_last_shared_checkpoint() -> None:
    marks = [*chain(4), Mark(ident(4), ident(1), 1, "update"), Mark(ident(5), ident(4), 2, "loop")]
    parted = build_tree(marks).divergence(ident(3), ident(5))
    assert names([parted.shared, parted.one, parted.other]) == [ident(1), ident(2), ident(4)]


def test_a_checkpoint_and_its_descendant_part_where_the_shorter_way_ends() -> None:
    parted = build_tree(chain(4)).divergence(ident(1), ident(3))
    assert names([parted.shared, parted.one, parted.other]) == [ident(1), "", ident(2)]


def test_an_unknown_checkpoint_is_a_key_error() -> None:
    tree = build_tree(chain(2))
    for ask in (tree.branch_of, tree.lineage, lambda name: tree.divergence(ident(0), name)):
        with pytest.raises(KeyError):
            ask("unknown")


def test_a_child_written_under_a_clock_that_was_set_back_is_still_its_parents_child() -> None:
    marks = [Mark("5", None, -1, "input"), Mark("6", "5", 0, "loop"), Mark("1", "6", 1, "loop"), Mark("2", "1", 2, "")]
    tree = build_tree(sorted(marks, key=lambda mark: mark.checkpoint_id))
    assert names(tree.path(1)) == ["5", "6", "1", "2"]
    assert tree.head == "6", "The library goes on from the greatest id, so the tree must say the same."


def test_a_circle_of_parents_is_cut_instead_of_followed_for_ever() -> None:
    marks = [Mark("1", "3", 0, "loop"), Mark("2", "1", 1, "loop"), Mark("3", "2", 2, "loop"), Mark("4", "4", 0, "loop")]
    tree = build_tree(marks)
    assert sorted(name for branch in tree.branches for name in names(branch.own)) == ["1", "2", "3", "4"]
    assert len(tree.lineage("3")) <= 3


@settings(max_examples=200, deadline=None)
@given(threads())
def test_each_leaf_ends_one_branch_and_each_checkpoint_belongs_to_the_oldest_that_has_it(marks: list[Mark]) -> None:
    tree = build_tree(marks)
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
    tree = build_tree(mixed)
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
    parted = build_tree(marks).divergence(one.checkpoint_id, other.checkpoint_id)
    shared = [mark for mark in ways[0] if mark in ways[1]]
    assert parted.shared == (shared[-1] if shared else None)
    assert [parted.one, parted.other] == [found[len(shared)] if len(shared) < len(found) else None for found in ways]


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
    """Count Python's instructions and the comparisons of ids, which is what a second run takes exactly again."""
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
    tree = build_tree(marks)
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
