"""Giving a SQLite file's free room back to the disk, and copying the file while it's in use."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from lab.checkpoints.storage import Storage
from lab.database import BUSY_TIMEOUT
from lab.errors import NotPossible


def compact(storage: Storage) -> int:
    """Give the room that deleted rows left behind to the disk and return how many bytes that was.

    Others who write have to wait until it's done. Raises NotPossible where the storage does so by itself, the
    database is in use, or the disk is too full.
    """
    path = _file(storage, "Compaction", "It gives room back by itself.")
    before = storage.checkpoints.storage_size().bytes
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        raise NotPossible(
            f"The database couldn't be compacted ({error}). Compaction needs it to itself and as much free disk as it "
            "is large. Nothing was changed. Wait until no thread is running, or make room, and try again."
        ) from error
    return before - storage.checkpoints.storage_size().bytes


def backup(storage: Storage, target: Path) -> int:
    """Copy the whole SQLite database to a new file while it's in use and return the file's size.

    Raises NotPossible on other storages, where the file exists, and where it can't be written.
    """
    path = _file(storage, "A backup to a file", "Use pg_dump for PostgreSQL; what is in memory can be exported.")
    if target.exists():
        raise NotPossible(f"There is a file '{target.name}' already, and a backup replaces none. Choose another name.")
    part = target.with_name(f"{target.name}.part")
    try:
        # For its owner alone, as the database itself.
        part.touch(mode=0o600)
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
        part.replace(target)
    except (sqlite3.Error, OSError) as error:
        raise NotPossible(
            f"The backup couldn't be written ({error}). The database itself is as it was. Choose a folder that exists "
            "and has room, and try again."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def _file(storage: Storage, what: str, instead: str) -> str:
    """Return the path of the SQLite file; raises NotPossible on other storages."""
    if storage.kind != "sqlite":
        raise NotPossible(f"{what} is for a SQLite file, and this lab keeps its threads in {storage.kind}. {instead}")
    with storage.database.read() as connection:
        rows = connection.execute(text("PRAGMA database_list")).all()
    return str(next(row[2] for row in rows if row[1] == "main"))
