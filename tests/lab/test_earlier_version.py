"""A database and an export of the version before the rooms: they open, show what they showed, and go on."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.lab import Lab
from lab.workspace import StateEdit
from tests.support.labs import quiet
from tests.support.project import ROOT

EARLIER = ROOT / "tests" / "support" / "earlier_version"
"""Made by the version before, commit f4cf499: five threads, one with two branches, one whose answer was accepted in
the moment in which its process died."""

CHECKPOINTS = {
    "linear-pipeline": 9,
    "expense-approval": 3,
    "hierarchical": 5,
    "conversation-memory": 3,
    "approval-gate": 3,
}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Provide a lab of this version on the database of the earlier one."""
    path = tmp_path / "lab.sqlite"
    path.write_bytes(gzip.decompress((EARLIER / "lab.sqlite.gz").read_bytes()))
    opened = Lab(quiet(str(path)))
    yield opened
    opened.close()


def thread_ids(lab: Lab) -> dict[str, str]:
    return {thread.pattern: thread.thread_id for thread in lab.workspace("local").threads.newest()}


def test_each_thread_of_an_earlier_database_has_its_checkpoints_and_states(lab: Lab) -> None:
    workspace = lab.workspace("local")
    found = thread_ids(lab)
    assert {slug: workspace.history.count(ident) for slug, ident in found.items()} == CHECKPOINTS

    for ident in found.values():
        for row in workspace.history.page(ident).rows:
            assert workspace.history.snapshot(ident, row.checkpoint_id) is not None
    assert len(workspace.history.tree(found["linear-pipeline"]).branches) == 2


def test_what_the_earlier_version_told_of_its_runs_is_on_the_lanes(lab: Lab) -> None:
    workspace = lab.workspace("local")
    for slug in ("linear-pipeline", "hierarchical", "conversation-memory"):
        view = workspace.view(thread_ids(lab)[slug])
        view.catch_up()
        assert [run.outcome for run in view.runs][-1] == "finished"
        assert view.items


def test_an_answer_that_the_earlier_version_accepted_is_carried_out(lab: Lab) -> None:
    workspace, ident = lab.workspace("local"), thread_ids(lab)["expense-approval"]
    accepted = workspace.history.accepted(ident)
    assert accepted is not None
    assert accepted.kind == "resume"
    workspace.again(ident)
    assert workspace.wait(ident)

    assert workspace.history.status(ident) == "finished"
    assert len(workspace.threads.business("ledger", [ident])) == 1


def test_an_earlier_thread_goes_on_and_is_forked(lab: Lab) -> None:
    workspace = lab.workspace("local")
    paused, done = thread_ids(lab)["approval-gate"], thread_ids(lab)["linear-pipeline"]
    workspace.edit(paused, {"approved": True})
    workspace.proceed(paused)
    assert workspace.wait(paused)
    assert workspace.history.status(paused) == "finished"

    first = workspace.history.page(done).rows[1].checkpoint_id
    workspace.travel.fork(done, first, StateEdit({"text": "A third text."}, {"text": "replace"}), run=True)
    assert workspace.wait(done)
    assert len(workspace.history.tree(done).branches) == 3


def test_an_earlier_export_is_imported_with_both_branches() -> None:
    lab = Lab(quiet("memory"))
    try:
        workspace = lab.workspace("local")
        with (EARLIER / "thread.jsonl").open("rb") as file:
            (thread,) = workspace.threads.import_file(file)
        assert workspace.history.count(thread.thread_id) == CHECKPOINTS["linear-pipeline"]
        assert len(workspace.history.tree(thread.thread_id).branches) == 2
        workspace.travel.replay(thread.thread_id, workspace.history.page(thread.thread_id).rows[1].checkpoint_id)
        assert workspace.wait(thread.thread_id)
        assert workspace.history.status(thread.thread_id) == "finished"
    finally:
        lab.close()
