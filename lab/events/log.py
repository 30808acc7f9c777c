"""The bounded log of a thread's events, which any number of readers follow."""

import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lab.events.limits import LARGE, joined, shortened, shrunk, weight
from lab.events.types import CheckpointSaved, Event, Path, RunEnded, RunStarted, SaverDropped, Tokens


@dataclass(slots=True, eq=False)
class StreamingMessage:
    """A message that streams, by its text or by its tool calls, as far as it has come."""

    path: Path
    message_id: str
    tool: bool
    length: int = 0
    """Characters that are events by now."""
    count: int = 0
    """Pieces that are events by now."""
    pieces: deque[str] = field(default_factory=deque)
    """Pieces that no event tells yet; added to by one thread and taken from by others, without a lock."""
    open: bool = False
    """True while the log knows that there are some."""
    since: float = 0.0
    """When the first of them came."""

    def taken(self) -> Iterator[str]:
        """Return the pieces, one by one, each to one caller."""
        while self.pieces:
            yield self.pieces.popleft()

    def event(self) -> Tokens:
        """Return the pieces as one event and let go of them."""
        pieces, offset = list(self.taken()), self.length
        text = "".join(pieces)
        self.length = offset + len(text)
        self.count += len(pieces)
        return Tokens(self.path, self.message_id, offset, text, self.tool, self.count, at=self.since)


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
        self.outcome: tuple[object, str] = (None, "")
        """What was last told of the thread's end, behind what it depends on."""

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
    def checkpoint_ids(self) -> frozenset[str]:
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
    def newest_checkpoint_id(self) -> str:
        """The checkpoint that the last of them tells of; empty where there is none."""
        with self._lock:
            saved = (event for event in reversed(self._events) if isinstance(event, CheckpointSaved) and not event.path)
            return next((event.checkpoint_id for event in saved), "")

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
        growing.pieces.append(piece)
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
                for event_after in late:
                    self._add(event_after)
                self._settle()
                self._news.notify_all()

    def _settle(self) -> None:
        if self._late is None and self._open:
            for growing in self._open:
                growing.open = False
                if growing.pieces:
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
