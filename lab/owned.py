"""What all parts of a workspace share: whose threads these are, and one run a thread at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from langgraph.types import StateSnapshot

from graphs.pattern import Breakpoints, Lane, Pattern
from lab.apart import Apart
from lab.errors import NotPossible, StaleAnswer, UnknownThread
from lab.events import EventLog, Kind
from lab.history import Question, questions, restore
from lab.models import ModelName
from lab.plain import Plain
from lab.runs import Request, Run
from lab.stream import Graph
from lab.threads import Thread

if TYPE_CHECKING:
    from lab.lab import Lab

NO_BREAKPOINTS = Breakpoints()


class Owned:
    """A workspace's threads; nothing of another workspace can be reached through it."""

    def __init__(self, lab: Lab, name: str) -> None:
        self._lab = lab
        self.name = name

    def _thread(self, thread_id: str) -> Thread:
        thread = self._lab.threads.find(self.name, thread_id)
        if thread is None:
            raise UnknownThread(thread_id)
        return thread

    def _open(self, thread_id: str) -> tuple[Thread, Pattern, Lane, Graph, EventLog]:
        thread = self._thread(thread_id)
        pattern = self._lab.pattern(thread.pattern)
        graph = self._lab.reading(pattern.slug, thread.lane)
        return thread, pattern, pattern.lane(thread.lane), graph, self._log(thread)

    def _followed(self, thread_id: str) -> EventLog:
        """Gives the thread's log; who follows a run asks often, and a log that is known needs no look at the table."""
        return self._lab.runs.known(self.name, thread_id) or self._log(self._thread(thread_id))

    def _log(self, thread: Thread) -> EventLog:
        def fill(log: EventLog) -> None:
            if self._lab.pattern(thread.pattern).lane(thread.lane).remembers:
                graph = self._lab.reading(thread.pattern, thread.lane)
                restore(log, graph, {"configurable": {"thread_id": thread.thread_id}}, model=thread.model)

        return self._lab.runs.log(self.name, thread.thread_id, fill)

    def _pace(self, pace: float | None) -> float:
        return self._lab.settings.pace if pace is None else pace

    def _state(self, graph: Graph, thread: Thread, checkpoint_id: str | None = None) -> StateSnapshot:
        place = {"thread_id": thread.thread_id}
        if checkpoint_id is not None:
            place |= {"checkpoint_ns": "", "checkpoint_id": checkpoint_id}
        return graph.get_state({"configurable": place})

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
        model: ModelName | None,
        pace: float | None,
        breakpoints: Breakpoints,
    ) -> Request:
        return Request(
            thread_id=thread.thread_id,
            workspace=self.name,
            pattern=thread.pattern,
            lane=thread.lane,
            kind=kind,
            values=values,
            model=model or thread.model,
            pace=self._pace(pace),
            breakpoints=breakpoints,
        )

    def _launch(self, request: Request, said: Plain, log: EventLog, *, apart: bool) -> None:
        stream = self._lab.stream(request)
        work = Apart(self._lab.settings, request, stream.calls()) if apart else stream
        if request.kind != "start":
            self._lab.threads.touch(request.thread_id)
        run = Run(request, said, work, log, release=lambda: self._lab.runs.release(request.thread_id))
        self._lab.runs.set(run)
        run.begin()
