"""Stop a run: whatever its nodes wait for can be cut, and nothing further begins."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import TypeVar

from langgraph.errors import GraphBubbleUp

Result = TypeVar("Result")


class RunStopped(GraphBubbleUp):
    """Raised in a node where its run is stopped; no retry and no error handler takes it for a failure."""


class StopSignal:
    """Whether a run is to stop, and who has to hear of it at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given = threading.Event()
        self._hearers: list[Callable[[], object]] = []

    @property
    def given(self) -> bool:
        """True once somebody stops the run."""
        return self._given.is_set()

    def give(self) -> None:
        """Stop the run."""
        with self._lock:
            self._given.set()
            hearers = tuple(self._hearers)
        for hear in hearers:
            hear()

    def check(self) -> None:
        """Raise RunStopped where the run is stopped."""
        if self._given.is_set():
            raise RunStopped

    def wait(self, seconds: float) -> None:
        """Wait that long; raises RunStopped as soon as the run is stopped."""
        if self._given.wait(seconds):
            raise RunStopped

    @contextlib.contextmanager
    def heard(self, hear: Callable[[], object]) -> Iterator[None]:
        """Call `hear` when the run is stopped during the block, or at once where it already is."""
        with self._lock:
            self._hearers.append(hear)
            given = self._given.is_set()
        if given:
            hear()
        try:
            yield
        finally:
            with self._lock:
                self._hearers.remove(hear)


_current: ContextVar[StopSignal | None] = ContextVar("stop_signal", default=None)


def current_signal() -> StopSignal:
    """Return the signal of the run to which this thread belongs; outside of a run, one that is never given."""
    return _current.get() or StopSignal()


@contextlib.contextmanager
def stopped_by(signal: StopSignal) -> Iterator[None]:
    """Make `signal` the one of this thread, and of those that are started from it with its context."""
    before = _current.set(signal)
    try:
        yield
    finally:
        _current.reset(before)


async def unless_stopped(work: Awaitable[Result]) -> Result:
    """Await `work`, which is cancelled where the run is stopped; raises RunStopped then."""
    signal, loop = current_signal(), asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    with signal.heard(lambda: loop.call_soon_threadsafe(task.cancel)):
        try:
            return await task
        except asyncio.CancelledError:
            if signal.given:
                raise RunStopped from None
            raise
