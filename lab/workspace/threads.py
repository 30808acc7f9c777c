"""Management of a workspace's threads: list, rename, copy, export, import, prune, delete."""

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO

from lab.checkpoints import Storage, StorageSize, ThreadSize, compact
from lab.database import business_rows
from lab.errors import LabError, NotPossible
from lab.history import Cost, measure_costs
from lab.threads import (
    LIMITS,
    Pruned,
    Thread,
    branch_heads,
    copy_thread,
    delete_thread,
    export_thread,
    given_title,
    import_threads,
    keep_newest_branches,
    prune_branches,
)
from lab.workspace.access import ThreadAccess
from lab.workspace.storages import graph_to_import, is_known, is_shared, storage_of

IN_MEMORY = 16 * 2**20
"""Bytes of an export that are kept in memory; a larger one goes to a temporary file."""
CHUNK = 2**18
"""Bytes of an export that are given at once."""


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A page of the workspace's threads."""

    threads: tuple[Thread, ...]
    total: int
    """Of all pages."""


class WorkspaceThreads:
    """What a workspace does with threads as a whole.

    What would meet a run's half-done work raises ThreadBusy while one is going on.
    """

    def __init__(self, access: ThreadAccess, *, near: bool) -> None:
        self._access = access
        self._engine = access.engine
        self.near = near
        """Whether the visitor sits at this very machine, and may do what concerns all workspaces."""

    def find(self, thread_id: str) -> Thread:
        """Return a thread; raises UnknownThread."""
        return self._access.find(thread_id)

    def newest(self, *, pattern: str | None = None, session: str | None = None, limit: int = 100) -> tuple[Thread, ...]:
        """Return this workspace's threads, the last used first."""
        return self._engine.threads.list(self._access.workspace, pattern=pattern, session=session, limit=limit)

    def page(self, *, pattern: str | None = None, text: str = "", limit: int = 20, offset: int = 0) -> ThreadPage:
        """Return a page of the threads, the last used first: those of a pattern, with that text in title or id."""
        threads = self._engine.threads.list(
            self._access.workspace, pattern=pattern, text=text, limit=limit, offset=offset
        )
        return ThreadPage(threads, self._engine.threads.count(self._access.workspace, pattern=pattern, text=text))

    def rename(self, thread_id: str, title: str) -> None:
        """Give a thread another title, running or not; raises InvalidInput."""
        self._engine.threads.rename(self._access.workspace, thread_id, title)

    def copy(self, thread_id: str, title: str | None = None) -> Thread:
        """Copy a thread with all its branches, but not what it did outside its state.

        Raises NotPossible, ThreadBusy, InvalidInput.
        """
        thread = self._access.find(thread_id)
        if not is_shared(self._engine, storage_of(self._engine, thread)):
            raise _not_shared(thread)
        with self._access.claimed(thread_id):
            return copy_thread(self._engine.storage, thread, None if title is None else given_title(title))

    def export(self, thread_id: str, left_out: set[str] | None = None) -> Iterator[bytes]:
        """Return the thread as a file that `import_file` takes, in pieces; `left_out` gets what isn't in it, in words.

        All that can go wrong does so before the first piece: ExportRefused, NotPossible, ThreadBusy.
        """
        thread = self._access.find(thread_id)
        with _spooled() as (file, pieces):
            _write_thread(self._access, file, thread, left_out)
        return pieces

    def export_together(
        self, thread_ids: Sequence[str], refused: MutableMapping[str, LabError], left_out: set[str] | None = None
    ) -> Iterator[bytes]:
        """Return threads in one file that `import_file` takes whole, in pieces.

        `refused` gets by their ids why threads aren't in it. Raises UnknownThread, and NotPossible for too many.
        """
        threads = self._engine.threads.of_workspace(self._access.workspace, thread_ids)
        if len(threads) > LIMITS.threads:
            raise NotPossible(f"A file holds at most {LIMITS.threads} threads. Choose fewer of them.")
        order = {thread_id: number for number, thread_id in enumerate(thread_ids)}
        with _spooled() as (file, pieces):
            for thread in sorted(threads, key=lambda one: order[one.thread_id]):
                begin = file.tell()
                try:
                    _write_thread(self._access, file, thread, left_out)
                except LabError as error:
                    refused[thread.thread_id] = error
                    file.seek(begin)
                    file.truncate()
        return pieces

    def import_file(self, file: BinaryIO) -> tuple[Thread, ...]:
        """Make threads of this workspace out of an exported file; raises ImportRefused, having changed nothing."""
        return import_threads(
            self._engine.storage, file, self._access.workspace, partial(graph_to_import, self._engine)
        )

    def delete(self, thread_id: str) -> None:
        """Delete a thread, readable or not, with all that it booked and sent; raises ThreadBusy."""
        self._engine.storage.making_room(partial(self._delete, self._access.find(thread_id)))

    def _delete(self, thread: Thread) -> None:
        thread_id = thread.thread_id
        with self._access.claimed(thread_id):
            storage = storage_of(self._engine, thread)
            if not is_shared(self._engine, storage):
                delete_thread(storage, thread_id)
            delete_thread(self._engine.storage, thread_id)
            self._engine.thread_savers.drop(thread_id)
            _forget(self._access, thread_id, storage)

    def branch_heads(self, thread_id: str) -> tuple[str, ...]:
        """Return the last checkpoint of each branch, that of the branch written to last first."""
        return branch_heads(storage_of(self._engine, self._access.find(thread_id)), thread_id)

    def prune(self, thread_id: str, keep_heads: Sequence[str]) -> Pruned:
        """Delete all branches but those that end with these checkpoints, which are kept whole.

        Raises UnknownCheckpoint, NotPossible, ThreadBusy.
        """
        return self._pruned(thread_id, lambda storage: prune_branches(storage, thread_id, keep_heads))

    def keep_newest(self, thread_id: str, number: int) -> Pruned:
        """Delete all branches but those `number` that were written to last; raises NotPossible, ThreadBusy."""
        return self._pruned(thread_id, lambda storage: keep_newest_branches(storage, thread_id, number))

    def _pruned(self, thread_id: str, prune: Callable[[Storage], Pruned]) -> Pruned:
        storage = storage_of(self._engine, self._access.find(thread_id))

        def act() -> Pruned:
            with self._access.claimed(thread_id):
                there = {row.checkpoint_id for row in storage.checkpoints.index_rows(thread_id)}
                pruned = prune(storage)
                if not is_shared(self._engine, storage):
                    gone = there.difference(row.checkpoint_id for row in storage.checkpoints.index_rows(thread_id))
                    with self._engine.storage.database.begin() as connection:
                        self._engine.runs.store.drop_branches(connection, thread_id, gone)
                _forget(self._access, thread_id, storage)
            return pruned

        return self._engine.storage.making_room(act)

    def sizes(self, thread_ids: Sequence[str]) -> dict[str, ThreadSize]:
        """Return what each of these threads takes, readable or not."""
        threads = self._engine.threads.of_workspace(self._access.workspace, thread_ids)
        sizes = self._engine.storage.checkpoints.thread_sizes(thread_ids)
        for thread in threads:
            storage = storage_of(self._engine, thread)
            if not is_shared(self._engine, storage):
                sizes |= storage.checkpoints.thread_sizes([thread.thread_id])
        return sizes

    def costs(self, thread_id: str) -> Cost:
        """Measure what the thread's checkpoints cost, in time a superstep and in bytes."""
        storage = storage_of(self._engine, self.find(thread_id))
        return measure_costs(storage, thread_id, self._access.logs.followed(thread_id).after(0))

    def business(self, table: str, thread_ids: list[str], *, refused: bool = False) -> list[dict[str, Any]]:
        """Return a business table's rows of these threads; raises UnknownThread.

        They are what was really done; with `refused` also the attempts under an idempotency key seen before.
        """
        for thread_id in thread_ids:
            self._access.find(thread_id)
        return business_rows(self._engine.storage.database, table, thread_ids, refused=refused)

    def storage(self) -> StorageSize:
        """Return what the whole database takes, of all workspaces: that is the disk's, and tell nothing of a thread."""
        return self._engine.storage.checkpoints.storage_size()

    def compact(self) -> int:
        """Give the room of what was deleted back to the disk and return how many bytes that was.

        Raises NotPossible where the visitor isn't at this machine, where a run is going on, here or elsewhere, and
        where the storage does so by itself.
        """
        if not self.near:
            raise NotPossible(
                "The database belongs to all workspaces, and all of them wait while it's compacted, so that only a "
                "browser on the lab's own machine may do it. Open the lab there, by its loopback address and through "
                "no proxy."
            )
        if self._engine.runs.running():
            raise NotPossible(
                "A thread is running, and what it saves would have to wait for the compaction, which needs the "
                "database to itself. Wait for the run's end, or stop it, and try again."
            )
        return compact(self._engine.storage)


