"""What happens in a thread, as numbered events in a bounded log that any number of readers follow.

An event gets its number from the log that takes it, and its time too, unless it says when it happened.

A token event says where in its message its text begins, so that neighbouring ones can be merged
without loss: a reader that stands inside a merged range gets the whole range again and puts it
in the same place.
"""

import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from lab.jsonable import Json

Path = tuple[str, ...]
"""Node names from the outermost graph inwards; ('design', 'worker') is a node of a subgraph."""

Outcome = Literal["finished", "waiting", "paused", "stopped", "failed", "crashed"]
Kind = Literal["start", "turn", "resume", "continue", "replay", "reanswer", "what-if", "restored"]


class RunStarted(NamedTuple):
    """A run began on the thread."""

    run_id: str
    kind: Kind
    model: str
    said: Json
    """The input or the answers given, None where the run goes on by itself."""
    calls: str
    """The LangGraph calls that were made, as code."""
    no: int = 0
    at: float = 0.0


class RunStopping(NamedTuple):
    """Somebody stopped the run; it ends as soon as the nodes at work let it."""

    run_id: str
    no: int = 0
    at: float = 0.0


class RunEnded(NamedTuple):
    """The run ended; the thread may go on in a later one."""

    run_id: str
    outcome: Outcome
    error: str
    no: int = 0
    at: float = 0.0


class StateEdited(NamedTuple):
    """A person wrote values to the state at a pause."""

    checkpoint_id: str
    values: Json
    calls: str
    no: int = 0
    at: float = 0.0


class SaverDropped(NamedTuple):
    """The thread's checkpointer and graph were dropped; what is read or run next makes both anew."""

    why: Literal["restart", "room"]
    """What for: a restart, or to make room for the checkpointers of other threads."""
    before: int
    """Checkpoints that the thread had."""
    found: int
    """Of these, checkpoints that the new checkpointer finds."""
    calls: str
    no: int = 0
    at: float = 0.0


class WentBack(NamedTuple):
    """The thread was taken back to an earlier checkpoint; what follows is a branch that begins there."""

    checkpoint_id: str
    step: int
    no: int = 0
    at: float = 0.0


class CheckpointMade(NamedTuple):
    """A superstep ended with a checkpoint of the thread's own that isn't committed yet, and may never be."""

    checkpoint_id: str
    no: int = 0
    at: float = 0.0


class CheckpointSaved(NamedTuple):
    """A checkpoint was committed; its state is read from the thread when somebody asks for it."""

    path: Path
    checkpoint_id: str
    step: int
    source: str
    next: tuple[str, ...]
    no: int = 0
    at: float = 0.0


class NodeStarted(NamedTuple):
    """A node's task began."""

    path: Path
    task_id: str
    no: int = 0
    at: float = 0.0


class AttemptFailed(NamedTuple):
    """One attempt of a node failed; a retry may follow."""

    path: Path
    task_id: str
    started: float
    error: str
    no: int = 0
    at: float = 0.0


class NodeEnded(NamedTuple):
    """A node's task ended with what it wrote, an error, or questions."""

    path: Path
    task_id: str
    wrote: Json
    error: str
    asked: tuple[Json, ...]
    """The interrupts raised here, each with id, value and response_schema; one of a subgraph is told by its node."""
    waits: bool
    """True where the task stopped to ask, itself or in a subgraph."""
    cached: bool
    no: int = 0
    at: float = 0.0


class Tokens(NamedTuple):
    """Text was added to a message; `text` belongs at `offset` characters from its beginning."""

    path: Path
    message_id: str
    offset: int
    text: str
    tool: bool
    """True where the text is a piece of a tool call, not of the answer."""
    no: int = 0
    at: float = 0.0


class Progress(NamedTuple):
    """A node told how far it is."""

    path: Path
    data: Json
    no: int = 0
    at: float = 0.0


class Skipped(NamedTuple):
    """Events up to this number left the log; their state is in the checkpoints."""

    dropped: int
    no: int = 0
    at: float = 0.0


Event = (
    RunStarted
    | RunStopping
    | RunEnded
    | StateEdited
    | SaverDropped
    | WentBack
    | CheckpointMade
    | CheckpointSaved
    | NodeStarted
    | AttemptFailed
    | NodeEnded
    | Tokens
    | Progress
    | Skipped
)


