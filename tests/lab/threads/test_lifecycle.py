"""A deletion leaves nothing, what fails in the middle changes nothing, and what is damaged can be deleted."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.checkpoints import Storage
from lab.checkpoints.sql_tables import SqlRows
from lab.errors import InvalidInput, UnknownThread
from lab.lab import Lab
from lab.threads import (
    Thread,
    copy_thread,
    delete_thread,
    export_thread,
    prune_branches,
)
from lab.threads.exporting import ExportRefused
from tests.support.asking_nodes import books
from tests.support.labs import quiet
from tests.support.saved_threads import WORKSPACE, at, branched, history, rows, thread_of, three_steps
from tests.support.toy_patterns import OpenLab, State, chain, end, lane, ran, toy


def trips(_: State, runtime: Any) -> dict[str, Any]:
    """Fail by the visitor's wish, which is counted."""
    runtime.context.faults.trip("here", 9)
    return {}


def test_a_deleted_thread_leaves_no_row_behind_and_the_others_as_they_are(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(toy(lane(chain(pay=books, trip=trips))))
    workspace = lab.workspace(WORKSPACE)
    other, before = ran(workspace), rows(lab.storage)
    thread_id = ran(workspace)
    asked = workspace.history.snapshot(thread_id)
    assert asked is not None
    workspace.resume(thread_id, {asked.questions[0].id: "yes"}, asked.checkpoint_id)
    assert end(workspace, thread_id).outcome == "failed"
    assert len(rows(lab.storage)["lab_faults"]) == 1
    delete_thread(lab.storage, thread_id)

    # The run above is done with; an asking one still stands for the other thread.
    assert {name: len(found) for name, found in rows(lab.storage).items()} == {
        name: len(found) for name, found in before.items()
    }
    assert [thread.thread_id for thread in workspace.threads.newest()] == [other]
    with pytest.raises(UnknownThread):
        workspace.history.snapshot(thread_id)


# Memory has no transactions; there the rows change last, which can't fail.
@pytest.mark.parametrize("open_anywhere", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize(
    "change", [lambda s, t, e: prune_branches(s, t.thread_id, e[:1]), lambda s, t, e: copy_thread(s, t)]
)
def test_what_fails_in_the_middle_changes_nothing(
    open_anywhere: OpenLab, monkeypatch: pytest.MonkeyPatch, change: Callable[[Storage, Thread, list[str]], Any]
) -> None:
    lab = open_anywhere(three_steps())
    thread_id, ends = branched(lab)
    before = rows(lab.storage)
    sound = SqlRows.copy, SqlRows.drop

    def failing(which: int) -> Callable[..., None]:
        def method(*given: Any) -> None:
            sound[which](*given)
            raise ConnectionError("the cable was pulled")

        return method

    monkeypatch.setattr(SqlRows, "copy", failing(0))
    monkeypatch.setattr(SqlRows, "drop", failing(1))
    with pytest.raises(ConnectionError):
        change(lab.storage, thread_of(lab, thread_id), ends)

    assert rows(lab.storage) == before


def test_a_thread_gets_another_title_on_one_line(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id = ran(lab.workspace(WORKSPACE))
    lab.threads.rename(WORKSPACE, thread_id, "  A new\n\x00title " + "x" * 100)

    assert thread_of(lab, thread_id).title == "A new title " + "x" * 100
    for refused in (" \n ", "x" * 121):
        with pytest.raises(InvalidInput):
            lab.threads.rename(WORKSPACE, thread_id, refused)
    with pytest.raises(UnknownThread):
        lab.threads.rename("stranger", thread_id, "Mine")
    assert thread_of(lab, thread_id).title.startswith("A new title")


DAMAGES = {
    "a state of garbage": "UPDATE checkpoints SET checkpoint = x'c1ff' WHERE checkpoint_id = ?",
    "an unknown kind": "UPDATE checkpoints SET type = 'pickle' WHERE checkpoint_id = ?",
    "a state that is none": "UPDATE checkpoints SET checkpoint = x'01' WHERE checkpoint_id = ?",
    "no state": "UPDATE checkpoints SET checkpoint = NULL WHERE checkpoint_id = ?",
    "metadata of garbage": "UPDATE checkpoints SET metadata = x'ff7b' WHERE checkpoint_id = ?",
    "a value of garbage": "UPDATE writes SET value = x'c1ff' WHERE checkpoint_id = ?",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_thread_with_an_unreadable_row_is_listed_measured_pruned_and_deleted(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "lab.sqlite"
    lab = Lab(quiet(str(path)), patterns=[three_steps()])
    thread_id, ends = branched(lab)
    good = ran(lab.workspace(WORKSPACE))
    beside = history(lab, good)
    with sqlite3.connect(path) as connection:
        assert connection.execute(damage, (at(lab, thread_id, 1),)).rowcount > 0
    connection.close()
    with pytest.raises(ExportRefused) as refused:
        list(export_thread(lab.storage, thread_of(lab, thread_id), lab.graphs.reading("toy", "only")))

    assert at_least_says(str(refused.value))
    assert {thread.thread_id for thread in lab.workspace(WORKSPACE).threads.newest()} == {thread_id, good}
    assert lab.storage.checkpoints.thread_sizes([thread_id])[thread_id].bytes > 1000
    copied = copy_thread(lab.storage, thread_of(lab, thread_id)).thread_id
    assert prune_branches(lab.storage, thread_id, ends[:1]).branches == 3
    assert history(lab, good) == beside
    delete_thread(lab.storage, thread_id)
    delete_thread(lab.storage, copied)
    assert [thread.thread_id for thread in lab.workspace(WORKSPACE).threads.newest()] == [good]
    assert history(lab, good) == beside
    lab.close()


def at_least_says(message: str) -> bool:
    """Return whether a message says the thing, the rule and the remedy."""
    return message.count(". ") >= 2 and len(message) < 700
