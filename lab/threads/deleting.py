"""Delete a thread with all that was saved of it."""

from sqlalchemy import delete, select

from lab.checkpoints import Storage
from lab.database import DECISIONS, METADATA, THREADS


def delete_thread(storage: Storage, thread_id: str) -> None:
    """Delete a thread with its checkpoints, its business rows and its line in the list, readable or not.

    What people decided in it stays in the record.
    """
    with storage.open_for_writing() as opened:
        # First of all, for who claims a thread looks at it first too; in another order each could wait for the other.
        opened.connection.execute(select(THREADS).where(THREADS.c.thread_id == thread_id).with_for_update())
        for table in reversed(METADATA.sorted_tables):
            if "thread_id" in table.c and table is not DECISIONS:
                opened.connection.execute(delete(table).where(table.c.thread_id == thread_id))
        opened.saver.delete_thread(thread_id)
