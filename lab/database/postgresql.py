"""PostgreSQL: reaching the server in a short time or saying why not, and making its tables one process at a time."""

import math
import queue
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import QueuePool

from lab.errors import UnusableDatabase

CONNECT_TIMEOUT = 4.0
"""Seconds in which the server has to answer."""
SETUP_TIMEOUT = 30.0
"""Seconds that a start waits for another process that makes the tables."""
POOL_TIMEOUT = 10.0
"""Seconds that somebody waits for one of the connections."""

INDEXES: tuple[LiteralString, ...] = (
    "CREATE INDEX IF NOT EXISTS ck_meta ON checkpoints"
    "(thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata)",
    "CREATE INDEX IF NOT EXISTS lab_marks ON checkpoint_writes(thread_id, checkpoint_ns, checkpoint_id, channel) "
    "WHERE channel IN ('__interrupt__', '__error__')",
    "CREATE INDEX IF NOT EXISTS lab_inner ON checkpoints(thread_id, (metadata -> 'parents' ->> '')) "
    "WHERE checkpoint_ns <> ''",
)
_SETUP = 0x6C616220
"""Names the advisory lock under which tables are made."""
_HOW: Mapping[str, Any] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}

Connection = psycopg.Connection[DictRow]


def make_engine(url: str, size: int) -> Engine:
    """Make the connections of the lab's own tables, never more than that many."""
    conninfo = make_conninfo(url, connect_timeout=math.ceil(CONNECT_TIMEOUT))
    return create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(conninfo),
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        pool_pre_ping=True,
        # Whatever an error says of a statement, it repeats no value of a visitor's.
        hide_parameters=True,
    )


def make_pool(url: str, size: int) -> ConnectionPool[Connection]:
    """Make the connections of the checkpointer, never more than that many; open it with the lab."""
    return ConnectionPool(
        make_conninfo(url, connect_timeout=math.ceil(CONNECT_TIMEOUT)),
        min_size=1,
        max_size=size,
        timeout=POOL_TIMEOUT,
        kwargs=dict(_HOW),
        check=ConnectionPool.check_connection,
        open=False,
    )


@contextmanager
def one_setup_at_a_time(url: str) -> Iterator[Connection]:
    """Return a connection while no other process makes tables; two at once would meet in the server's catalogue.

    Raises UnusableDatabase.
    """
    with _reached(url) as connection:
        deadline = time.monotonic() + SETUP_TIMEOUT
        # Asked again and again: whoever waits inside the server holds a snapshot, and the checkpointer's own indexes
        # wait for the end of every snapshot.
        while not _is_true(connection, "SELECT pg_try_advisory_lock(%s)"):
            if time.monotonic() > deadline:
                raise UnusableDatabase(
                    "Another process has been making the tables of this PostgreSQL database for too long. Wait for its "
                    "end, or end it, and start again."
                )
            time.sleep(0.02)
        try:
            yield connection
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_SETUP,))


def set_up_tables(connection: Connection) -> None:
    """Make the checkpointer's tables, and the indexes by which the lab reads them."""
    PostgresSaver(connection).setup()
    for index in INDEXES:
        connection.execute(index)


def _is_true(connection: Connection, query: LiteralString) -> bool:
    row = connection.execute(query, (_SETUP,)).fetchone()
    return row is not None and next(iter(row.values())) is True


def _reached(url: str) -> Connection:
    """Connect within the time limit, that of looking the host up included; raises UnusableDatabase."""
    answer: queue.SimpleQueue[Connection | Exception] = queue.SimpleQueue()

    def go() -> None:
        conninfo = make_conninfo(url, connect_timeout=math.ceil(CONNECT_TIMEOUT))
        try:
            answer.put(psycopg.Connection.connect(conninfo, autocommit=True, prepare_threshold=0, row_factory=dict_row))
        # Whatever it is, it's for the one who waits.
        except Exception as error:  # noqa: BLE001
            answer.put(error)

    # A look-up of a host takes as long as it likes and can't be stopped.
    threading.Thread(target=go, name="postgresql-connect", daemon=True).start()
    try:
        outcome = answer.get(timeout=CONNECT_TIMEOUT + 0.5)
    except queue.Empty:
        outcome = psycopg.errors.ConnectionTimeout()
    if isinstance(outcome, Exception):
        # Without the cause, whose words could repeat parts of the URL.
        raise UnusableDatabase(_why(url, outcome)) from None
    return outcome


def _why(url: str, error: Exception) -> str:
    parts = conninfo_to_dict(url)
    host, port, name, user = (parts.get(key) for key in ("host", "port", "dbname", "user"))
    at = f"PostgreSQL at {host or 'this machine'}{f', port {port}' if port else ''}"
    said = str(error).lower()
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return f"{at} doesn't answer. See that the server runs and can be reached, and that LAB_DATABASE names it."
    if "password" in said or "authentication" in said:
        return f"{at} refuses the user or the password. Correct them in LAB_DATABASE."
    if "database" in said and "does not exist" in said:
        return f"{at} has no database '{name or user}'. Make it (createdb), or name another one by LAB_DATABASE."
    if "role" in said and "does not exist" in said:
        return f"{at} knows no user '{user or ''}'. Correct LAB_DATABASE."
    if any(word in said for word in ("resolve", "name or service", "translate host")):
        return f"There is no host '{host}'. Correct LAB_DATABASE."
    if "too many" in said or "connection slots" in said:
        return f"{at} has no connection left. End other programs that use it, and start again."
    return (
        f"{at} can't be used. See that the server runs and can be reached, and that user, password and database are "
        "right in LAB_DATABASE."
    )