@dataclass(slots=True, eq=False)
class StreamingMessage:
    """A message that streams, by its text or by its tool calls, as far as it has come."""

    path: Path
    message_id: str
    tool: bool
    length: int = 0
    """Characters that are events by now."""
    held: deque[str] = field(default_factory=deque)
    """Pieces that no event tells yet; added to by one thread and taken from by others, without a lock."""
    open: bool = False
    """True while the log knows that there are some."""
    since: float = 0.0
    """When the first of them came."""

    def taken(self) -> Iterator[str]:
        """Return the pieces held, one by one, each to one caller."""
        while self.held:
            yield self.held.popleft()

    def event(self) -> Tokens:
        """Return the pieces held as one event and let go of them."""
        text, offset = "".join(self.taken()), self.length
        self.length = offset + len(text)
        return Tokens(self.path, self.message_id, offset, text, self.tool, at=self.since)


class Log(Protocol):
    """Where events are told."""

    def append(self, event: Event) -> None:
        """Add an event under the next number; it happened now unless it says when."""
        ...

    def say(self, growing: StreamingMessage, piece: str) -> None:
        """Add a piece of a streaming message."""
        ...


class EventLog:
    """An append-only log of one thread's events, numbered from 1, of at most `limit` entries and `room` bytes.

    Pieces of a streaming message become an event when somebody reads or something else happens, whichever
    comes first: what comes faster than anybody reads is told at once.
    """

    def __init__(self, limit: int = 20_000, *, room: int = 2**22) -> None:
        self._limit = limit
        self._room = room
        self._events: list[Event] = []
        self._bytes = 0
        self._open: list[StreamingMessage] = []
        self._lock = threading.Lock()
        self._news = threading.Condition(self._lock)
        self._waiting = 0
        self._last = 0
        self._saved = 0
        self._late: list[Event] | None = None
        """What was told while the end of a run is being written down; None at other times."""
        self.stored = 0
        """Bytes that the thread's saved events take."""
        self.touched = time.monotonic()
        self.compared = 0.0
        """When it was last compared with what other processes saved, by the monotonic clock."""

    @property
    def last(self) -> int:
        """The number of the newest event, 0 where there is none."""
        with self._lock:
            self._settle()
            return self._last

    @property
    def bytes(self) -> int:
        """About how many bytes the events take."""
        return self._bytes

    @property
    def open_run(self) -> str:
        """The id of the run whose end isn't told yet; empty where there is none."""
        with self._lock:
            for event in reversed(self._events):
                if isinstance(event, RunEnded):
                    return ""
                if isinstance(event, RunStarted):
                    return event.run_id
        return ""

    @property
    def told(self) -> frozenset[str]:
        """The thread's own checkpoints that events tell of."""
        with self._lock:
            return frozenset(
                event.checkpoint_id for event in self._events if isinstance(event, CheckpointSaved) and not event.path
            )

    @property
    def dropped(self) -> bool:
        """True where the last thing that happened was that the thread's checkpointer was dropped."""
        with self._lock:
            return bool(self._events) and isinstance(self._events[-1], SaverDropped)

    @property
    def newest_told(self) -> str:
        """The checkpoint that the last of them tells of; empty where there is none."""
        with self._lock:
            told = (event for event in reversed(self._events) if isinstance(event, CheckpointSaved) and not event.path)
            return next((event.checkpoint_id for event in told), "")

    @property
    def newest_saved(self) -> int:
        """The number up to which events are saved."""
        return self._saved

    def append(self, event: Event) -> None:
        """Add an event under the next number; it happened now unless it says when."""
        with self._lock:
            if self._late is not None:
                self._late.append(event)
                return
            if self._open:
                self._settle()
            self._add(event)
            if self._waiting:
                self._news.notify_all()

    def say(self, growing: StreamingMessage, piece: str) -> None:
        """Add a piece of a streaming message; all of one message's come from one thread."""
        # Before the look at whether it's open: who closes it takes what is there after that.
        growing.held.append(piece)
        if not growing.open or self._waiting:
            with self._lock:
                if not growing.open:
                    growing.open = True
                    growing.since = time.time()
                    self._open.append(growing)
                if self._waiting:
                    self._news.notify_all()

    def after(self, number: int, timeout: float = 0.0) -> list[Event]:
        """Return all events past that number, waiting up to `timeout` seconds for the first of them."""
        with self._news:
            if timeout and self._last <= number:
                self._waiting += 1
                self._news.wait_for(lambda: (self._open and self._late is None) or self._last > number, timeout)
                self._waiting -= 1
            self._settle()
            return self._events[bisect_right(self._events, number, key=lambda event: event.no) :]

    def unsaved(self) -> list[Event]:
        """Return the events that aren't saved yet."""
        with self._lock:
            self._settle()
            return self._unsaved()

    def _unsaved(self) -> list[Event]:
        return list(joined(self._events[bisect_right(self._events, self._saved, key=lambda event: event.no) :]))

    def saved(self, events: Sequence[Event]) -> None:
        """Note that these are saved."""
        if events:
            self._saved = max(self._saved, events[-1].no)

    def load(self, events: Sequence[Event]) -> None:
        """Take over events that are saved, under their own numbers; what isn't saved yet gets new ones behind them."""
        if not events:
            return
        with self._lock:
            self._settle()
            known = bisect_right(self._events, self._saved, key=lambda event: event.no)
            own = self._events[known:]
            del self._events[known:]
            self._events += [event for event in events if event.no > self._saved]
            self._last = self._saved = self._events[-1].no
            self._bytes = sum(map(weight, self._events))
            for event in own:
                self._add(event)
            if self._waiting:
                self._news.notify_all()

    def end(self, event: RunEnded, write: Callable[[list[Event]], None]) -> None:
        """Tell the end of a run after `write` has saved it with all that wasn't saved, and given the thread back.

        Nobody reads the end before that, and what is told meanwhile comes after it.
        """
        with self._lock:
            self._settle()
            ended = _numbered(event, self._last + 1)
            news = [*self._unsaved(), ended]
            self._late = []
        try:
            write(news)
        finally:
            with self._lock:
                late, self._late = self._late, None
                self._add(ended)
                for told in late:
                    self._add(told)
                self._settle()
                self._news.notify_all()

    def _settle(self) -> None:
        if self._late is None and self._open:
            for growing in self._open:
                growing.open = False
                if growing.held:
                    self._add(growing.event())
            self._open.clear()

    def _add(self, event: Event) -> None:
        event = _numbered(event, self._last + 1)
        size = weight(event)
        if size > LARGE:
            event = shortened(event)
            size = weight(event)
        self._last += 1
        self._events.append(event)
        self._bytes += size
        if len(self._events) > self._limit or self._bytes > self._room:
            self._events = shrunk(self._events, self._limit, room=self._room)
            self._bytes = sum(map(weight, self._events))
            # What a run at work needs may be more than that; it isn't to be looked through at every event.
            if len(self._events) > self._limit * 3 // 4:
                self._limit = 2 * len(self._events)
            if self._bytes > self._room * 3 // 4:
                self._room = 2 * self._bytes


