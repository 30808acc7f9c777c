"""Figures of a lane: what it tells in numbers, or as a picture of states, from what has happened in its thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class FailedAttempt(Protocol):
    """One try of a node that failed; times are seconds since the epoch."""

    @property
    def started(self) -> float:
        """When it began."""
        ...

    @property
    def ended(self) -> float:
        """When it failed."""
        ...

    @property
    def error(self) -> str:
        """The error's class and text."""
        ...


class Step(Protocol):
    """A node's task, with all its tries; times are seconds since the epoch."""

    @property
    def path(self) -> tuple[str, ...]:
        """Names of nodes from the outermost graph inwards."""
        ...

    @property
    def status(self) -> str:
        """`running`, `done`, `failed`, `waiting`, `stopped` or `killed`."""
        ...

    @property
    def started(self) -> float:
        """When it first began."""
        ...

    @property
    def ended(self) -> float | None:
        """When it ended, None while it works or waits."""
        ...

    @property
    def spans(self) -> Sequence[tuple[float, float]]:
        """When it worked, from when to when; the last one, of a step at work, ends where it begins."""
        ...

    @property
    def wrote(self) -> Any:
        """What it wrote to the state, as JSON."""
        ...

    @property
    def cached(self) -> bool:
        """True where its result came from the cache."""
        ...

    @property
    def failed_attempts(self) -> Sequence[FailedAttempt]:
        """The tries that failed."""
        ...

    @property
    def waits(self) -> Sequence[tuple[float, float]]:
        """The times between a failed attempt and the next try by itself."""
        ...

    @property
    def progress(self) -> Sequence[Any]:
        """What it wrote to the stream on the way, as JSON."""
        ...


class Answer(Protocol):
    """A model's message as far as it has come; times are seconds since the epoch."""

    @property
    def path(self) -> tuple[str, ...]:
        """The node that asked for it."""
        ...

    @property
    def text(self) -> str:
        """What has come of it."""
        ...

    @property
    def pieces(self) -> int:
        """In how many pieces that has come, which of a model that streams are its tokens."""
        ...

    @property
    def at(self) -> float:
        """When its first token came."""
        ...

    @property
    def last(self) -> float:
        """When its newest token came."""
        ...

    @property
    def done(self) -> bool:
        """True once the node that asked for it has ended."""
        ...


class Happened(Protocol):
    """What has happened in a thread up to now; events of a run that goes on are among it."""

    @property
    def steps(self) -> Sequence[Step]:
        """The steps in the order in which they began."""
        ...

    @property
    def messages(self) -> Sequence[Answer]:
        """The models' messages in the order in which they began."""
        ...

    @property
    def now(self) -> float:
        """The time while a run goes on, afterwards that of the last event; in seconds since the epoch."""
        ...


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, or a few words, with its name."""

    name: str
    value: str
    alarming: bool = False
    """True where it's one that nobody wants to see."""


@dataclass(frozen=True, slots=True)
class States:
    """The states that something can be in, in order, and the one that it is in."""

    name: str
    states: tuple[str, ...]
    current: str


Figures = Callable[[Happened], Sequence[Figure | States]]
"""Tells a lane's figures, in the order in which they're shown; called again whenever something has happened."""
