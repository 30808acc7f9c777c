"""Listing a thread's checkpoints without reading a state: from the covering index and the tasks' marks."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from sqlalchemy import TextClause, bindparam, text

from lab.checkpoints.storage import Storage

CHUNK = 500
"""Checkpoints that one query asks for; a statement takes a limited number of values."""


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


_ROWS = text(
    "SELECT checkpoint_id, parent_checkpoint_id, metadata FROM checkpoints WHERE thread_id = :thread "
    "AND checkpoint_ns = :namespace ORDER BY checkpoint_id"
)
_NEWEST = text("SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = :thread AND checkpoint_ns = ''")
_COUNT = text("SELECT count(*) FROM checkpoints WHERE thread_id = :thread AND checkpoint_ns = ''")
ONE_BY_ONE = "thread_id = :thread AND checkpoint_ns = :namespace AND checkpoint_id IN :ids"


def by_ids(query: str) -> TextClause:
    """Make a query that takes any number of checkpoints' ids."""
    return text(query).bindparams(bindparam("ids", expanding=True))


_SOME = {
    # In the row itself the metadata stand behind the state, which would have to be walked.
    "sqlite": by_ids(
        "SELECT checkpoint_id, parent_checkpoint_id, metadata FROM checkpoints INDEXED BY ck_meta "  # noqa: S608 - our own names
        f"WHERE {ONE_BY_ONE}"
    ),
    "postgresql": by_ids(
        f"SELECT checkpoint_id, parent_checkpoint_id, metadata FROM checkpoints WHERE {ONE_BY_ONE}"  # noqa: S608 - our own names
    ),
}
# Each checkpointer has a name of its own for the table of what tasks wrote.
_WRITES = {"sqlite": "writes", "postgresql": "checkpoint_writes"}
_MARKS = {
    kind: text(
        f"SELECT checkpoint_id, channel FROM {table} WHERE thread_id = :thread AND checkpoint_ns = :namespace "  # noqa: S608 - our own names
        "AND channel IN ('__interrupt__', '__error__')"
    )
    for kind, table in _WRITES.items()
}
# Without statistics, which nobody makes, SQLite takes the index that covers most, and walks the whole thread by it.
_BY = {"sqlite": "INDEXED BY {}", "postgresql": ""}
_MARKED = {
    kind: by_ids(
        f"SELECT checkpoint_id, channel, type, {value} FROM {_WRITES[kind]} {_BY[kind].format('lab_marks')} "  # noqa: S608 - our own names
        f"WHERE {ONE_BY_ONE} AND channel IN ('__interrupt__', '__error__') ORDER BY checkpoint_id, task_id, idx"
    )
    for kind, value in (("sqlite", "value"), ("postgresql", "blob"))
}
_OUTER = {
    "sqlite": "CASE WHEN json_valid(CAST(metadata AS TEXT)) "
    "THEN json_extract(CAST(metadata AS TEXT), '$.parents.\"\"') END",
    "postgresql": "metadata -> 'parents' ->> ''",
}
_INNER = {
    kind: by_ids(
        "SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata "  # noqa: S608 - our own names
        f"FROM checkpoints {_BY[kind].format('lab_inner')} "
        f"WHERE thread_id = :thread AND checkpoint_ns <> '' AND ({outer}) IN :ids ORDER BY checkpoint_id"
    )
    for kind, outer in _OUTER.items()
}
_SIZES = {
    # The length of a blob is in the head of its row: no state is read for it.
    "sqlite": by_ids(f"SELECT checkpoint_id, length(checkpoint) FROM checkpoints WHERE {ONE_BY_ONE}"),  # noqa: S608 - our own names
    "postgresql": by_ids(
        "SELECT c.checkpoint_id, pg_column_size(c.checkpoint) + coalesce((SELECT sum(pg_column_size(b.blob)) "  # noqa: S608 - our own names
        "FROM jsonb_each_text(c.checkpoint -> 'channel_versions') AS v JOIN checkpoint_blobs AS b "
        "ON b.thread_id = c.thread_id AND b.checkpoint_ns = c.checkpoint_ns AND b.channel = v.key "
        f"AND b.version = v.value), 0) FROM checkpoints AS c WHERE c.{ONE_BY_ONE.replace(' AND ', ' AND c.')}"
    ),
}


