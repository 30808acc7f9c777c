"""Checkpointers that lanes ask for: each thread has its own, so that a restart touches no other thread."""

import sqlite3
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from sqlalchemy import delete

from graphs.pattern import Saver
from lab.checkpoints.savers import Readers, SummaryMemorySaver, SummaryPostgresSaver, SummarySqliteSaver
from lab.checkpoints.storage import Storage, open_storage
from lab.checkpoints.summary_saver import SummarySaver
from lab.database import NOTES, Guard, connect, in_words
from lab.errors import NotPossible
from lab.settings import Settings
from lab.types import Graph, ModelName

ROOM = {"memory": 200, "sqlite": 32, "postgresql": 32}
"""Checkpointers of each kind that are kept; past that the one used longest ago goes, unless its thread runs."""

_COMPILE = "graph = builder.compile(checkpointer=saver)"
CALLS = {
    "memory": f"del graph, saver\nsaver = InMemorySaver()\n{_COMPILE}",
    "sqlite": "saver.conn.close()\ndel graph, saver\n"
    f"saver = SqliteSaver(sqlite3.connect(path, check_same_thread=False))\n{_COMPILE}",
    "postgresql": f"del graph, saver\nsaver = PostgresSaver(pool)\n{_COMPILE}",
}
"""What a restart does, as code, by kind."""


class _Bare(SummarySaver):
    """Saves as the library alone does, so that its own cost is seen; who reads the history makes the notes."""

    def _put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint without its note."""
        return super(SummarySaver, self).put(config, checkpoint, metadata, new_versions)


class ThreadMemorySaver(_Bare, SummaryMemorySaver):
    """One thread's checkpoints in memory."""


class ThreadPostgresSaver(_Bare, SummaryPostgresSaver):
    """One thread's checkpointer on the lab's pool; the server has no connection for each thread there ever was."""


class ThreadSqliteSaver(_Bare, SummarySqliteSaver):
    """One thread's connection to a file: opened by the first call, and open until it's let go."""

    def __init__(self, path: Path, *, stays: bool) -> None:
        """Open nothing yet; with `stays` False each call opens and close a connection of its own."""
        super().__init__(_closed(), Readers(partial(connect, path), keep=1 if stays else 0))
        self._path = path
        self._stays = stays
        self._opened = False
        self._one = threading.Lock()

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[sqlite3.Cursor]:
        """Return a cursor of the open connection; who reads on after it was let go has one for that call alone."""
        with self._one:
            if not self._opened:
                with in_words():
                    self.conn = connect(self._path)
                    self.conn.execute("PRAGMA synchronous=NORMAL")
                self._opened = True
            try:
                with super().cursor(transaction) as cursor:
                    yield cursor
            finally:
                if not self._stays:
                    self._close()

    def let_go(self) -> None:
        """Close the connection, after the call that is at work."""
        with self._one:
            self._stays = False
            self._close()
        self.readers.close()

    def _close(self) -> None:
        self.conn.close()
        self._opened = False


def _closed() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.close()
    return connection


@dataclass(slots=True, eq=False)
class ThreadSaver:
    """A thread's checkpointer and the graphs that were compiled with it."""

    storage: Storage
    graphs: dict[tuple[ModelName, float], Graph] = field(default_factory=dict)


