"""What all parts of a workspace share: whose threads these are, and one run a thread at a time."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypedDict

from langgraph.types import StateSnapshot
from sqlalchemy import Connection

from graphs.pattern import Breakpoints, Lane, Pattern
from lab.checkpoints import newest_checkpoint_id, restart_calls, state_sizes
from lab.engine import Engine
from lab.errors import (
    NotPossible,
    StaleAnswer,
    StorageUnavailable,
    ThreadBusy,
    UnknownCheckpoint,
    UnknownThread,
    Unreadable,
)
from lab.events import EventLog, Kind, RunEnded, RunStarted, SaverDropped, WentBack
from lab.history import RESTORED, Question, pending_questions, read_state, read_tree, restore
from lab.jsonable import Json
from lab.runs import Accepted, Claim, Request, SubprocessRun, Work
from lab.threads import BRANCH, Thread, given_title
from lab.types import Graph, ModelName

NO_BREAKPOINTS = Breakpoints()
COMPARED_EVERY = 0.5
"""Seconds after which a thread is compared again with what other processes saved of it."""
AFFORDABLE = 2**23
"""Bytes of states that are read again to tell a thread's past; earlier ones stay in its history."""
DIED = (
    "The process that ran this ended without a word. What its checkpoints hold is saved; the node at work runs again "
    "from its top. Continue, answer again what the thread asks, or start again where nothing was saved."
)


def _affordable(way: Sequence[str], sizes: Mapping[str, int]) -> list[str]:
    """Return the last checkpoints on a way whose states are small enough together, but at least two."""
    found: list[str] = []
    room = AFFORDABLE
    for checkpoint_id in reversed([ident for ident in way if ident in sizes]):
        room -= sizes[checkpoint_id]
        if room < 0 and len(found) >= 2:
            break
        found.append(checkpoint_id)
    return found[::-1]


class RunOptions(TypedDict, total=False):
    """How a run goes on, where it's to be otherwise than the thread's model, the lab's pace and no pauses."""

    model: ModelName | None
    pace: float | None
    """Words a second of the offline model; 0 doesn't wait."""
    breakpoints: Breakpoints


