"""A thread's saved rows, for SQLite, PostgreSQL and memory alike, inside one transaction of the lab's own tables."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from sqlite3 import Cursor
from typing import Any, NamedTuple, Protocol

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import Connection, TableClause, bindparam, column, delete, func, insert, literal, select, table, text

from lab.checkpoints.index import metadata
from lab.checkpoints.savers import ExactPostgres
from lab.checkpoints.storage import Storage

NULL_TASK_ID = "00000000-0000-0000-0000-000000000000"
"""No task's: by it the library adds to the state of a checkpoint itself."""


class Link(NamedTuple):
    """A checkpoint without its state."""

    namespace: str
    checkpoint_id: str
    parent_id: str | None
    metadata: Mapping[str, Any]
    """Empty where it can't be read."""


class Write(NamedTuple):
    """What a task wrote to one channel, or left behind: an error, a question, an answer."""

    task_id: str
    task_path: str
    number: int
    channel: str
    kind: str
    """How the value is serialised."""
    data: bytes


class Rows(Protocol):
    """A thread's rows as the checkpointer keeps them; no state is decoded here."""

    def links(self, thread_id: str) -> list[Link]:
        """Return all checkpoints of all namespaces in the order of writing."""
        ...

    def writes(self, thread_id: str, namespace: str, checkpoint_id: str) -> list[Write]:
        """Return what the tasks of a checkpoint wrote."""
        ...

    def add_writes(self, thread_id: str, namespace: str, checkpoint_id: str, writes: Sequence[Write]) -> None:
        """Add what the tasks of a checkpoint wrote."""
        ...

    def count_writes(self, thread_id: str) -> int:
        """Count what all tasks of a thread wrote."""
        ...

    def copy(self, source: str, target: str) -> None:
        """Copy all rows of a thread to another id."""
        ...

    def drop(self, thread_id: str, gone: Sequence[Link]) -> None:
        """Delete checkpoints with their writes, and the values that no other checkpoint of the thread refers to."""
        ...

    def drop_task_writes(self, thread_id: str, ids: Collection[str]) -> None:
        """Delete what the tasks of the thread's own checkpoints wrote, but not what belongs to the state there."""
        ...


@dataclass(frozen=True, slots=True)
class OpenRows:
    """A thread's saved rows and the lab's tables, in one transaction."""

    connection: Connection
    saver: BaseCheckpointSaver[Any]
    """Reads and writes in this transaction."""
    rows: Rows


@contextmanager
def open_for_writing(storage: Storage) -> Iterator[OpenRows]:
    """Open a transaction that commits at the end of the block, or change nothing at all.

    In memory the saved rows take no part in it, so there the block has to change them last.
    """
    with storage.database.begin() as connection:
        yield _open(storage, connection, None)


@contextmanager
def open_for_reading(storage: Storage, serde: SerializerProtocol | None = None) -> Iterator[OpenRows]:
    """Open the rows for reading alone; `serde` decodes the values in place of the checkpointer's own."""
    with storage.database.read() as connection:
        yield _open(storage, connection, serde)


def _open(storage: Storage, connection: Connection, serde: SerializerProtocol | None) -> OpenRows:
    if isinstance(storage.saver, InMemorySaver):
        return OpenRows(connection, _twin(storage.saver, serde), _MemoryRows(storage.saver))
    rows = _SqlRows(connection, storage.kind)
    driver: Any = connection.connection.driver_connection
    if storage.kind == "sqlite":
        return OpenRows(connection, _Joined(driver, serde=serde), rows)
    return OpenRows(connection, ExactPostgres(driver, serde=serde), rows)


def _twin(saver: InMemorySaver, serde: SerializerProtocol | None) -> InMemorySaver:
    """Return a checkpointer of the same memory that decodes otherwise, and that notes nothing as it saves."""
    twin = InMemorySaver(serde=serde or saver.serde)
    twin.storage, twin.writes, twin.blobs = saver.storage, saver.writes, saver.blobs
    return twin


