"""The queries on the checkpointers' tables that every storage answers."""

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from langgraph.checkpoint.serde.base import SerializerProtocol
from sqlalchemy import Connection

from lab.checkpoints.index import IndexRow, Marks
from lab.checkpoints.rows import OpenRows
from lab.checkpoints.sizes import StorageSize, ThreadSize


class CheckpointTables(Protocol):
    """The tables of a checkpointer; nothing here but `marked_writes` decodes a value of a state or a write."""

    def newest_id(self, thread_id: str) -> str:
        """Return the id of a thread's newest checkpoint, empty where it has none."""
        ...

    def newest_ids(self, thread_ids: Collection[str]) -> dict[str, str]:
        """Return the ids of these threads' newest checkpoints; threads that have none are left out."""
        ...

    def count(self, thread_id: str) -> int:
        """Count a thread's checkpoints, without those of its subgraphs."""
        ...

    def index_rows(self, thread_id: str, namespace: str = "") -> list[IndexRow]:
        """Return a thread's checkpoints in the order of writing."""
        ...

    def index_rows_by_id(self, thread_id: str, ids: Collection[str]) -> dict[str, IndexRow]:
        """Return these checkpoints of a thread by their ids."""
        ...

    def subgraph_rows(self, thread_id: str, ids: Collection[str]) -> dict[str, list[IndexRow]]:
        """Return by checkpoint of the thread those of the subgraphs that its nodes called, in the order of writing."""
        ...

    def calling_id(self, thread_id: str, namespace: str, checkpoint_id: str) -> str | None:
        """Return the thread's own checkpoint that a subgraph's one belongs to; None where there is no such one."""
        ...

    def task_marks(self, thread_id: str, namespace: str = "") -> Marks:
        """Return where a thread's nodes asked or failed."""
        ...

    def marked_writes(
        self, thread_id: str, ids: Collection[str], namespace: str = ""
    ) -> dict[str, list[tuple[str, Any]]]:
        """Return by checkpoint what its nodes asked and why they failed, as channel and value."""
        ...

    def state_sizes(self, thread_id: str, ids: Collection[str], namespace: str = "") -> dict[str, int]:
        """Return by checkpoint the bytes that its state takes."""
        ...

    def thread_sizes(self, thread_ids: Sequence[str]) -> dict[str, ThreadSize]:
        """Return the sizes of these threads, readable or not; one of which nothing is saved has size 0."""
        ...

    def storage_size(self) -> StorageSize:
        """Return the size of the whole database, of all workspaces."""
        ...

    def open_rows(self, connection: Connection, serde: SerializerProtocol | None) -> OpenRows:
        """Open a thread's rows in a transaction; `serde` decodes the values in place of the checkpointer's own."""
        ...

    def discard(self, thread_id: str) -> None:
        """Delete the rows of a new thread whose transaction failed, where the rollback left them."""
        ...
