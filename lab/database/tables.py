"""The lab's own tables and what nodes act upon, on SQLite and PostgreSQL alike."""

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from graphs.world import Saved
from lab.database.errors import in_words

METADATA = MetaData()

THREADS = Table(
    "lab_threads",
    METADATA,
    Column("thread_id", String(36), primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("pattern", String(64), nullable=False),
    Column("lane", String(64), nullable=False),
    Column("session", String(36), nullable=False),
    Column("title", Text, nullable=False),
    Column("model", String(16), nullable=False),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Index("lab_threads_by_workspace", "workspace", "updated"),
    Index("lab_threads_by_session", "session"),
)
"""One row a thread; the threads that one click started share a `session`."""

STARTS = Table(
    "lab_starts",
    METADATA,
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), primary_key=True),
    Column("input", Text, nullable=False),
)
"""The input of each thread as JSON, for a start that is killed before its first checkpoint is saved."""

LEDGER = Table(
    "lab_ledger",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), nullable=False, index=True),
    Column("order", Text, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("key", Text, unique=True),
    Column("at", Float, nullable=False),
)

OUTBOX = Table(
    "lab_outbox",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), nullable=False, index=True),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Float, nullable=False),
)

ARCHIVE = Table(
    "lab_archive",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("status", String(12), nullable=False),
    Column("error", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Float, nullable=False),
)

FAULTS = Table(
    "lab_faults",
    METADATA,
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), primary_key=True),
    Column("point", Text, primary_key=True),
    Column("calls", Integer, nullable=False),
)