def _numbered(event: Event, number: int) -> Event:
    """Return the event under this number, and with the time where it has none; every event ends with these two."""
    # A third of the time of `_replace`.
    return type(event)._make((*event[:-2], number, event.at or time.time()))


_LIGHT = frozenset((NodeStarted, CheckpointSaved, CheckpointMade, RunStopping, WentBack, Skipped))
"""Events without values of the state, which aren't worth weighing."""
_LIGHT_WEIGHT = 400
LARGE = 2**16
"""Bytes of one event past which it has its values only in short; the checkpoints have them whole."""
_CUTS = ((4000, 200), (1000, 40), (200, 10))
"""Characters of a text and entries of a list that are left of a large value, from one try to the next."""


def weight(event: Event) -> int:
    """Tell about how many bytes an event takes."""
    if type(event) in _LIGHT:
        return _LIGHT_WEIGHT
    if isinstance(event, Tokens):
        return _LIGHT_WEIGHT + len(event.text)
    if isinstance(event, NodeEnded):
        return _LIGHT_WEIGHT + _weight(event.wrote) + len(event.error) + _weight(event.asked)
    return _weight(event)


def _weight(value: Json) -> int:
    kind = type(value)
    if kind is str:
        return 50 + len(value)
    if kind is dict:
        return 60 + sum(map(_weight, value)) + sum(map(_weight, value.values()))
    if isinstance(value, (list, tuple)):
        return 60 + sum(map(_weight, value))
    return 50 + len(value) if isinstance(value, str) else 30


