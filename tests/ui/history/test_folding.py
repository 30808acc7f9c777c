"""The folding of a tree: it hides nothing that matters, opens step by step and stays small."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from lab.history import Mark, build_tree
from tests.support.slow_trees import SHAPES, chain, comb, forked, ident, names, stairs, threads
from ui.history.folding import ITEMS, MOST_ROWS, PER_LANE, Fold, Folded, fold


def closed(picture: Folded) -> list[list[Mark]]:
    """Return what each lane shows and holds, in its order."""
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
    tree = build_tree(marks)
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
    assert not folds(fold(build_tree(chain(30))))


def test_a_long_run_of_plain_steps_becomes_one_mark_that_opens() -> None:
    tree = build_tree(chain(49))
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
    assert ident(30) in shown(fold(build_tree(marks)))


def test_a_thread_of_many_turns_keeps_its_end_and_folds_the_turns_before() -> None:
    marks = [mark._replace(source="input" if number % 4 == 0 else "loop") for number, mark in enumerate(chain(5000))]
    picture = fold(build_tree(marks))
    assert len(folds(picture)) == 1
    assert shown(picture) >= {ident(0), *map(ident, range(4990, 5000))}


def test_failures_are_the_last_to_be_folded() -> None:
    marks = [mark._replace(source="update" if number % 3 else "input") for number, mark in enumerate(chain(3000))]
    marks = [mark._replace(failed=number in (700, 1500)) for number, mark in enumerate(marks)]
    assert shown(fold(build_tree(marks))) >= {ident(700), ident(1500)}


def test_the_selected_checkpoint_shows_through_its_fold_which_stays_one() -> None:
    tree = build_tree(chain(100))
    items = fold(tree, selected=ident(50)).lanes[0].items
    assert names([item for item in items if isinstance(item, Mark)]) == [ident(0), ident(50), ident(99)]
    before, after = (item for item in items if isinstance(item, Fold))
    assert before.id == after.id == folds(fold(tree))[0].id


def test_an_opened_fold_stays_open_while_the_thread_grows_and_whatever_is_selected() -> None:
    (run,) = folds(fold(build_tree(chain(60))))
    for selected in (None, ident(0), ident(20), ident(50)):
        for length in (60, 61, 90):
            assert any(item.open for item in folds(fold(build_tree(chain(length)), selected=selected, opened={run.id})))


def test_ten_thousand_steps_open_in_a_few_moves_of_at_most_fifty_marks() -> None:
    tree, opened = build_tree(chain(10_000)), set[str]()
    for _ in range(4):
        picture = fold(tree, opened=opened)
        assert len(picture.lanes[0].items) < 100
        opened.update([item.id for item in folds(picture) if not item.open][:1])
    assert ident(25) in shown(fold(tree, opened=opened))


@settings(max_examples=30, deadline=None)
@given(some.integers(2, 600), some.integers(1, 5))
def test_opening_every_fold_shows_every_checkpoint(length: int, seed: int) -> None:
    tree, opened = build_tree(forked(length, 1 + length // 100, seed)), set[str]()
    while rest := {item.id for item in folds(fold(tree, opened=opened)) if not item.open}:
        assert not rest & opened
        opened |= rest
    assert shown(fold(tree, opened=opened)) == set(tree.marks)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_drawing_holds_few_marks_however_many_checkpoints_there_are(shape: str) -> None:
    tree = build_tree(SHAPES[shape](5000))
    picture = fold(tree, selected=ident(100))
    assert len(picture.lanes) == min(len(tree.branches), MOST_ROWS)
    assert picture.hidden == len(tree.branches) - len(picture.lanes)
    assert sum(len(lane.items) for lane in picture.lanes) <= ITEMS + (PER_LANE + 3) * len(picture.lanes)


def test_of_too_many_branches_the_way_to_the_selected_one_and_the_newest_are_drawn() -> None:
    picture = fold(build_tree(comb(1000)), selected=ident(1007), lanes=5)
    assert [lane.branch.number for lane in picture.lanes] == [1, 9, 498, 499, 500]
    assert all(lane.joined for lane in picture.lanes[1:])
    deep = fold(build_tree(stairs(1000)), selected=ident(401), lanes=5)
    assert [(lane.branch.number, lane.joined) for lane in deep.lanes] == [
        *((199, False), (200, True), (201, True)),
        *((499, False), (500, True)),
    ], "Ways that are too long are drawn from their ends, the one to the head too."
