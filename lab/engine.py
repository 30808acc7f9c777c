"""The engine: opens the database, and makes the work of a run from its request."""

import functools
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from graphs.catalogue import CATALOGUE
from graphs.pattern import Fork, GoOn, Lane, Pattern, Replay, Rewind, Run, Saver
from graphs.world import World
from lab.checkpoints import Storage, ThreadSavers, checkpoint_config, open_storage, restart_calls, thread_config
from lab.database import ArchiveTable, CircuitTable, Directory, FaultTable, LedgerTable, OutboxTable, RecordsTable
from lab.events import ROOM, ROOM_IN_MEMORY, EventStore, Log, Outcome, SaverDropped, WentBack
from lab.history import pending_questions
from lab.models import load_openai_model
from lab.runs import (
    Claims,
    ContinueRequest,
    LaneGraphs,
    LeaseRenewal,
    ReanswerRequest,
    ReplayRequest,
    Request,
    ResumeRequest,
    Runs,
    StartRequest,
    Stream,
    TurnRequest,
    TwoStepRun,
    WaitingIndex,
    WhatIfRequest,
    asked_again,
)
from lab.secrets import know_environment_secrets, know_secrets
from lab.settings import Settings, read_settings
from lab.state import check_input
from lab.threads import Threads
from lab.types import Graph


