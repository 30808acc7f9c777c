"""Delete a thread with all that was saved of it."""

from sqlalchemy import delete

from lab.checkpoints import Storage
from lab.database import METADATA


def delete_thread(storage: Storage, thread_id: str) -> None:
    """Delete a thread with its checkpoints, its business rows and its line in the list, readable or not."""
    with storage.open_for_writing() as opened:
        for table in reversed(METADATA.sorted_tables):
            if "thread_id" in table.c:
                opened.connection.execute(delete(table).where(table.c.thread_id == thread_id))
        opened.saver.delete_thread(thread_id)
