"""What a workspace reads of its threads: their list, what their runs told, and what they saved."""

from collections.abc import Sequence
from typing import Any

from lab import index, listing
from lab.errors import UnknownCheckpoint
from lab.events import Event
from lab.history import Question, Snapshot, Status, status, told
from lab.listing import Only, Page, Row
from lab.owned import Owned
from lab.tables import BUSINESS
from lab.threads import Thread
from lab.tree import Tree
from lab.view import ThreadView

EVERYTHING = Only()


class Reading(Owned):
    """The reads of a workspace."""

    def thread(self, thread_id: str) -> Thread:
        """Gives a thread; raises UnknownThread."""
        return self._thread(thread_id)

    def threads(
        self, *, pattern: str | None = None, session: str | None = None, limit: int = 100
    ) -> tuple[Thread, ...]:
        """Gives this workspace's threads, the last used first."""
        return self._lab.threads.list(self.name, pattern=pattern, session=session, limit=limit)

    def events(self, thread_id: str, after: int = 0, timeout: float = 0.0) -> list[Event]:
        """Gives the thread's events past that number, waiting up to `timeout` seconds for the first."""
        return self._followed(thread_id).after(after, timeout)

    def view(self, thread_id: str) -> ThreadView:
        """Gives a view of the thread that the caller brings up to date as often as it likes."""
        return ThreadView(self._followed(thread_id))

    def status(self, thread_id: str) -> Status:
        """Tells how the thread stands, by its newest checkpoint."""
        thread = self._thread(thread_id)
        if self._lab.runs.active(thread_id) is not None:
            return "running"
        if not self._lab.pattern(thread.pattern).lane(thread.lane).remembers:
            return "finished" if self._log(thread).last else "new"
        return status(self._state(self._lab.reading(thread.pattern, thread.lane), thread))

    def snapshot(self, thread_id: str, checkpoint_id: str | None = None) -> Snapshot | None:
        """Gives the state at a checkpoint, the newest by default; None where nothing is saved.

        Raises UnknownCheckpoint.
        """
        thread = self._thread(thread_id)
        if not self._lab.pattern(thread.pattern).lane(thread.lane).remembers:
            return None
        found = self._state(self._lab.reading(thread.pattern, thread.lane), thread, checkpoint_id)
        if checkpoint_id is not None and found.created_at is None:
            raise UnknownCheckpoint(checkpoint_id)
        return told(found) if found.created_at is not None else None

    def history(
        self, thread_id: str, only: Only = EVERYTHING, *, limit: int = 50, offset: int = 0, at: str | None = None
    ) -> Page:
        """Gives a page of the thread's checkpoints in the order of writing; with `at`, the one of that checkpoint."""
        thread = self._thread(thread_id)
        return listing.page(self._lab.storage, thread.thread_id, only, limit=limit, offset=offset, at=at)

    def rows(self, thread_id: str, checkpoint_ids: Sequence[str]) -> tuple[Row, ...]:
        """Gives the history's rows of these checkpoints, in their order; unknown ones are left out."""
        return listing.chosen(self._lab.storage, self._thread(thread_id).thread_id, checkpoint_ids)

    def tree(self, thread_id: str) -> Tree:
        """Gives the tree of the thread's checkpoints with all its branches."""
        return listing.tree(self._lab.storage, self._thread(thread_id).thread_id)

    def count(self, thread_id: str) -> int:
        """Counts the thread's checkpoints."""
        return index.count(self._lab.storage, self._thread(thread_id).thread_id)

    def pending(self, thread_id: str) -> tuple[Question, ...]:
        """Gives the interrupts that wait for an answer, in stable task order."""
        found = self.snapshot(thread_id)
        return found.questions if found is not None and self.status(thread_id) == "waiting" else ()

    def business(self, table: str, thread_ids: list[str]) -> list[dict[str, Any]]:
        """Gives a business table's rows of these threads; raises UnknownThread."""
        for thread_id in thread_ids:
            self._thread(thread_id)
        return self._lab.storage.database.rows(BUSINESS[table], thread_ids)