class Owned:
    """A workspace's threads; nothing of another workspace can be reached through it."""

    def __init__(self, engine: Engine, name: str, *, near: bool = False) -> None:
        self._engine = engine
        self.name = name
        self.near = near
        """Whether the visitor sits at this very machine, and may do what concerns all workspaces."""

    def _thread(self, thread_id: str) -> Thread:
        thread = self._engine.threads.find(self.name, thread_id)
        if thread is None:
            raise UnknownThread(thread_id)
        return thread

    def _open(self, thread_id: str) -> tuple[Thread, Pattern, Lane, Graph, EventLog]:
        thread = self._thread(thread_id)
        pattern = self._engine.pattern(thread.pattern)
        graph = self._engine.reading_of(thread)
        return thread, pattern, self._engine.lane(thread.pattern, thread.lane), graph, self._log(thread)

    def _followed(self, thread_id: str) -> EventLog:
        """Return the thread's log; who follows a run asks often, and a log that is known needs no look at the table."""
        log = self._engine.runs.known(self.name, thread_id)
        if log is None:
            return self._log(self._thread(thread_id))
        # Of a run at work here nobody else tells anything.
        here = self._engine.runs.active(thread_id) is not None
        if not here and time.monotonic() - log.compared > COMPARED_EVERY:
            return self._log(self._thread(thread_id))
        return log

    def _log(self, thread: Thread) -> EventLog:
        log = self._engine.runs.log(self.name, thread.thread_id, partial(self._filled, thread))
        if self._engine.runs.active(thread.thread_id) is None and time.monotonic() - log.compared > COMPARED_EVERY:
            self._compare(thread, log)
        return log

    def _filled(self, thread: Thread, log: EventLog) -> None:
        """Fill a log with what was saved of the thread's events, and with what checkpoints alone tell."""
        store = self._engine.runs.store
        log.load(store.load(thread.thread_id))
        log.stored = store.size(thread.thread_id)
        standing = self._engine.claims.standing(thread.thread_id)
        if standing.holder is None and not standing.left and not log.open_run:
            self._complete(thread, log)
            self._forgotten(thread, log)

    def _forgotten(self, thread: Thread, log: EventLog) -> None:
        """Tell of a thread whose checkpoints went with the process that had them in its memory."""
        saver = self._engine.lane(thread.pattern, thread.lane).saver
        told = len(log.told)
        if (
            saver
            and told
            and not log.dropped
            and not newest_checkpoint_id(self._engine.storage_of(thread), thread.thread_id)
        ):
            log.append(lambda no: SaverDropped(no, time.time(), "restart", told, 0, restart_calls(saver)))

    def _compare(self, thread: Thread, log: EventLog) -> None:
        """Take over what other processes told of a thread, and the end of a run whose process died."""
        log.compared = time.monotonic()
        self._load(thread.thread_id, log)
        standing = self._engine.claims.standing(thread.thread_id)
        if standing.holder is not None or not (standing.left or log.open_run):
            return
        # Whoever else finds it first tells it.
        with suppress(ThreadBusy, UnknownThread), self._engine.runs.claimed(self.name, thread.thread_id):
            self._load(thread.thread_id, log)
            self._buried(thread, log, standing.accepted)

    def _load(self, thread_id: str, log: EventLog) -> None:
        store = self._engine.runs.store
        if store.last(thread_id) > log.newest_saved:
            log.load(store.load(thread_id, log.newest_saved))
            log.stored = store.size(thread_id)

    def _buried(self, thread: Thread, log: EventLog, accepted: Accepted | None) -> None:
        """Tell how a run ended whose process died, and what it had been asked, where it came to tell neither."""
        run_id = log.open_run
        asked = accepted.request if accepted is not None else None
        if not run_id and asked is not None:
            run_id = f"lost-{thread.thread_id}"
            kind, model, said = asked["kind"], asked["model"], asked["values"]
            log.append(lambda no: RunStarted(no, time.time(), run_id, kind, model, said, ""))
        self._complete(thread, log)
        if run_id:
            log.append(lambda no: RunEnded(no, time.time(), run_id, "crashed", DIED))

    def _complete(self, thread: Thread, log: EventLog) -> None:
        """Tell from checkpoints what no event tells: of an import, of an older version, or of a killed process."""
        if not self._engine.lane(thread.pattern, thread.lane).remembers:
            return
        storage, graph = self._engine.storage_of(thread), self._engine.reading_of(thread)
        told = log.told
        if newest_checkpoint_id(storage, thread.thread_id) in {"", *told}:
            return
        grown = read_tree(storage, thread.thread_id)
        way = [mark.checkpoint_id for mark in grown.lineage(grown.head)] if grown.head else []
        known = next((number for number in reversed(range(len(way))) if way[number] in told), 0)
        if way[known] in told and way[known] != log.newest_told:
            step = grown.marks[way[known]].step
            log.append(lambda no: WentBack(no, time.time(), way[known], step))
        read = _affordable(way[known:], state_sizes(storage, thread.thread_id, way[known:][-RESTORED:]))
        states: list[StateSnapshot] = []
        for checkpoint_id in read:
            # The page tells of one that can't be read where the checkpoint itself is looked at.
            with suppress(Unreadable):
                states.append(self._state(graph, thread, checkpoint_id))
        restore(log, graph, states, model=thread.model, told=told)

    def _pace(self, going: RunOptions) -> float:
        pace = going.get("pace")
        return self._engine.settings.pace if pace is None else pace

    def _state(
        self, graph: Graph, thread: Thread, checkpoint_id: str | None = None, namespace: str = ""
    ) -> StateSnapshot:
        """Read a checkpoint's state, the newest one's by default; raises Unreadable."""
        place = {"thread_id": thread.thread_id}
        if checkpoint_id is not None:
            place |= {"checkpoint_ns": namespace, "checkpoint_id": checkpoint_id}
        try:
            return read_state(graph, {"configurable": place})
        except StorageUnavailable:
            raise
        # What a damaged row, or a value that its own type refuses, makes the reading raise can be anything.
        except Exception as error:
            raise Unreadable(checkpoint_id, error) from error

    def _found(self, graph: Graph, thread: Thread, checkpoint_id: str, namespace: str = "") -> StateSnapshot:
        """Read the state of a checkpoint that there must be; raises UnknownCheckpoint, Unreadable."""
        # Of an empty id the library gives the newest checkpoint, and of a NUL PostgreSQL knows nothing at all.
        if not checkpoint_id or "\x00" in checkpoint_id:
            raise UnknownCheckpoint(checkpoint_id)
        found = self._state(graph, thread, checkpoint_id, namespace)
        if found.created_at is None:
            raise UnknownCheckpoint(checkpoint_id)
        return found

    @classmethod
    def _asked(cls, snapshot: StateSnapshot, answers: Mapping[str, Json], checkpoint_id: str) -> list[Question]:
        asked = {question.id: question for question in pending_questions(snapshot)}
        if not answers or not set(answers) <= set(asked):
            raise StaleAnswer
        cls._must_stand_at(snapshot, checkpoint_id)
        return [asked[ident] for ident in answers]

    @staticmethod
    def _must_stand_at(snapshot: StateSnapshot, checkpoint_id: str | None) -> None:
        if checkpoint_id is not None and snapshot.config["configurable"].get("checkpoint_id") != checkpoint_id:
            raise StaleAnswer

    @staticmethod
    def _must_remember(lane: Lane) -> None:
        if not lane.remembers:
            raise NotPossible(
                f"The lane '{lane.title}' has no checkpointer, so there is nothing to go on from. Start a new thread."
            )

    def _must_be_offered(self, lane: Lane) -> None:
        self._must_be_sound()
        if not self._engine.lane_savers.offers(lane.saver):
            raise NotPossible(
                f"The lane '{lane.title}' keeps its threads in PostgreSQL, and this lab has none. "
                "Start the lab with a postgresql:// URL as LAB_DATABASE, or choose another lane."
            )

    def _must_be_sound(self) -> None:
        """Raise DamageFound where nothing more may be saved because the database file is damaged."""
        if (damage := self._engine.storage.damage) is not None:
            raise damage

    @contextmanager
    def _claimed(
        self, thread_id: str, answering: frozenset[str] = frozenset(), *, runs: bool = False
    ) -> Iterator[Claim]:
        """Take a thread that was looked at for the block, after which it's given back unless a run has taken it over.

        `runs` says that a run will. Raises UnknownThread where the thread is gone by now, ThreadBusy, StaleAnswer,
        TooManyRuns, and DamageFound for a run.
        """
        if runs:
            self._must_be_sound()
        self._engine.renewal.begin()
        with self._engine.runs.claimed(self.name, thread_id, answering, runs=runs) as claim:
            log = self._engine.runs.known(self.name, thread_id)
            if log is not None:
                # Another process may have worked on it since this one looked.
                self._load(thread_id, log)
            yield claim

    def _must_run_apart(self, pattern: Pattern, values: Mapping[str, Any]) -> bool:
        """Return whether a run is to kill its process, for which it gets one of its own; raises NotPossible."""
        if not pattern.crash_field or values.get(pattern.crash_field, "never") == "never":
            return False
        if self._engine.storage.kind == "memory":
            raise NotPossible(
                "A killed process takes its memory with it, and this lab keeps its threads there. "
                f"Choose 'never' for '{pattern.crash_field}', or start the lab with a file as LAB_DATABASE."
            )
        return True

    def _request(
        self,
        thread: Thread,
        kind: Kind,
        values: Mapping[str, Json],
        going: RunOptions,
        *,
        checkpoint_id: str = "",
        label: str = "",
    ) -> Request:
        return Request(
            thread_id=thread.thread_id,
            workspace=self.name,
            pattern=thread.pattern,
            lane=thread.lane,
            kind=kind,
            values=values,
            model=going.get("model") or thread.model,
            pace=self._pace(going),
            breakpoints=going.get("breakpoints", NO_BREAKPOINTS),
            checkpoint_id=checkpoint_id,
            label=given_title(label, BRANCH) if label.strip() else "",
        )

    def _work(self, request: Request, *, apart: bool) -> Work:
        """Return what a run of this request does; raises NotPossible where its model isn't configured."""
        work = self._engine.work(request)
        return SubprocessRun(self._engine.settings, request, work.calls()) if apart else work

    def _launch(
        self, claim: Claim, thread: Thread, request: Request, said: Json, log: EventLog, *, apart: bool
    ) -> None:
        """Accept a request, which is written down at once, and begin its run."""
        work = self._work(request, apart=apart)
        claim.accept(request, self._head(thread), partial(self._touched, thread.thread_id))
        claim.hand_over(request, said, work, log)

    def _touched(self, thread_id: str, connection: Connection) -> None:
        self._engine.threads.touch(connection, thread_id)

    def _head(self, thread: Thread) -> str:
        """Return the id of the thread's newest checkpoint, empty where it has none."""
        lane = self._engine.lane(thread.pattern, thread.lane)
        return newest_checkpoint_id(self._engine.storage_of(thread), thread.thread_id) if lane.remembers else ""
