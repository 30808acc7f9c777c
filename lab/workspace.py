"""One visitor's door: start, resume, edit and stop runs, and read the threads that this workspace owns."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from langgraph.errors import InvalidUpdateError
from langgraph.types import Command, StateSnapshot

from graphs.pattern import Breakpoints, Lane, Pattern
from lab.errors import (
    AnswerPending,
    InvalidInput,
    NothingToContinue,
    NotPossible,
    StaleAnswer,
    ThreadBusy,
    UnknownCheckpoint,
    UnknownThread,
    WorkLeft,
)
from lab.events import Event, EventLog, Kind, StateEdited
from lab.forms import check_answer, check_edit, check_input
from lab.history import CheckpointRow, Question, Snapshot, Status, id_seconds, questions, restore, status, told
from lab.models import ModelName
from lab.plain import Plain, plain
from lab.runs import Graph, Run
from lab.storage import index_rows
from lab.tables import BUSINESS
from lab.threads import Thread
from lab.view import ThreadView

if TYPE_CHECKING:
    from lab.lab import Lab

NO_BREAKPOINTS = Breakpoints()


class Workspace:
    """All that a visitor may do; every call checks that the thread is this workspace's own."""

    def __init__(self, lab: Lab, name: str) -> None:
        self._lab = lab
        self.name = name

    # What runs

    def start(
        self,
        slug: str,
        lane_key: str,
        values: Mapping[str, Plain],
        *,
        session: str | None = None,
        model: ModelName = "offline",
        pace: float | None = None,
        breakpoints: Breakpoints = NO_BREAKPOINTS,
    ) -> Thread:
        """Starts a new thread of a lane on this input; raises InvalidInput, NotPossible."""
        pattern = self._lab.pattern(slug)
        lane = pattern.lane(lane_key)
        checked = check_input(self._lab.input_schema(slug, lane_key), values)
        graph = self._lab.graph(slug, lane_key, model, self._pace(pace))
        thread = self._lab.threads.create(
            self.name, slug, lane_key, session or self._lab.new_session(), _title(values), model
        )
        self._lab.runs.claim(thread.thread_id)
        log = self._lab.runs.log(thread.thread_id, lambda _: None)
        self._launch(thread, pattern, lane, graph, log, "start", checked, plain(checked), breakpoints)
        return thread

    def turn(
        self,
        thread_id: str,
        values: Mapping[str, Plain],
        *,
        model: ModelName | None = None,
        pace: float | None = None,
        breakpoints: Breakpoints = NO_BREAKPOINTS,
    ) -> None:
        """Sends further input to a thread that has finished; raises InvalidInput, AnswerPending, WorkLeft, ThreadBusy."""
        thread, pattern, lane, graph, log = self._open(thread_id, model, pace)
        checked = check_input(self._lab.input_schema(pattern.slug, lane.key), values)
        with self._claimed(thread_id):
            if lane.remembers:
                found = status(self._state(graph, thread))
                if found == "waiting":
                    raise AnswerPending
                if found == "resumable":
                    raise WorkLeft
            self._launch(thread, pattern, lane, graph, log, "turn", checked, plain(checked), breakpoints)

    def resume(
        self,
        thread_id: str,
        answers: Mapping[str, Plain],
        checkpoint_id: str,
        *,
        model: ModelName | None = None,
        pace: float | None = None,
        breakpoints: Breakpoints = NO_BREAKPOINTS,
    ) -> None:
        """Answers pending interrupts by id, as shown at that checkpoint; raises StaleAnswer, InvalidInput, ThreadBusy."""
        thread, pattern, lane, graph, log = self._open(thread_id, model, pace)
        asked = self._asked(graph, thread, answers, checkpoint_id)
        for question in asked:
            check_answer(question.schema, answers[question.id])
        with self._claimed(thread_id, frozenset(answers)):
            self._asked(graph, thread, answers, checkpoint_id)
            given: Command[Any] = Command(resume=dict(answers))
            said = [{"question": _asked_text(question), "answer": plain(answers[question.id])} for question in asked]
            self._launch(thread, pattern, lane, graph, log, "resume", given, said, breakpoints)

    def proceed(
        self,
        thread_id: str,
        checkpoint_id: str | None = None,
        *,
        model: ModelName | None = None,
        pace: float | None = None,
        breakpoints: Breakpoints = NO_BREAKPOINTS,
    ) -> None:
        """Goes on from the thread's head after a pause, a stop, a failure or a crash.

        Raises NothingToContinue, AnswerPending, ThreadBusy, and StaleAnswer where the head is no longer
        the checkpoint that was shown.
        """
        thread, pattern, lane, graph, log = self._open(thread_id, model, pace)
        self._must_remember(lane)
        with self._claimed(thread_id):
            snapshot = self._state(graph, thread)
            self._must_stand_at(snapshot, checkpoint_id)
            if status(snapshot) == "waiting":
                raise AnswerPending
            if status(snapshot) != "resumable":
                raise NothingToContinue
            self._launch(thread, pattern, lane, graph, log, "continue", None, None, breakpoints)

    def edit(self, thread_id: str, values: Mapping[str, Plain], checkpoint_id: str | None = None) -> str:
        """Writes values to the state at a pause and gives the new checkpoint's id; the thread stays paused.

        Raises InvalidInput, StaleAnswer, ThreadBusy, AnswerPending, NotPossible.
        """
        thread, pattern, lane, graph, log = self._open(thread_id, None, 0.0)
        self._must_remember(lane)
        checked = check_edit(self._lab.state_schema(pattern.slug, lane.key), values)
        if not checked:
            raise InvalidInput({"": "no field was given"})
        with self._claimed(thread_id):
            try:
                snapshot = self._state(graph, thread)
                self._must_stand_at(snapshot, checkpoint_id)
                if status(snapshot) == "waiting":
                    raise AnswerPending
                if len(snapshot.next) > 1:
                    raise NotPossible(
                        f"The nodes {', '.join(snapshot.next)} are pending side by side; an edit now would drop what "
                        "they wrote. Let them finish first."
                    )
                config = self._lab.config(thread_id, pattern, lane, self.name)
                saved = graph.update_state(config, checked)
            except InvalidUpdateError as error:
                raise NotPossible(f"The state can't be edited here: {error}. Pause after another node.") from error
            finally:
                self._lab.runs.release(thread_id)
        new_id = str(saved["configurable"]["checkpoint_id"])
        calls = f'graph.update_state({{"configurable": {{"thread_id": {thread_id!r}}}}}, {checked!r})'
        log.append(lambda no: StateEdited(no, time.time(), new_id, plain(checked), calls))
        return new_id

    def stop(self, thread_id: str) -> bool:
        """Asks the thread's run to end; False where none is going on."""
        self._thread(thread_id)
        run = self._lab.runs.active(thread_id)
        if run is None:
            return False
        run.stop()
        return True

    def wait(self, thread_id: str, timeout: float = 60.0) -> bool:
        """Waits for the thread's run to end; False where it's still going on after `timeout` seconds."""
        self._thread(thread_id)
        run = self._lab.runs.active(thread_id)
        return run is None or run.done.wait(timeout)

    # What is read

    def thread(self, thread_id: str) -> Thread:
        """Gives a thread; raises UnknownThread."""
        return self._thread(thread_id)

    def threads(self, *, pattern: str | None = None, session: str | None = None, limit: int = 100) -> tuple[Thread, ...]:
        """Gives this workspace's threads, the last used first."""
        return self._lab.threads.list(self.name, pattern=pattern, session=session, limit=limit)

    def events(self, thread_id: str, after: int = 0, timeout: float = 0.0) -> list[Event]:
        """Gives the thread's events past that number, waiting up to `timeout` seconds for the first."""
        return self._log(self._thread(thread_id)).after(after, timeout)

    def view(self, thread_id: str) -> ThreadView:
        """Gives a view of the thread that the caller brings up to date as often as it likes."""
        return ThreadView(self._log(self._thread(thread_id)))

    def status(self, thread_id: str) -> Status:
        """Tells how the thread stands, by its newest checkpoint."""
        thread = self._thread(thread_id)
        if self._lab.runs.active(thread_id) is not None:
            return "running"
        if not self._lab.pattern(thread.pattern).lane(thread.lane).remembers:
            return "finished" if self._log(thread).last else "new"
        return status(self._state(self._lab.reading(thread.pattern, thread.lane), thread))

    def snapshot(self, thread_id: str, checkpoint_id: str | None = None) -> Snapshot | None:
        """Gives the state at a checkpoint, the newest by default; None where nothing is saved.

        Raises UnknownCheckpoint.
        """
        thread = self._thread(thread_id)
        if not self._lab.pattern(thread.pattern).lane(thread.lane).remembers:
            return None
        found = self._state(self._lab.reading(thread.pattern, thread.lane), thread, checkpoint_id)
        if checkpoint_id is not None and found.created_at is None:
            raise UnknownCheckpoint(checkpoint_id)
        return told(found) if found.created_at is not None else None

    def history(self, thread_id: str, *, limit: int = 50, offset: int = 0) -> tuple[CheckpointRow, ...]:
        """Gives the thread's checkpoints in the order of writing, without their states."""
        thread = self._thread(thread_id)
        rows = index_rows(self._lab.storage, thread.thread_id, "", limit=limit, offset=offset)
        return tuple(
            CheckpointRow(ident, parent, metadata["step"], metadata["source"], id_seconds(ident))
            for ident, parent, metadata in rows
        )

    def pending(self, thread_id: str) -> tuple[Question, ...]:
        """Gives the interrupts that wait for an answer, in stable task order."""
        found = self.snapshot(thread_id)
        return found.questions if found is not None and self.status(thread_id) == "waiting" else ()

    def business(self, table: str, thread_ids: list[str]) -> list[dict[str, Any]]:
        """Gives a business table's rows of these threads; raises UnknownThread."""
        for thread_id in thread_ids:
            self._thread(thread_id)
        return self._lab.storage.database.rows(BUSINESS[table], thread_ids)

    # Checks and helpers

    def _thread(self, thread_id: str) -> Thread:
        thread = self._lab.threads.find(self.name, thread_id)
        if thread is None:
            raise UnknownThread(thread_id)
        return thread

    def _open(
        self, thread_id: str, model: ModelName | None, pace: float | None
    ) -> tuple[Thread, Pattern, Lane, Graph, EventLog]:
        thread = self._thread(thread_id)
        pattern = self._lab.pattern(thread.pattern)
        chosen: Any = model or thread.model
        graph = self._lab.graph(pattern.slug, thread.lane, chosen, self._pace(pace))
        return thread, pattern, pattern.lane(thread.lane), graph, self._log(thread)

    def _log(self, thread: Thread) -> EventLog:
        def fill(log: EventLog) -> None:
            if self._lab.pattern(thread.pattern).lane(thread.lane).remembers:
                graph = self._lab.reading(thread.pattern, thread.lane)
                restore(log, graph, {"configurable": {"thread_id": thread.thread_id}}, model=thread.model)

        return self._lab.runs.log(thread.thread_id, fill)

    def _pace(self, pace: float | None) -> float:
        return self._lab.settings.pace if pace is None else pace

    def _state(self, graph: Graph, thread: Thread, checkpoint_id: str | None = None) -> StateSnapshot:
        place = {"thread_id": thread.thread_id}
        if checkpoint_id is not None:
            place |= {"checkpoint_ns": "", "checkpoint_id": checkpoint_id}
        return graph.get_state({"configurable": place})

    def _asked(
        self, graph: Graph, thread: Thread, answers: Mapping[str, Plain], checkpoint_id: str
    ) -> list[Question]:
        snapshot = self._state(graph, thread)
        asked = {question.id: question for question in questions(snapshot)}
        if not answers or not set(answers) <= set(asked):
            raise StaleAnswer
        self._must_stand_at(snapshot, checkpoint_id)
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
        if not self._lab.runs.claim(thread_id, answering):
            if answering & self._lab.runs.answering(thread_id):
                raise StaleAnswer
            raise ThreadBusy(thread_id)
        try:
            yield
        except BaseException:
            self._lab.runs.release(thread_id)
            raise

    def _launch(
        self,
        thread: Thread,
        pattern: Pattern,
        lane: Lane,
        graph: Graph,
        log: EventLog,
        kind: Kind,
        given: Any,
        said: Plain,
        breakpoints: Breakpoints,
    ) -> None:
        self._lab.threads.touch(thread.thread_id)
        run = Run(
            thread_id=thread.thread_id,
            graph=graph,
            lane=lane,
            log=log,
            kind=kind,
            model=thread.model,
            given=given,
            said=said,
            config=self._lab.config(thread.thread_id, pattern, lane, self.name),
            world=self._lab.world(thread.thread_id),
            breakpoints=_both(lane.breakpoints, breakpoints),
            release=lambda: self._lab.runs.release(thread.thread_id),
        )
        self._lab.runs.set(run)
        run.begin()


def _both(one: Breakpoints, other: Breakpoints) -> Breakpoints:
    return Breakpoints((*one.before, *other.before), (*one.after, *other.after))


def _title(values: Mapping[str, Plain]) -> str:
    said = next((str(value) for value in values.values() if isinstance(value, str) and value.strip()), "")
    return " ".join((said or ", ".join(f"{key} {value}" for key, value in values.items())).split())[:120]


def _asked_text(question: Question) -> str:
    value = question.value
    return str(value.get("question", "")) if isinstance(value, dict) else str(value)
