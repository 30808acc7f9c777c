"""Holds the event of a checkpoint back until the checkpoint is committed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from langgraph.checkpoint.base.id import uuid6

from lab.checkpoints import SummarySaver


class Commits:
    """Tells of the checkpoints of one run once they're committed, those from before it at once."""

    def __init__(self) -> None:
        # The ids of checkpoints go up with the time.
        self._began = str(uuid6(clock_seq=0))
        self._lock = threading.Lock()
        self._committed: set[str] = set()
        self._waiting: dict[str, Callable[[], None]] = {}

    def committed(self, checkpoint_id: str) -> None:
        """Note that a checkpoint is committed, and tell of it where somebody waits for that."""
        with self._lock:
            self._committed.add(checkpoint_id)
            tell = self._waiting.pop(checkpoint_id, None)
        if tell is not None:
            tell()

    def tell(self, checkpoint_id: str, tell: Callable[[], None]) -> bool:
        """Tell of a checkpoint at once if it's committed, else as soon as it is; return whether it was."""
        with self._lock:
            there = checkpoint_id in self._committed or checkpoint_id < self._began
            if not there:
                self._waiting[checkpoint_id] = tell
        if there:
            tell()
        return there


@contextmanager
def watched(saver: Any, thread_id: str) -> Iterator[Commits | None]:
    """Watch what is committed of a thread during the block; nothing can be watched of a foreign checkpointer."""
    if not isinstance(saver, SummarySaver):
        yield None
        return
    commits = Commits()
    saver.watchers[thread_id] = commits.committed
    try:
        yield commits
    finally:
        saver.watchers.pop(thread_id, None)
