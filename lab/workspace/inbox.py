"""What waits for a person in a workspace's threads, most urgent first."""

from dataclasses import dataclass
from typing import Literal

from lab.database import WaitingQuestion, count_waiting, read_waiting, waiting_values
from lab.workspace.access import ThreadAccess


@dataclass(frozen=True, slots=True)
class InboxPage:
    """A page of what waits."""

    questions: tuple[WaitingQuestion, ...]
    """Those of high priority first, then by deadline, then those that have waited longest."""
    total: int
    """Of all pages."""


class Inbox:
    """The open questions and static pauses of a workspace's threads, by an index: no thread is opened to read them."""

    def __init__(self, access: ThreadAccess) -> None:
        self._index = access.engine.waiting
        self.now = access.engine.now
        """Tells the time by which questions run out of it, in seconds since the epoch."""
        self._database = access.engine.storage.database
        self._workspace = access.workspace

    def page(
        self,
        *,
        pattern: str | None = None,
        role: str | None = None,
        priority: str | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> InboxPage:
        """Return a page of what waits, or of what waits with that pattern, role and priority."""
        self._index.refresh(self._workspace)
        only = {"pattern": pattern, "role": role, "priority": priority}
        rows = read_waiting(self._database, self._workspace, only, limit=limit, offset=offset)
        if not self._index.compare(rows):
            self._index.refresh(self._workspace)
            rows = read_waiting(self._database, self._workspace, only, limit=limit, offset=offset)
        return InboxPage(tuple(rows), count_waiting(self._database, self._workspace, only))

    def values(self, name: Literal["role", "priority"]) -> tuple[str, ...]:
        """Return the roles or the priorities that the questions name, each once."""
        return tuple(waiting_values(self._database, self._workspace, name))

    def count(self) -> int:
        """Count all that waits; cheap enough to be asked every second."""
        self._index.refresh(self._workspace)
        return count_waiting(self._database, self._workspace, {})
