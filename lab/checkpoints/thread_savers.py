"""A checkpointer for each thread, for patterns that show what a restart loses."""

import sqlite3
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import delete

from graphs.pattern import Saver
from lab.checkpoints.savers import Readers, SummaryMemorySaver, SummaryPostgresSaver, SummarySqliteSaver
from lab.checkpoints.storage import Storage, open_storage
from lab.checkpoints.summary_saver import SummarySaver
from lab.database import BUSY_TIMEOUT, NOTES, Database, Guard, connect, in_words
from lab.errors import NotPossible
from lab.settings import Settings
from lab.types import Graph, ModelName

ROOM = {"memory": 200, "sqlite": 32, "postgresql": 32}
"""Checkpointers of each kind that are kept; past that the one used longest ago goes, unless its thread runs."""

GIVEN = {"memory": "", "sqlite": "path", "postgresql": "pool"}
"""What a lane's function makes a checkpointer of, by kind."""


def restart_calls(saver: Saver) -> str:
    """Return as code what a restart does."""
    closed = "saver.conn.close()\n" if saver.kind == "sqlite" else ""
    made = f"saver = {saver.make.__name__}({GIVEN[saver.kind]})"
    return f"{closed}del graph, saver\n{made}\ngraph = builder.compile(checkpointer=saver)"


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

    def _noted(self, *_: Any) -> None:
        """Note nothing of a checkpoint that is saved in somebody else's transaction either."""


class ThreadMemorySaver(_Bare, SummaryMemorySaver):
    """One thread's checkpoints in the memory of the checkpointer that the lane's function makes."""

    def __init__(self, made: InMemorySaver, database: Database) -> None:
        super().__init__(database)
        self.storage, self.writes, self.blobs = made.storage, made.writes, made.blobs


class ThreadPostgresSaver(_Bare, SummaryPostgresSaver):
    """One thread's checkpointer on the lab's pool; the server has no connection for each thread there ever was."""


class ThreadSqliteSaver(_Bare, SummarySqliteSaver):
    """One thread's connection to a file: opened by the first call, and open until it's let go."""

    def __init__(self, make: Callable[[Path], SqliteSaver], path: Path, *, stays: bool) -> None:
        """Open nothing yet; with `stays` False each call opens and closes a connection of its own.

        Each connection is that of a checkpointer which the lane's function makes.
        """
        super().__init__(_closed(), Readers(partial(connect, path), most=1 if stays else 0))
        self._make = make
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
                    self.conn = self._make(self._path).conn
                    self.conn.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT * 1000)}")
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

    lane: Saver
    """Which checkpointer its lane asks for."""
    storage: Storage
    graphs: dict[tuple[ModelName, float], Graph] = field(default_factory=dict)


class ThreadSavers:
    """The checkpointers of threads whose lanes ask for one; `running` names the threads that no other may push out."""

    def __init__(
        self,
        settings: Settings,
        own: Storage,
        running: Callable[[], Collection[str]],
        lost: Callable[[str, int, Saver], None],
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
        self._savers: dict[str, ThreadSaver] = {}
        """By thread, the one used longest ago first."""

    def offers(self, saver: Saver | None) -> bool:
        """Return whether there is such a checkpointer here: PostgreSQL's only where the lab is on PostgreSQL."""
        return saver is None or saver.kind != "postgresql" or self._own.kind == "postgresql"

    def of(self, thread_id: str, saver: Saver) -> ThreadSaver:
        """Return the checkpointer by which a thread is read, a passing one where none is kept."""
        with self._lock:
            # To look at a thread that has nothing here mustn't push out the memory of one that does.
            return self._savers.get(thread_id) or self._made(saver, stays=False)

    def for_run(self, thread_id: str, saver: Saver) -> ThreadSaver:
        """Return the checkpointer of a thread that is about to run, and keeps it for what comes after."""
        with self._lock:
            saver_of_thread = self._savers.pop(thread_id, None) or self._made(saver, stays=True)
            self._savers[thread_id] = saver_of_thread
            gone = self._overdue(saver_of_thread.storage.kind)
        for ident, old in gone.items():
            if old.storage.kind == "memory":
                self._lost(ident, old.storage.checkpoints.thread_sizes([ident])[ident].checkpoints, old.lane)
            self._let_go(ident, old)
        return saver_of_thread

    def _overdue(self, kind: str) -> dict[str, ThreadSaver]:
        """Take out what is too much of a kind."""
        known = [ident for ident, of_thread in self._savers.items() if of_thread.storage.kind == kind]
        running = self._running() if len(known) > ROOM[kind] else ()
        idle = [ident for ident in known if ident not in running]
        return {ident: self._savers.pop(ident) for ident in idle[: max(0, len(known) - ROOM[kind])]}

    def drop(self, thread_id: str) -> None:
        """Drop a thread's checkpointer with its graphs and close its connection."""
        with self._lock:
            of_thread = self._savers.pop(thread_id, None)
        if of_thread is not None:
            self._let_go(thread_id, of_thread)

    def close(self) -> None:
        """Drop all checkpointers and delete what was kept in a temporary file."""
        for thread_id in list(self._savers):
            self.drop(thread_id)
        self._stack.close()

    @staticmethod
    def _let_go(thread_id: str, of_thread: ThreadSaver) -> None:
        of_thread.graphs.clear()
        if isinstance(of_thread.storage.saver, ThreadSqliteSaver):
            of_thread.storage.saver.let_go()
        if isinstance(of_thread.storage.saver, ThreadMemorySaver):
            with of_thread.storage.database.begin() as connection:
                connection.execute(delete(NOTES).where(NOTES.c.thread_id == thread_id))

    def _made(self, saver: Saver, *, stays: bool) -> ThreadSaver:
        made = self._new(saver, stays=stays)
        made.storage.saver.guard = self._guard
        return made

    def _new(self, saver: Saver, *, stays: bool) -> ThreadSaver:
        """Make a checkpointer by the lane's function; the lab's own class takes its place, for guard and summaries."""
        if saver.kind == "memory":
            made = saver.make()
            assert isinstance(made, InMemorySaver)
            memory = ThreadMemorySaver(made, self._memory.database)
            return ThreadSaver(saver, replace(self._memory, saver=memory))
        if saver.kind == "sqlite":
            path, storage = self._file
            make = cast("Callable[[Path], SqliteSaver]", saver.make)
            return ThreadSaver(saver, replace(storage, saver=ThreadSqliteSaver(make, path, stays=stays)))
        if not isinstance(self._own.saver, SummaryPostgresSaver):
            raise NotPossible(
                "This thread's checkpoints are in PostgreSQL, and this lab is on another storage. "
                "Start the lab with the postgresql:// URL of that database as LAB_DATABASE."
            )
        made = saver.make(self._own.saver.conn)
        assert isinstance(made, PostgresSaver)
        return ThreadSaver(saver, replace(self._own, saver=ThreadPostgresSaver(made.conn)))

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
