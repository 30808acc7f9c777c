"""Deadlines: what the lab answers by itself once a question's time has run out, and that no person answers after it."""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from langgraph.types import StateSnapshot

from graphs.people import NOBODY
from lab.checkpoints import checkpoint_id_of
from lab.database import expiring_questions, unattended_threads
from lab.engine import Engine
from lab.errors import StaleAnswer, StorageUnavailable, ThreadBusy, TooLate, TooManyRuns, UnknownThread
from lab.history import Expiry, Question, answer_text, answered, expiry_of, pending_questions, status
from lab.runs import Accepted, Claim, ContinueRequest, ResumeRequest
from lab.threads import Thread
from lab.workspace.access import OpenedThread, ThreadAccess
from lab.workspace.decisions import decide_answers
from lab.workspace.launching import Launcher
from lab.workspace.states import answers_given

LOG = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks at most."""
LONGEST = 60.0
"""Seconds after which a thread is tried again at the latest whose question couldn't be answered."""
MOST = 3
"""How often the lab begins one answer's run, where the process dies each time."""
EDITS = ("update", "fork")
"""Sources of checkpoints that a person wrote."""


def expiry_in(thread: Thread, checkpoint_id: str, question: Question) -> Expiry | None:
    """Return what becomes of a question after its deadline; None where it stays open.

    What came with a copy or a file stays open too: no run of this thread has asked it, and the copy's original, or
    whoever wrote the file, isn't to bring about an effect here that nobody decided.
    """
    return None if thread.inherited == checkpoint_id else expiry_of(question)


def must_be_in_time(engine: Engine, thread: Thread, checkpoint_id: str, asked: Iterable[Question]) -> None:
    """Raise TooLate where the lab itself answers one of these questions, because its deadline has passed."""
    now = engine.now()
    for question in asked:
        expiry = expiry_in(thread, checkpoint_id, question)
        if expiry is not None and expiry.due <= now:
            raise TooLate(now - expiry.due, answer_text(question, expiry.answer))


@dataclass(slots=True)
class _Retry:
    """A thread whose question couldn't be answered."""

    why: str
    pause: float
    at: float
    """When it's tried again, by the monotonic clock."""


