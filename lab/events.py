"""What happens in a thread, as numbered events in a bounded log that any number of readers follow.

A token event says where in its message its text begins, so that neighbouring ones can be merged
without loss: a reader that stands inside a merged range gets the whole range again and puts it
in the same place.
"""

import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from lab.plain import Plain

Path = tuple[str, ...]
"""Node names from the outermost graph inwards; ('design', 'worker') is a node of a subgraph."""

Outcome = Literal["finished", "waiting", "paused", "stopped", "failed", "crashed"]
Kind = Literal["start", "turn", "resume", "continue", "replay", "reanswer", "what-if", "restored"]


class RunStarted(NamedTuple):
    """A run began on the thread."""

    no: int
    at: float
    run_id: str
    kind: Kind
    model: str
    said: Plain
    """The input or the answers given, None where the run goes on by itself."""
    calls: str
    """The LangGraph calls that were made, as code."""


class RunStopping(NamedTuple):
    """Somebody stopped the run; it ends as soon as the nodes at work let it."""

    no: int
    at: float
    run_id: str


class RunEnded(NamedTuple):
    """The run ended; the thread may go on in a later one."""

    no: int
    at: float
    run_id: str
    outcome: Outcome
    error: str


class StateEdited(NamedTuple):
    """A person wrote values to the state at a pause."""

    no: int
    at: float
    checkpoint_id: str
    values: Plain
    calls: str


class SaverDropped(NamedTuple):
    """The thread's checkpointer and graph were dropped; what is read or run next makes both anew."""

    no: int
    at: float
    why: Literal["restart", "room"]
    """What for: a restart, or to make room for the checkpointers of other threads."""
    before: int
    """Checkpoints that the thread had."""
    found: int
    """Of these, checkpoints that the new checkpointer finds."""
    calls: str


class WentBack(NamedTuple):
    """The thread was taken back to an earlier checkpoint; what follows is a branch that begins there."""

    no: int
    at: float
    checkpoint_id: str
    step: int


class CheckpointSaved(NamedTuple):
    """A checkpoint was saved; its state is read from the thread when somebody asks for it."""

    no: int
    at: float
    path: Path
    checkpoint_id: str
    step: int
    source: str
    next: tuple[str, ...]


class NodeStarted(NamedTuple):
    """A node's task began."""

    no: int
    at: float
    path: Path
    task_id: str


class AttemptFailed(NamedTuple):
    """One attempt of a node failed; a retry may follow."""

    no: int
    at: float
    path: Path
    task_id: str
    started: float
    error: str


class NodeEnded(NamedTuple):
    """A node's task ended with what it wrote, an error, or questions."""

    no: int
    at: float
    path: Path
    task_id: str
    wrote: Plain
    error: str
    asked: tuple[Plain, ...]
    """The interrupts raised here, each with id, value and response_schema; one of a subgraph is told by its node."""
    waits: bool
    """True where the task stopped to ask, itself or in a subgraph."""
    cached: bool


class Tokens(NamedTuple):
    """Text was added to a message; `text` belongs at `offset` characters from its beginning."""

    no: int
    at: float
    path: Path
    message_id: str
    offset: int
    text: str
    tool: bool
    """True where the text is a piece of a tool call, not of the answer."""


class Progress(NamedTuple):
    """A node told how far it is."""

    no: int
    at: float
    path: Path
    data: Plain


class Skipped(NamedTuple):
    """Events up to this number left the log; their state is in the checkpoints."""

    no: int
    at: float
    dropped: int


Event = (
    RunStarted
    | RunStopping
    | RunEnded
    | StateEdited
    | SaverDropped
    | WentBack
    | CheckpointSaved
    | NodeStarted
    | AttemptFailed
    | NodeEnded
    | Tokens
    | Progress
    | Skipped
)


@dataclass(slots=True, eq=False)
class Growing:
    """A message that streams, by its text or by its tool calls, as far as it has come."""

    path: Path
    message_id: str
    tool: bool
    length: int = 0
    """Characters that are events by now."""
    held: list[str] = field(default_factory=list)
    """Pieces that no event tells yet."""
    since: float = 0.0
    """When the first of them came."""

    def event(self, no: int) -> Tokens:
        """Gives the pieces held as one event and lets go of them."""
        text, offset = "".join(self.held), self.length
        self.held.clear()
        self.length = offset + len(text)
        return Tokens(no, self.since, self.path, self.message_id, offset, text, self.tool)


class Log(Protocol):
    """Where events are told."""

    def append(self, make: Callable[[int], Event]) -> None:
        """Adds the event that `make` gives for its number."""
        ...

    def say(self, growing: Growing, piece: str) -> None:
        """Adds a piece of a streaming message."""
        ...


class EventLog:
    """An append-only log of one thread's events, numbered from 1, of at most `limit` entries.

    Pieces of a streaming message become an event when somebody reads or something else happens, whichever
    comes first: what comes faster than anybody reads is told at once.
    """

    def __init__(self, limit: int = 20_000) -> None:
        self._limit = limit
        self._events: list[Event] = []
        self._open: list[Growing] = []
        self._lock = threading.Lock()
        self._news = threading.Condition(self._lock)
        self._waiting = 0
        self._last = 0
        self.touched = time.monotonic()

    @property
    def last(self) -> int:
        """The number of the newest event, 0 where there is none."""
        with self._lock:
            self._settle()
            return self._last

    def append(self, make: Callable[[int], Event]) -> None:
        """Adds the event that `make` gives for its number."""
        with self._lock:
            self._settle()
            self._add(make)
            if self._waiting:
                self._news.notify_all()

    def say(self, growing: Growing, piece: str) -> None:
        """Adds a piece of a streaming message."""
        with self._lock:
            if not growing.held:
                growing.since = time.time()
                self._open.append(growing)
            growing.held.append(piece)
            if self._waiting:
                self._news.notify_all()

    def after(self, number: int, timeout: float = 0.0) -> list[Event]:
        """Gives all events past that number, waiting up to `timeout` seconds for the first of them."""
        with self._news:
            if timeout and self._last <= number:
                self._waiting += 1
                self._news.wait_for(lambda: self._open or self._last > number, timeout)
                self._waiting -= 1
            self._settle()
            return self._events[bisect_right(self._events, number, key=lambda event: event.no) :]

    def _settle(self) -> None:
        for growing in self._open:
            self._add(growing.event)
        self._open.clear()

    def _add(self, make: Callable[[int], Event]) -> None:
        self._last += 1
        self._events.append(make(self._last))
        if len(self._events) > self._limit:
            self._shrink()

    def _shrink(self) -> None:
        events = list(_merged(self._events))
        if len(events) > self._limit * 3 // 4:
            cut = len(events) - self._limit // 2
            last = events[cut - 1]
            events = [Skipped(last.no, last.at, last.no), *events[cut:]]
        self._events = events


def _merged(events: list[Event]) -> Iterator[Event]:
    """Joins token events of one message; between two of another message the order of numbers is kept."""
    held: Tokens | None = None
    for event in events:
        if held is not None and isinstance(event, Tokens) and _continues(held, event):
            held = event._replace(offset=held.offset, text=held.text + event.text)
            continue
        if held is not None:
            yield held
        held = event if isinstance(event, Tokens) else None
        if held is None:
            yield event
    if held is not None:
        yield held


def _continues(held: Tokens, event: Tokens) -> bool:
    return (
        held.message_id == event.message_id and held.tool == event.tool and event.offset == held.offset + len(held.text)
    )
