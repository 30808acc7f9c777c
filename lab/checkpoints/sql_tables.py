"""The tables of SQLite's and PostgreSQL's checkpointers."""

from collections.abc import Collection, Sequence
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, text

from lab.checkpoints.id_queries import by_ids, rows_by_ids
from lab.checkpoints.index import IndexRow, Marks, index_row, outer_id, read_metadata
from lab.checkpoints.rows import MARKS, NULL_TASK_ID, Link, OpenRows, Write, readable_value
from lab.checkpoints.sizes import StorageSize, ThreadSize
from lab.checkpoints.sql_dialects import CHECKPOINTS, Dialect
from lab.database import Database

_NEWEST = text("SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = :thread AND checkpoint_ns = ''")
_NEWEST_OF_EACH = by_ids(
    "SELECT thread_id, max(checkpoint_id) FROM checkpoints WHERE thread_id IN :ids AND checkpoint_ns = '' "
    "GROUP BY thread_id"
)
_COUNT = text("SELECT count(*) FROM checkpoints WHERE thread_id = :thread AND checkpoint_ns = ''")
_ROWS = text(
    "SELECT checkpoint_id, parent_checkpoint_id, metadata FROM checkpoints WHERE thread_id = :thread "
    "AND checkpoint_ns = :namespace ORDER BY checkpoint_id"
)


class SqlTables:
    """The `CheckpointTables` of a database, whose values the checkpointer decodes."""

    def __init__(self, database: Database, dialect: Dialect, saver: BaseCheckpointSaver[Any]) -> None:
        self._database = database
        self._dialect = dialect
        self._saver = saver

    def newest_id(self, thread_id: str) -> str:
        with self._database.read() as connection:
            return connection.execute(_NEWEST, {"thread": thread_id}).scalar_one() or ""

    def newest_ids(self, thread_ids: Collection[str]) -> dict[str, str]:
        rows = rows_by_ids(self._database, _NEWEST_OF_EACH, thread_ids)
        return {str(thread_id): str(newest) for thread_id, newest in rows}

    def count(self, thread_id: str) -> int:
        with self._database.read() as connection:
            return int(connection.execute(_COUNT, {"thread": thread_id}).scalar_one())

    def index_rows(self, thread_id: str, namespace: str = "") -> list[IndexRow]:
        with self._database.read() as connection:
            rows = connection.execute(_ROWS, {"thread": thread_id, "namespace": namespace}).all()
        return [index_row(ident, parent, namespace, read_metadata(raw)) for ident, parent, raw in rows]

    def index_rows_by_id(self, thread_id: str, ids: Collection[str]) -> dict[str, IndexRow]:
        rows = rows_by_ids(self._database, self._dialect.index_rows_by_id, ids, thread=thread_id, namespace="")
        return {ident: index_row(ident, parent, "", read_metadata(raw)) for ident, parent, raw in rows}

    def subgraph_rows(self, thread_id: str, ids: Collection[str]) -> dict[str, list[IndexRow]]:
        by_caller: dict[str, list[IndexRow]] = {}
        rows = rows_by_ids(self._database, self._dialect.subgraph_rows, ids, thread=thread_id)
        for namespace, ident, parent, raw in rows:
            metadata = read_metadata(raw)
            by_caller.setdefault(metadata["parents"][""], []).append(index_row(ident, parent, namespace, metadata))
        return by_caller

    def calling_id(self, thread_id: str, namespace: str, checkpoint_id: str) -> str | None:
        query = self._dialect.index_rows_by_id
        rows = rows_by_ids(self._database, query, [checkpoint_id], thread=thread_id, namespace=namespace)
        return next((outer_id(read_metadata(raw)) for _, _, raw in rows), None)

    def task_marks(self, thread_id: str, namespace: str = "") -> Marks:
        with self._database.read() as connection:
            rows = connection.execute(self._dialect.task_marks, {"thread": thread_id, "namespace": namespace}).all()
        asked, failed = (frozenset(ident for ident, channel in rows if channel == mark) for mark in MARKS)
        return Marks(asked, failed)

    def marked_writes(
        self, thread_id: str, ids: Collection[str], namespace: str = ""
    ) -> dict[str, list[tuple[str, Any]]]:
        marked: dict[str, list[tuple[str, Any]]] = {}
        rows = rows_by_ids(self._database, self._dialect.marked_writes, ids, thread=thread_id, namespace=namespace)
        for ident, channel, kind, data in rows:
            marked.setdefault(ident, []).append((channel, readable_value(self._saver.serde, kind, data)))
        return marked

    def state_sizes(self, thread_id: str, ids: Collection[str], namespace: str = "") -> dict[str, int]:
        rows = rows_by_ids(self._database, self._dialect.state_sizes, ids, thread=thread_id, namespace=namespace)
        return {ident: int(size or 0) for ident, size in rows}

    def thread_sizes(self, thread_ids: Sequence[str]) -> dict[str, ThreadSize]:
        sizes = dict.fromkeys(thread_ids, ThreadSize(0, 0))
        for query in self._dialect.thread_sizes:
            for thread_id, checkpoints, size in rows_by_ids(self._database, query, thread_ids):
                before = sizes[thread_id]
                sizes[thread_id] = ThreadSize(before.checkpoints + checkpoints, before.bytes + int(size or 0))
        return sizes

    def storage_size(self) -> StorageSize:
        with self._database.read() as connection:
            size, free = connection.execute(self._dialect.storage_size).one()
        return StorageSize(size, free)

    def open_rows(self, connection: Connection, serde: SerializerProtocol | None) -> OpenRows:
        saver = self._dialect.saver(connection.connection.driver_connection, serde)
        return OpenRows(connection, saver, SqlRows(connection, self._dialect))

    def discard(self, thread_id: str) -> None:
        """Do nothing: the rollback left no row."""


