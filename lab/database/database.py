"""Short transactions on the lab's own tables, and who may still write in them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import Connection, Engine

from lab.database.errors import in_words


class Database:
    """Short transactions on the lab's own tables."""

    def __init__(self, writer: Engine, reader: Engine, *, one_connection: bool) -> None:
        self._writer = writer
        self._reader = reader
        self._own = threading.local()
        # An in-memory SQLite database is one connection, which two threads can't use at once.
        self._guard = threading.RLock() if one_connection else nullcontext()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a transaction that commits at the end of the block."""
        with self._guard, in_words(), self._writer.begin() as connection:
            outer, self._own.connection = getattr(self._own, "connection", None), connection
            try:
                yield connection
            finally:
                self._own.connection = outer

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection that only reads and wait for no writer."""
        own = getattr(self._own, "connection", None) if self._writer is self._reader else None
        # Who reads in the middle of its own transaction waits for no second connection, of which there may be none.
        with in_words(), self._guard, nullcontext(own) if own is not None else self._reader.connect() as connection:
            yield connection


Guard = Callable[[str], None]
"""Raises where this process may write no more for a thread."""


def unguarded(_: str) -> None:
    """Let everybody write, where no other process can be at work."""
