"""The event logs of the threads that were looked at in this process; the rest is in the database."""

import threading
import time
from collections.abc import Callable, Collection

from lab.events import EventLog


class LogCache:
    """Event logs by workspace and thread, so that what is in here belongs to who asks."""

    def __init__(self, running: Callable[[], Collection[str]], *, most: int = 500, room: int = 2**26) -> None:
        """Hold at most so many logs, and no more of `room` bytes of them than those of threads that are running."""
        self._running = running
        self._most = most
        self._room = room
        self._lock = threading.Lock()
        self._logs: dict[tuple[str, str], EventLog] = {}

    def known(self, workspace: str, thread_id: str) -> EventLog | None:
        """Return the log of a thread that this workspace has looked at before."""
        with self._lock:
            return self._logs.get((workspace, thread_id))

    def of_thread(self, thread_id: str) -> list[EventLog]:
        """Return the logs of a thread, as many as there are workspaces that looked at it."""
        with self._lock:
            return [log for (_, ident), log in self._logs.items() if ident == thread_id]

    def get(self, workspace: str, thread_id: str, fill: Callable[[EventLog], None]) -> EventLog:
        """Return the log of a workspace's own thread; a new one is filled first, with the thread's history."""
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
        """Drop a thread's log; the next one who asks gets a new one, filled from what is saved."""
        with self._lock:
            self._logs.pop((workspace, thread_id), None)

    def _evict(self) -> None:
        """Drop the logs used longest ago where they're too many or too large; they come back as they were saved."""
        many, large = len(self._logs) - self._most + 1, sum(log.bytes for log in self._logs.values()) - self._room
        if many <= 0 and large <= 0:
            return
        running = self._running()
        idle = [key for key in self._logs if key[1] not in running]
        for key in sorted(idle, key=lambda key: self._logs[key].touched):
            if many <= 0 and large <= 0:
                return
            gone = self._logs.pop(key)
            many, large = many - 1, large - gone.bytes
