"""Whole threads as files: what a workspace gives away and takes in, and where each thread has its own checkpointer."""

import io

import pytest
from sqlalchemy import text

from graphs.pattern import Pattern
from lab.errors import NotPossible, UnknownThread, Unreadable
from lab.lab import Lab
from lab.threads import ExportRefused, ImportRefused
from lab.workspace import Workspace
from tests.support.saved_threads import WORKSPACE, branched, own, rows, three_steps
from tests.support.toy_patterns import GIVEN, SAVERS, OpenLab, chain, done, end, lane, names, ran, toy


def exported(workspace: Workspace, thread_id: str) -> bytes:
    return b"".join(workspace.threads.export(thread_id))


def test_an_exported_thread_is_taken_in_by_another_workspace_as_its_own(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id, _ = branched(lab)
    (taken,) = lab.workspace("another").threads.import_file(io.BytesIO(exported(own(lab), thread_id)))

    assert (taken.workspace, [one.thread_id for one in lab.workspace("another").threads.newest()]) == (
        "another",
        [taken.thread_id],
    )
    assert len(lab.workspace("another").threads.branch_heads(taken.thread_id)) == 4
    assert [one.thread_id for one in own(lab).threads.newest()] == [thread_id]
    with pytest.raises(UnknownThread):
        own(lab).threads.find(taken.thread_id)


@pytest.mark.parametrize("data", [b"", b"{}\n", b"\x00\xff" * 100, b'{"format":"langgraph-pattern-lab/thread"}\n'])
def test_what_is_no_export_changes_nothing(open_toys: OpenLab, data: bytes) -> None:
    lab = open_toys(three_steps())
    ran(own(lab))
    before = rows(lab.storage)
    with pytest.raises(ImportRefused, match="Nothing was changed"):
        own(lab).threads.import_file(io.BytesIO(data))

    assert rows(lab.storage) == before


def test_a_file_of_a_lane_that_saves_nothing_is_refused(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps(), toy(lane(chain(a=done("a")), remembers=False), slug="forgetful"))
    data = exported(own(lab), ran(own(lab))).replace(b'"pattern":"toy"', b'"pattern":"forgetful"')
    with pytest.raises(ImportRefused, match="no lane 'only' of a pattern 'forgetful' keeps threads here"):
        own(lab).threads.import_file(io.BytesIO(data))


def damage(lab: Lab, thread_id: str, checkpoint_id: str) -> None:
    with lab.storage.database.begin() as connection:
        damaged = connection.execute(
            text("UPDATE checkpoints SET checkpoint = x'c1ff' WHERE thread_id = :thread AND checkpoint_id = :ident"),
            {"thread": thread_id, "ident": checkpoint_id},
        )
        assert damaged.rowcount == 1


def test_an_export_that_cannot_be_whole_gives_nothing_at_all(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace(WORKSPACE)
    thread_id = workspace.start("linear-pipeline", "pipeline", {"text": "One. Two. Three."}).thread_id
    assert workspace.wait(thread_id)
    damage(sqlite_lab, thread_id, workspace.threads.branch_heads(thread_id)[0])
    with pytest.raises(ExportRefused):
        workspace.threads.export(thread_id)
    with pytest.raises(Unreadable):
        workspace.history.status(thread_id)

    copied = workspace.threads.copy(thread_id)
    assert workspace.threads.sizes([thread_id, copied.thread_id])[copied.thread_id].checkpoints > 3
    workspace.threads.delete(thread_id)
    assert [found.thread_id for found in workspace.threads.newest()] == [copied.thread_id]


def test_a_thread_of_a_pattern_that_is_gone_can_be_renamed_copied_and_deleted_but_not_exported(
    open_anywhere: OpenLab,
) -> None:
    lab = open_anywhere(three_steps())
    workspace = own(lab)
    thread_id = ran(workspace)
    lab.graphs.patterns.clear()
    with pytest.raises(NotPossible, match="No lane 'only' of a pattern 'toy' keeps threads in this version"):
        workspace.threads.export(thread_id)
    workspace.threads.rename(thread_id, "From another time")
    copied = workspace.threads.copy(thread_id)
    workspace.threads.delete(thread_id)

    assert [(one.thread_id, one.title) for one in workspace.threads.page().threads] == [
        (copied.thread_id, "From another time (copy)")
    ]


def test_a_large_export_leaves_no_file_open(open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.workspace.threads.IN_MEMORY", 100)
    monkeypatch.setattr("lab.workspace.threads.CHUNK", 50)
    workspace = own(open_toys(three_steps()))
    thread_id = ran(workspace)

    assert exported(workspace, thread_id).splitlines()[-1].startswith(b'{"checkpoints"')
    pieces = workspace.threads.export(thread_id)
    assert len(next(pieces)) == 50
    del pieces


def on_a_saver(saver: str) -> Pattern:
    return toy(lane(chain(a=done("a"), b=done("b")), saver=SAVERS[saver]), turns=True)


@pytest.mark.parametrize("saver", ["memory", "sqlite"])
def test_a_thread_on_a_checkpointer_of_its_own_is_measured_pruned_and_deleted(
    open_anywhere: OpenLab, saver: str
) -> None:
    lab = open_anywhere(on_a_saver(saver))
    workspace = own(lab)
    shared, thread_id = ran(workspace), ran(workspace)
    first = workspace.history.page(thread_id).rows[1].checkpoint_id
    workspace.travel.replay(thread_id, first)
    end(workspace, thread_id)

    assert workspace.threads.sizes([shared, thread_id])[thread_id].checkpoints == 7
    assert workspace.threads.keep_newest(thread_id, 1).branches == 1
    assert names(workspace, thread_id) == ["a", "b"]
    workspace.turn(thread_id, GIVEN)
    assert end(workspace, thread_id).outcome == "finished"
    storage = lab.graphs.storage_of(workspace.threads.find(thread_id))
    workspace.threads.delete(thread_id)
    assert [one.thread_id for one in workspace.threads.newest()] == [shared]
    for kept in (storage, lab.storage):
        assert kept.checkpoints.thread_sizes([thread_id])[thread_id].checkpoints == 0
    assert names(workspace, shared) == ["a", "b"]


@pytest.mark.parametrize(
    ("open_anywhere", "saver", "kept"),
    [
        ("memory", "memory", False),
        ("memory", "sqlite", False),
        ("sqlite", "memory", False),
        ("sqlite", "sqlite", True),
        ("postgresql", "postgresql", True),
    ],
    indirect=["open_anywhere"],
)
def test_a_thread_is_copied_and_exported_where_the_lab_keeps_what_its_lane_saves(
    open_anywhere: OpenLab, saver: str, *, kept: bool
) -> None:
    workspace = own(open_anywhere(on_a_saver(saver)))
    thread_id = ran(workspace)
    if not kept:
        for change in (workspace.threads.copy, workspace.threads.export):
            with pytest.raises(NotPossible, match="a storage of its own"):
                change(thread_id)
        return
    copied = workspace.threads.copy(thread_id)
    (taken,) = workspace.threads.import_file(io.BytesIO(exported(workspace, copied.thread_id)))
    workspace.threads.delete(thread_id)

    assert names(workspace, copied.thread_id) == names(workspace, taken.thread_id) == ["a", "b"]
    workspace.turn(taken.thread_id, GIVEN)
    assert end(workspace, taken.thread_id).outcome == "finished"
