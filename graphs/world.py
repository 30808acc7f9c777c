"""What nodes act upon: interfaces that a run's typed context carries into the graph."""

from dataclasses import dataclass
from typing import Protocol


class Ledger(Protocol):
    """Payments that were really booked."""

    def charge(self, order: str, cents: int, key: str | None = None) -> int:
        """Books a charge and gives its number; a `key` seen before books nothing and gives the first one's number."""
        ...

    def booked(self) -> list[str]:
        """Gives the orders of all that was booked in this thread, in the order of booking."""
        ...


class Outbox(Protocol):
    """Mail that was really handed over for delivery."""

    def send(self, recipient: str, subject: str, body: str) -> int:
        """Hands over one mail and gives its number."""
        ...


class Faults(Protocol):
    """Failures that the visitor asked for, counted in the database so that a restart doesn't repeat them."""

    def trip(self, point: str, times: int) -> None:
        """Raises ConnectionError on the first `times` calls at this point of the thread."""
        ...

    def crash(self, point: str) -> None:
        """Kills the running process with SIGKILL, once, where the visitor chose this point to crash at."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """The run context of every lane (`StateGraph(..., context_schema=World)`); it is never saved in a checkpoint."""

    thread_id: str
    ledger: Ledger
    outbox: Outbox
    faults: Faults