class SqlRows:
    """The `ThreadRows` of a database, over a connection inside its transaction."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect
        self._writes = dialect.writes

    def links(self, thread_id: str) -> list[Link]:
        columns = CHECKPOINTS.c
        query = select(columns.checkpoint_ns, columns.checkpoint_id, columns.parent_checkpoint_id, columns.metadata)
        query = query.where(columns.thread_id == thread_id).order_by(columns.checkpoint_id)
        return [Link(row[0], row[1], row[2], read_metadata(row[3])) for row in self._connection.execute(query)]

    def writes(self, thread_id: str, namespace: str, checkpoint_id: str) -> list[Write]:
        columns = list(self._writes.c)
        query = select(*columns[3:])
        query = query.where(columns[0] == thread_id, columns[1] == namespace, columns[2] == checkpoint_id)
        query = query.order_by(self._writes.c.task_path, self._writes.c.task_id, self._writes.c.idx)
        return [Write._make((*row[:5], bytes(row[5]))) for row in self._connection.execute(query)]

    def add_writes(self, thread_id: str, namespace: str, checkpoint_id: str, writes: Sequence[Write]) -> None:
        names = [column.name for column in self._writes.c]
        if writes:
            values = [dict(zip(names, (thread_id, namespace, checkpoint_id, *write), strict=True)) for write in writes]
            self._connection.execute(insert(self._writes), values)

    def count_writes(self, thread_id: str) -> int:
        query = select(func.count()).select_from(self._writes).where(self._writes.c.thread_id == thread_id)
        return int(self._connection.execute(query).scalar_one())

    def copy(self, source: str, target: str) -> None:
        values = self._dialect.values
        for table in (CHECKPOINTS, self._writes, *([] if values is None else [values])):
            others = [column for column in table.c if column.name != "thread_id"]
            query = select(literal(target), *others).where(table.c.thread_id == source)
            self._connection.execute(insert(table).from_select(["thread_id", *(one.name for one in others)], query))

    def drop(self, thread_id: str, gone: Sequence[Link]) -> None:
        keys = [{"thread": thread_id, "namespace": link.namespace, "ident": link.checkpoint_id} for link in gone]
        if not keys:
            return
        for table in (self._writes, CHECKPOINTS):
            where = (
                table.c.thread_id == bindparam("thread"),
                table.c.checkpoint_ns == bindparam("namespace"),
                table.c.checkpoint_id == bindparam("ident"),
            )
            self._connection.execute(delete(table).where(*where), keys)
        if self._dialect.drop_unused_values is not None:
            self._connection.execute(self._dialect.drop_unused_values, {"thread": thread_id})

    def drop_task_writes(self, thread_id: str, ids: Collection[str]) -> None:
        columns = self._writes.c
        where = (columns.thread_id == thread_id, columns.checkpoint_ns == "", columns.task_id != NULL_TASK_ID)
        if ids:
            query = delete(self._writes).where(*where, columns.checkpoint_id == bindparam("ident"))
            self._connection.execute(query, [{"ident": ident} for ident in ids])
