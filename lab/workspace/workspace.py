"""One visitor's door: start, resume, edit and stop runs, and read the threads that this workspace owns."""

import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Unpack

from sqlalchemy import Connection

from lab.checkpoints import restart_calls
from lab.errors import AnswerKept, AnswerPending, InvalidInput, NothingToContinue, NotPossible, WorkLeft
from lab.events import SaverDropped
from lab.history import answered, status
from lab.jsonable import Json, to_jsonable
from lab.runs import REQUEST, Request
from lab.state import check_answer, check_input
from lab.threads import Thread, titled
from lab.workspace.keeping import Keeping
from lab.workspace.owned import RunOptions
from lab.workspace.travel import Travelling


class Workspace(Travelling, Keeping):
    """All that a visitor may do; every call checks that the thread is this workspace's own."""

    def start(
        self,
        slug: str,
        lane_key: str,
        values: Mapping[str, Json],
        *,
        session: str | None = None,
        **going: Unpack[RunOptions],
    ) -> Thread:
        """Start a new thread of a lane on this input; raises InvalidInput, NotPossible."""
        pattern = self._engine.pattern(slug)
        self._must_be_offered(self._engine.lane(slug, lane_key))
        checked = check_input(self._engine.input_schema(slug, lane_key), values)
        apart = self._must_run_apart(pattern, checked)
        model = going.get("model") or "offline"
        self._engine.graph(slug, lane_key, model, self._pace(going))
        thread = Thread.new(self.name, slug, lane_key, session or self._engine.new_session(), _title(values), model)
        request = self._request(thread, "start", values, going)
        work = self._work(request, apart=apart)
        self._engine.renewal.begin()
        begun = self._engine.runs.claimed(
            self.name, thread.thread_id, runs=True, before=partial(self._added, thread, values), request=request
        )
        with begun as claim:
            log = self._engine.runs.log(self.name, thread.thread_id, lambda _: None)
            claim.hand_over(request, to_jsonable(checked), work, log)
        return thread

    def _added(self, thread: Thread, values: Mapping[str, Json], connection: Connection) -> None:
        self._engine.threads.add(connection, thread, values)

    def turn(
        self,
        thread_id: str,
        values: Mapping[str, Json],
        **going: Unpack[RunOptions],
    ) -> None:
        """Send further input to a thread that has finished.

        Raises InvalidInput, AnswerPending, WorkLeft, ThreadBusy, and NotPossible where a pattern takes one input only.
        """
        thread, pattern, lane, graph, log = self._open(thread_id)
        if not pattern.turns:
            raise NotPossible(f"The pattern '{pattern.title}' takes one input a thread. Start a new thread.")
        checked = check_input(self._engine.input_schema(pattern.slug, lane.key), values)
        apart = self._must_run_apart(pattern, checked)
        request = self._request(thread, "turn", values, going)
        with self._claimed(thread_id, runs=True) as claim:
            if lane.remembers:
                found = status(self._state(graph, thread))
                if found == "waiting":
                    raise AnswerPending
                if found == "resumable":
                    raise WorkLeft
            self._launch(claim, thread, request, to_jsonable(checked), log, apart=apart)

    def resume(
        self,
        thread_id: str,
        answers: Mapping[str, Json],
        checkpoint_id: str,
        **going: Unpack[RunOptions],
    ) -> None:
        """Answer pending interrupts by id, as shown at that checkpoint.

        Raises StaleAnswer, InvalidInput, ThreadBusy, and AnswerKept where the question has an answer already, whose
        node failed after it: `proceed` tries again with that one, `reanswer` asks anew.
        """
        thread, pattern, lane, graph, log = self._open(thread_id)
        self._must_remember(lane)
        for question in self._asked(self._state(graph, thread), answers, checkpoint_id):
            check_answer(question.schema, answers[question.id])
        request = self._request(thread, "resume", answers, going)
        with self._claimed(thread_id, frozenset(answers), runs=True) as claim:
            snapshot = self._state(graph, thread)
            if self._kept(thread, snapshot).keys() & answers.keys():
                raise AnswerKept
            said = [
                answered(question, answers[question.id]) for question in self._asked(snapshot, answers, checkpoint_id)
            ]
            self._launch(claim, thread, request, said, log, apart=self._must_run_apart(pattern, snapshot.values))

    def proceed(
        self,
        thread_id: str,
        checkpoint_id: str | None = None,
        **going: Unpack[RunOptions],
    ) -> None:
        """Go on from the thread's head after a pause, a stop, a failure or a crash, with the answers given there.

        Raises NothingToContinue, AnswerPending, ThreadBusy, and StaleAnswer where the head is no longer
        the checkpoint that was shown.
        """
        thread, pattern, lane, graph, log = self._open(thread_id)
        self._must_remember(lane)
        request = self._request(thread, "continue", {}, going)
        with self._claimed(thread_id, runs=True) as claim:
            snapshot = self._state(graph, thread)
            self._must_stand_at(snapshot, checkpoint_id)
            if status(snapshot) == "waiting":
                if not self._kept(thread, snapshot):
                    raise AnswerPending
            elif status(snapshot) != "resumable":
                raise NothingToContinue
            self._launch(claim, thread, request, None, log, apart=self._must_run_apart(pattern, snapshot.values))

    def again(self, thread_id: str, **going: Unpack[RunOptions]) -> None:
        """Carry out what was accepted for a thread and never begun, because its process died or its run failed.

        A thread of which nothing was saved is started over with its own input. Raises ThreadBusy, StaleAnswer, and
        NotPossible where there is nothing to carry out, or where the input is gone.
        """
        thread, pattern, lane, graph, log = self._open(thread_id)
        self._must_remember(lane)
        accepted = self.accepted(thread_id)
        if accepted is not None and accepted.kind != "start":
            self._carry_out(thread, REQUEST.validate_python(accepted.request), accepted.head, going)
            return
        with self._claimed(thread_id, runs=True) as claim:
            snapshot = self._state(graph, thread)
            if status(snapshot) != "new":
                raise NotPossible(
                    "Something of this thread is saved, and a second start would bury it. Go on from there, "
                    "or start a new thread."
                )
            given = self._engine.threads.given(thread_id)
            if given is None:
                raise NotPossible("The input of this thread wasn't kept. Start a new thread.")
            try:
                checked = check_input(self._engine.input_schema(pattern.slug, lane.key), given)
            except InvalidInput as error:
                raise NotPossible(f"The input of this thread is out of date. Start a new thread. {error}") from error
            apart = self._must_run_apart(pattern, checked)
            request = self._request(thread, "start", given, going)
            self._launch(claim, thread, request, to_jsonable(checked), log, apart=apart)

    def _carry_out(self, thread: Thread, asked: Request, head: str, going: RunOptions) -> None:
        """Begin what was accepted where the thread stood at that head."""
        _, pattern, _, graph, log = self._open(thread.thread_id)
        with self._claimed(thread.thread_id, runs=True) as claim:
            snapshot = self._state(graph, thread)
            self._must_stand_at(snapshot, head or None)
            request = self._request(
                thread, asked.kind, asked.values, going, checkpoint_id=asked.checkpoint_id, label=asked.label
            )
            values = asked.values if asked.kind == "turn" else snapshot.values
            self._launch(claim, thread, request, None, log, apart=self._must_run_apart(pattern, values))

    def edit(self, thread_id: str, values: Mapping[str, Json], checkpoint_id: str | None = None) -> str:
        """Write values to the state at a pause and return the new checkpoint's id; the thread stays paused.

        Raises InvalidInput, StaleAnswer, ThreadBusy, AnswerPending, NotPossible.
        """
        thread, _, lane, graph, log = self._open(thread_id)
        self._must_remember(lane)
        with self._claimed(thread_id):
            snapshot = self._state(graph, thread)
            self._must_stand_at(snapshot, checkpoint_id)
            if status(snapshot) == "waiting":
                raise AnswerPending
            # A node that has finished is no longer next, but what it wrote joins the state with the others' only.
            pending = [task.name for task in snapshot.tasks]
            if len(pending) > len(snapshot.next):
                raise NotPossible(
                    f"The step of {', '.join(pending)} isn't over; nodes side by side wait for each other, and an edit "
                    "now would drop what they wrote. Let them finish first."
                )
            edited = self._save_edit(thread, graph, snapshot, values, dict.fromkeys(values, "append"), None)
            log.append(lambda no: edited._replace(no=no))
        return edited.checkpoint_id

    def restart(self, thread_id: str) -> SaverDropped:
        """Drop the thread's checkpointer and graph, as a restart of the program does, and tell what is left.

        Raises ThreadBusy, and NotPossible where the lane's threads share the lab's own checkpointer.
        """
        _, _, lane, _, log = self._open(thread_id)
        if not lane.saver:
            raise NotPossible(
                f"The lane '{lane.title}' shares its checkpointer with all other threads, which a restart would stop. "
                "Only a lane whose threads have one each can be restarted."
            )
        with self._claimed(thread_id):
            before = self.count(thread_id)
            self._engine.lane_savers.drop(thread_id)
            told = SaverDropped(0, time.time(), "restart", before, self.count(thread_id), restart_calls(lane.saver))
            log.append(lambda no: told._replace(no=no))
        return told

    def stop(self, thread_id: str) -> bool:
        """Ask the thread's run to end, in this process or in another one; False where none is going on."""
        self._followed(thread_id)
        run = self._engine.runs.active(thread_id)
        if run is None:
            return self._engine.claims.ask_to_stop(thread_id)
        run.stop()
        return True

    def wait(self, thread_id: str, timeout: float = 60.0) -> bool:
        """Wait for the thread's run to end; False where it's still going on after `timeout` seconds."""
        self._followed(thread_id)
        run = self._engine.runs.active(thread_id)
        return run is None or run.done.wait(timeout)


def _title(values: Mapping[str, Json]) -> str:
    """Return the first text of the input that makes a title, or all of the input, or nothing."""
    said = (value for value in values.values() if isinstance(value, str))
    for text in (*said, ", ".join(f"{key} {value}" for key, value in values.items())):
        with suppress(InvalidInput):
            return titled(text)
    return ""
