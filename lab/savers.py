"""The library's checkpointers, each of which also notes what it saves."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from sqlite3 import Connection, Cursor

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import insert

from lab.noting import Noting
from lab.tables import NOTES, Database

_KEEP = (
    "INSERT OR REPLACE INTO lab_notes VALUES (:thread_id, :checkpoint_ns, :checkpoint_id, :ran, :next, :changed, :text)"
)


class NotingMemory(Noting, InMemorySaver):
    """Keeps threads in memory, and notes them."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def keep(self, row: Mapping[str, str]) -> None:
        """Saves a note in the lab's own tables."""
        with self._database.begin() as connection:
            connection.execute(insert(NOTES).prefix_with("OR REPLACE"), dict(row))


class NotingSqlite(Noting, SqliteSaver):
    """Keeps threads in a SQLite file, and notes them."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        # Several threads save at once, each of which has its own note to bring along.
        self._due = threading.local()

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[Cursor]:
        """Gives a cursor; what is written with it commits together with the note that's due."""
        with super().cursor(transaction) as cursor:
            yield cursor
            if transaction and (row := getattr(self._due, "row", None)) is not None:
                cursor.execute(_KEEP, row)

    def keep(self, row: Mapping[str, str]) -> None:
        """Saves a note over the checkpointer's own connection."""
        with self.cursor() as cursor:
            cursor.execute(_KEEP, dict(row))

    @contextmanager
    def keeping(self, row: Mapping[str, str]) -> Iterator[None]:
        """Saves a note in the transaction of what the block saves, which costs one commit less."""
        self._due.row = row
        try:
            yield
        finally:
            self._due.row = None


class NotingPostgres(Noting, PostgresSaver):
    """Keeps threads in PostgreSQL, and notes them."""

    def keep(self, row: Mapping[str, str]) -> None:
        """Saves a note over a connection of the checkpointer's pool."""
        with self._cursor() as cursor:
            cursor.execute(
                "INSERT INTO lab_notes VALUES (%(thread_id)s, %(checkpoint_ns)s, %(checkpoint_id)s, %(ran)s, %(next)s, "
                "%(changed)s, %(text)s) ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id) DO UPDATE SET "
                "ran = EXCLUDED.ran, next = EXCLUDED.next, changed = EXCLUDED.changed, text = EXCLUDED.text",
                dict(row),
            )


Saver = NotingMemory | NotingSqlite | NotingPostgres