class _Joined(SqliteSaver):
    """A SQLite checkpointer inside a transaction that somebody else began and ends."""

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[Cursor]:
        """Return a cursor; the library's own would make its tables and commit."""
        cursor = self.conn.cursor()
        try:
            yield cursor
        finally:
            cursor.close()


def _table(name: str, columns: str) -> TableClause:
    return table(name, *map(column, columns.split()))


_KEY = "thread_id checkpoint_ns checkpoint_id"
_CHECKPOINTS = _table("checkpoints", f"{_KEY} parent_checkpoint_id type checkpoint metadata")
_WRITES = {
    "sqlite": _table("writes", f"{_KEY} task_id task_path idx channel type value"),
    "postgresql": _table("checkpoint_writes", f"{_KEY} task_id task_path idx channel type blob"),
}
_BLOBS = _table("checkpoint_blobs", "thread_id checkpoint_ns channel version type blob")
"""PostgreSQL keeps each version of a channel's value once; SQLite keeps them all in each checkpoint."""
_UNUSED_BLOBS = text(
    # By EXCEPT, because a join of a thread's blobs with its checkpoints may be planned as a product of the two.
    "DELETE FROM checkpoint_blobs AS blob USING ("
    "SELECT checkpoint_ns, channel, version FROM checkpoint_blobs WHERE thread_id = :thread EXCEPT "
    "SELECT kept.checkpoint_ns, used.key, used.value FROM checkpoints AS kept "
    "CROSS JOIN LATERAL jsonb_each_text(kept.checkpoint -> 'channel_versions') AS used "
    "WHERE kept.thread_id = :thread) AS gone "
    "WHERE blob.thread_id = :thread AND blob.checkpoint_ns = gone.checkpoint_ns "
    "AND blob.channel = gone.channel AND blob.version = gone.version"
)


class _SqlRows:
    def __init__(self, connection: Connection, kind: str) -> None:
        self._connection = connection
        self._kind = kind
        self._writes = _WRITES[kind]

    def links(self, thread_id: str) -> list[Link]:
        found = _CHECKPOINTS.c
        query = select(found.checkpoint_ns, found.checkpoint_id, found.parent_checkpoint_id, found.metadata)
        query = query.where(found.thread_id == thread_id).order_by(found.checkpoint_id)
        return [Link(row[0], row[1], row[2], metadata(row[3])) for row in self._connection.execute(query)]

    def writes(self, thread_id: str, namespace: str, checkpoint_id: str) -> list[Write]:
        found = list(self._writes.c)
        query = select(*found[3:]).where(found[0] == thread_id, found[1] == namespace, found[2] == checkpoint_id)
        query = query.order_by(self._writes.c.task_path, self._writes.c.task_id, self._writes.c.idx)
        return [Write._make((*row[:5], bytes(row[5]))) for row in self._connection.execute(query)]

    def add_writes(self, thread_id: str, namespace: str, checkpoint_id: str, writes: Sequence[Write]) -> None:
        names = [found.name for found in self._writes.c]
        if writes:
            values = [dict(zip(names, (thread_id, namespace, checkpoint_id, *write), strict=True)) for write in writes]
            self._connection.execute(insert(self._writes), values)

    def count_writes(self, thread_id: str) -> int:
        query = select(func.count()).select_from(self._writes).where(self._writes.c.thread_id == thread_id)
        return int(self._connection.execute(query).scalar_one())

    def copy(self, source: str, target: str) -> None:
        for rows in (_CHECKPOINTS, self._writes, *([_BLOBS] if self._kind == "postgresql" else [])):
            others = [found for found in rows.c if found.name != "thread_id"]
            query = select(literal(target), *others).where(rows.c.thread_id == source)
            self._connection.execute(insert(rows).from_select(["thread_id", *(one.name for one in others)], query))

    def drop(self, thread_id: str, gone: Sequence[Link]) -> None:
        keys = [{"thread": thread_id, "namespace": link.namespace, "ident": link.checkpoint_id} for link in gone]
        for rows in (self._writes, _CHECKPOINTS) if keys else ():
            where = (
                rows.c.thread_id == bindparam("thread"),
                rows.c.checkpoint_ns == bindparam("namespace"),
                rows.c.checkpoint_id == bindparam("ident"),
            )
            self._connection.execute(delete(rows).where(*where), keys)
        if keys and self._kind == "postgresql":
            self._connection.execute(_UNUSED_BLOBS, {"thread": thread_id})

    def drop_task_writes(self, thread_id: str, ids: Collection[str]) -> None:
        found = self._writes.c
        where = (found.thread_id == thread_id, found.checkpoint_ns == "", found.task_id != NULL_TASK_ID)
        if ids:
            query = delete(self._writes).where(*where, found.checkpoint_id == bindparam("ident"))
            self._connection.execute(query, [{"ident": ident} for ident in ids])