def newest_checkpoint_id(storage: Storage, thread_id: str) -> str:
    """Return the id of a thread's newest checkpoint, empty where it has none."""
    if isinstance(storage.saver, InMemorySaver):
        return max(list(_space(storage.saver, thread_id, "")), default="")
    with storage.database.read() as connection:
        return connection.execute(_NEWEST, {"thread": thread_id}).scalar_one() or ""


def count_checkpoints(storage: Storage, thread_id: str) -> int:
    """Count a thread's checkpoints."""
    if isinstance(storage.saver, InMemorySaver):
        return len(_space(storage.saver, thread_id, ""))
    with storage.database.read() as connection:
        return int(connection.execute(_COUNT, {"thread": thread_id}).scalar_one())


def index_rows(storage: Storage, thread_id: str, namespace: str = "") -> list[IndexRow]:
    """Return a thread's checkpoints in the order of writing."""
    if isinstance(storage.saver, InMemorySaver):
        return [
            _row(ident, parent, namespace, told) for ident, parent, told in _told(storage.saver, thread_id, namespace)
        ]
    values = {"thread": thread_id, "namespace": namespace}
    with storage.database.read() as connection:
        found = connection.execute(_ROWS, values).all()
    return [_row(ident, parent, namespace, metadata(told)) for ident, parent, told in found]


def index_rows_by_id(storage: Storage, thread_id: str, ids: Collection[str]) -> dict[str, IndexRow]:
    """Return these checkpoints of a thread by their ids."""
    if isinstance(storage.saver, InMemorySaver):
        wanted = set(ids)
        return {row.checkpoint_id: row for row in index_rows(storage, thread_id) if row.checkpoint_id in wanted}
    found = each(storage, _SOME[storage.kind], thread_id, "", ids)
    return {ident: _row(ident, parent, "", metadata(told)) for ident, parent, told in found}


def task_marks(storage: Storage, thread_id: str, namespace: str = "") -> Marks:
    """Return where a thread's nodes asked or failed."""
    if isinstance(storage.saver, InMemorySaver):
        found = [
            (ident, write[1])
            for ident in list(_space(storage.saver, thread_id, namespace))
            for write in list(storage.saver.writes.get((thread_id, namespace, ident), {}).values())
        ]
    else:
        values = {"thread": thread_id, "namespace": namespace}
        with storage.database.read() as connection:
            found = [(row[0], row[1]) for row in connection.execute(_MARKS[storage.kind], values)]
    return Marks(
        frozenset(ident for ident, channel in found if channel == "__interrupt__"),
        frozenset(ident for ident, channel in found if channel == "__error__"),
    )


def marked_writes(
    storage: Storage, thread_id: str, ids: Collection[str], namespace: str = ""
) -> dict[str, list[tuple[str, Any]]]:
    """Return by checkpoint what its nodes asked and why they failed, as channel and value."""
    told: dict[str, list[tuple[str, Any]]] = {}
    serde = storage.saver.serde
    if isinstance(storage.saver, InMemorySaver):
        for ident in ids:
            for _, channel, value, _ in list(storage.saver.writes.get((thread_id, namespace, ident), {}).values()):
                if channel in ("__interrupt__", "__error__"):
                    told.setdefault(ident, []).append((channel, _value(serde, value)))
        return told
    for ident, channel, kind, value in each(storage, _MARKED[storage.kind], thread_id, namespace, ids):
        told.setdefault(ident, []).append((channel, _value(serde, (kind, value))))
    return told


def _value(serde: SerializerProtocol, saved: tuple[str, bytes]) -> Any:
    """Decode what a task wrote, or says of what is damaged that it can't be read."""
    try:
        return serde.loads_typed((saved[0], bytes(saved[1])))
    # Whatever a damaged row makes its decoding raise; the history shows the row.
    except Exception as error:  # noqa: BLE001
        return f"can't be read ({type(error).__name__})"


