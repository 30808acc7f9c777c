"""LangGraph's memory, SQLite and PostgreSQL checkpointers, each also saving a summary of every step."""

import math
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from sqlite3 import Connection, Cursor
from typing import Any

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
)
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.sqlite import SqliteSaver
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool
from sqlalchemy import insert

from lab.checkpoints.summary_saver import SummarySaver
from lab.database import NOTES, Database, Prepared, in_words

READERS = 8
"""Connections to a SQLite file that are kept for the next who reads; more are opened where more read at once."""

_SAVE_SUMMARY = (
    "INSERT OR REPLACE INTO lab_notes VALUES (:thread_id, :checkpoint_ns, :checkpoint_id, :ran, :next, :changed, :text)"
)
_SAVE_IN_MEMORY = Prepared(insert(NOTES).prefix_with("OR REPLACE"))


class SummaryMemorySaver(SummarySaver, InMemorySaver):
    """Keeps threads in memory, and notes them."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def save_summary(self, row: Mapping[str, str]) -> None:
        """Save a note in the lab's own tables."""
        with self._database.begin() as connection:
            _SAVE_IN_MEMORY.execute(connection, row)

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the library's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Return what is saved now, newest first; the library's own walks its dicts while nodes write to them."""
        frozen = InMemorySaver(serde=self.serde)
        thread_ids = [config["configurable"]["thread_id"]] if config else [*self.storage]
        for thread_id in thread_ids:
            spaces = self.storage.get(thread_id, {}).copy()
            frozen.storage[thread_id].update({name: saved.copy() for name, saved in spaces.items()})
        frozen.writes, frozen.blobs = self.writes, self.blobs
        return frozen.list(config, filter=filter, before=before, limit=limit)


class _Reader(SqliteSaver):
    """A checkpointer that only reads, over a connection that nobody else uses meanwhile."""

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[Cursor]:
        """Return a cursor; the library's own would make tables and commit."""
        with in_words():
            cursor = self.conn.cursor()
            try:
                yield cursor
            finally:
                cursor.close()


class Readers:
    """Connections to a SQLite file for reading alone: in WAL mode none of them waits for a writer."""

    def __init__(self, connect: Callable[[], Connection], *, most: int = READERS) -> None:
        self._connect = connect
        self._most = most
        self._idle: list[_Reader] = []
        self._lock = threading.Lock()

    @contextmanager
    def one(self, serde: SerializerProtocol) -> Iterator[SqliteSaver]:
        """Lend a checkpointer that only reads, for the block."""
        with self._lock:
            reader = self._idle.pop() if self._idle else None
        if reader is None:
            with in_words():
                connection = self._connect()
                connection.execute("PRAGMA query_only=ON")
            reader = _Reader(connection)
        reader.serde = serde
        try:
            yield reader
        finally:
            with self._lock:
                stays = len(self._idle) < self._most
                if stays:
                    self._idle.append(reader)
            if not stays:
                reader.conn.close()

    def close(self) -> None:
        """Close all connections; one that is lent is closed when it's given back."""
        with self._lock:
            self._most = 0
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.conn.close()