def _forget(access: ThreadAccess, thread_id: str, storage: Storage) -> None:
    """Drop what this process remembers of a thread's saved rows."""
    access.engine.runs.logs.forget(access.workspace, thread_id)
    storage.saver.forget(thread_id)


def _write_thread(access: ThreadAccess, file: IO[bytes], thread: Thread, left_out: set[str] | None) -> None:
    """Write a thread to a file; raises ExportRefused, NotPossible, ThreadBusy."""
    storage = storage_of(access.engine, thread)
    if not is_shared(access.engine, storage):
        raise _not_shared(thread)
    if not is_known(access.engine, thread.pattern, thread.lane):
        raise NotPossible(
            f"No lane '{thread.lane[:80]}' of a pattern '{thread.pattern[:80]}' keeps threads in this version, and "
            "an export holds only what can be imported again. Export it with the version that made it, or keep "
            "it by a copy."
        )
    with access.claimed(thread.thread_id):
        graph = access.engine.graphs.reading(thread.pattern, thread.lane)
        file.writelines(export_thread(storage, thread, graph, left_out=left_out))


def _not_shared(thread: Thread) -> NotPossible:
    return NotPossible(
        f"The lane '{thread.lane[:80]}' gives each thread a storage of its own that ends with the lab, to show what a "
        "restart leaves. Its threads can be pruned and deleted, but neither copied nor exported. Choose another lane."
    )


@contextmanager
def _spooled() -> Iterator[tuple[IO[bytes], Iterator[bytes]]]:
    """Open a temporary file to be written in the block, and what gives it in pieces after it."""
    file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by who reads it
    pieces = _pieces(file)
    # Begun, it closes the file however early it's dropped.
    next(pieces)
    try:
        yield file, pieces
    except BaseException:
        file.close()
        raise
    file.seek(0)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        yield b""
        yield from iter(partial(file.read, CHUNK), b"")