class ThreadSavers:
    """The checkpointers of threads whose lanes ask for one; `running` names the threads that no other may push out."""

    def __init__(
        self,
        settings: Settings,
        own: Storage,
        running: Callable[[], Collection[str]],
        lost: Callable[[str, int], None],
        guard: Guard,
    ) -> None:
        """Tell `lost` of each thread in memory that went to make room, and how many checkpoints went with it.

        Each checkpointer asks `guard` before it saves anything.
        """
        self._settings = settings
        self._own = own
        self._running = running
        self._lost = lost
        self._guard = guard
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._held: dict[str, ThreadSaver] = {}
        """By thread, the one used longest ago first."""

    def offers(self, kind: Saver) -> bool:
        """Return whether there is such a checkpointer here: PostgreSQL's only where the lab is on PostgreSQL."""
        return kind != "postgresql" or self._own.kind == "postgresql"

    def of(self, thread_id: str, kind: Saver) -> ThreadSaver:
        """Return the checkpointer by which a thread is read, a passing one where none is kept."""
        with self._lock:
            # To look at a thread that has nothing here mustn't push out the memory of one that does.
            return self._held.get(thread_id) or self._made(kind, stays=False)

    def keep(self, thread_id: str, kind: Saver) -> ThreadSaver:
        """Return the checkpointer of a thread that is about to run, and keep it for what comes after."""
        with self._lock:
            held = self._held.pop(thread_id, None) or self._made(kind, stays=True)
            self._held[thread_id] = held
            gone = self._overdue(held.storage.kind)
        for ident, old in gone.items():
            if isinstance(old.storage.saver, SummaryMemorySaver):
                self._lost(ident, sum(map(len, list(old.storage.saver.storage.get(ident, {}).values()))))
            self._let_go(ident, old)
        return held

    def _overdue(self, kind: str) -> dict[str, ThreadSaver]:
        """Take out what is too much of a kind."""
        known = [ident for ident, held in self._held.items() if held.storage.kind == kind]
        running = self._running() if len(known) > ROOM[kind] else ()
        idle = [ident for ident in known if ident not in running]
        return {ident: self._held.pop(ident) for ident in idle[: max(0, len(known) - ROOM[kind])]}

    def drop(self, thread_id: str) -> None:
        """Drop a thread's checkpointer with its graphs and close its connection."""
        with self._lock:
            held = self._held.pop(thread_id, None)
        if held is not None:
            self._let_go(thread_id, held)

    def close(self) -> None:
        """Drop all checkpointers and delete what was kept in a temporary file."""
        for thread_id in list(self._held):
            self.drop(thread_id)
        self._stack.close()

    @staticmethod
    def _let_go(thread_id: str, held: ThreadSaver) -> None:
        held.graphs.clear()
        if isinstance(held.storage.saver, ThreadSqliteSaver):
            held.storage.saver.let_go()
        if isinstance(held.storage.saver, ThreadMemorySaver):
            with held.storage.database.begin() as connection:
                connection.execute(delete(NOTES).where(NOTES.c.thread_id == thread_id))

    def _made(self, kind: Saver, *, stays: bool) -> ThreadSaver:
        held = self._new(kind, stays=stays)
        held.storage.saver.guard = self._guard
        return held

    def _new(self, kind: Saver, *, stays: bool) -> ThreadSaver:
        if kind == "memory":
            return ThreadSaver(replace(self._memory, saver=ThreadMemorySaver(self._memory.database)))
        if kind == "sqlite":
            path, storage = self._file
            return ThreadSaver(replace(storage, saver=ThreadSqliteSaver(path, stays=stays)))
        if not isinstance(self._own.saver, SummaryPostgresSaver):
            raise NotPossible(
                "This thread's checkpoints are in PostgreSQL, and this lab is on another storage. "
                "Start the lab with the postgresql:// URL of that database as LAB_DATABASE."
            )
        return ThreadSaver(replace(self._own, saver=ThreadPostgresSaver(self._own.saver.conn)))

    @cached_property
    def _memory(self) -> Storage:
        """What is noted of threads in memory is kept in memory too."""
        return self._open("memory")

    @cached_property
    def _file(self) -> tuple[Path, Storage]:
        """The lab's own file, or a temporary one where it has none."""
        if self._own.kind == "sqlite":
            assert self._own.path is not None
            return self._own.path, self._own
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="pattern-lab-"))
        path = Path(folder) / "checkpoints.sqlite"
        return path, self._open(str(path))

    def _open(self, database: str) -> Storage:
        settings = self._settings.model_copy(update={"database": database})
        return self._stack.enter_context(open_storage(settings))
