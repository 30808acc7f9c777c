"""What the inbox has, and what the threads' own states say that it should have."""

from sqlalchemy import text

from graphs.catalogue import find
from lab.database import WaitingQuestion
from lab.workspace import Workspace

Place = tuple[str, str, str]
"""A question by its thread, its id and its checkpoint."""


def waiting(workspace: Workspace) -> set[Place]:
    """Return what the inbox has: threads, the questions' ids, and the checkpoints."""
    found = workspace.inbox.page(limit=1000)
    assert found.total == workspace.inbox.count() == len(found.questions)
    return {(one.thread_id, one.interrupt_id, one.checkpoint_id) for one in found.questions}


def open_questions(workspace: Workspace) -> set[Place]:
    """Return the same as the threads' own states tell it."""
    found = set()
    for thread in workspace.threads.newest(limit=1000):
        snapshot = workspace.history.snapshot(thread.thread_id)
        lane = find(thread.pattern).lane(thread.lane) if thread.pattern != "toy" else None
        if snapshot is None:
            continue
        ids = {one.id for one in snapshot.questions} - snapshot.saved_answers.keys()
        paused = lane is not None and lane.edits and not lane.travel and not snapshot.questions
        if paused and snapshot.next and not snapshot.errors:
            ids = {""}
        found |= {(thread.thread_id, ident, snapshot.checkpoint_id) for ident in ids}
    return found


def waits(workspace: Workspace) -> list[WaitingQuestion]:
    return list(workspace.inbox.page(limit=1000).questions)


def indexed(workspace: Workspace) -> set[Place]:
    """Return the index's rows as they stand, without what reading the inbox would make up for."""
    with workspace.inbox._database.read() as connection:
        rows = connection.execute(text("SELECT thread_id, interrupt_id, checkpoint_id FROM lab_waiting"))
        return {(thread_id, ident, checkpoint_id) for thread_id, ident, checkpoint_id in rows}
