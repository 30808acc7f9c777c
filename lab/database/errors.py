"""Which errors are the database's own, and what they say to whoever meets them."""

import sqlite3
from contextlib import AbstractContextManager

import psycopg
import sqlalchemy.exc
from psycopg_pool import PoolTimeout

from lab.errors import DamageFound, LabError, StorageUnavailable

_SQLITE_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
_SQLITE_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SQLITE_UNREACHABLE = (
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_NOMEM,
)

LOCKED = (
    "Another program holds the database locked, and waiting for it took too long. Nothing was changed. "
    "Close that program, or wait for its end, and try again."
)
FULL = (
    "The disk of the database is full. What was saved before can be read, and threads can be deleted. "
    "Make room on the disk, or delete threads, and try again."
)
LOST = (
    "PostgreSQL doesn't answer. What was saved before is safe. "
    "The lab connects again by itself: see that the server runs, and try again."
)
CROWDED = (
    "All connections to PostgreSQL are in use, or the server gives none. "
    "Wait for the end of some runs and try again, or start the lab with a larger LAB_POOL_SIZE."
)


DATABASE_ERRORS = (sqlite3.Error, psycopg.Error, sqlalchemy.exc.SQLAlchemyError)
"""All that a database's driver raises, whatever it's about."""


def kind_of(error: sqlite3.Error) -> int:
    """Return the primary code of an error of SQLite; 0 where it has none."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def is_locked(error: sqlite3.Error) -> bool:
    """Return whether SQLite gave up because somebody else holds a lock."""
    return kind_of(error) in _SQLITE_LOCKED


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether SQLite found the file itself at fault."""
    return kind_of(error) in _SQLITE_DAMAGED


def is_full(error: BaseException | None) -> bool:
    """Return whether there was no room left on the disk; ask the causes too."""
    while error is not None:
        if isinstance(error, sqlite3.Error) and kind_of(error) == sqlite3.SQLITE_FULL:
            return True
        if isinstance(error, psycopg.errors.DiskFull):
            return True
        error = error.__cause__
    return False


class _InWords:
    """A block's errors in words; it keeps nothing, so that one serves all, at each of a run's many transactions."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, DATABASE_ERRORS) and (worded := lab_error(error)) is not None:
            raise worded from error


_IN_WORDS = _InWords()


def in_words() -> AbstractContextManager[None]:
    """Raise what goes wrong with the database in the block as StorageUnavailable, in words; other errors stay."""
    return _IN_WORDS


def lab_error(error: BaseException) -> LabError | None:
    """Return what an error says of the database, in words; None where it's of another kind."""
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return StorageUnavailable(CROWDED)
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        return None if error.orig is None else lab_error(error.orig)
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    if isinstance(error, psycopg.Error):
        return _of_postgresql(error)
    return None


def _of_sqlite(error: sqlite3.Error) -> LabError | None:
    if is_locked(error):
        return StorageUnavailable(LOCKED)
    if kind_of(error) == sqlite3.SQLITE_FULL:
        return StorageUnavailable(FULL)
    if is_damage(error):
        return DamageFound(str(error))
    if kind_of(error) in _SQLITE_UNREACHABLE:
        return StorageUnavailable(
            f"The database file can't be read or written ({error}). What was saved before is as it was. "
            "See that the file, its folder and its disk are there and may be written, and try again."
        )
    return None


def _of_postgresql(error: psycopg.Error) -> LabError | None:
    if isinstance(error, psycopg.errors.DiskFull):
        return StorageUnavailable(FULL)
    if isinstance(error, PoolTimeout | psycopg.errors.TooManyConnections):
        return StorageUnavailable(CROWDED)
    if isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
        return StorageUnavailable(LOCKED)
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return StorageUnavailable(LOST)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return StorageUnavailable(
            "PostgreSQL refuses the lab's user what it needs: to make tables, and to read and write them. "
            "Give the user of LAB_DATABASE these rights, or name another one, and start again."
        )
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return StorageUnavailable(
            "PostgreSQL takes no changes at the moment: it is read-only. What was saved before can be read. "
            "Connect the lab to the server that writes, and try again."
        )
    return None