class Deadlines:
    """Answers, in all workspaces, the questions whose time has run out, each once among all processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._retries: dict[str, _Retry] = {}
        self._full: set[str] = set()
        """Workspaces that had as many runs at work as they may have, when it was last tried."""

    def look(self) -> float:
        """Answer what is due, carry on what dead processes left of such answers, and return the seconds to wait."""
        engine = self._engine
        if engine.storage.damage is not None:
            return EVERY
        engine.waiting.refresh()
        database, now, alive = engine.storage.database, engine.now(), engine.claims.now()
        soon = expiring_questions(database, now + EVERY, alive)
        due: dict[tuple[str, str], set[str]] = {place: set() for place in unattended_threads(database, alive)}
        for one in soon:
            if one.expires <= now:
                due.setdefault((one.thread_id, one.workspace), set()).add(one.interrupt_id)
        self._forget(thread_id for thread_id, _ in due)
        full: set[str] = set()
        for (thread_id, workspace), questions in due.items():
            if workspace not in full and not self._rests(thread_id):
                self._try(workspace, thread_id, frozenset(questions), full)
        self._full = full
        return min([EVERY, *(one.expires - now for one in soon if one.expires > now)])

    def _try(self, workspace: str, thread_id: str, questions: frozenset[str], full: set[str]) -> None:
        """Answer a thread's questions; whatever is in the way of it leaves the other threads as they are."""
        try:
            if self._settled(workspace, thread_id, questions):
                self._retries.pop(thread_id, None)
            else:
                self._rest(thread_id, "")
        except TooManyRuns as error:
            if workspace not in self._full:
                LOG.warning("Questions whose time has run out wait for a place to run in. %s", error)
            full.add(workspace)
        except (ThreadBusy, StaleAnswer, UnknownThread):
            # Somebody else has it, or it's gone; the next look tells.
            pass
        except StorageUnavailable:
            raise
        # A damaged thread, a lane of another version, or a model without a key: it's this thread's own affair.
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            if thread_id not in self._retries or self._retries[thread_id].why != why:
                LOG.warning("Thread %s has a question whose time has run out.", thread_id, exc_info=True)
            self._rest(thread_id, why)

    def _rests(self, thread_id: str) -> bool:
        retry = self._retries.get(thread_id)
        return retry is not None and time.monotonic() < retry.at

    def _rest(self, thread_id: str, why: str) -> None:
        """Leave a thread alone for a while, each time for longer."""
        before = self._retries.get(thread_id)
        pause = EVERY if before is None else min(LONGEST, 2 * before.pause)
        self._retries[thread_id] = _Retry(why, pause, time.monotonic() + pause)

    def _forget(self, due: Iterable[str]) -> None:
        """Forget of threads that aren't due any more why they couldn't be answered."""
        self._retries = {thread_id: self._retries[thread_id] for thread_id in due if thread_id in self._retries}

    def _settled(self, workspace: str, thread_id: str, questions: frozenset[str]) -> bool:
        """Answer what is due in a thread, or carry on what was begun; False where it's left as it is."""
        access = ThreadAccess(self._engine, workspace)
        opened = access.open(thread_id)
        launcher = Launcher(access)
        with access.claimed(thread_id, questions, runs=True) as claim:
            snapshot = opened.state()
            accepted = self._engine.claims.standing(thread_id).accepted
            if accepted is not None and accepted.unattended:
                self._carry_on(opened, launcher, claim, snapshot, accepted)
                return True
            return self._expire(opened, launcher, claim, snapshot, accepted)

    def _expire(
        self,
        opened: OpenedThread,
        launcher: Launcher,
        claim: Claim,
        snapshot: StateSnapshot,
        accepted: Accepted | None,
    ) -> bool:
        """Give each question that is due the answer that it names for that."""
        now = self._engine.now()
        head = checkpoint_id_of(snapshot.config)
        asked = {question.id: question for question in self._open_questions(opened, snapshot)}
        if accepted is not None and accepted.head == head:
            before = accepted.request.answers if isinstance(accepted.request, ResumeRequest) else {}
            if before.keys() & asked.keys():
                # It was answered in time, but that wasn't carried out: the answer holds, and is offered again.
                return False
        expiries = {ident: expiry_in(opened.thread, head, question) for ident, question in asked.items()}
        answers = {ident: one.answer for ident, one in expiries.items() if one is not None and one.due <= now}
        if not answers:
            # The index was out of date, and is put right as the thread is given back.
            return True
        request = ResumeRequest(**launcher.conditions(opened.thread, {}), answers=answers)
        said = [answered(asked[ident], answer) | {"expired": True} for ident, answer in answers.items()]
        # Nobody decided it, also where it was a role's to decide.
        decisions = [replace(one, role="") for one in decide_answers(opened, snapshot, answers, "expired", NOBODY)]
        work = launcher.work(request, snapshot.values)
        launcher.launch(claim, opened, request, said, work, decisions, unattended=1)
        return True

    def _open_questions(self, opened: OpenedThread, snapshot: StateSnapshot) -> list[Question]:
        given = answers_given(self._engine, opened.thread, snapshot)
        return [question for question in pending_questions(snapshot, opened.tools) if question.id not in given]

    def _carry_on(
        self, opened: OpenedThread, launcher: Launcher, claim: Claim, snapshot: StateSnapshot, accepted: Accepted
    ) -> None:
        """Go on with an answer of the lab's own whose process died; it's decided and recorded already."""
        request = self._rest_of(opened, launcher, snapshot, accepted)
        if request is not None and accepted.unattended < MOST:
            work = launcher.work(request, snapshot.values)
            launcher.launch(claim, opened, request, None, work, unattended=accepted.unattended + 1)
            return
        if request is not None:
            LOG.warning(
                "Thread %s isn't carried on any more: its process died %d times. It stands at its last checkpoint.",
                opened.thread_id,
                MOST,
            )
        claim.settle()

    def _rest_of(
        self, opened: OpenedThread, launcher: Launcher, snapshot: StateSnapshot, accepted: Accepted
    ) -> ResumeRequest | ContinueRequest | None:
        """Return what is left to do of an answer of the lab's own; None where nothing is, or where a person decides."""
        asked, conditions = accepted.request, launcher.conditions(opened.thread, {})
        if isinstance(asked, ResumeRequest) and accepted.head == checkpoint_id_of(snapshot.config):
            waiting = {question.id for question in self._open_questions(opened, snapshot)}
            rest = {ident: answer for ident, answer in asked.answers.items() if ident in waiting}
            if rest:
                return replace(asked, **conditions, answers=rest)
            # Every node that got an answer has ended, and its writes wait for the next checkpoint.
        # A lane with pauses of its own may stand at one of them.
        pauses = opened.lane.edits and not opened.lane.travel
        failed = any(task.error for task in snapshot.tasks)
        edited = (snapshot.metadata or {}).get("source") in EDITS
        if status(snapshot) != "resumable" or pauses or failed or edited:
            return None
        return ContinueRequest(**conditions)