class Engine:
    """Compiled graphs, checkpointers and runs of one process; close it when the process ends."""

    def __init__(self, settings: Settings | None = None, *, patterns: Sequence[Pattern] = CATALOGUE) -> None:
        self.settings = settings or read_settings()
        know_environment_secrets()
        know_secrets(*self.settings.secrets)
        if self.settings.real_model:
            load_openai_model()
        self._stack = ExitStack()
        self.storage: Storage = self._stack.enter_context(open_storage(self.settings))
        self.threads = Threads(self.storage.database)
        database = self.storage.database
        self.people = Directory(database)
        self.claims = Claims(database, self.settings.lease, self.settings.runs_per_workspace)
        room = ROOM_IN_MEMORY if self.storage.kind == "memory" else ROOM
        self.clock: Callable[[], float] = self.claims.now
        """The clock by which questions run out of time and nodes go, the same for all processes of a database."""
        self.runs = Runs(database, self.claims, EventStore(database, room=room))
        self.storage.saver.guard = self.runs.guard
        self.renewal = LeaseRenewal(self.claims, self.runs, self.settings.lease)
        self.thread_savers = ThreadSavers(self.settings, self.storage, self.runs.running, self._lost, self.runs.guard)
        self._stack.callback(self.thread_savers.close)
        self._stack.callback(self.claims.end)
        self._stack.callback(self.renewal.close)
        self._stack.callback(self._close_runs)
        self.left = 0
        """Runs that hadn't ended when the lab was closed; their threads stand at their last checkpoints."""
        self.graphs = LaneGraphs(patterns, self.settings, self.storage, self.thread_savers)
        self.waiting = WaitingIndex(self.runs, self.graphs, self.storage)
        self.runs.at_rest = self.waiting.at_rest

    def announce(self, address: str) -> None:
        """Tell other processes on this database where this one is reached."""
        self.claims.announce(address)
        self.renewal.begin()

    def close(self) -> None:
        """Stop all runs and close the storage."""
        self._stack.close()

    def _close_runs(self) -> None:
        self.left = self.runs.close()

    def _lost(self, thread_id: str, checkpoints: int, saver: Saver) -> None:
        """Tell a thread's page that its memory went to make room for others'."""
        calls = restart_calls(saver)
        for log in self.runs.logs.of_thread(thread_id):
            log.append(SaverDropped("room", checkpoints, 0, calls))

    def now(self) -> float:
        """Return the time by the engine's clock, in seconds since the epoch."""
        return self.clock()

    def world(self, thread_id: str, *, expendable: bool = False) -> World:
        """Return what the nodes of a thread's run act upon."""
        database = self.storage.database
        return World(
            thread_id,
            LedgerTable(database, thread_id, self.runs.guard),
            OutboxTable(database, thread_id, self.runs.guard),
            ArchiveTable(database, thread_id, self.runs.guard),
            RecordsTable(database, thread_id, self.runs.guard),
            FaultTable(database, thread_id, expendable=expendable),
            CircuitTable(database, thread_id),
            self.now,
            time.sleep,
        )

    def work(self, request: Request, *, expendable: bool = False) -> Stream | TwoStepRun:
        """Return the work that a request asks for; `expendable` lets the nodes kill this process."""
        match request:
            case StartRequest() | TurnRequest():
                given = check_input(self.graphs.input_schema(request.pattern, request.lane), request.values)
                return self._stream(request, given, expendable=expendable)
            case ResumeRequest():
                return self._stream(request, Command(resume=dict(request.answers)), expendable=expendable)
            case ReanswerRequest():
                return self._reanswered(request, expendable=expendable)
            case WhatIfRequest():
                return self._twice(request, expendable=expendable)
            case ReplayRequest():
                return self._stream(request, None, at=request.checkpoint_id, expendable=expendable)
            case ContinueRequest():
                return self._stream(request, None, expendable=expendable)

    def _stream(self, request: Request, given: Any, *, at: str = "", expendable: bool) -> Stream:
        lane = self.graphs.lane(request.pattern, request.lane)
        return Stream(
            graph=self.graphs.for_run(request),
            lane=lane,
            run=_run(lane, request),
            given=given,
            config=self.config(request.thread_id, request.pattern, request.lane, request.workspace, request.label),
            at=at,
            context=self._context(lane, request.thread_id, given, expendable=expendable),
            breakpoints=request.breakpoints,
        )

    def _context(self, lane: Lane, thread_id: str, given: Any, *, expendable: bool) -> object:
        """Return what the nodes of a run get beside the state: no checkpoint holds it, so it's made for each run."""
        if lane.context is None:
            return self.world(thread_id, expendable=expendable)
        return lane.context(given if isinstance(given, dict) else self.threads.given(thread_id) or {})

    def _reanswered(self, request: ReanswerRequest, *, expendable: bool) -> TwoStepRun:
        """Ask first, for an answer given to what was answered before is passed over for the old one."""
        graph = self.graphs.reading_of(request)
        old = pending_questions(graph.get_state(checkpoint_config(request.thread_id, request.checkpoint_id)))

        def answered(outcome: Outcome, _: Log) -> Stream | None:
            if outcome != "waiting":
                return None
            snapshot = graph.get_state(thread_config(request.thread_id))
            answers = asked_again(old, snapshot, request.answers)
            return self._stream(request, Command(resume=answers), expendable=expendable) if answers else None

        first = self._stream(request, None, at=request.checkpoint_id, expendable=expendable)
        given = ", ".join(repr(answer) for answer in request.answers.values())
        return TwoStepRun(
            first, answered, f"# Asked again, each question has a new id.\nCommand(resume={{new_id: {given}}})"
        )

    def _twice(self, request: WhatIfRequest, *, expendable: bool) -> TwoStepRun:
        """Run a rest as it was and then with the edit, so that the thread goes on from the edited one."""
        edited = request.edit
        returned = WentBack(request.checkpoint_id, request.step, at=edited.at)
        first = self._stream(replace(request, label="as it was"), None, at=request.checkpoint_id, expendable=expendable)
        second = self._stream(request, None, at=edited.checkpoint_id, expendable=expendable)

        def with_the_edit(_: Outcome, log: Log) -> Stream:
            log.append(returned)
            log.append(edited)
            return second

        return TwoStepRun(first, with_the_edit, second.calls())

    def config(self, thread_id: str, slug: str, lane_key: str, workspace: str, label: str = "") -> RunnableConfig:
        """Return a run's config: the thread alone, its limits, and metadata to find it by."""
        noted = {"pattern": slug, "lane": lane_key, "workspace": workspace, "began": time.time()}
        return {
            **thread_config(thread_id),
            "recursion_limit": self.settings.recursion_limit,
            # One worker of the pool does nothing but wait for the stream's next part.
            "max_concurrency": self.settings.max_concurrency + 1,
            "metadata": noted | ({"label": label} if label else {}),
        }

    @staticmethod
    def new_session() -> str:
        """Return an id for threads that are started side by side."""
        return str(uuid.uuid4())


def _run(lane: Lane, request: Request) -> Run:
    """Return the call that streams a lane's graph; one that goes on or back is its way back's own."""
    way: GoOn | None = None
    match lane.travel, request:
        case Replay(), ReplayRequest():
            way = lane.travel.run
        case ((Rewind() | Fork()), ContinueRequest()):
            way = lane.travel.run
    return lane.run if way is None else functools.partial(_going_on, way)


def _going_on(way: GoOn, graph: Graph, _: None, config: RunnableConfig, **options: Any) -> Iterator[Any]:
    return way(graph, config, durability="sync", **options)
