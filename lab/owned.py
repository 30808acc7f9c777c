"""What all parts of a workspace share: whose threads these are, and one run a thread at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypedDict

import psycopg
from langgraph.types import StateSnapshot

from graphs.pattern import Breakpoints, Lane, Pattern
from lab import listing
from lab.apart import Apart
from lab.errors import NotPossible, StaleAnswer, UnknownCheckpoint, UnknownThread, Unreadable
from lab.events import EventLog, Kind
from lab.history import RESTORED, Question, questions, restore
from lab.models import ModelName
from lab.plain import Plain
from lab.runs import Request, Run, Work
from lab.stream import Graph
from lab.threads import Thread, titled

if TYPE_CHECKING:
    from lab.lab import Lab

NO_BREAKPOINTS = Breakpoints()


class Going(TypedDict, total=False):
    """How a run goes on, where it's to be otherwise than the thread's model, the lab's pace and no pauses."""

    model: ModelName | None
    pace: float | None
    """Words a second of the offline model; 0 doesn't wait."""
    breakpoints: Breakpoints


class Owned:
    """A workspace's threads; nothing of another workspace can be reached through it."""

    def __init__(self, lab: Lab, name: str, *, near: bool = False) -> None:
        self._lab = lab
        self.name = name
        self.near = near
        """Whether the visitor sits at this very machine, and may do what concerns all workspaces."""

    def _thread(self, thread_id: str) -> Thread:
        thread = self._lab.threads.find(self.name, thread_id)
        if thread is None:
            raise UnknownThread(thread_id)
        return thread

    def _open(self, thread_id: str) -> tuple[Thread, Pattern, Lane, Graph, EventLog]:
        thread = self._thread(thread_id)
        pattern = self._lab.pattern(thread.pattern)
        graph = self._lab.reading_of(thread)
        return thread, pattern, pattern.lane(thread.lane), graph, self._log(thread)

    def _followed(self, thread_id: str) -> EventLog:
        """Gives the thread's log; who follows a run asks often, and a log that is known needs no look at the table."""
        return self._lab.runs.known(self.name, thread_id) or self._log(self._thread(thread_id))

    def _log(self, thread: Thread) -> EventLog:
        def fill(log: EventLog) -> None:
            if self._lab.pattern(thread.pattern).lane(thread.lane).remembers:
                graph = self._lab.reading_of(thread)
                restore(log, graph, list(self._lineage(graph, thread)), model=thread.model)

        return self._lab.runs.log(self.name, thread.thread_id, fill)

    def _lineage(self, graph: Graph, thread: Thread) -> Iterator[StateSnapshot]:
        """Reads the checkpoints on the way to the thread's head, the last `RESTORED` of those that can be read."""
        grown = listing.tree(self._lab.storage_of(thread), thread.thread_id)
        for mark in grown.lineage(grown.head)[-RESTORED:] if grown.head else ():
            # The page tells of it where the checkpoint itself is looked at.
            with suppress(Unreadable):
                yield self._state(graph, thread, mark.checkpoint_id)

    def _pace(self, going: Going) -> float:
        pace = going.get("pace")
        return self._lab.settings.pace if pace is None else pace

    def _state(
        self, graph: Graph, thread: Thread, checkpoint_id: str | None = None, namespace: str = ""
    ) -> StateSnapshot:
        """Reads a checkpoint's state, the newest one's by default; raises Unreadable."""
        place = {"thread_id": thread.thread_id}
        if checkpoint_id is not None:
            place |= {"checkpoint_ns": namespace, "checkpoint_id": checkpoint_id}
        try:
            return graph.get_state({"configurable": place})
        except (sqlite3.OperationalError, psycopg.OperationalError):
            raise
        # What a damaged row, or a value that its own type refuses, makes the reading raise can be anything.
        except Exception as error:
            raise Unreadable(checkpoint_id, error) from error

    def _found(self, graph: Graph, thread: Thread, checkpoint_id: str, namespace: str = "") -> StateSnapshot:
        """Reads the state of a checkpoint that there must be; raises UnknownCheckpoint, Unreadable."""
        # Of an empty id the library gives the newest checkpoint, and of a NUL PostgreSQL knows nothing at all.
        if not checkpoint_id or "\x00" in checkpoint_id:
            raise UnknownCheckpoint(checkpoint_id)
        found = self._state(graph, thread, checkpoint_id, namespace)
        if found.created_at is None:
            raise UnknownCheckpoint(checkpoint_id)
        return found

    @classmethod
    def _asked(cls, snapshot: StateSnapshot, answers: Mapping[str, Plain], checkpoint_id: str) -> list[Question]:
        asked = {question.id: question for question in questions(snapshot)}
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
                f"The lane '{lane.title}' has no checkpointer, so there is nothing to go on from. Start it anew."
            )

    def _must_be_offered(self, pattern: Pattern, lane: Lane) -> None:
        if lane not in self._lab.offered(pattern.slug).lanes:
            raise NotPossible(
                f"The lane '{lane.title}' keeps its threads in PostgreSQL, and this lab has none. "
                "Start the lab with a postgresql:// URL as LAB_DATABASE, or choose another lane."
            )

    @contextmanager
    def _claimed(self, thread_id: str, answering: frozenset[str] = frozenset()) -> Iterator[None]:
        """Takes the thread for the block; what fails in it gives the thread back."""
        self._lab.runs.claim(thread_id, answering)
        try:
            yield
        except BaseException:
            self._lab.runs.release(thread_id)
            raise

    def _must_run_apart(self, pattern: Pattern, values: Mapping[str, Any]) -> bool:
        """Tells whether a run is to kill its process, for which it gets one of its own; raises NotPossible."""
        if not pattern.crash_field or values.get(pattern.crash_field, "never") == "never":
            return False
        if self._lab.storage.kind == "memory":
            raise NotPossible(
                "A killed process takes its memory with it, and this lab keeps its threads there. "
                f"Choose 'never' for '{pattern.crash_field}', or start the lab with a file as LAB_DATABASE."
            )
        return True

    def _request(
        self,
        thread: Thread,
        kind: Kind,
        values: Mapping[str, Plain],
        going: Going,
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
            label=titled(label) if label.strip() else "",
        )

    def _launch(self, request: Request, said: Plain, log: EventLog, *, apart: bool) -> None:
        work: Work = self._lab.work(request)
        if apart:
            work = Apart(self._lab.settings, request, work.calls())
        if request.kind != "start":
            self._lab.threads.touch(request.thread_id)
        run = Run(request, said, work, log, release=lambda: self._lab.runs.release(request.thread_id))
        self._lab.runs.set(run)
        run.begin()
