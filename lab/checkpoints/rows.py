"""A thread's checkpoints and pending writes as rows, to copy, count and delete them in one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from sqlalchemy import Connection

MARKS = ("__interrupt__", "__error__")
"""Channels of what a node asked and of why one failed: few among all that tasks write."""
NULL_TASK_ID = "00000000-0000-0000-0000-000000000000"
"""No task's: by it the library adds to the state of a checkpoint itself."""


class Link(NamedTuple):
    """A checkpoint without its state."""

    namespace: str
    checkpoint_id: str
    parent_id: str | None
    metadata: Mapping[str, Any]
    """Empty where it can't be read."""


class Write(NamedTuple):
    """What a task wrote to one channel, or left behind: an error, a question, an answer."""

    task_id: str
    task_path: str
    number: int
    channel: str
    kind: str
    """How the value is serialised."""
    data: bytes


class ThreadRows(Protocol):
    """A thread's rows as the checkpointer keeps them; no state is decoded here."""

    def links(self, thread_id: str) -> list[Link]:
        """Return all checkpoints of all namespaces in the order of writing."""
        ...

    def writes(self, thread_id: str, namespace: str, checkpoint_id: str) -> list[Write]:
        """Return what the tasks of a checkpoint wrote."""
        ...

    def add_writes(self, thread_id: str, namespace: str, checkpoint_id: str, writes: Sequence[Write]) -> None:
        """Add what the tasks of a checkpoint wrote."""
        ...

    def count_writes(self, thread_id: str) -> int:
        """Count what all tasks of a thread wrote."""
        ...

    def copy(self, source: str, target: str) -> None:
        """Copy all rows of a thread to another id."""
        ...

    def drop(self, thread_id: str, gone: Sequence[Link]) -> None:
        """Delete checkpoints with their writes, and the values that no other checkpoint of the thread refers to."""
        ...

    def drop_task_writes(self, thread_id: str, ids: Collection[str]) -> None:
        """Delete what the tasks of the thread's own checkpoints wrote, but not what belongs to the state there."""
        ...


@dataclass(frozen=True, slots=True)
class OpenRows:
    """A thread's saved rows and the lab's tables, in one transaction."""

    connection: Connection
    saver: BaseCheckpointSaver[Any]
    """Reads and writes in this transaction."""
    rows: ThreadRows


def readable_value(serde: SerializerProtocol, kind: str, data: bytes) -> Any:
    """Decode what a task wrote, or say of what is damaged that it can't be read."""
    try:
        return serde.loads_typed((kind, bytes(data)))
    # Whatever a damaged row makes its decoding raise; the history shows the row.
    except Exception as error:  # noqa: BLE001
        return f"can't be read ({type(error).__name__})"