def subgraph_rows(storage: Storage, thread_id: str, ids: Collection[str]) -> dict[str, list[IndexRow]]:
    """Return by checkpoint of the thread those of the subgraphs that its nodes called, in the order of writing."""
    found: dict[str, list[IndexRow]] = {}
    if isinstance(storage.saver, InMemorySaver):
        wanted = set(ids)
        for namespace in [name for name in list(storage.saver.storage.get(thread_id, {})) if name]:
            for ident, parent, told in _told(storage.saver, thread_id, namespace):
                if (outer := told.get("parents", {}).get("")) in wanted:
                    found.setdefault(outer, []).append(_row(ident, parent, namespace, told))
        return {outer: sorted(inside, key=lambda row: row.checkpoint_id) for outer, inside in found.items()}
    for namespace, ident, parent, noted in each(storage, _INNER[storage.kind], thread_id, "", ids):
        told = metadata(noted)
        found.setdefault(told["parents"][""], []).append(_row(ident, parent, namespace, told))
    return found


def calling_checkpoint_id(storage: Storage, thread_id: str, namespace: str, checkpoint_id: str) -> str | None:
    """Return the thread's own checkpoint that a subgraph's one belongs to; None where there is no such one."""
    if isinstance(storage.saver, InMemorySaver):
        found = {ident: told for ident, _, told in _told(storage.saver, thread_id, namespace)}.get(checkpoint_id, {})
    else:
        asked = each(storage, _SOME[storage.kind], thread_id, namespace, [checkpoint_id])
        found = next((metadata(told) for _, _, told in asked), {})
    parents = found.get("parents")
    return parents.get("") if isinstance(parents, dict) else None


def state_sizes(storage: Storage, thread_id: str, ids: Collection[str], namespace: str = "") -> dict[str, int]:
    """Return by checkpoint the bytes that its state takes."""
    if isinstance(storage.saver, InMemorySaver):
        space = _space(storage.saver, thread_id, namespace)
        return {ident: _held(storage.saver, thread_id, namespace, space[ident]) for ident in ids if ident in space}
    return {row[0]: int(row[1] or 0) for row in each(storage, _SIZES[storage.kind], thread_id, namespace, ids)}


def each(
    storage: Storage, query: TextClause, thread_id: str, namespace: str, ids: Collection[str]
) -> Iterator[Sequence[Any]]:
    """Return what a query tells of these checkpoints, some hundreds at a time."""
    asked = list(ids)
    given = {"thread": thread_id, "namespace": namespace}
    names = query.compile().params
    with storage.database.read() as connection:
        for start in range(0, len(asked), CHUNK):
            values = {**given, "ids": asked[start : start + CHUNK]}
            yield from connection.execute(query, {name: values[name] for name in names}).all()


def _space(saver: InMemorySaver, thread_id: str, namespace: str) -> Mapping[str, Any]:
    # Looked up without making an entry, which the library's own dict would.
    return saver.storage.get(thread_id, {}).get(namespace, {})


def _told(saver: InMemorySaver, thread_id: str, namespace: str) -> list[tuple[str, str | None, Mapping[str, Any]]]:
    found = sorted(_space(saver, thread_id, namespace).items())
    return [(ident, parent, saver.serde.loads_typed(told)) for ident, (_, told, parent) in found]


def _held(saver: InMemorySaver, thread_id: str, namespace: str, kept: Sequence[Any]) -> int:
    versions = saver.serde.loads_typed(kept[0])["channel_versions"].items()
    values = (saver.blobs.get((thread_id, namespace, *version)) for version in versions)
    return len(kept[0][1]) + sum(len(value[1]) for value in values if value)


def metadata(raw: Any) -> Mapping[str, Any]:
    """Read what the library noted beside a state; return nothing where it can't be read."""
    if isinstance(raw, dict):
        return raw
    try:
        found = orjson.loads(raw or b"{}")
    except ValueError:
        found = _loosely(raw)
    return found if isinstance(found, dict) else {}


def _loosely(raw: Any) -> Any:
    """Read what the library writes and strict JSON doesn't know: infinite numbers, and what is none."""
    try:
        return json.loads(raw)
    except (ValueError, TypeError, RecursionError):
        return None


def _row(ident: str, parent: str | None, namespace: str, told: Mapping[str, Any]) -> IndexRow:
    step, began = told.get("step"), told.get("began")
    return IndexRow(
        ident,
        parent,
        namespace,
        step if isinstance(step, int) else -1,
        str(told.get("source", "")),
        str(told.get("label", "")),
        began if isinstance(began, (int, float)) else None,
    )
