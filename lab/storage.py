"""Where threads live: SQLite by default, memory, or PostgreSQL by URL."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, LiteralString
from urllib.parse import quote

from langgraph.checkpoint.postgres import PostgresSaver
from psycopg import Connection as PsycopgConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import StaticPool

from lab.errors import DamagedDatabase, NotPossible
from lab.migrations import migrate
from lab.savers import NotingMemory, NotingPostgres, NotingSqlite, Saver
from lab.settings import Settings
from lab.tables import Database

Kind = Literal["sqlite", "memory", "postgresql"]

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
POSTGRESQL_INDEXES = (
    "CREATE INDEX IF NOT EXISTS lab_marks ON checkpoint_writes(thread_id, checkpoint_ns, checkpoint_id, channel) "
    "WHERE channel IN ('__interrupt__', '__error__')",
    "CREATE INDEX IF NOT EXISTS lab_inner ON checkpoints(thread_id, (metadata -> 'parents' ->> '')) "
    "WHERE checkpoint_ns <> ''",
)
_SETUP = 0x6C616220
"""Names the advisory lock under which tables are made."""
BUSY_TIMEOUT = 30.0
"""Seconds that a writer waits for another one's transaction."""


@dataclass(frozen=True, slots=True)
class Storage:
    """An opened database: the checkpointer and the lab's own tables."""

    kind: Kind
    saver: Saver
    database: Database


@contextmanager
def open_storage(settings: Settings) -> Iterator[Storage]:
    """Opens the database of the settings and closes it after the block; raises DamagedDatabase."""
    with ExitStack() as stack:
        if settings.database == "memory":
            yield _memory(stack)
        elif settings.database.startswith(("postgresql://", "postgres://")):
            yield _postgresql(stack, settings)
        else:
            yield _sqlite(stack, Path(settings.database))


def _memory(stack: ExitStack) -> Storage:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    database = _database(stack, engine, engine, one_connection=True)
    with database.begin() as connection:
        migrate(connection)
    return Storage("memory", NotingMemory(database), database)


def _sqlite(stack: ExitStack, path: Path) -> Storage:
    path.parent.mkdir(parents=True, exist_ok=True)
    _check(path)
    connection = sqlite3.connect(path, check_same_thread=False, timeout=BUSY_TIMEOUT)
    stack.callback(connection.close)
    # Not inside a transaction, where it can't be changed.
    connection.execute("PRAGMA journal_mode=WAL")
    url = URL.create("sqlite", database=str(path))
    writer = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT})
    _begin_immediate(writer)
    reader = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT})
    database = _database(stack, writer, reader, one_connection=False)
    with database.begin() as migrating:
        migrate(migrating)
    saver = NotingSqlite(connection)
    saver.setup()
    connection.execute("PRAGMA synchronous=NORMAL")
    for index in SQLITE_INDEXES:
        connection.execute(index)
    connection.commit()
    return Storage("sqlite", saver, database)


def _check(path: Path) -> None:
    """Refuses a file that SQLite itself finds damaged; a missing or empty one is new."""
    if not path.exists() or path.stat().st_size == 0:
        return
    # Without a log beside it the file is all there is, and opening it as immutable leaves no new files beside it.
    alone = not path.with_name(f"{path.name}-wal").exists()
    address = f"file:{quote(str(path))}?mode=ro{'&immutable=1' if alone else ''}"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT)
    try:
        findings = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        raise DamagedDatabase(str(path), str(error)) from error
    finally:
        connection.close()
    if findings != ["ok"]:
        raise DamagedDatabase(str(path), str(findings[0]).splitlines()[0])


def _begin_immediate(engine: Engine) -> None:
    """Takes the write lock at BEGIN: writers queue up, and none fails because its read turns into a write."""

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql(stack: ExitStack, settings: Settings) -> Storage:
    kwargs: Mapping[str, Any] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    pool: ConnectionPool[PsycopgConnection[DictRow]] = ConnectionPool(
        settings.database,
        min_size=1,
        max_size=settings.pool_size,
        kwargs=dict(kwargs),
        check=ConnectionPool.check_connection,
        open=False,
    )
    url = make_url(settings.database).set(drivername="postgresql+psycopg")
    engine = create_engine(url, pool_size=settings.pool_size, pool_pre_ping=True)
    database = _database(stack, engine, engine, one_connection=False)
    with _alone(settings.database) as connection:
        with database.begin() as migrating:
            migrate(migrating)
        PostgresSaver(connection).setup()
        for index in POSTGRESQL_INDEXES:
            connection.execute(index)
    stack.enter_context(pool)
    return Storage("postgresql", NotingPostgres(pool), database)


@contextmanager
def _alone(url: str) -> Iterator[PsycopgConnection[DictRow]]:
    """Gives a connection while no other process makes tables; two at once would meet in the server's catalogue."""
    with PsycopgConnection.connect(url, autocommit=True, prepare_threshold=0, row_factory=dict_row) as connection:
        deadline = time.monotonic() + BUSY_TIMEOUT
        # Asked again and again: whoever waits inside the server holds a snapshot, and the checkpointer's own indexes
        # wait for the end of every snapshot.
        while not _is_true(connection, "SELECT pg_try_advisory_lock(%s)"):
            if time.monotonic() > deadline:
                raise NotPossible(
                    "Another process has been making the tables of this PostgreSQL database for too long. Wait for its "
                    "end, or end it, and start again."
                )
            time.sleep(0.02)
        try:
            yield connection
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_SETUP,))


def _is_true(connection: PsycopgConnection[DictRow], query: LiteralString) -> bool:
    found = connection.execute(query, (_SETUP,)).fetchone()
    return found is not None and next(iter(found.values())) is True


def _database(stack: ExitStack, writer: Engine, reader: Engine, *, one_connection: bool) -> Database:
    stack.callback(writer.dispose)
    stack.callback(reader.dispose)
    return Database(writer, reader, one_connection=one_connection)
