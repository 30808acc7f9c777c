"""How much room threads take, giving room back, and a copy of the whole database while it's in use."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from sqlalchemy import bindparam, text

from lab.checkpoints.storage import Storage
from lab.database import BUSY_TIMEOUT
from lab.errors import NotPossible


@dataclass(frozen=True, slots=True)
class ThreadSize:
    """What one thread takes of the storage."""

    checkpoints: int
    bytes: int
    """Of states, metadata and writes as they're stored, without indexes."""


@dataclass(frozen=True, slots=True)
class StorageSize:
    """What the whole database takes."""

    bytes: int
    free: int
    """Of these, bytes that deleted rows left behind and that compaction gives back; 0 where it does so by itself."""


_NONE = ThreadSize(0, 0)
_CHUNK = 500
"""Threads that one query asks for; a statement takes a limited number of values."""

# The length of a blob is in the head of its row: no state is read for it.
_SQLITE = (
    "SELECT thread_id, count(*), total(length(checkpoint)) + total(length(metadata)) FROM checkpoints "
    "WHERE thread_id IN :threads GROUP BY thread_id",
    "SELECT thread_id, 0, total(length(value)) FROM writes WHERE thread_id IN :threads GROUP BY thread_id",
)
_POSTGRESQL = (
    "SELECT thread_id, count(*), sum(pg_column_size(checkpoint) + pg_column_size(metadata)) FROM checkpoints "
    "WHERE thread_id IN :threads GROUP BY thread_id",
    "SELECT thread_id, 0, sum(pg_column_size(blob)) FROM checkpoint_writes "
    "WHERE thread_id IN :threads GROUP BY thread_id",
    "SELECT thread_id, 0, sum(coalesce(pg_column_size(blob), 0)) FROM checkpoint_blobs "
    "WHERE thread_id IN :threads GROUP BY thread_id",
)


def thread_sizes(storage: Storage, thread_ids: Sequence[str]) -> dict[str, ThreadSize]:
    """Return the sizes of these threads, readable or not; one of which nothing is saved has size 0."""
    if isinstance(storage.saver, InMemorySaver):
        return _in_memory(storage.saver, thread_ids)
    found = dict.fromkeys(thread_ids, _NONE)
    with storage.database.read() as connection:
        for start in range(0, len(thread_ids), _CHUNK):
            chunk = {"threads": list(thread_ids[start : start + _CHUNK])}
            for query in _SQLITE if storage.kind == "sqlite" else _POSTGRESQL:
                asked = text(query).bindparams(bindparam("threads", expanding=True))
                for thread_id, checkpoints, size in connection.execute(asked, chunk):
                    was = found[thread_id]
                    found[thread_id] = ThreadSize(was.checkpoints + checkpoints, was.bytes + int(size or 0))
    return found


def _in_memory(saver: InMemorySaver, thread_ids: Sequence[str]) -> dict[str, ThreadSize]:
    counts = dict.fromkeys(thread_ids, 0)
    sizes = dict.fromkeys(thread_ids, 0)
    for thread_id in thread_ids:
        for checkpoints in list(saver.storage.get(thread_id, {}).values()):
            counts[thread_id] += len(checkpoints)
            sizes[thread_id] += sum(len(state[1]) + len(noted[1]) for state, noted, _ in list(checkpoints.values()))
    for key, writes in list(saver.writes.items()):
        if key[0] in sizes:
            sizes[key[0]] += sum(len(value[1]) for _, _, value, _ in list(writes.values()))
    for name, blob in list(saver.blobs.items()):
        if name[0] in sizes:
            sizes[name[0]] += len(blob[1])
    return {thread_id: ThreadSize(counts[thread_id], sizes[thread_id]) for thread_id in thread_ids}


def storage_size(storage: Storage) -> StorageSize:
    """Return the size of the whole database, of all workspaces."""
    if isinstance(storage.saver, InMemorySaver):
        sizes = _in_memory(storage.saver, list(storage.saver.storage)).values()
        return StorageSize(sum(size.bytes for size in sizes), 0)
    if storage.kind == "postgresql":
        return StorageSize(_number(storage, "SELECT pg_database_size(current_database())"), 0)
    page = _number(storage, "PRAGMA page_size")
    free = page * _number(storage, "PRAGMA freelist_count")
    return StorageSize(page * _number(storage, "PRAGMA page_count"), free)


def _number(storage: Storage, query: str) -> int:
    with storage.database.read() as connection:
        return int(connection.execute(text(query)).scalar_one())


def compact(storage: Storage) -> int:
    """Return the room that deleted rows left behind back to the disk and tell how many bytes that was.

    Others who write have to wait until it's done. Raises NotPossible where the storage does so by itself, the
    database is in use, or the disk is too full.
    """
    path = _file(storage, "Compaction", "It gives room back by itself.")
    before = storage_size(storage).bytes
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        raise NotPossible(
            f"The database couldn't be compacted ({error}). Compaction needs it to itself and as much free disk as it "
            "is large. Nothing was changed. Wait until no thread is running, or make room, and try again."
        ) from error
    return before - storage_size(storage).bytes


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
        rows: Sequence[Any] = connection.execute(text("PRAGMA database_list")).all()
    return str(next(row[2] for row in rows if row[1] == "main"))
