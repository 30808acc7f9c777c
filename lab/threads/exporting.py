"""Writing a thread to one file, checkpoint by checkpoint, and only what an import would take."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel, ValidationError

from lab.checkpoints import Link, OpenRows, Storage, checkpoint_config
from lab.errors import LabError
from lab.state import channels_at
from lab.threads.copying import nothing_saved
from lab.threads.file_format import (
    FORMAT,
    LIMITS,
    End,
    Header,
    Libraries,
    Limits,
    Metadata,
    Point,
    Room,
    must_be_few,
    pack,
)
from lab.threads.restricted_serde import Careful, UnsafeValue, allowed_types, is_reserved
from lab.threads.table import Thread
from lab.types import Graph

_TOO_LARGE = "the thread is larger than a file may be; prune it first"


class ExportRefused(LabError):
    """Raised when a thread holds what an import wouldn't take, or can't be read."""

    def __init__(self, checkpoint_id: str, finding: str) -> None:
        super().__init__(
            f"The thread can't be exported (checkpoint {checkpoint_id[:80]}: {finding[:300]}). A file holds only what "
            "can be imported again. The thread itself is as it was; keep it by a copy or by a backup of the database."
        )


def export_thread(
    storage: Storage, thread: Thread, graph: Graph, *, limits: Limits = LIMITS, left_out: set[str] | None = None
) -> Iterator[bytes]:
    """Return the file line by line, holding one checkpoint at a time; `graph` is the thread's lane.

    What the lane of this version doesn't have, no import would take: it isn't written, and `left_out` gets the words
    for it. Raises NotPossible where nothing is saved, and ExportRefused, both before the first line where they can be
    told so early.
    """
    left_out = set() if left_out is None else left_out
    channels = _Channels(graph, left_out)
    serde = Careful(allowed_types(graph))
    links = [link for link in _links(storage, thread.thread_id, limits) if channels.has(link.namespace)]
    known = {(link.namespace, link.checkpoint_id) for link in links}
    line = _line(_header(thread))
    seal, writes, total = sha256(line), 0, 0
    yield line
    for link in links:
        own = link if (link.namespace, link.parent_id) in known else link._replace(parent_id=None)
        point, size = _point(storage, thread.thread_id, own, serde, limits, channels)
        line, total, writes = _line(point), total + size, writes + len(point.writes)
        # PostgreSQL stores values compressed, and those that stay the same only once.
        if len(line) > limits.line or total > limits.total:
            raise ExportRefused(link.checkpoint_id, _TOO_LARGE)
        try:
            must_be_few(line, limits)
        except UnsafeValue as error:
            raise ExportRefused(link.checkpoint_id, str(error)) from error
        seal.update(line)
        yield line
    note = {"left_out": sorted(left_out)} if left_out else {}
    yield _line(End(checkpoints=len(links), writes=writes, sha256=seal.hexdigest(), **note))


class _Channels:
    """Knows what a lane's graph and its subgraphs hold, and notes what they don't."""

    def __init__(self, graph: Graph, left_out: set[str]) -> None:
        self._graph = graph
        self._left_out = left_out
        self._channels: dict[str, frozenset[str] | None] = {}

    def has(self, namespace: str) -> bool:
        """Return whether there is the graph of that namespace."""
        if namespace not in self._channels:
            self._channels[namespace] = channels_at(self._graph, namespace)
        if self._channels[namespace] is None:
            self._left_out.add(f"checkpoints of the subgraph '{namespace[:80]}', which its lane doesn't have")
        return self._channels[namespace] is not None

    def holds(self, namespace: str, channel: str) -> bool:
        """Return whether the graph of that namespace has the channel."""
        is_there = self.has(namespace) and channel in (self._channels[namespace] or ())
        if not is_there:
            self._left_out.add(f"values of '{channel[:80]}', which the state of its lane doesn't have")
        return is_there


def _links(storage: Storage, thread_id: str, limits: Limits) -> list[Link]:
    with storage.open_for_reading() as opened:
        links = opened.rows.links(thread_id)
    if not links:
        raise nothing_saved()
    if len(links) > limits.checkpoints or storage.checkpoints.thread_sizes([thread_id])[thread_id].bytes > limits.total:
        raise ExportRefused(links[0].checkpoint_id, _TOO_LARGE)
    return links


def _line(part: BaseModel) -> bytes:
    return part.model_dump_json(exclude_unset=True).encode() + b"\n"


def _header(thread: Thread) -> Header:
    libraries = Libraries(
        langgraph=version("langgraph"), checkpoint=version("langgraph-checkpoint"), core=version("langchain-core")
    )
    return Header(
        format=FORMAT,
        version=1,
        pattern=thread.pattern,
        lane=thread.lane,
        model=thread.model,
        title="".join(sign if sign.isprintable() else " " for sign in thread.title).strip()[:1000],
        exported=datetime.now(UTC).isoformat(timespec="seconds"),
        libraries=libraries,
    )


def _point(
    storage: Storage, thread_id: str, link: Link, serde: Careful, limits: Limits, channels: _Channels
) -> tuple[Point, int]:
    """Read one checkpoint and return its line and the size of its values."""
    # A connection for each, because between two lines the reader may take any time.
    with storage.open_for_reading(serde) as opened:
        try:
            fields, size = _fields(opened, thread_id, link, serde, limits, channels)
            return Point(**fields), size
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            finding = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise ExportRefused(link.checkpoint_id, finding) from error
        except (UnsafeValue, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ExportRefused(link.checkpoint_id, str(error) or "it is damaged") from error


def _fields(
    opened: OpenRows, thread_id: str, link: Link, serde: Careful, limits: Limits, channels: _Channels
) -> tuple[dict[str, Any], int]:
    saved = opened.saver.get_tuple(checkpoint_config(thread_id, link.checkpoint_id, link.namespace))
    if saved is None:
        raise UnsafeValue("it was deleted meanwhile")
    checkpoint: dict[str, Any] = dict(saved.checkpoint)
    values = {
        name: serde.dumps_typed(value)
        for name, value in checkpoint.pop("channel_values").items()
        if channels.holds(link.namespace, name)
    }
    writes = [
        write
        for write in opened.rows.writes(thread_id, link.namespace, link.checkpoint_id)
        if is_reserved(write.channel) or channels.holds(link.namespace, write.channel)
    ]
    room = Room(limits)
    for kind, data in (*values.values(), *((write.kind, write.data) for write in writes)):
        room.take(kind, data)
    sizes = [*(len(data) for _, data in values.values()), *(len(write.data) for write in writes)]
    if max(sizes, default=0) > limits.value:
        raise UnsafeValue("a value is larger than a file may hold")
    fields = {
        "checkpoint": checkpoint.pop("id"),
        "parent": link.parent_id,
        "namespace": link.namespace,
        "v": checkpoint.pop("v"),
        "ts": checkpoint.pop("ts"),
        "values": {name: pack(*value, limits) for name, value in sorted(values.items())},
        "versions": _sorted(checkpoint.pop("channel_versions")),
        "seen": _sorted(checkpoint.pop("versions_seen")),
        "updated": checkpoint.pop("updated_channels", None),
        "metadata": Metadata(**_sorted(_without_owner(dict(saved.metadata)))),
        "writes": [(*write[:4], *pack(write.kind, write.data, limits)) for write in writes],
    }
    # A copy of a checkpoint has this field of earlier versions, empty.
    if not checkpoint.get("pending_sends"):
        checkpoint.pop("pending_sends", None)
    if checkpoint:
        raise UnsafeValue(f"it holds '{next(iter(checkpoint))[:80]}', which the file has no place for")
    return fields, sum(sizes)


def _without_owner(metadata: dict[str, Any]) -> dict[str, Any]:
    """Leave the workspace's name out; an import puts its own in the place."""
    return metadata | {"workspace": ""} if "workspace" in metadata else metadata


def _sorted(given: dict[str, Any]) -> dict[str, Any]:
    """Sort by name, because each storage gives an order of its own; a thread is written alike from all of them."""
    return {name: _sorted(one) if isinstance(one, dict) else one for name, one in sorted(given.items())}
