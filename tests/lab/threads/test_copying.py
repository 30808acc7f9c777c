"""A copy says the same as its original and is independent of it."""

import pytest
from langgraph.types import Command

from lab.errors import NotPossible
from lab.threads import branch_heads, copy_thread, delete_thread, keep_newest_branches
from tests.support.asking_nodes import asking, books
from tests.support.saved_threads import WORKSPACE, branched, history, rows, thread_of, three_steps
from tests.support.toy_patterns import OpenLab, chain, done, end, lane, names, ran, toy


def test_a_copy_says_the_same_as_its_original(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id, ends = branched(lab)
    copied = copy_thread(lab.storage, thread_of(lab, thread_id))

    assert history(lab, copied.thread_id) == history(lab, thread_id)
    assert (
        branch_heads(lab.storage, copied.thread_id)
        == branch_heads(lab.storage, thread_id)
        == tuple(sorted(ends, reverse=True))
    )
    assert thread_of(lab, copied.thread_id) == copied
    assert copied.title == f"{thread_of(lab, thread_id).title} (copy)"
    assert copied.session != thread_of(lab, thread_id).session


def test_a_question_is_answered_in_the_copy_alone(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(asking())
    workspace = lab.workspace(WORKSPACE)
    thread_id = ran(workspace)
    before = history(lab, thread_id)
    copied = copy_thread(lab.storage, thread_of(lab, thread_id), "Other answer").thread_id
    asked = workspace.history.snapshot(copied)
    assert asked is not None
    workspace.resume(copied, {asked.questions[0].id: "no"}, asked.checkpoint_id)

    assert end(workspace, copied).outcome == "finished"
    assert names(workspace, copied) == ["ask='no'", "z"]
    assert history(lab, thread_id) == before
    workspace.resume(thread_id, {asked.questions[0].id: "yes"}, asked.checkpoint_id)
    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["ask='yes'", "z"]
    assert names(workspace, copied) == ["ask='no'", "z"]


def test_a_copy_brings_no_business_rows(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(toy(lane(chain(pay=books))))
    workspace = lab.workspace(WORKSPACE)
    thread_id = ran(workspace)
    asked = workspace.history.snapshot(thread_id)
    assert asked is not None
    workspace.resume(thread_id, {asked.questions[0].id: "yes"}, asked.checkpoint_id)
    end(workspace, thread_id)
    copied = copy_thread(lab.storage, thread_of(lab, thread_id)).thread_id

    assert len(workspace.threads.business("ledger", [thread_id])) == 1
    assert workspace.threads.business("ledger", [copied]) == []


def test_a_copy_outlives_its_original(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id, _ = branched(lab)
    copied = copy_thread(lab.storage, thread_of(lab, thread_id)).thread_id
    before = history(lab, copied)
    delete_thread(lab.storage, thread_id)

    assert history(lab, copied) == before


def test_a_thread_of_which_nothing_is_saved_is_not_copied(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(toy(lane(chain(a=done("a")), remembers=False)))
    thread_id = ran(lab.workspace(WORKSPACE))
    before = rows(lab.storage)
    with pytest.raises(NotPossible, match="no checkpointer"):
        copy_thread(lab.storage, thread_of(lab, thread_id))

    assert rows(lab.storage) == before


def test_a_thread_so_large_that_others_would_wait_too_long_is_not_copied(
    open_anywhere: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.threads.copying.LARGEST_COPY", 1000)
    lab = open_anywhere(three_steps())
    thread_id = ran(lab.workspace(WORKSPACE))
    before = rows(lab.storage)
    with pytest.raises(NotPossible, match="Prune it first"):
        copy_thread(lab.storage, thread_of(lab, thread_id))

    assert rows(lab.storage) == before


def test_a_pruned_answer_can_be_given_differently_in_the_copy(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(asking())
    workspace = lab.workspace(WORKSPACE)
    thread_id = ran(workspace)
    reader = lab.graphs.reading("toy", "only")
    config = lab.config(thread_id, "toy", "only", WORKSPACE)
    paused = reader.get_state(config).config
    reader.invoke(Command(resume="old"), config)
    reader.invoke(None, paused)
    asked = workspace.history.snapshot(thread_id)
    assert asked is not None
    copied = copy_thread(lab.storage, thread_of(lab, thread_id)).thread_id
    keep_newest_branches(lab.storage, copied, 1)
    workspace.resume(copied, {asked.questions[0].id: "new"}, asked.checkpoint_id)

    assert end(workspace, copied).outcome == "finished"
    assert names(workspace, copied) == ["ask='new'", "z"]