def shortened(event: Event) -> Event:
    """Return an event with long texts and list cut; the pieces of a message stay whole, for nothing else has them."""
    if isinstance(event, Tokens):
        return event
    short = event
    for characters, entries in _CUTS:
        told = {name: _cut(value, characters, entries) for name, value in event._asdict().items()}
        short = event._replace(**told)
        if weight(short) <= LARGE:
            break
    return short


def _cut(value: Json, characters: int, entries: int) -> Json:
    if isinstance(value, str):
        if len(value) <= characters:
            return value
        return f"{value[: characters // 2]} … ({len(value):,} characters; the checkpoint has them all)"
    if isinstance(value, dict):
        told = {key: _cut(item, characters, entries) for key, item in list(value.items())[:entries]}
        return told if len(value) <= entries else told | {"…": f"{len(value):,} keys; the checkpoint has them all"}
    if isinstance(value, (list, tuple)):
        kept = [_cut(item, characters, entries) for item in value[:entries]]
        if len(value) > entries:
            kept.append(f"… ({len(value):,} entries; the checkpoint has them all)")
        return tuple(kept) if isinstance(value, tuple) else kept
    return value


def joined(events: Sequence[Event]) -> Iterator[Event]:
    """Join the pieces of each message, also across those of others, to a first one and one for all that follow.

    The first piece keeps the message's place among others; the rest stands where its last piece stood.
    """
    last: dict[tuple[str, bool], int] = {}
    """By message, where the piece stands that takes the earlier ones up."""
    parts: dict[tuple[str, bool], list[Tokens]] = {}
    places: list[Event | None] = []
    for event in events:
        if isinstance(event, Tokens):
            key = (event.message_id, event.tool)
            pieces = parts.get(key)
            if pieces and event.offset == pieces[-1].offset + len(pieces[-1].text):
                if len(pieces) > 1:
                    places[last[key]] = None
                pieces.append(event)
            else:
                if pieces:
                    _take_up(places, last[key], pieces)
                parts[key] = [event]
            last[key] = len(places)
        places.append(event)
    for key, pieces in parts.items():
        _take_up(places, last[key], pieces)
    return (event for event in places if event is not None)


def _take_up(places: list[Event | None], place: int, pieces: Sequence[Tokens]) -> None:
    first, *rest = pieces
    if rest:
        places[place] = rest[-1]._replace(offset=rest[0].offset, text="".join(piece.text for piece in rest))
    else:
        places[place] = first


def shrunk(events: Sequence[Event], limit: int = 20_000, *, room: int) -> list[Event]:
    """Make events fewer and smaller: joins pieces of messages, then drop the oldest that nobody needs.

    What tells how things stand always stays: the run at work, the nodes at work in it, and the way it came by.
    """
    found = list(joined(events))
    sizes = list(map(weight, found))
    count, size = len(found), sum(sizes)
    if count <= limit * 3 // 4 and size <= room * 3 // 4:
        return found
    standing = _standing(found)
    dropped: Event | None = None
    kept: list[Event] = []
    for number, event in enumerate(found):
        if (count > limit // 2 or size > room // 2) and number not in standing:
            dropped = event
            count, size = count - 1, size - sizes[number]
            continue
        if dropped is not None:
            kept.append(Skipped(dropped.no, dropped.no, dropped.at))
            dropped = None
        kept.append(event)
    if dropped is not None:
        kept.append(Skipped(dropped.no, dropped.no, dropped.at))
    return _told_once(kept)


def _told_once(events: Sequence[Event]) -> list[Event]:
    """Leave of several gaps the last one, up to which everything may be missing."""
    gaps = [number for number, event in enumerate(events) if isinstance(event, Skipped)]
    return [event for number, event in enumerate(events) if number not in gaps[:-1]]


def _standing(events: Sequence[Event]) -> set[int]:
    """Return the places of the events by which a new reader knows how things stand."""
    kept: set[int] = set()
    started: dict[str, int] = {}
    newest = len(events) - 1
    for number, event in enumerate(events):
        match event:
            case RunStarted():
                kept.add(number)
                started.clear()
            case RunEnded():
                kept.add(number)
                started.clear()
            case NodeStarted() if kept:
                started[event.task_id] = number
            case NodeEnded():
                started.pop(event.task_id, None)
            case _:
                pass
    # Runs of long ago are history, which the checkpoints tell.
    runs = sorted(kept)[-2:]
    return {*runs, *started.values(), newest}
