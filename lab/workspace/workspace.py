"""A visitor's workspace: start, resume, edit and stop runs; its facets read, go back, and manage threads."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Unpack

from langgraph.types import StateSnapshot
from sqlalchemy import Connection

from graphs.people import Person
from lab.checkpoints import restart_calls
from lab.database import Decision
from lab.engine import Engine
from lab.errors import AnswerKept, AnswerPending, InvalidInput, NothingToContinue, NotPossible, WorkLeft
from lab.events import Event, SaverDropped, ThreadView
from lab.history import answered, check_answers, pending_questions, status
from lab.jsonable import Json, to_jsonable
from lab.runs import (
    ContinueRequest,
    ReanswerRequest,
    ReplayRequest,
    Request,
    ResumeRequest,
    StartRequest,
    TurnRequest,
    WhatIfRequest,
)
from lab.state import How, check_input
from lab.threads import Thread, titled
from lab.workspace.access import OpenedThread, ThreadAccess
from lab.workspace.deadlines import must_be_in_time
from lab.workspace.decisions import decide_answers, decide_at_pause
from lab.workspace.editing import StateEdit, StateEditor
from lab.workspace.history import History
from lab.workspace.inbox import Inbox
from lab.workspace.launching import Launcher, RunOptions
from lab.workspace.permissions import answers_of, must_be_allowed
from lab.workspace.states import answers_given, asked_questions, must_remember, must_stand_at
from lab.workspace.threads import WorkspaceThreads
from lab.workspace.travel import Travel


class Workspace:
    """All that a visitor may do; every call checks that the thread is this workspace's own."""

    def __init__(self, engine: Engine, name: str, *, near: bool = False) -> None:
        self.name = name
        self._engine = engine
        self._access = ThreadAccess(engine, name)
        self._launcher = Launcher(self._access)
        self.history = History(self._access)
        self.inbox = Inbox(self._access)
        self.travel = Travel(self._access, self._launcher)
        self.threads = WorkspaceThreads(self._access, near=near)

    def start(
        self,
        slug: str,
        lane_key: str,
        values: Mapping[str, Json],
        *,
        session: str | None = None,
        **options: Unpack[RunOptions],
    ) -> Thread:
        """Start a new thread of a lane on this input; raises InvalidInput, NotPossible."""
        self._access.must_be_offered(self._engine.graphs.lane(slug, lane_key))
        checked = check_input(self._engine.graphs.input_schema(slug, lane_key), values)
        model = options.get("model") or "offline"
        self._engine.graphs.graph(slug, lane_key, model, self._launcher.pace(options))
        thread = Thread.new(self.name, slug, lane_key, session or self._engine.new_session(), _title(values), model)
        request = StartRequest(**self._launcher.conditions(thread, options), values=values)
        work = self._launcher.work(request, checked)
        self._engine.renewal.begin()
        begun = self._engine.runs.claimed(
            self.name, thread.thread_id, runs=True, before=partial(self._added, thread, values), request=request
        )
        with begun as claim:
            log = self._engine.runs.logs.get(self.name, thread.thread_id, lambda _: None)
            claim.hand_over(request, to_jsonable(checked), work, log)
        return thread

    def _added(self, thread: Thread, values: Mapping[str, Json], connection: Connection) -> None:
        self._engine.threads.add(connection, thread, values)

    def turn(
        self,
        thread_id: str,
        values: Mapping[str, Json],
        **options: Unpack[RunOptions],
    ) -> None:
        """Send further input to a thread that has finished.

        Raises InvalidInput, AnswerPending, WorkLeft, ThreadBusy, and NotPossible where a pattern takes one input only.
        """
        opened = self._access.open(thread_id)
        if not opened.pattern.turns:
            raise NotPossible(f"The pattern '{opened.pattern.title}' takes one input a thread. Start a new thread.")
        checked = check_input(self._engine.graphs.input_schema(opened.pattern.slug, opened.lane.key), values)
        request = TurnRequest(**self._launcher.conditions(opened.thread, options), values=values)
        with self._access.claimed(thread_id, runs=True) as claim:
            if opened.lane.remembers:
                stands = status(opened.state())
                if stands == "waiting":
                    raise AnswerPending
                if stands == "resumable":
                    raise WorkLeft
            self._launcher.launch(claim, opened, request, to_jsonable(checked), self._launcher.work(request, checked))

    def resume(
        self,
        thread_id: str,
        answers: Mapping[str, Json],
        checkpoint_id: str,
        **options: Unpack[RunOptions],
    ) -> None:
        """Answer pending interrupts by id, as shown at that checkpoint.

        Raises StaleAnswer, NotAllowed, InvalidInput, ThreadBusy, TooLate where the lab itself answers after the
        deadline, and AnswerKept where the question has an answer already, whose node failed after it: `proceed` tries
        again with that one, `reanswer` asks anew.
        """
        opened = self._access.open(thread_id)
        must_remember(opened.lane)
        person = self._launcher.acting(options)
        asked = asked_questions(opened.state(), answers, checkpoint_id, opened.tools)
        answers = answers_of(asked, answers, person)
        check_answers(asked, answers)
        request = ResumeRequest(**self._launcher.conditions(opened.thread, options), answers=answers)
        with self._access.claimed(thread_id, frozenset(answers), runs=True) as claim:
            snapshot = opened.state()
            if answers_given(self._engine, opened.thread, snapshot).keys() & answers.keys():
                raise AnswerKept
            asked = asked_questions(snapshot, answers, checkpoint_id, opened.tools)
            must_be_in_time(self._engine, opened.thread, checkpoint_id, asked)
            said = [answered(question, answers[question.id]) for question in asked]
            work = self._launcher.work(request, snapshot.values)
            decisions = decide_answers(opened, snapshot, answers, "answer", person)
            self._launcher.launch(claim, opened, request, said, work, decisions)

    def proceed(
        self,
        thread_id: str,
        checkpoint_id: str | None = None,
        **options: Unpack[RunOptions],
    ) -> None:
        """Go on from the thread's head after a pause, a stop, a failure or a crash, with the answers given there.

        Raises NothingToContinue, AnswerPending, NotAllowed, ThreadBusy, and StaleAnswer where the head is no longer
        the checkpoint that was shown.
        """
        opened = self._access.open(thread_id)
        must_remember(opened.lane)
        person = self._launcher.acting(options)
        request = ContinueRequest(**self._launcher.conditions(opened.thread, options))
        with self._access.claimed(thread_id, runs=True) as claim:
            snapshot = opened.state()
            must_stand_at(snapshot, checkpoint_id)
            if status(snapshot) == "waiting":
                given = answers_given(self._engine, opened.thread, snapshot)
                if not given:
                    raise AnswerPending
                decisions = _decide_same(opened, snapshot, given, person)
            elif status(snapshot) == "resumable":
                decisions = [decide_at_pause(opened.thread, snapshot, "resume", person)]
            else:
                raise NothingToContinue
            work = self._launcher.work(request, snapshot.values)
            self._launcher.launch(claim, opened, request, None, work, decisions)

    def again(self, thread_id: str, **options: Unpack[RunOptions]) -> None:
        """Carry out what was accepted for a thread and never begun, because its process died or its run failed.

        A thread of which nothing was saved is started over with its own input. Raises ThreadBusy, StaleAnswer, and
        NotPossible where there is nothing to carry out, or where the input is gone.
        """
        opened = self._access.open(thread_id)
        must_remember(opened.lane)
        accepted = self.history.accepted(thread_id)
        if accepted is not None and accepted.kind != "start":
            self._carry_out(opened, accepted.request, accepted.head, options)
            return
        with self._access.claimed(thread_id, runs=True) as claim:
            snapshot = opened.state()
            if status(snapshot) != "new":
                raise NotPossible(
                    "Something of this thread is saved, and a second start would bury it. Go on from there, "
                    "or start a new thread."
                )
            given = self._engine.threads.given(thread_id)
            if given is None:
                raise NotPossible("The input of this thread wasn't kept. Start a new thread.")
            try:
                checked = check_input(self._engine.graphs.input_schema(opened.pattern.slug, opened.lane.key), given)
            except InvalidInput as error:
                raise NotPossible(f"The input of this thread is out of date. Start a new thread. {error}") from error
            request = StartRequest(**self._launcher.conditions(opened.thread, options), values=given)
            work = self._launcher.work(request, checked)
            self._launcher.launch(claim, opened, request, to_jsonable(checked), work)

    def _carry_out(self, opened: OpenedThread, asked: Request, head: str, options: RunOptions) -> None:
        """Begin what was accepted where the thread stood at that head."""
        with self._access.claimed(opened.thread_id, runs=True) as claim:
            snapshot = opened.state()
            must_stand_at(snapshot, head or None)
            request = replace(asked, **self._launcher.conditions(opened.thread, options, asked.label))
            values = asked.values if isinstance(asked, TurnRequest) else snapshot.values
            decisions = _decide_again(opened, asked, snapshot, self._launcher.acting(options))
            self._launcher.launch(claim, opened, request, None, self._launcher.work(request, values), decisions)

    def edit(
        self,
        thread_id: str,
        values: Mapping[str, Any],
        checkpoint_id: str | None = None,
        how: Mapping[str, How] | None = None,
        *,
        person: str = "",
    ) -> str:
        """Write values to the state at a pause and return the new checkpoint's id; the thread stays paused.

        `values` are a form's, `person` is who wrote them. A field with a reducer is appended to, unless `how` says
        that it's replaced.
        Raises InvalidInput, StaleAnswer, ThreadBusy, AnswerPending, NotPossible.
        """
        opened = self._access.open(thread_id)
        must_remember(opened.lane)
        acting = self._launcher.acting({"person": person})
        with self._access.claimed(thread_id):
            snapshot = opened.state()
            must_stand_at(snapshot, checkpoint_id)
            if status(snapshot) == "waiting":
                raise AnswerPending
            # A node that has finished is no longer next, but what it wrote joins the state with the others' only.
            pending = [task.name for task in snapshot.tasks]
            if len(pending) > len(snapshot.next):
                raise NotPossible(
                    f"The step of {', '.join(pending)} isn't over; nodes side by side wait for each other, and an edit "
                    "now would drop what they wrote. Let them finish first."
                )
            edit = StateEdit(values, {**dict.fromkeys(values, "append"), **(how or {})})
            edited = StateEditor(self._access).save(opened, snapshot, edit, "edit", acting)
            opened.log.append(edited)
        return edited.checkpoint_id

    def restart(self, thread_id: str) -> SaverDropped:
        """Drop the thread's checkpointer and graph, as a restart of the program does, and tell what is left.

        Raises ThreadBusy, and NotPossible where the lane's threads share the lab's own checkpointer.
        """
        opened = self._access.open(thread_id)
        if not opened.lane.saver:
            raise NotPossible(
                f"The lane '{opened.lane.title}' shares its checkpointer with all other threads, which a "
                "restart would stop. Only a lane whose threads have one each can be restarted."
            )
        with self._access.claimed(thread_id):
            before = self.history.count(thread_id)
            self._engine.thread_savers.drop(thread_id)
            dropped = SaverDropped(
                "restart", before, self.history.count(thread_id), restart_calls(opened.lane.saver), at=time.time()
            )
            opened.log.append(dropped)
        return dropped

    def stop(self, thread_id: str) -> bool:
        """Ask the thread's run to end, in this process or in another one; False where none is going on."""
        self._access.logs.followed(thread_id)
        run = self._engine.runs.active(thread_id)
        if run is None:
            return self._engine.claims.ask_to_stop(thread_id)
        run.stop()
        return True

    def events(self, thread_id: str, after: int = 0, timeout: float = 0.0) -> list[Event]:
        """Return the thread's events past that number, waiting up to `timeout` seconds for the first."""
        return self._access.logs.followed(thread_id).after(after, timeout)

    def view(self, thread_id: str) -> ThreadView:
        """Return a view of the thread that the caller brings up to date as often as it likes."""
        return ThreadView(self._access.logs.followed(thread_id))

    def wait(self, thread_id: str, timeout: float = 60.0) -> bool:
        """Wait for the thread's run to end; False where it's still going on after `timeout` seconds."""
        self._access.logs.followed(thread_id)
        run = self._engine.runs.active(thread_id)
        return run is None or run.done.wait(timeout)


