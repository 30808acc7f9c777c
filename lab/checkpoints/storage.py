"""Where threads live: SQLite by default, memory, or PostgreSQL by URL."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from langgraph.checkpoint.serde.base import SerializerProtocol
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import StaticPool

from lab.checkpoints.memory_tables import MemoryTables
from lab.checkpoints.rows import OpenRows
from lab.checkpoints.savers import Readers, Saver, SummaryMemorySaver, SummaryPostgresSaver, SummarySqliteSaver
from lab.checkpoints.sql_dialects import POSTGRESQL, SQLITE
from lab.checkpoints.sql_tables import SqlTables
from lab.checkpoints.tables import CheckpointTables
from lab.database import (
    BUSY_TIMEOUT,
    Database,
    DiskReserve,
    Done,
    Kind,
    WholeCheck,
    connect,
    make_engine,
    make_pool,
    migrate,
    one_setup_at_a_time,
    prepare,
    read_address,
    set_up_tables,
)
from lab.errors import DamageFound
from lab.settings import Settings

INDEX = (
    "CREATE INDEX IF NOT EXISTS ck_meta ON checkpoints"
    "(thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata)"
)
"""Covers every listing of a history, which otherwise walks the blobs beside the metadata."""
SQLITE_INDEXES = (
    INDEX,
    # Questions and errors are few among all that tasks write.
    "CREATE INDEX IF NOT EXISTS lab_marks ON writes(thread_id, checkpoint_ns, checkpoint_id, channel) "
    "WHERE channel IN ('__interrupt__', '__error__')",
    # A subgraph's checkpoints, by the thread's checkpoint that they belong to; metadata may be damaged.
    "CREATE INDEX IF NOT EXISTS lab_inner ON checkpoints(thread_id, CASE WHEN json_valid(CAST(metadata AS TEXT)) "
    "THEN json_extract(CAST(metadata AS TEXT), '$.parents.\"\"') END) WHERE checkpoint_ns <> ''",
)


@dataclass(frozen=True)
class Storage:
    """An opened database: the checkpointer and the lab's own tables."""

    kind: Kind
    saver: Saver
    database: Database
    path: Path | None = None
    """Of the SQLite file."""
    check: WholeCheck | None = None
    """Of the whole SQLite file, while the lab is at work."""
    reserve: DiskReserve | None = None
    """Of the SQLite file's disk."""

    @cached_property
    def checkpoints(self) -> CheckpointTables:
        """The checkpointer's tables."""
        if isinstance(self.saver, SummaryMemorySaver):
            return MemoryTables(self.saver)
        return SqlTables(self.database, SQLITE if self.kind == "sqlite" else POSTGRESQL, self.saver)

    @contextmanager
    def open_for_writing(self) -> Iterator[OpenRows]:
        """Open a transaction that commits at the end of the block, or change nothing at all.

        In memory the saved rows take no part in it, so there the block has to change them last.
        """
        with self.database.begin() as connection:
            yield self.checkpoints.open_rows(connection, None)

    @contextmanager
    def open_for_reading(self, serde: SerializerProtocol | None = None) -> Iterator[OpenRows]:
        """Open the rows for reading alone; `serde` decodes the values in place of the checkpointer's own."""
        with self.database.read() as connection:
            yield self.checkpoints.open_rows(connection, serde)

    def making_room(self, act: Callable[[], Done]) -> Done:
        """Do what makes room, on a full disk too."""
        return act() if self.reserve is None else self.reserve.used(act)

    @property
    def damage(self) -> DamageFound | None:
        """What was found wrong with the database since it was opened; None while there is nothing."""
        return self.check.damage if self.check is not None else None


@contextmanager
def open_storage(settings: Settings) -> Iterator[Storage]:
    """Open the database of the settings and close it after the block.

    Raises UnusableDatabase, DamagedDatabase, NewerDatabase.
    """
    address = read_address(settings.database)
    with ExitStack() as stack:
        if address.kind == "memory":
            yield _memory(stack)
        elif address.kind == "postgresql":
            yield _postgresql(stack, address.url, settings.pool_size)
        else:
            yield _sqlite(stack, address.path)


def _memory(stack: ExitStack) -> Storage:
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
    )
    database = _database(stack, engine, engine, one_connection=True)
    with database.begin() as connection:
        migrate(connection)
    return Storage("memory", SummaryMemorySaver(database), database)


def _sqlite(stack: ExitStack, path: Path) -> Storage:
    prepare(path)
    connection = connect(path)
    # Closed last of all, for it takes the log beside the file in; one that only reads leaves it there.
    stack.callback(connection.close)
    url = URL.create("sqlite", database=str(path))
    writer, reader = (
        # Whatever an error says of a statement, it repeats no value of a visitor's.
        create_engine(url, connect_args={"timeout": BUSY_TIMEOUT}, hide_parameters=True)
        for _ in range(2)
    )
    _begin_immediate(writer)
    database = _database(stack, writer, reader, one_connection=False)
    with database.begin() as migrating:
        migrate(migrating)
    readers = Readers(partial(connect, path))
    stack.callback(readers.close)
    saver = SummarySqliteSaver(connection, readers)
    saver.setup()
    connection.execute("PRAGMA synchronous=NORMAL")
    for index in SQLITE_INDEXES:
        connection.execute(index)
    connection.commit()
    check = WholeCheck(path)
    stack.callback(check.close)
    reserve = DiskReserve(path)
    stack.callback(reserve.close)
    return Storage("sqlite", saver, database, path, check, reserve)


def _begin_immediate(engine: Engine) -> None:
    """Take the write lock at BEGIN: writers queue up, and none fails because its read turns into a write."""

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        # Some systems overwrite every page of what is deleted, for which a large thread needs its size in the log.
        connection.execute("PRAGMA secure_delete=FAST")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # Without the way through SQLAlchemy, which takes longer than the rest of a small transaction.
        connection.connection.driver_connection.execute("BEGIN IMMEDIATE")


def _postgresql(stack: ExitStack, url: str, pool_size: int) -> Storage:
    engine = make_engine(url, pool_size // 2)
    database = _database(stack, engine, engine, one_connection=False)
    with one_setup_at_a_time(url) as connection:
        with database.begin() as migrating:
            migrate(migrating)
        set_up_tables(connection)
    pool = stack.enter_context(make_pool(url, pool_size - pool_size // 2))
    return Storage("postgresql", SummaryPostgresSaver(pool), database)


def _database(stack: ExitStack, writer: Engine, reader: Engine, *, one_connection: bool) -> Database:
    stack.callback(writer.dispose)
    stack.callback(reader.dispose)
    return Database(writer, reader, one_connection=one_connection)