class _MemoryRows:
    def __init__(self, saver: InMemorySaver) -> None:
        self._saver = saver

    def links(self, thread_id: str) -> list[Link]:
        spaces = self._saver.storage.get(thread_id, {})
        found = [
            Link(namespace, ident, parent, self._saver.serde.loads_typed(metadata))
            for namespace, checkpoints in list(spaces.items())
            for ident, (_, metadata, parent) in list(checkpoints.items())
        ]
        return sorted(found, key=lambda link: link.checkpoint_id)

    def writes(self, thread_id: str, namespace: str, checkpoint_id: str) -> list[Write]:
        found = self._saver.writes.get((thread_id, namespace, checkpoint_id), {})
        given = [
            Write(task_id, path, number, channel, *value)
            for (task_id, number), (_, channel, value, path) in list(found.items())
        ]
        return sorted(given, key=lambda write: (write.task_path, write.task_id, write.number))

    def add_writes(self, thread_id: str, namespace: str, checkpoint_id: str, writes: Sequence[Write]) -> None:
        for write in writes:
            value = (write.task_id, write.channel, (write.kind, write.data), write.task_path)
            self._saver.writes[thread_id, namespace, checkpoint_id][write.task_id, write.number] = value

    def count_writes(self, thread_id: str) -> int:
        return sum(len(found) for key, found in list(self._saver.writes.items()) if key[0] == thread_id)

    def copy(self, source: str, target: str) -> None:
        # The bytes themselves never change, so that the copy may share them.
        for namespace, checkpoints in list(self._saver.storage.get(source, {}).items()):
            self._saver.storage[target][namespace] = dict(checkpoints)
        for key, found in list(self._saver.writes.items()):
            if key[0] == source:
                self._saver.writes[target, key[1], key[2]] = dict(found)
        for name, value in list(self._saver.blobs.items()):
            if name[0] == source:
                self._saver.blobs[target, *name[1:]] = value

    def drop(self, thread_id: str, gone: Sequence[Link]) -> None:
        spaces = self._saver.storage.get(thread_id, {})
        for link in gone:
            self._saver.writes.pop((thread_id, link.namespace, link.checkpoint_id), None)
            spaces[link.namespace].pop(link.checkpoint_id)
        used = {
            (thread_id, namespace, *version)
            for namespace, checkpoints in spaces.items()
            for checkpoint, _, _ in checkpoints.values()
            for version in self._saver.serde.loads_typed(checkpoint)["channel_versions"].items()
        }
        for name in [name for name in list(self._saver.blobs) if name[0] == thread_id and name not in used]:
            del self._saver.blobs[name]

    def drop_task_writes(self, thread_id: str, ids: Collection[str]) -> None:
        for ident in ids:
            found = self._saver.writes.get((thread_id, "", ident), {})
            for key in [key for key in found if key[0] != NULL_TASK_ID]:
                del found[key]
