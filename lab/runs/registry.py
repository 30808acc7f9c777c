"""The threads on which this process works, one run at a time each, and the logs of those that were looked at."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Protocol

from lab.database import Database, outdate_waiting
from lab.errors import ClaimLost, StaleAnswer, StorageUnavailable, ThreadBusy
from lab.events import Event, EventLog, EventStore, Outcome, RunEnded
from lab.jsonable import Json
from lab.runs.claims import Change, Claims
from lab.runs.log_cache import LogCache
from lab.runs.requests import REQUEST, Request
from lab.runs.run import Run, Work

LOG = logging.getLogger(__name__)

GRACE = 4.0
"""Seconds that all runs together have to end once the lab is closed."""


class AtRest(Protocol):
    """Reads a thread that comes to rest."""

    def __call__(self, thread_id: str, *, finished: bool) -> Change:
        """Return what writes down how it rests; `finished` says that nothing is left to do in it."""
        ...


def _unread(thread_id: str, *, finished: bool) -> Change:
    """Write nothing down."""
    return lambda _: None


class Claim:
    """A thread that was taken for one piece of work, in this process and among all processes of the database."""

    def __init__(self, runs: "Runs", thread_id: str) -> None:
        self._runs = runs
        self.thread_id = thread_id
        self.run: Run | None = None
        """The run that has taken the claim over, and gives the thread back at its end."""

    def accept(self, request: Request, head: str, change: Change, *, unattended: int = 0) -> None:
        """Write down what a run is about to do, before anybody is told that it's accepted.

        `head` is the thread's newest checkpoint; `change` is written in the same transaction. `unattended` counts how
        often the lab itself has begun it by now.
        """
        with self._runs.database.begin() as connection:
            asked = REQUEST.dump_json(request)
            self._runs.claims.accept(connection, self.thread_id, asked, head, unattended=unattended)
            change(connection)

    def settle(self) -> None:
        """Note that nobody is to carry on what the lab itself had begun in this thread."""
        with self._runs.database.begin() as connection:
            self._runs.claims.settle(connection, self.thread_id)

    def hand_over(self, request: Request, said: Json, work: Work, log: EventLog) -> None:
        """Begin the run, whose end releases the claim from here on."""
        # What can fail comes first: then the block of the claim still releases it.
        run = Run(request, said, work, log, work.calls(), self._runs.finish)
        self._runs.set_run(run)
        self.run = run
        run.begin()


class Runs:
    """The runs that are going on in this process."""

    def __init__(self, database: Database, claims: Claims, store: EventStore) -> None:
        self.database = database
        self.claims = claims
        self.store = store
        self._lock = threading.Lock()
        self._active: dict[str, Run | None] = {}
        self._answering: dict[str, frozenset[str]] = {}
        self.logs = LogCache(self.running)
        self.at_rest: AtRest = _unread
        """Asked before a thread is given back, and what it returns is written in the same transaction."""
        self._lost: set[str] = set()
        """Threads that this process works on and that others took over."""
        self._owed: set[str] = set()
        """Threads that couldn't be given back, because the database couldn't be written to."""
        self._closing = False

    def active(self, thread_id: str) -> Run | None:
        """Return the thread's run while it goes on."""
        with self._lock:
            return self._active.get(thread_id)

    def running(self) -> set[str]:
        """Return the ids of all threads that are running."""
        with self._lock:
            return set(self._active)

    def guard(self, thread_id: str) -> None:
        """Raise ClaimLost where another process took over a thread that this one works on."""
        with self._lock:
            lost, here = thread_id in self._lost, thread_id in self._active
        safe = time.monotonic() < self.claims.safe_until or not here
        if lost or (not safe and not self.claims.has(thread_id)):
            raise ClaimLost(thread_id)

    def lose(self, own: Collection[str]) -> None:
        """End all work on threads that are another process's by now: those that aren't `own`."""
        with self._lock:
            lost = [thread_id for thread_id in self._active if thread_id not in own]
            self._lost.update(lost)
            runs = [run for thread_id in lost if (run := self._active[thread_id]) is not None]
        for run in runs:
            run.lose()

    def at_work(self) -> list[Run]:
        """Return the runs that are going on."""
        with self._lock:
            return [run for run in self._active.values() if run is not None]

    @contextmanager
    def claimed(
        self,
        workspace: str,
        thread_id: str,
        answering: frozenset[str] = frozenset(),
        *,
        runs: bool = False,
        before: Change | None = None,
        request: Request | None = None,
    ) -> Iterator[Claim]:
        """Take a thread for the block, and release it after it, unless a run has taken the claim over.

        `runs` says that a run will. `before` is written in the claim's own transaction, and so is the `request` of a
        start, which needs no look at the thread. Raises UnknownThread, ThreadBusy, StaleAnswer, TooManyRuns.
        """
        self._take(thread_id, answering)
        try:
            self.claims.register()
            with self.database.begin() as connection:
                if before is not None:
                    before(connection)
                saved_request = None if request is None else REQUEST.dump_json(request)
                self.claims.take(connection, workspace, thread_id, answering, runs=runs, request=saved_request)
                outdate_waiting(connection, thread_id)
        except BaseException:
            self._free(thread_id)
            raise
        claim = Claim(self, thread_id)
        try:
            yield claim
        finally:
            if claim.run is None:
                self._release(thread_id)

    def _take(self, thread_id: str, answering: frozenset[str] = frozenset()) -> None:
        """Claim the thread in this process alone.

        Raises ThreadBusy where somebody has it, StaleAnswer where that one is answering the same question.
        """
        with self._lock:
            if thread_id in self._active:
                if answering & self._answering[thread_id]:
                    raise StaleAnswer
                raise ThreadBusy(thread_id)
            self._active[thread_id] = None
            self._answering[thread_id] = answering

    def set_run(self, run: Run) -> None:
        """Name the run for which the thread was claimed."""
        with self._lock:
            self._active[run.request.thread_id] = run

    def _free(self, thread_id: str) -> None:
        """Release the thread in this process."""
        with self._lock:
            self._active.pop(thread_id, None)
            self._lost.discard(thread_id)
            self._answering.pop(thread_id, None)

    def _release(self, thread_id: str) -> None:
        log = next(iter(self.logs.of_thread(thread_id)), None)
        news = log.unsaved() if log is not None else []
        # What was accepted for the thread before is still to be done, unless its head has moved on.
        self._written(thread_id, lambda: self._released(thread_id, news, left=True, log=log))
        self._free(thread_id)

    def finish(self, run: Run, outcome: Outcome, error: str) -> None:
        """Save what the run told, release its thread and tell its end."""
        thread_id, log = run.request.thread_id, run.log

        def write(news: list[Event]) -> None:
            left = outcome in ("stopped", "failed", "crashed")
            # What ends with the process alone is carried on by another one, where the lab itself had begun it.
            over = not (self._closing and outcome == "stopped")
            finished = outcome == "finished"
            try:
                self._written(
                    thread_id,
                    lambda: self._released(thread_id, news, left=left, over=over, finished=finished, log=log),
                )
            finally:
                self._free(thread_id)

        log.end(RunEnded(run.run_id, outcome, error), write)

    def _released(
        self,
        thread_id: str,
        news: list[Event],
        *,
        left: bool,
        over: bool = False,
        finished: bool = False,
        log: EventLog | None = None,
    ) -> None:
        write_rest = self._read_rest(thread_id, finished=finished)
        with self.database.begin() as connection:
            if left and over:
                self.claims.settle(connection, thread_id)
            mine = self.claims.release(connection, thread_id, left=left)
            if mine:
                write_rest(connection)
            # Who has lost the thread to another process must not write between that one's events.
            if mine and log is not None:
                log.stored += self.store.add(connection, thread_id, news)
                log.stored = self.store.limit(connection, thread_id, log.stored)
        if log is not None:
            log.saved(news)

    def _read_rest(self, thread_id: str, *, finished: bool) -> Change:
        try:
            return self.at_rest(thread_id, finished=finished)
        # Whatever it is, the thread is given back; who asks what waits reads it again.
        except Exception:
            LOG.warning("What thread %s waits for isn't written down yet.", thread_id, exc_info=True)
            return _unread(thread_id, finished=finished)

    def _written(self, thread_id: str, write: Callable[[], None]) -> None:
        """Write how a claim ended; where the database can't be written to, that's made up for later."""
        try:
            write()
        except StorageUnavailable:
            LOG.warning("Thread %s couldn't be given back yet.", thread_id, exc_info=True)
            with self._lock:
                self._owed.add(thread_id)

    def catch_up(self) -> None:
        """Save what runs at work have told, and release what couldn't be before."""
        with self._lock:
            owed = [thread_id for thread_id in self._owed if thread_id not in self._active]
        self._save_news()
        for thread_id in owed:
            with self.database.begin() as connection:
                if thread_id not in self.running():
                    self.claims.release(connection, thread_id, left=True)
            self._owed.discard(thread_id)

    def _save_news(self) -> None:
        """Save what runs at work have told, in one transaction: to begin one costs more than to write a run's news."""
        unsaved = [(run, news) for run in self.at_work() if not run.lost and (news := run.log.unsaved())]
        if not unsaved:
            return
        saved = []
        with self.database.begin() as connection:
            for run, news in unsaved:
                thread_id, log = run.request.thread_id, run.log
                if self.active(thread_id) is run:
                    before = log.stored
                    size = before + self.store.add(connection, thread_id, news)
                    saved.append((log, news, self.store.limit(connection, thread_id, size) - before))
        # Not before all of it is committed.
        for log, news, more in saved:
            log.stored += more
            log.saved(news)

    def close(self, timeout: float = GRACE) -> int:
        """Stop all runs, wait for their ends, `timeout` seconds in all, and return how many didn't end by then."""
        self._closing = True
        runs = self.at_work()
        for run in runs:
            run.stop()
        deadline = time.monotonic() + timeout
        for run in runs:
            run.done.wait(max(0.0, deadline - time.monotonic()))
        return sum(not run.done.is_set() for run in runs)
