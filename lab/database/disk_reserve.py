"""Room on the disk that is kept back: on a full one threads can still be deleted, which is how room is made."""

import fcntl
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from lab.database.errors import is_full
from lab.database.sqlite_file import connect
from lab.errors import StorageUnavailable

SIZE = 8 * 2**20
"""Bytes kept back: twice what SQLite's log grows to, which has to go into the file before a row can be deleted."""
WAIT = 2.0
"""Seconds that readers may keep the log from being taken in."""

Done = TypeVar("Done")


class DiskReserve:
    """A file beside the database that holds nothing but room; the last process that uses it deletes it."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = database.with_name(f"{database.name}-reserve")
        self._file: int | None = None
        # Without room for it there's none; the lab works all the same.
        with suppress(OSError):
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_SH)
            self._fill(self._file)

    def used(self, act: Callable[[], Done]) -> Done:
        """Do again, with the reserve's room, what failed for a full disk."""
        try:
            return act()
        except StorageUnavailable as error:
            if self._file is None or not is_full(error):
                raise
        os.ftruncate(self._file, 0)
        try:
            self._take_in()
            return act()
        finally:
            self._take_in()
            self._fill(self._file)

    def close(self) -> None:
        """Give the room back where no other process has the database open."""
        if self._file is None:
            return
        with suppress(OSError):
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._path.unlink()
        os.close(self._file)
        self._file = None

    def _take_in(self) -> None:
        """Put what is in the log into the file and return the log's room back, as far as nobody reads it."""
        # What it can't do now is told by what needs the room.
        with suppress(sqlite3.Error), closing(connect(self._database, timeout=WAIT)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @staticmethod
    def _fill(file: int) -> None:
        """Take as much of the room as there is."""
        for part in (1, 2, 4, 8):
            with suppress(OSError):
                os.posix_fallocate(file, 0, SIZE // part)
                return
            os.ftruncate(file, 0)
