"""A checkpoint's id, parent, namespace, step and source, read from its metadata without its state."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson


class IndexRow(NamedTuple):
    """One checkpoint as the index knows it."""

    checkpoint_id: str
    parent_id: str | None
    namespace: str
    step: int
    source: str
    """What wrote it: input, loop, update or fork; empty where that can't be read."""
    label: str
    began: float | None
    """When its run began."""


class Marks(NamedTuple):
    """The checkpoints of a thread at which a node asked something, and those at which one failed."""

    asked: frozenset[str]
    failed: frozenset[str]


def index_row(checkpoint_id: str, parent_id: str | None, namespace: str, metadata: Mapping[str, Any]) -> IndexRow:
    """Make a row from what the library saved beside a state."""
    step, began = metadata.get("step"), metadata.get("began")
    return IndexRow(
        checkpoint_id,
        parent_id,
        namespace,
        step if isinstance(step, int) else -1,
        str(metadata.get("source", "")),
        str(metadata.get("label", "")),
        began if isinstance(began, (int, float)) else None,
    )


def outer_id(metadata: Mapping[str, Any]) -> str | None:
    """Return the thread's own checkpoint that a subgraph's one belongs to; None where there is no such one."""
    parents = metadata.get("parents")
    return parents.get("") if isinstance(parents, dict) else None


def read_metadata(raw: Any) -> Mapping[str, Any]:
    """Decode what the library saved beside a state; return nothing where it can't be read."""
    if isinstance(raw, dict):
        return raw
    try:
        metadata = orjson.loads(raw or b"{}")
    except ValueError:
        metadata = _loosely(raw)
    return metadata if isinstance(metadata, dict) else {}


def _loosely(raw: Any) -> Any:
    """Decode what the library writes and strict JSON doesn't know: infinite numbers, and what is none."""
    try:
        return json.loads(raw)
    except (ValueError, TypeError, RecursionError):
        return None
