"""One visitor's door: start, resume, edit and stop runs, and read the threads that this workspace owns."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from langgraph.errors import InvalidUpdateError
from langgraph.types import StateSnapshot

from graphs.pattern import Breakpoints, Lane, Pattern
from lab import index
from lab.apart import Apart
from lab.cost import Cost, cost
from lab.errors import (
    AnswerPending,
    InvalidInput,
    NothingToContinue,
    NotPossible,
    StaleAnswer,
    UnknownCheckpoint,
    UnknownThread,
    WorkLeft,
)
from lab.events import Event, EventLog, Kind, SaverDropped, StateEdited
from lab.forms import check_answer, check_edit, check_input
from lab.history import CheckpointRow, Question, Snapshot, Status, id_seconds, questions, restore, status, told
from lab.lane_savers import CALLS
from lab.models import ModelName
from lab.plain import Plain, plain
from lab.runs import Request, Run
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
        self._must_be_offered(pattern, pattern.lane(lane_key))
        checked = check_input(self._lab.input_schema(slug, lane_key), values)
        apart = self._must_run_apart(pattern, checked)
        self._lab.graph(slug, lane_key, model, self._pace(pace))
        thread = self._lab.threads.create(
            self.name, slug, lane_key, session or self._lab.new_session(), _title(values), model
        )
        with self._claimed(thread.thread_id):
            log = self._lab.runs.log(self.name, thread.thread_id, lambda _: None)
            request = self._request(thread, "start", values, model, pace, breakpoints)
            self._launch(request, plain(checked), log, apart=apart)
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
        """Sends further input to a thread that has finished.

        Raises InvalidInput, AnswerPending, WorkLeft, ThreadBusy, and NotPossible where a pattern takes one input only.
        """
        thread, pattern, lane, log = self._open(thread_id)
        if not pattern.turns:
            raise NotPossible(f"The pattern '{pattern.title}' takes one input a thread. Start a new thread.")
        checked = check_input(self._lab.input_schema(pattern.slug, lane.key), values)
        apart = self._must_run_apart(pattern, checked)
        request = self._request(thread, "turn", values, model, pace, breakpoints)
        with self._claimed(thread_id):
            if lane.remembers:
                found = status(self._state(thread))
                if found == "waiting":
                    raise AnswerPending
                if found == "resumable":
                    raise WorkLeft
            self._launch(request, plain(checked), log, apart=apart)

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
        """Answers pending interrupts by id, as shown at that checkpoint.

        Raises StaleAnswer, InvalidInput, ThreadBusy.
        """
        thread, pattern, _, log = self._open(thread_id)
        for question in self._asked(self._state(thread), answers, checkpoint_id):
            check_answer(question.schema, answers[question.id])
        request = self._request(thread, "resume", answers, model, pace, breakpoints)
        with self._claimed(thread_id, frozenset(answers)):
            snapshot = self._state(thread)
            said = [
                {"question": _asked_text(question), "answer": plain(answers[question.id])}
                for question in self._asked(snapshot, answers, checkpoint_id)
            ]
            self._launch(request, said, log, apart=self._must_run_apart(pattern, snapshot.values))

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
        thread, pattern, lane, log = self._open(thread_id)
        self._must_remember(lane)
        request = self._request(thread, "continue", {}, model, pace, breakpoints)
        with self._claimed(thread_id):
            snapshot = self._state(thread)
            self._must_stand_at(snapshot, checkpoint_id)
            if status(snapshot) == "waiting":
                raise AnswerPending
            if status(snapshot) != "resumable":
                raise NothingToContinue
            self._launch(request, None, log, apart=self._must_run_apart(pattern, snapshot.values))

    def edit(self, thread_id: str, values: Mapping[str, Plain], checkpoint_id: str | None = None) -> str:
        """Writes values to the state at a pause and gives the new checkpoint's id; the thread stays paused.

        Raises InvalidInput, StaleAnswer, ThreadBusy, AnswerPending, NotPossible.
        """
        thread, pattern, lane, log = self._open(thread_id)
        self._must_remember(lane)
        checked = check_edit(self._lab.state_schema(pattern.slug, lane.key), values)
        if not checked:
            raise InvalidInput({"": "no field was given"})
        with self._claimed(thread_id):
            snapshot = self._state(thread)
            self._must_stand_at(snapshot, checkpoint_id)
            if status(snapshot) == "waiting":
                raise AnswerPending
            if len(snapshot.next) > 1:
                raise NotPossible(
                    f"The nodes {', '.join(snapshot.next)} are pending side by side; an edit now would drop what "
                    "they wrote. Let them finish first."
                )
            try:
                config = self._lab.config(thread_id, pattern.slug, lane.key, self.name)
                with self._lab.reading_of(thread) as graph:
                    saved = graph.update_state(config, checked)
            except InvalidUpdateError as error:
                raise NotPossible(f"The state can't be edited here: {error}. Pause after another node.") from error
            new_id = str(saved["configurable"]["checkpoint_id"])
            calls = f'graph.update_state({{"configurable": {{"thread_id": {thread_id!r}}}}}, {checked!r})'
            log.append(lambda no: StateEdited(no, time.time(), new_id, plain(checked), calls))
            self._lab.runs.release(thread_id)
        return new_id

    def restart(self, thread_id: str) -> SaverDropped:
        """Drops the thread's checkpointer and graph, as a restart of the program does, and tells what is left.

        Raises ThreadBusy, and NotPossible where the lane's threads share the lab's own checkpointer.
        """
        _, _, lane, log = self._open(thread_id)
        if not lane.saver:
            raise NotPossible(
                f"The lane '{lane.title}' shares its checkpointer with all other threads, which a restart would stop. "
                "Only a lane whose threads have one each can be restarted."
            )
        with self._claimed(thread_id):
            before = self.count(thread_id)
            self._lab.savers.drop(thread_id)
            told = SaverDropped(0, time.time(), "restart", before, self.count(thread_id), CALLS[lane.saver])
            log.append(lambda no: told._replace(no=no))
            self._lab.runs.release(thread_id)
        return told

    def stop(self, thread_id: str) -> bool:
        """Asks the thread's run to end; False where none is going on."""
        self._followed(thread_id)
        run = self._lab.runs.active(thread_id)
        if run is None:
            return False
        run.work.stop()
        return True

    def wait(self, thread_id: str, timeout: float = 60.0) -> bool:
        """Waits for the thread's run to end; False where it's still going on after `timeout` seconds."""
        self._followed(thread_id)
        run = self._lab.runs.active(thread_id)
        return run is None or run.done.wait(timeout)

    # What is read

    def thread(self, thread_id: str) -> Thread:
        """Gives a thread; raises UnknownThread."""
        return self._thread(thread_id)

    def threads(
        self, *, pattern: str | None = None, session: str | None = None, limit: int = 100
    ) -> tuple[Thread, ...]:
        """Gives this workspace's threads, the last used first."""
        return self._lab.threads.list(self.name, pattern=pattern, session=session, limit=limit)

    def events(self, thread_id: str, after: int = 0, timeout: float = 0.0) -> list[Event]:
        """Gives the thread's events past that number, waiting up to `timeout` seconds for the first."""
        return self._followed(thread_id).after(after, timeout)

    def view(self, thread_id: str) -> ThreadView:
        """Gives a view of the thread that the caller brings up to date as often as it likes."""
        return ThreadView(self._followed(thread_id))

    def status(self, thread_id: str) -> Status:
        """Tells how the thread stands, by its newest checkpoint."""
        thread = self._thread(thread_id)
        if self._lab.runs.active(thread_id) is not None:
            return "running"
        if not self._lab.pattern(thread.pattern).lane(thread.lane).remembers:
            return "finished" if self._log(thread).last else "new"
        return status(self._state(thread))

    def snapshot(self, thread_id: str, checkpoint_id: str | None = None) -> Snapshot | None:
        """Gives the state at a checkpoint, the newest by default; None where nothing is saved.

        Raises UnknownCheckpoint.
        """
        thread = self._thread(thread_id)
        if not self._lab.pattern(thread.pattern).lane(thread.lane).remembers:
            return None
        found = self._state(thread, checkpoint_id)
        if checkpoint_id is not None and found.created_at is None:
            raise UnknownCheckpoint(checkpoint_id)
        return told(found) if found.created_at is not None else None

    def history(self, thread_id: str, *, limit: int = 50, offset: int = 0) -> tuple[CheckpointRow, ...]:
        """Gives the thread's checkpoints in the order of writing, without their states."""
        thread = self._thread(thread_id)
        with self._lab.storage_of(thread) as storage:
            rows = index.rows(storage, thread.thread_id, limit=limit, offset=offset)
        return tuple(
            CheckpointRow(
                row.checkpoint_id,
                row.parent_id,
                row.metadata["step"],
                row.metadata["source"],
                id_seconds(row.checkpoint_id),
                row.wrote,
            )
            for row in rows
        )

    def count(self, thread_id: str) -> int:
        """Counts the thread's checkpoints."""
        with self._lab.storage_of(self._thread(thread_id)) as storage:
            return index.count(storage, thread_id)

    def cost(self, thread_id: str) -> Cost:
        """Measures what the thread's checkpoints cost, in time a superstep and in bytes."""
        with self._lab.storage_of(self._thread(thread_id)) as storage:
            return cost(storage, thread_id, self.events(thread_id))

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

    def _open(self, thread_id: str) -> tuple[Thread, Pattern, Lane, EventLog]:
        thread = self._thread(thread_id)
        pattern = self._lab.pattern(thread.pattern)
        return thread, pattern, pattern.lane(thread.lane), self._log(thread)

    def _followed(self, thread_id: str) -> EventLog:
        """Gives the thread's log; who follows a run asks often, and a log that is known needs no look at the table."""
        return self._lab.runs.known(self.name, thread_id) or self._log(self._thread(thread_id))

    def _log(self, thread: Thread) -> EventLog:
        def fill(log: EventLog) -> None:
            if self._lab.pattern(thread.pattern).lane(thread.lane).remembers:
                with self._lab.reading_of(thread) as graph:
                    restore(log, graph, {"configurable": {"thread_id": thread.thread_id}}, model=thread.model)

        return self._lab.runs.log(self.name, thread.thread_id, fill)

    def _pace(self, pace: float | None) -> float:
        return self._lab.settings.pace if pace is None else pace

    def _state(self, thread: Thread, checkpoint_id: str | None = None) -> StateSnapshot:
        place = {"thread_id": thread.thread_id}
        if checkpoint_id is not None:
            place |= {"checkpoint_ns": "", "checkpoint_id": checkpoint_id}
        with self._lab.reading_of(thread) as graph:
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


def _title(values: Mapping[str, Plain]) -> str:
    said = next((str(value) for value in values.values() if isinstance(value, str) and value.strip()), "")
    return " ".join((said or ", ".join(f"{key} {value}" for key, value in values.items())).split())[:120]


def _asked_text(question: Question) -> str:
    value = question.value
    return str(value.get("question", "")) if isinstance(value, dict) else str(value)
