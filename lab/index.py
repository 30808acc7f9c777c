"""Listing a thread's checkpoints without reading a state: one query on the covering index, one on the writes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from langgraph.checkpoint.base import CheckpointTuple
from sqlalchemy import bindparam, text

from lab.storage import Storage


class IndexRow(NamedTuple):
    """One checkpoint as the index knows it."""

    checkpoint_id: str
    parent_id: str | None
    metadata: Mapping[str, Any]
    wrote: tuple[str, ...]
    """The state's keys that the step before it wrote."""


_ROWS = text(
    "SELECT checkpoint_id, parent_checkpoint_id, metadata FROM checkpoints WHERE thread_id = :thread "
    "AND checkpoint_ns = '' ORDER BY checkpoint_id LIMIT :limit OFFSET :offset"
)
_COUNT = text("SELECT count(*) FROM checkpoints WHERE thread_id = :thread AND checkpoint_ns = ''")
_WRITES = {
    "sqlite": "writes",
    "postgresql": "checkpoint_writes",
}
"""Each checkpointer's name for the table of what tasks wrote."""


def count(storage: Storage, thread_id: str) -> int:
    """Counts a thread's checkpoints."""
    if storage.kind == "memory":
        return len(_listed(storage, thread_id))
    with storage.database.read() as connection:
        return int(connection.execute(_COUNT, {"thread": thread_id}).scalar_one())


def rows(storage: Storage, thread_id: str, *, limit: int, offset: int) -> Sequence[IndexRow]:
    """Gives a thread's checkpoints in the order of writing."""
    if storage.kind == "memory":
        return _of_memory(storage, thread_id, limit, offset)
    values = {"thread": thread_id, "limit": limit, "offset": offset}
    with storage.database.read() as connection:
        found = [(row[0], row[1], _metadata(row[2])) for row in connection.execute(_ROWS, values)]
        parents = [parent for _, parent, _ in found if parent]
        query = text(
            f"SELECT checkpoint_id, channel FROM {_WRITES[storage.kind]} WHERE thread_id = :thread "  # noqa: S608 - ours
            "AND checkpoint_ns = '' AND checkpoint_id IN :parents ORDER BY checkpoint_id, task_id, idx"
        ).bindparams(bindparam("parents", expanding=True))
        written = connection.execute(query, {"thread": thread_id, "parents": parents}).all() if parents else []
    wrote: dict[str, list[str]] = {}
    for parent, channel in written:
        wrote.setdefault(parent, []).append(channel)
    return [IndexRow(ident, parent, told, _keys(wrote.get(parent or "", []))) for ident, parent, told in found]


def _of_memory(storage: Storage, thread_id: str, limit: int, offset: int) -> list[IndexRow]:
    found = _listed(storage, thread_id)
    wrote = {row.checkpoint["id"]: _keys([write[1] for write in row.pending_writes or ()]) for row in found}
    return [
        IndexRow(row.checkpoint["id"], _parent(row), row.metadata, wrote.get(_parent(row) or "", ()))
        for row in found[offset : offset + limit]
    ]


def _listed(storage: Storage, thread_id: str) -> list[CheckpointTuple]:
    config: Any = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}
    return sorted(storage.saver.list(config), key=lambda row: str(row.checkpoint["id"]))


def _parent(row: CheckpointTuple) -> str | None:
    parent: str | None = (row.parent_config or {}).get("configurable", {}).get("checkpoint_id")
    return parent


def _keys(channels: Sequence[str]) -> tuple[str, ...]:
    """Gives the state's own keys once each; the library's channels have a colon or underscores around them."""
    return tuple(dict.fromkeys(name for name in channels if ":" not in name and not name.startswith("__")))


def _metadata(raw: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = raw if isinstance(raw, Mapping) else json.loads(raw)
    return found
