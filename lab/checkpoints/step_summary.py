"""What a superstep did: the nodes that ran, the keys that changed, and the nodes that run next."""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from langchain_core.messages import BaseMessage
from langgraph.checkpoint.base import Checkpoint
from pydantic import BaseModel

How = Literal["set", "same", "appended", "removed", "changed"]

SEARCHED = 4_000
"""Characters of a step's changes that a search looks through."""

_SENDS = "__pregel_tasks"
_TO = "branch:to:"
_JOIN = "join:"


class KeyChange(NamedTuple):
    """What a step did to one key of the state."""

    key: str
    how: How
    items: int = 0
    """Items that were appended, removed or changed; 0 where it's no list."""


class StepSummary(NamedTuple):
    """What the step did that ended with a checkpoint, and which nodes run from there."""

    ran: tuple[str, ...]
    """The nodes that ran, once for each of their tasks; of an edit, the node as which it was to be written."""
    next: tuple[str, ...]
    changed: tuple[KeyChange, ...]
    text: str
    """The changed values as text, case folded, for a search."""


NO_SUMMARY = StepSummary((), (), (), "")
"""What is noted where a step can't be read."""


def summary_row(thread_id: str, namespace: str, checkpoint_id: str, summary: StepSummary) -> dict[str, str]:
    """Return a note as its table's row."""
    return {
        "thread_id": thread_id,
        "checkpoint_ns": namespace,
        "checkpoint_id": checkpoint_id,
        "ran": _dumped(summary.ran),
        "next": _dumped(summary.next),
        "changed": _dumped(summary.changed),
        "text": summary.text,
    }


@functools.lru_cache(maxsize=1024)
def _dumped(names: tuple[object, ...]) -> str:
    """Write what is mostly the same from step to step."""
    return json.dumps(names)


def read_summary(ran: str, following: str, changed: str, text: str) -> StepSummary:
    """Make the note again of which a row tells."""
    return StepSummary(_names(ran), _names(following), _changes(changed), text)


@functools.lru_cache(maxsize=1024)
def _names(dumped: str) -> tuple[str, ...]:
    return tuple(json.loads(dumped))


@functools.lru_cache(maxsize=1024)
def _changes(dumped: str) -> tuple[KeyChange, ...]:
    return tuple(KeyChange(*change) for change in json.loads(dumped))


def summarize_step(checkpoint: Checkpoint, parent: Checkpoint | None, metadata: Mapping[str, Any]) -> StepSummary:
    """Compare a checkpoint with the one that it descends from, an empty one at a root, None where that is lost."""
    values = checkpoint["channel_values"]
    before: Mapping[str, Any] = parent["channel_values"] if parent else {}
    versions: Mapping[str, Any] = parent["channel_versions"] if parent else {}
    changed, texts = [], []
    # In an order of their own, for each checkpointer gives the values in another one.
    for key, value in sorted(values.items()):
        if _internal(key) or checkpoint["channel_versions"].get(key) == versions.get(key):
            continue
        change, news = _compared(key, before, value)
        changed.append(change)
        texts.append(f"{key}: {_text(news)}")
    changed += [KeyChange(key, "removed") for key in sorted(before) if key not in values and not _internal(key)]
    return StepSummary(
        _ran(checkpoint, parent, metadata), next_nodes(checkpoint), tuple(changed), folded("\n".join(texts)[:SEARCHED])
    )


def _internal(key: str) -> bool:
    """Tell the library's own channels, which have a colon or underscores around them."""
    return ":" in key or key.startswith("__")


def _ran(checkpoint: Checkpoint, parent: Checkpoint | None, metadata: Mapping[str, Any]) -> tuple[str, ...]:
    if metadata.get("source") == "update":
        return (str(metadata["as_node"]),) if metadata.get("as_node") else ()
    if parent is None or metadata.get("source") != "loop":
        return ()
    was, seen, sent = parent["versions_seen"], checkpoint["versions_seen"], _sent(parent)
    # A task that was sent leaves an empty entry; only what an edge set off has seen a channel.
    ran = [
        name for name in seen if not name.startswith("__") and seen[name] != was.get(name, {} if name in sent else None)
    ]
    return (*sent, *sorted(ran))