NOTES = Table(
    "lab_notes",
    METADATA,
    Column("thread_id", String(36), primary_key=True),
    Column("checkpoint_ns", Text, primary_key=True),
    Column("checkpoint_id", Text, primary_key=True),
    Column("ran", Text, nullable=False),
    Column("next", Text, nullable=False),
    Column("changed", Text, nullable=False),
    Column("text", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What each checkpoint's step did; made anew from the checkpoints where a row is missing."""

OWNERS = Table(
    "lab_owners",
    METADATA,
    Column("owner", String(36), primary_key=True),
    Column("address", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("until", Float, nullable=False),
)
"""The processes that work on this database; one whose lease ran out is taken for dead."""

CLAIMS = Table(
    "lab_claims",
    METADATA,
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("owner", String(36), nullable=False),
    Column("answering", Text, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("stop", Integer, nullable=False),
    Column("request", Text),
    Column("head", Text),
)
"""The threads that somebody works on, one row each. A row whose owner is dead, or empty, holds nobody off: it
keeps what was accepted and not begun."""

EVENTS = Table(
    "lab_events",
    METADATA,
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), primary_key=True),
    Column("last", Integer, primary_key=True, autoincrement=False),
    Column("bytes", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
"""What happened in each thread, in batches of events as JSON, each by the number of its last one."""

SECRETS = Table("lab_secrets", METADATA, Column("name", String(40), primary_key=True), Column("value", Text))

KEY = 300
"""Characters of a key that stand in an index as they are."""

BUSINESS = {"ledger": LEDGER, "outbox": OUTBOX, "archive": ARCHIVE}


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

    def rows(self, table: Table, thread_ids: list[str]) -> list[dict[str, Any]]:
        """Return a business table's rows of these threads, in the order of booking."""
        query = select(table).where(table.c.thread_id.in_(thread_ids)).order_by(table.c.number)
        with self.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


Guard = Callable[[str], None]
"""Raises where this process may write no more for a thread."""


def unguarded(_: str) -> None:
    """Let everybody write, where no other process can be at work."""


class ThreadTable:
    """A table's rows of one thread."""

    def __init__(self, database: Database, thread_id: str, guard: Guard = unguarded) -> None:
        """Ask `guard` before anything is written."""
        self._database = database
        self._thread_id = thread_id
        self._guard = guard

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._database.begin() as connection:
            self._guard(self._thread_id)
            yield connection


class LedgerTable(ThreadTable):
    """The ledger of one thread."""

    def booked(self) -> list[str]:
        """Return the orders of all bookings, in the order of booking."""
        query = select(LEDGER.c.order).where(LEDGER.c.thread_id == self._thread_id).order_by(LEDGER.c.number)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def charge(self, order: str, cents: int, key: str | None = None) -> int:
        """Book a charge and return its number; a `key` seen before in this thread books nothing more."""
        unique = None if key is None else _indexable(_text(f"{self._thread_id}/{key}"))
        row = {"thread_id": self._thread_id, "order": _text(order), "cents": cents, "key": unique, "at": time.time()}
        try:
            with self._begin() as connection:
                return _number(connection, LEDGER, row)
        except IntegrityError:
            if unique is None:
                raise
            with self._begin() as connection:
                return int(connection.execute(select(LEDGER.c.number).where(LEDGER.c.key == unique)).scalar_one())


class OutboxTable(ThreadTable):
    """The outbox of one thread."""

    def send(self, recipient: str, subject: str, body: str) -> int:
        """Hand over one mail and return its number."""
        row = {
            "thread_id": self._thread_id,
            "recipient": _text(recipient),
            "subject": _text(subject),
            "body": _text(body),
            "at": time.time(),
        }
        with self._begin() as connection:
            return _number(connection, OUTBOX, row)


class ArchiveTable(ThreadTable):
    """The archive of one thread."""

    def store(self, name: str, body: str) -> int:
        """Add a row under that name and return its number."""
        row = {
            "thread_id": self._thread_id,
            "name": _text(name),
            "status": "stored",
            "error": "",
            "body": _text(body),
            "at": time.time(),
        }
        with self._begin() as connection:
            return _number(connection, ARCHIVE, row)

    def newest(self, name: str) -> Saved | None:
        """Return the thread's last row under that name, None where there is none."""
        query = (
            select(ARCHIVE.c.number, ARCHIVE.c.body, ARCHIVE.c.status == "quarantined")
            .where(ARCHIVE.c.thread_id == self._thread_id, ARCHIVE.c.name == _text(name))
            .order_by(ARCHIVE.c.number.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            found = connection.execute(query).first()
        return None if found is None else Saved(*found)

    def restored(self, number: int) -> None:
        """Note that the row was found valid and taken up again."""
        self._change(number, status="restored")

    def quarantine(self, number: int, error: str) -> None:
        """Note that the row can't be used, and why; its text stays as it is."""
        self._change(number, status="quarantined", error=_text(error))

    def overwrite(self, number: int, body: str) -> None:
        """Put another text into the row."""
        self._change(number, body=_text(body))

    def _change(self, number: int, **values: str) -> None:
        own = (ARCHIVE.c.number == number) & (ARCHIVE.c.thread_id == self._thread_id)
        with self._begin() as connection:
            connection.execute(update(ARCHIVE).where(own).values(**values))


def _text(given: str) -> str:
    """Return a text as every database can keep it: PostgreSQL knows neither NUL nor halves of characters."""
    return given.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _indexable(key: str) -> str:
    """Return a key that any database can index, another one for each key; PostgreSQL takes some 2700 bytes."""
    return key if len(key) <= KEY else f"{key[:KEY]}…{hashlib.sha256(key.encode()).hexdigest()}"


def _number(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    return int(connection.execute(insert(table).values(row).returning(table.c.number)).scalar_one())


class FaultTable:
    """The failures that a visitor asked for in one thread, counted across restarts."""

    def __init__(self, database: Database, thread_id: str, *, expendable: bool) -> None:
        self._database = database
        self._thread_id = thread_id
        self._expendable = expendable

    def trip(self, point: str, times: int) -> None:
        """Raise ConnectionError on the first `times` calls at this point of the thread."""
        call = self._count(point)
        if call <= times:
            raise ConnectionError(f"The service behind '{point}' dropped the connection (call {call}).")

    def crash(self, point: str) -> None:
        """Kill this process with SIGKILL the first time it's called at this point, if the process may be killed."""
        if self._count(f"crash {point}") == 1 and self._expendable:
            os.kill(os.getpid(), signal.SIGKILL)

    def _count(self, point: str) -> int:
        point = _indexable(_text(point))
        here = (FAULTS.c.thread_id == self._thread_id) & (FAULTS.c.point == point)
        try:
            with self._database.begin() as connection:
                if connection.execute(update(FAULTS).where(here).values(calls=FAULTS.c.calls + 1)).rowcount == 0:
                    connection.execute(insert(FAULTS).values(thread_id=self._thread_id, point=point, calls=1))
                return int(connection.execute(select(FAULTS.c.calls).where(here)).scalar_one())
        except IntegrityError:
            # A node beside this one made the row in the same moment; now it can be counted on.
            return self._count(point)
