"""Runs: work on a thread that goes on by itself, one at a time, told to the thread's event log."""

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from graphs.pattern import Breakpoints
from lab.errors import StaleAnswer, ThreadBusy
from lab.events import EventLog, Kind, Log, Outcome, RunEnded, RunStarted, RunStopping
from lab.models import ModelName, explain
from lab.plain import Plain


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is to do, as plain data that another process can be given as well."""

    thread_id: str
    workspace: str
    pattern: str
    lane: str
    kind: Kind
    values: Mapping[str, Plain]
    """The input of a start or a turn, answers by interrupt id, the edited checkpoint of a what-if, else empty."""
    model: ModelName
    pace: float
    breakpoints: Breakpoints
    """Those that the visitor chose; the lane's own are added."""
    checkpoint_id: str = ""
    """The one to go back to; empty for a run that goes on from the newest."""
    label: str = ""
    """The name of the branch that the run makes."""


class Work(Protocol):
    """What a run does, in this process or in one of its own."""

    def carry_out(self, log: Log) -> tuple[Outcome, str]:
        """Works to the end and tells its events; gives how it ended, and why where it failed."""
        ...

    def stop(self) -> None:
        """Ends the work early, as soon as it can be taken up again later."""
        ...

    def calls(self) -> str:
        """Tells the LangGraph calls of this work as code."""
        ...


@dataclass(slots=True)
class Run:
    """One run of a thread; `begin` starts it, `done` is set when it has ended."""

    request: Request
    said: Plain
    work: Work
    log: EventLog
    release: Callable[[], None]
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    stopping: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        """Starts the run in a thread of its own."""
        calls, asked = self.work.calls(), self.request
        self.log.append(lambda no: RunStarted(no, time.time(), self.run_id, asked.kind, asked.model, self.said, calls))
        try:
            threading.Thread(target=self._drive, name=f"run-{self.run_id[:8]}", daemon=True).start()
        except RuntimeError as error:
            # The system has no thread left: a run that was told must still end.
            self._finish("failed", explain(error))

    def stop(self) -> None:
        """Ends the run early, and tells at once that it's about to end."""
        if not self.stopping.is_set() and not self.done.is_set():
            self.stopping.set()
            self.log.append(lambda no: RunStopping(no, time.time(), self.run_id))
        self.work.stop()

    def _drive(self) -> None:
        self._finish(*self._carried_out())

    def _carried_out(self) -> tuple[Outcome, str]:
        """Carries out the work, whose every way to fail ends the run: nobody else would, and its thread stayed busy."""
        try:
            return self.work.carry_out(self.log)
        except BaseException as error:  # noqa: BLE001 - a node may raise anything, KeyboardInterrupt too
            return "failed", explain(error)

    def _finish(self, outcome: Outcome, error: str) -> None:
        # Released inside the append, so that whoever reads the end can start the next run at once.
        self.log.append(lambda no: self._end(no, outcome, error))
        self.done.set()

    def _end(self, no: int, outcome: Outcome, error: str) -> RunEnded:
        self.release()
        return RunEnded(no, time.time(), self.run_id, outcome, error)


class Runs:
    """The runs that are going on and the logs of the threads that were looked at, in this process."""

    def __init__(self, *, keep_logs: int = 500) -> None:
        self._lock = threading.Lock()
        self._active: dict[str, Run | None] = {}
        self._answering: dict[str, frozenset[str]] = {}
        self._logs: dict[tuple[str, str], EventLog] = {}
        """By workspace and thread, so that what is found here belongs to who asks."""
        self._keep_logs = keep_logs

    def active(self, thread_id: str) -> Run | None:
        """Gives the thread's run while it goes on."""
        with self._lock:
            return self._active.get(thread_id)

    def running(self) -> set[str]:
        """Gives the ids of all threads that are running."""
        with self._lock:
            return set(self._active)

    def claim(self, thread_id: str, answering: frozenset[str] = frozenset()) -> None:
        """Takes the thread for a run or an edit.

        Raises ThreadBusy where somebody has it, StaleAnswer where that one is answering the same question.
        """
        with self._lock:
            if thread_id in self._active:
                if answering & self._answering[thread_id]:
                    raise StaleAnswer
                raise ThreadBusy(thread_id)
            self._active[thread_id] = None
            self._answering[thread_id] = answering

    def set(self, run: Run) -> None:
        """Names the run for which the thread was claimed."""
        with self._lock:
            self._active[run.request.thread_id] = run

    def release(self, thread_id: str) -> None:
        """Gives the thread back."""
        with self._lock:
            self._active.pop(thread_id, None)
            self._answering.pop(thread_id, None)

    def known(self, workspace: str, thread_id: str) -> EventLog | None:
        """Gives the log of a thread that this workspace has looked at before."""
        with self._lock:
            return self._logs.get((workspace, thread_id))

    def logs(self, thread_id: str) -> list[EventLog]:
        """Gives the logs of a thread, as many as there are workspaces that looked at it."""
        with self._lock:
            return [log for (_, ident), log in self._logs.items() if ident == thread_id]

    def log(self, workspace: str, thread_id: str, fill: Callable[[EventLog], None]) -> EventLog:
        """Gives the log of a workspace's own thread; a new one is filled first, with the thread's history."""
        log = self.known(workspace, thread_id)
        if log is None:
            fresh = EventLog()
            fill(fresh)
            with self._lock:
                self._evict()
                log = self._logs.setdefault((workspace, thread_id), fresh)
        log.touched = time.monotonic()
        return log

    def forget(self, workspace: str, thread_id: str) -> None:
        """Drops a thread's log; the next one who asks gets a new one, filled from what is saved."""
        with self._lock:
            self._logs.pop((workspace, thread_id), None)

    def _evict(self) -> None:
        if len(self._logs) < self._keep_logs:
            return
        idle = [key for key in self._logs if key[1] not in self._active]
        for key in sorted(idle, key=lambda key: self._logs[key].touched)[: len(self._logs) - self._keep_logs + 1]:
            del self._logs[key]

    def close(self, timeout: float = 5.0) -> None:
        """Stops all runs and waits for their ends, `timeout` seconds in all."""
        with self._lock:
            runs = [run for run in self._active.values() if run is not None]
        for run in runs:
            run.stop()
        deadline = time.monotonic() + timeout
        for run in runs:
            run.done.wait(max(0.0, deadline - time.monotonic()))
