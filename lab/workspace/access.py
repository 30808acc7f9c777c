"""The only way to a thread: finds it if this workspace owns it, and claims it for work."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from langgraph.types import StateSnapshot

from graphs.pattern import Lane, Pattern
from lab.checkpoints import Storage
from lab.engine import Engine
from lab.errors import NotPossible
from lab.events import EventLog
from lab.history import ToolSchemas
from lab.runs import Claim
from lab.state import Reducer, schema_of, tool_schemas
from lab.threads import Thread
from lab.types import Graph
from lab.workspace.logs import ThreadLogs
from lab.workspace.states import find_thread, must_remember, state_at, state_of


@dataclass(frozen=True, slots=True)
class OpenedThread:
    """A thread with all that is needed to work on it."""

    thread: Thread
    pattern: Pattern
    lane: Lane
    graph: Graph
    """The one by which the thread is read; no model is asked through it."""
    log: EventLog

    @property
    def thread_id(self) -> str:
        """The thread's id."""
        return self.thread.thread_id

    @property
    def tools(self) -> ToolSchemas:
        """The tools that the graph's nodes call, by the JSON schemas of their arguments."""
        return tool_schemas(self.graph)

    def state(self) -> StateSnapshot:
        """Return the state at the newest checkpoint; raises Unreadable."""
        return state_of(self.graph, self.thread_id)

    def state_at(self, checkpoint_id: str) -> StateSnapshot:
        """Return the state at a checkpoint; raises UnknownCheckpoint, Unreadable, NotPossible."""
        must_remember(self.lane)
        return state_at(self.graph, self.thread_id, checkpoint_id)


class ThreadAccess:
    """The threads of one workspace; nothing of another one can be reached through it."""

    def __init__(self, engine: Engine, workspace: str) -> None:
        self.engine = engine
        self.workspace = workspace
        self.logs = ThreadLogs(engine, workspace)

    def find(self, thread_id: str) -> Thread:
        """Return a thread; raises UnknownThread."""
        return find_thread(self.engine, self.workspace, thread_id)

    def open(self, thread_id: str) -> OpenedThread:
        """Return a thread with its lane, graph and log; raises UnknownThread, UnknownLane."""
        thread = self.find(thread_id)
        pattern = self.engine.graphs.pattern(thread.pattern)
        graph = self.engine.graphs.reading_of(thread)
        return OpenedThread(thread, pattern, self.lane(thread), graph, self.logs.of(thread))

    def lane(self, thread: Thread) -> Lane:
        """Return the lane of a thread; raises UnknownLane."""
        return self.engine.graphs.lane(thread.pattern, thread.lane)

    def storage(self, thread_id: str) -> Storage:
        """Return where a thread's checkpoints are; raises UnknownThread, UnknownLane."""
        return self.engine.graphs.storage_of(self.find(thread_id))

    def state_at(self, thread: Thread, checkpoint_id: str) -> StateSnapshot:
        """Return the state at a checkpoint; raises UnknownCheckpoint, Unreadable, NotPossible."""
        must_remember(self.lane(thread))
        return state_at(self.engine.graphs.reading_of(thread), thread.thread_id, checkpoint_id)

    def head(self, thread: Thread) -> str:
        """Return the id of the thread's newest checkpoint, empty where it has none."""
        if not self.lane(thread).remembers:
            return ""
        return self.engine.graphs.storage_of(thread).checkpoints.newest_id(thread.thread_id)

    def reducers(self, thread: Thread) -> Mapping[str, Reducer]:
        """Return what each channel of the thread's state does with an update."""
        return schema_of(self.engine.graphs.reading(thread.pattern, thread.lane)).reducers

    def must_be_sound(self) -> None:
        """Raise DamageFound where nothing more may be saved because the database file is damaged."""
        if (damage := self.engine.storage.damage) is not None:
            raise damage

    def must_be_offered(self, lane: Lane) -> None:
        """Raise NotPossible where this lab has no storage for a lane's threads, and DamageFound."""
        self.must_be_sound()
        if not self.engine.thread_savers.offers(lane.saver):
            raise NotPossible(
                f"The lane '{lane.title}' keeps its threads in PostgreSQL, and this lab has none. "
                "Start the lab with a postgresql:// URL as LAB_DATABASE, or choose another lane."
            )

    @contextmanager
    def claimed(
        self, thread_id: str, answering: frozenset[str] = frozenset(), *, runs: bool = False
    ) -> Iterator[Claim]:
        """Take a thread that was looked at for the block, and give it back after it unless a run has taken it over.

        `runs` says that a run will. Raises UnknownThread where the thread is gone by now, ThreadBusy, StaleAnswer,
        TooManyRuns, and DamageFound for a run.
        """
        if runs:
            self.must_be_sound()
        self.engine.renewal.begin()
        with self.engine.runs.claimed(self.workspace, thread_id, answering, runs=runs) as claim:
            log = self.engine.runs.logs.known(self.workspace, thread_id)
            if log is not None:
                # Another process may have worked on it since this one looked.
                self.logs.load(thread_id, log)
            yield claim