class SeparateReadersSqlite(SqliteSaver):
    """A checkpointer that writes over one connection and reads over others."""

    def __init__(self, connection: Connection, readers: Readers) -> None:
        super().__init__(connection)
        self.readers = readers

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a checkpoint."""
        with self.readers.one(self.serde) as reader:
            return reader.get_tuple(config)

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the library's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Read checkpoints, the newest first."""
        with self.readers.one(self.serde) as reader:
            yield from reader.list(config, filter=filter, before=before, limit=limit)

    def get_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Read the writes of channels that are saved as differences."""
        with self.readers.one(self.serde) as reader:
            return reader.get_delta_channel_history(config=config, channels=channels)


class SummarySqliteSaver(SummarySaver, SeparateReadersSqlite):
    """Keeps threads in a SQLite file, and notes them."""

    def __init__(self, connection: Connection, readers: Readers) -> None:
        super().__init__(connection, readers)
        # Several threads save at once, each of which has its own note to bring along.
        self._due = threading.local()

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[Cursor]:
        """Return a cursor; what is written with it commits together with the note that's due, or not at all."""
        with in_words(), self.lock:
            cursor = self.conn.cursor()
            try:
                yield cursor
                if (row := getattr(self._due, "row", None)) is not None:
                    cursor.execute(_SAVE_SUMMARY, row)
                self.conn.commit()
            except BaseException:
                # A connection that is gone has nothing to take back.
                with suppress(sqlite3.Error):
                    self.conn.rollback()
                raise
            finally:
                with suppress(sqlite3.Error):
                    cursor.close()

    def save_summary(self, row: Mapping[str, str]) -> None:
        """Save a note over the checkpointer's own connection."""
        with self.cursor() as cursor:
            cursor.execute(_SAVE_SUMMARY, dict(row))

    @contextmanager
    def saving_summary(self, row: Mapping[str, str]) -> Iterator[None]:
        """Save a note in the transaction of what the block saves, which costs one commit less."""
        self._due.row = row
        try:
            yield
        finally:
            self._due.row = None


_NO_JSON = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL's JSON can't hold: NUL, and halves of characters."""


@dataclass(frozen=True, slots=True)
class _Odd:
    """A plain value that PostgreSQL's JSON can't hold, and that is kept as bytes."""

    value: str | float


def _is_odd(value: Any) -> bool:
    if isinstance(value, str):
        return _NO_JSON.search(value) is not None
    return isinstance(value, float) and not math.isfinite(value)


class ExactPostgres(PostgresSaver):
    """A checkpointer that keeps every text and number as it is, those too that JSON has no way to write."""

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint; the library keeps plain values as JSON."""
        values = checkpoint["channel_values"]
        if odd := {name: _Odd(value) for name, value in values.items() if _is_odd(value)}:
            checkpoint = {**checkpoint, "channel_values": {**values, **odd}}
        return super().put(config, checkpoint, metadata, new_versions)

    def _dump_blobs(
        self, thread_id: str, checkpoint_ns: str, values: dict[str, Any], versions: ChannelVersions
    ) -> list[tuple[str, str, str, str, str, bytes | None]]:
        usual = {name: value.value if isinstance(value, _Odd) else value for name, value in values.items()}
        return super()._dump_blobs(thread_id, checkpoint_ns, usual, versions)


class PooledPostgres(ExactPostgres):
    """A checkpointer over a pool, in which nobody waits for another's statement."""

    @contextmanager
    def _cursor(self, *, pipeline: bool = False) -> Iterator[psycopg.Cursor[DictRow]]:
        # The library's own holds one lock for all threads, which only a single connection needs.
        with in_words():
            assert isinstance(self.conn, ConnectionPool)
            with (
                self.conn.connection() as connection,
                self._together(connection) if pipeline else nullcontext(),
                connection.cursor(binary=True, row_factory=dict_row) as cursor,
            ):
                yield cursor

    def _together(self, connection: psycopg.Connection[Any]) -> Any:
        return connection.pipeline() if self.supports_pipeline else connection.transaction()


class SummaryPostgresSaver(SummarySaver, PooledPostgres):
    """Keeps threads in PostgreSQL, and notes them."""

    def save_summary(self, row: Mapping[str, str]) -> None:
        """Save a note over a connection of the checkpointer's pool."""
        with self._cursor() as cursor:
            cursor.execute(
                "INSERT INTO lab_notes VALUES (%(thread_id)s, %(checkpoint_ns)s, %(checkpoint_id)s, %(ran)s, %(next)s, "
                "%(changed)s, %(text)s) ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id) DO UPDATE SET "
                "ran = EXCLUDED.ran, next = EXCLUDED.next, changed = EXCLUDED.changed, text = EXCLUDED.text",
                dict(row),
            )


Saver = SummaryMemorySaver | SummarySqliteSaver | SummaryPostgresSaver