def _decide_again(opened: OpenedThread, asked: Request, head: StateSnapshot, person: Person) -> list[Decision]:
    """Return what somebody decides by carrying out what was decided before and never begun; input is no decision."""
    match asked:
        case ResumeRequest():
            return _decide_same(opened, head, asked.answers, person)
        case ReanswerRequest():
            return _decide_same(opened, opened.state_at(asked.checkpoint_id), asked.answers, person)
        case ReplayRequest() | WhatIfRequest():
            return [decide_at_pause(opened.thread, opened.state_at(asked.checkpoint_id), "retry", person)]
    return []


def _decide_same(
    opened: OpenedThread, snapshot: StateSnapshot, answers: Mapping[str, Json], person: Person
) -> list[Decision]:
    """Return what somebody decides who tries the same answers again; raises NotAllowed.

    An answer names who gave it first.
    """
    asked = [question for question in pending_questions(snapshot, opened.tools) if question.id in answers]
    must_be_allowed(asked, person)
    return decide_answers(opened, snapshot, answers, "retry", person)


def _title(values: Mapping[str, Json]) -> str:
    """Return the first text of the input that makes a title, or all of the input, or nothing."""
    said = (value for value in values.values() if isinstance(value, str))
    for text in (*said, ", ".join(f"{key} {value}" for key, value in values.items())):
        with suppress(InvalidInput):
            return titled(text)
    return ""
