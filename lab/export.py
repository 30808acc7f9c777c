"""Writing a thread to one file, checkpoint by checkpoint, and only what an import would take."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from langchain_core.runnables import RunnableConfig
from pydantic import BaseModel, ValidationError

from lab.errors import LabError
from lab.keep import nothing_saved
from lab.meter import thread_sizes
from lab.parcel import FORMAT, LIMITS, End, Header, Libraries, Limits, Metadata, Point, pack
from lab.saved import Link, Open, reading
from lab.storage import Storage
from lab.stream import Graph
from lab.threads import Thread
from lab.values import Careful, UnsafeValue, allowed_types

_TOO_LARGE = "the thread is larger than a file may be; prune it first"


class ExportRefused(LabError):
    """Raised when a thread holds what an import wouldn't take, or can't be read."""

    def __init__(self, checkpoint_id: str, finding: str) -> None:
        super().__init__(
            f"The thread can't be exported (checkpoint {checkpoint_id[:80]}: {finding[:300]}). A file holds only what "
            "can be imported again. The thread itself is as it was; keep it by a copy or by a backup of the database."
        )


def export_thread(storage: Storage, thread: Thread, graph: Graph, *, limits: Limits = LIMITS) -> Iterator[bytes]:
    """Gives the file line by line, holding one checkpoint at a time; `graph` is the thread's lane.

    Raises NotPossible where nothing is saved, and ExportRefused, both before the first line where they can be told
    so early.
    """
    serde = Careful(allowed_types(graph))
    links = _links(storage, thread.thread_id, limits)
    known = {(link.namespace, link.checkpoint_id) for link in links}
    line = _line(_header(thread))
    seal, writes, total = sha256(line), 0, 0
    yield line
    for link in links:
        found = link if (link.namespace, link.parent_id) in known else link._replace(parent_id=None)
        point, size = _point(storage, thread.thread_id, found, serde, limits)
        line, total, writes = _line(point), total + size, writes + len(point.writes)
        # PostgreSQL stores values compressed, and those that stay the same only once.
        if len(line) > limits.line or total > limits.total:
            raise ExportRefused(link.checkpoint_id, _TOO_LARGE)
        seal.update(line)
        yield line
    yield _line(End(checkpoints=len(links), writes=writes, sha256=seal.hexdigest()))


def _links(storage: Storage, thread_id: str, limits: Limits) -> list[Link]:
    with reading(storage) as opened:
        links = opened.rows.links(thread_id)
    if not links:
        raise nothing_saved()
    if len(links) > limits.checkpoints or thread_sizes(storage, [thread_id])[thread_id].bytes > limits.total:
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
        title=thread.title,
        exported=datetime.now(UTC).isoformat(timespec="seconds"),
        libraries=libraries,
    )


def _point(storage: Storage, thread_id: str, link: Link, serde: Careful, limits: Limits) -> tuple[Point, int]:
    """Reads one checkpoint and gives its line and the size of its values."""
    # A connection for each, because between two lines the reader may take any time.
    with reading(storage, serde) as opened:
        try:
            fields, size = _fields(opened, thread_id, link, serde, limits)
            return Point(**fields), size
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            finding = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise ExportRefused(link.checkpoint_id, finding) from error
        except (UnsafeValue, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ExportRefused(link.checkpoint_id, str(error) or "it is damaged") from error


def _fields(opened: Open, thread_id: str, link: Link, serde: Careful, limits: Limits) -> tuple[dict[str, Any], int]:
    place = {"thread_id": thread_id, "checkpoint_ns": link.namespace, "checkpoint_id": link.checkpoint_id}
    config: RunnableConfig = {"configurable": place}
    found = opened.saver.get_tuple(config)
    if found is None:
        raise UnsafeValue("it was deleted meanwhile")
    checkpoint: dict[str, Any] = dict(found.checkpoint)
    values = {name: serde.dumps_typed(value) for name, value in checkpoint.pop("channel_values").items()}
    writes = opened.rows.writes(thread_id, link.namespace, link.checkpoint_id)
    sizes = [*(len(data) for _, data in values.values()), *(len(write.data) for write in writes)]
    if max(sizes, default=0) > limits.value:
        raise UnsafeValue("a value is larger than a file may hold")
    fields = {
        "checkpoint": checkpoint.pop("id"),
        "parent": link.parent_id,
        "namespace": link.namespace,
        "v": checkpoint.pop("v"),
        "ts": checkpoint.pop("ts"),
        "values": {name: pack(*value) for name, value in sorted(values.items())},
        "versions": _sorted(checkpoint.pop("channel_versions")),
        "seen": _sorted(checkpoint.pop("versions_seen")),
        "updated": checkpoint.pop("updated_channels", None),
        "metadata": Metadata(**_sorted(_without_owner(dict(found.metadata)))),
        "writes": [(*write[:4], *pack(write.kind, write.data)) for write in writes],
    }
    if checkpoint:
        raise UnsafeValue(f"it holds '{next(iter(checkpoint))[:80]}', which the file has no place for")
    return fields, sum(sizes)


def _without_owner(metadata: dict[str, Any]) -> dict[str, Any]:
    """Leaves the workspace's name out; an import puts its own in the place."""
    return metadata | {"workspace": ""} if "workspace" in metadata else metadata


def _sorted(given: dict[str, Any]) -> dict[str, Any]:
    """Sorts by name, because each storage gives an order of its own; a thread is written alike from all of them."""
    return {name: _sorted(one) if isinstance(one, dict) else one for name, one in sorted(given.items())}