def next_nodes(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Return the nodes that run next, as the channels that set them off say it."""
    nodes = []
    for key, value in checkpoint["channel_values"].items():
        if key == "__start__":
            nodes.append(key)
        elif key.startswith(_TO) and not _put_off(value):
            nodes.append(key.removeprefix(_TO))
        elif key.startswith(_JOIN):
            names, _, target = key.removeprefix(_JOIN).rpartition(":")
            arrived, ready = (value[0], value[1]) if _is_put_off(value) else (value, True)
            if ready and len("+".join(arrived)) == len(names):
                nodes.append(target)
    return (*_sent(checkpoint), *sorted(nodes))


def _is_put_off(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2 and isinstance(value[1], bool)


def _put_off(value: Any) -> bool:
    """Return whether a node with `defer=True` still waits for all others to end."""
    return _is_put_off(value) and not value[1]


def _sent(checkpoint: Checkpoint) -> list[str]:
    return [str(send.node) for send in checkpoint["channel_values"].get(_SENDS) or () if hasattr(send, "node")]


def _compared(key: str, before: Mapping[str, Any], value: Any) -> tuple[KeyChange, Any]:
    """Return what was done to a key, and the values that are new there."""
    if key not in before:
        return (KeyChange(key, "appended", len(value)), value) if _items(value) else (KeyChange(key, "set"), value)
    old = before[key]
    if isinstance(old, list) and isinstance(value, list):
        return _lists(key, old, value)
    if isinstance(old, dict) and isinstance(value, dict):
        news = {name: item for name, item in value.items() if name not in old or not _same(old[name], item)}
        lost = sum(name not in value for name in old)
        if not news and lost:
            return KeyChange(key, "removed", lost), ()
        return (KeyChange(key, "changed", len(news) + lost) if news else KeyChange(key, "same")), news
    return (KeyChange(key, "same"), ()) if _same(old, value) else (KeyChange(key, "set"), value)


def _items(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _lists(key: str, old: Sequence[Any], new: Sequence[Any]) -> tuple[KeyChange, Any]:
    shared = 0
    for one, other in zip(old, new, strict=False):
        if not _same(one, other):
            break
        shared += 1
    if shared == len(old):
        news = new[shared:]
        return (KeyChange(key, "appended", len(news)) if news else KeyChange(key, "same")), news
    if shared == len(new):
        return KeyChange(key, "removed", len(old) - shared), ()
    # Whatever is the same at the end wasn't touched either.
    tail = 0
    while tail < min(len(old), len(new)) - shared and _same(old[-1 - tail], new[-1 - tail]):
        tail += 1
    news = new[shared : len(new) - tail]
    if not news:
        return KeyChange(key, "removed", len(old) - len(new)), ()
    return KeyChange(key, "changed", max(len(news), len(old) - tail - shared)), news


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    try:
        # A model's text is a kind of str of its own until it has been saved.
        alike = type(one) is type(other) or (isinstance(one, str) and isinstance(other, str))
        return alike and bool(one == other)
    # A type of the state's own may raise anything where it's compared; then nobody can say that it's the same.
    except Exception:  # noqa: BLE001
        return False


def _text(value: Any) -> str:
    parts: list[str] = []
    left = SEARCHED
    for piece in _pieces(value):
        parts.append(piece[:left])
        left -= len(piece) + 1
        if left <= 0:
            break
    return " ".join(parts)


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseMessage):
        yield str(value.text)
        for call in getattr(value, "tool_calls", ()):
            yield str(call["name"])
            yield from _pieces(call["args"])
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _pieces(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _pieces(item)
    elif isinstance(value, BaseModel):
        yield from _pieces(dict(value))
    elif value is not None:
        yield str(value)


def folded(text: str) -> str:
    """Return a text without its case, as any database can keep it: neither NUL nor halves of characters."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode().casefold()
