"""What nodes act upon: interfaces that a run's typed context carries into the graph."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol


class Ledger(Protocol):
    """Payments that were really booked."""

    def charge(self, order: str, cents: int, key: str | None = None) -> int:
        """Book a charge and return its number; a `key` seen before is refused and gives the first one's number."""
        ...

    def booked(self) -> list[str]:
        """Return the orders of all that was booked in this thread, in the order of booking."""
        ...


class Outbox(Protocol):
    """Mail that was really handed over for delivery."""

    def send(self, recipient: str, subject: str, body: str, key: str | None = None) -> int:
        """Hand over a mail and return its number; a `key` seen before is refused and gives the first one's number."""
        ...


@dataclass(frozen=True, slots=True)
class Saved:
    """A row of the archive."""

    number: int
    body: str
    quarantined: bool


class Archive(Protocol):
    """States that outlive the runs that saved them; nobody has checked a row since it was written."""

    def store(self, name: str, body: str) -> int:
        """Add a row under that name and return its number; earlier rows stay."""
        ...

    def newest(self, name: str) -> Saved | None:
        """Return the thread's last row under that name, None where there is none."""
        ...

    def restored(self, number: int) -> None:
        """Note that the row was found valid and taken up again."""
        ...

    def quarantine(self, number: int, error: str) -> None:
        """Note that the row can't be used, and why; it stays as it is."""
        ...

    def overwrite(self, number: int, body: str) -> None:
        """Put another text into the row, as whoever goes past this program can."""
        ...


class Records(Protocol):
    """Customers' records; what a thread changes in them shows in that thread alone."""

    def newest(self, record: str, field: str) -> str | None:
        """Return what a field was last changed to, None where it never was."""
        ...

    def change(self, record: str, field: str, old: str, new: str, key: str | None = None) -> int:
        """Change a field and return the change's number; a `key` seen before is refused and gives the first one's."""
        ...


Failure = Literal["connection lost", "timeout", "rate limit", "rejected"]
"""In which way a call of a service fails."""


class RateLimited(Exception):
    """Raised by a service that gets more calls than it takes."""


class Rejected(Exception):
    """Raised by a service that has understood a call and says no, as it will the next time."""


class Faults(Protocol):
    """Failures that the visitor asked for, counted in the database so that a restart doesn't repeat them."""

    def trip(self, point: str, times: int, failure: Failure = "connection lost") -> None:
        """Raise on the first `times` calls at this point of the thread.

        What is raised is ConnectionError, or TimeoutError, RateLimited or Rejected by the failure that is named.
        """
        ...

    def calls(self, point: str) -> int:
        """Return how many calls this point of the thread has had, those that failed among them."""
        ...

    def crash(self, point: str) -> None:
        """Kill the running process with SIGKILL, once, where the visitor chose this point to crash at."""
        ...


class Circuits(Protocol):
    """States of circuit breakers, which outlive the process that called through them."""

    def storage(self, name: str) -> Any:
        """Return what a `pybreaker.CircuitBreaker` of this thread has as its `state_storage`."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """Run context of lanes that act upon something: `StateGraph(..., context_schema=World)`; no checkpoint holds it."""

    thread_id: str
    ledger: Ledger
    outbox: Outbox
    archive: Archive
    records: Records
    faults: Faults
    circuits: Circuits
    now: Callable[[], float] = time.time
    """Tells the time in seconds since the epoch, by the clock that deadlines are kept by."""
    wait: Callable[[float], None] = time.sleep
    """Lets so many seconds pass, as those that a slow service takes."""


class Task(Protocol):
    """A node's task, which a second try after a failure or a kill shares, and a replay doesn't."""

    @property
    def task_id(self) -> str:
        """What the task is known by."""
        ...


class InTask(Protocol):
    """A node's runtime, or a tool's."""

    @property
    def execution_info(self) -> Task | None:
        """The task that runs, None outside of one."""
        ...


def effect_key(runtime: InTask, *about: str) -> str:
    """Return the idempotency key of an effect: what it's `about`, and the task.

    A second try at the task, after a failure or a kill, has the same key and does nothing more. Whoever replays the
    task on purpose makes another one of it, which acts again.
    """
    task = runtime.execution_info
    assert task is not None, "An effect is a node's or a tool's, and both run in a task."
    return " ".join((*about, task.task_id))
