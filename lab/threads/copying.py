"""Copy a thread with all its branches."""

import time
import uuid
from dataclasses import asdict, replace

from sqlalchemy import Connection, Table, insert, literal, select

from lab.checkpoints import Storage
from lab.database import EVENTS, NOTES, THREADS
from lab.errors import NotPossible
from lab.threads.table import Thread, titled

LARGEST_COPY = 2**30
"""Bytes of a thread that can be copied; others who write have to wait until it's done."""


def new_thread(like: Thread, title: str) -> Thread:
    """Make a thread of the same pattern, lane and model, with a random id and a session of its own."""
    now = time.time()
    ident, session = str(uuid.uuid4()), str(uuid.uuid4())
    return replace(like, thread_id=ident, session=session, title=titled(title), created=now, updated=now)


def copy_thread(storage: Storage, thread: Thread, title: str | None = None) -> Thread:
    """Copy a thread with all its branches to a random id; raises NotPossible where nothing or too much is saved.

    Its rows in the ledger, the outbox, the archive, the records and the faults stay with the original alone: they tell
    what really happened, and copying a thread charges nobody and sends nothing.
    """
    size = storage.checkpoints.thread_sizes([thread.thread_id])[thread.thread_id].bytes
    if size > LARGEST_COPY:
        raise NotPossible(
            f"The thread takes {size / 2**20:,.0f} MB, and at most {LARGEST_COPY / 2**20:,.0f} MB are copied, because "
            "all other threads wait meanwhile. Prune it first."
        )
    copied = new_thread(thread, f"{thread.title} (copy)" if title is None else title)
    with storage.open_for_writing() as opened:
        ids = [link.checkpoint_id for link in opened.rows.links(thread.thread_id) if link.namespace == ""]
        if not ids:
            raise nothing_saved()
        copied = replace(copied, inherited=ids[-1])
        opened.connection.execute(insert(THREADS).values(asdict(copied)))
        # The checkpoints keep their ids, which belong to the thread: from them are made the ids of the tasks and
        # questions that wait, and the names of subgraphs' namespaces.
        for table in (NOTES, EVENTS):
            _copy_rows(opened.connection, table, thread.thread_id, copied.thread_id)
        opened.rows.copy(thread.thread_id, copied.thread_id)
    return copied


def _copy_rows(connection: Connection, table: Table, source: str, target: str) -> None:
    """Give a copied thread the rows of its original."""
    others = [column for column in table.c if column.name != "thread_id"]
    query = select(literal(target), *others).where(table.c.thread_id == source)
    connection.execute(insert(table).from_select(["thread_id", *(column.name for column in others)], query))


def nothing_saved() -> NotPossible:
    """Say that a thread can't be kept because it has no checkpoint."""
    return NotPossible(
        "Nothing of this thread is saved: its lane has no checkpointer, or it never began. Only a thread with "
        "checkpoints can be copied, exported or pruned; choose another lane."
    )
