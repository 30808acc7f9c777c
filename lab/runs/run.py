"""One run of a thread: work that goes on by itself, told to the thread's event log."""

import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from lab.errors import ClaimLost
from lab.events import EventLog, Log, Outcome, RunStarted, RunStopping
from lab.jsonable import Json
from lab.models import explain
from lab.runs.requests import Request

LOG = logging.getLogger(__name__)


class Work(Protocol):
    """What a run does, in this process or in one of its own."""

    def carry_out(self, log: Log) -> tuple[Outcome, str]:
        """Work to the end and tell its events; return how it ended, and why where it failed."""
        ...

    def stop(self) -> None:
        """End the work early, as soon as it can be taken up again later."""
        ...

    def calls(self) -> str:
        """Tell the LangGraph calls of this work as code."""
        ...


@dataclass(slots=True)
class Run:
    """One run of a thread; `begin` starts it, `done` is set when it has ended."""

    request: Request
    said: Json
    work: Work
    log: EventLog
    calls: str
    """The LangGraph calls of the work, as code."""
    finish: Callable[["Run", Outcome, str], None]
    """Gives the thread back and tells the end."""
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    stopping: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    lost: bool = False
    """True once another process took the thread over."""

    def begin(self) -> None:
        """Start the run in a thread of its own."""
        asked = self.request
        self.log.append(RunStarted(self.run_id, asked.kind, asked.model, self.said, self.calls))
        try:
            threading.Thread(target=self._drive, name=f"run-{self.run_id[:8]}", daemon=True).start()
        except RuntimeError as error:
            # The system has no thread left: a run that was told must still end.
            self._finish("failed", explain(error))

    def stop(self) -> None:
        """End the run early, and tell at once that it's about to end."""
        if not self.stopping.is_set() and not self.done.is_set():
            self.stopping.set()
            self.log.append(RunStopping(self.run_id))
        self.work.stop()

    def _drive(self) -> None:
        self._finish(*self._carried_out())

    def _carried_out(self) -> tuple[Outcome, str]:
        """Carry out the work, whose every way to fail ends the run: nobody else would, and its thread stayed busy."""
        try:
            return self.work.carry_out(self.log)
        except BaseException as error:  # noqa: BLE001 - a node may raise anything, KeyboardInterrupt too
            return "failed", explain(error)

    def _finish(self, outcome: Outcome, error: str) -> None:
        if self.lost:
            outcome, error = "failed", str(ClaimLost(self.request.thread_id))
        try:
            self.finish(self, outcome, error)
        # Nobody is left above this thread who could be told.
        except Exception:
            LOG.exception("The end of run %s couldn't be written down.", self.run_id)
        finally:
            self.done.set()

    def lose(self) -> None:
        """End the run because the thread is another process's by now."""
        self.lost = True
        self.stop()
