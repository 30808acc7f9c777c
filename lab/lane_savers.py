"""Checkpointers that lanes ask for: each thread has its own, so that a restart touches no other thread."""

import tempfile
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.postgres import PostgresSaver

from graphs.pattern import Saver
from lab.errors import NotPossible
from lab.models import ModelName
from lab.settings import Settings
from lab.storage import Storage, open_storage, sqlite_saver
from lab.stream import Graph

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


@dataclass(slots=True, eq=False)
class Held:
    """A thread's checkpointer and the graphs that were compiled with it."""

    storage: Storage
    close: Callable[[], None]
    graphs: dict[tuple[ModelName, float], Graph] = field(default_factory=dict)
    readers: int = 0


class Savers:
    """The checkpointers of threads whose lanes ask for one; `running` names the threads that no other may push out."""

    def __init__(
        self, settings: Settings, own: Storage, running: Callable[[], Collection[str]], lost: Callable[[str, int], None]
    ) -> None:
        """Tells `lost` of each thread in memory that went to make room, and how many checkpoints went with it."""
        self._settings = settings
        self._own = own
        self._running = running
        self._lost = lost
        self._stack = ExitStack()
        self._held: dict[str, Held] = {}
        """By thread, the one used longest ago first."""
        self._free = threading.Condition()

    def offers(self, kind: Saver) -> bool:
        """Tells whether there is such a checkpointer here: PostgreSQL's only where the lab is on PostgreSQL."""
        return kind != "postgresql" or self._own.kind == "postgresql"

    @contextmanager
    def lend(self, thread_id: str, kind: Saver) -> Iterator[Held]:
        """Lends a thread's checkpointer for reading; one that isn't kept is opened for the block alone."""
        with self._free:
            held = self._held.get(thread_id)
            if held is not None:
                held.readers += 1
        if held is None:
            # To look at a thread that has nothing here mustn't push out the memory of one that does.
            held = self._open(kind)
            try:
                yield held
            finally:
                held.close()
            return
        try:
            yield held
        finally:
            with self._free:
                held.readers -= 1
                self._free.notify_all()

    def keep(self, thread_id: str, kind: Saver) -> Held:
        """Gives the checkpointer of a thread that is about to run and keeps it for the thread's next run."""
        with self._free:
            held = self._held.pop(thread_id, None)
            if held is not None:
                self._held[thread_id] = held
                return held
        held = self._open(kind)
        with self._free:
            self._held[thread_id] = held
            gone = self._overdue(held.storage.kind)
        for ident, old in gone.items():
            if isinstance(old.storage.saver, InMemorySaver):
                self._lost(ident, sum(map(len, old.storage.saver.storage.get(ident, {}).values())))
            old.close()
        return held

    def _overdue(self, kind: str) -> dict[str, Held]:
        """Takes out what is too much of a kind."""
        known = [ident for ident, held in self._held.items() if held.storage.kind == kind]
        running = self._running() if len(known) > ROOM[kind] else ()
        idle = [ident for ident in known if ident not in running and not self._held[ident].readers]
        return {ident: self._held.pop(ident) for ident in idle[: max(0, len(known) - ROOM[kind])]}

    def drop(self, thread_id: str) -> None:
        """Drops a thread's checkpointer with its graphs and closes its connection, as soon as nobody reads by it."""
        with self._free:
            held = self._held.pop(thread_id, None)
            if held is None:
                return
            self._free.wait_for(lambda: held.readers == 0)
        held.graphs.clear()
        held.close()

    def close(self) -> None:
        """Drops all checkpointers and deletes what was kept in a temporary file."""
        with self._free:
            gone, self._held = self._held, {}
        for held in gone.values():
            held.close()
        self._stack.close()

    def _open(self, kind: Saver) -> Held:
        if kind == "memory":
            return Held(replace(self._own, kind="memory", saver=InMemorySaver()), _nothing)
        if kind == "postgresql":
            if not isinstance(self._own.saver, PostgresSaver):
                raise NotPossible(
                    "This thread's checkpoints are in PostgreSQL, and this lab is on another storage. "
                    "Start the lab with the postgresql:// URL of that database as LAB_DATABASE."
                )
            # The connections are the pool's: the server can't give one to each thread that anybody ever looked at.
            return Held(replace(self._own, saver=PostgresSaver(self._own.saver.conn)), _nothing)
        path, storage = self._file
        saver = sqlite_saver(path)
        return Held(replace(storage, saver=saver), saver.conn.close)

    @cached_property
    def _file(self) -> tuple[Path, Storage]:
        """The lab's own file, or a temporary one where it has none."""
        if self._own.kind == "sqlite":
            return Path(self._settings.database), self._own
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="pattern-lab-"))
        path = Path(folder) / "checkpoints.sqlite"
        own = self._settings.model_copy(update={"database": str(path)})
        return path, self._stack.enter_context(open_storage(own))


def _nothing() -> None:
    """Closes what holds no connection of its own."""
