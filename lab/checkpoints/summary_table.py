"""Reads and searches the summaries of supersteps; one that is missing is made from the states."""

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from langgraph.checkpoint.base import empty_checkpoint
from sqlalchemy import text

from lab.checkpoints.config import checkpoint_config
from lab.checkpoints.id_queries import ONE_BY_ONE, by_ids, rows_by_ids
from lab.checkpoints.step_summary import NO_SUMMARY, StepSummary, folded, read_summary, summarize_step, summary_row
from lab.checkpoints.storage import Storage
from lab.errors import StorageUnavailable


@dataclass(frozen=True, slots=True)
class SummarySearch:
    """What the notes of a thread are searched for; empty fields find everything."""

    node: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.node or self.text)


_NOTES = by_ids(f"SELECT checkpoint_id, ran, next, changed, text FROM lab_notes WHERE {ONE_BY_ONE}")  # noqa: S608 - our own names
_RAN = text("SELECT checkpoint_id, ran FROM lab_notes WHERE thread_id = :thread AND checkpoint_ns = '' AND ran <> '[]'")
_NOTED = text("SELECT checkpoint_id FROM lab_notes WHERE thread_id = :thread AND checkpoint_ns = ''")
# Not by LIKE, to which SQLite's capital letters are small ones.
_MATCHING = {
    kind: text(
        "SELECT checkpoint_id FROM lab_notes WHERE thread_id = :thread AND checkpoint_ns = '' "  # noqa: S608 - our own names
        f"AND {place}(ran, :node) > 0 AND {place}(text, :text) > 0"
    )
    for kind, place in (("sqlite", "instr"), ("postgresql", "strpos"))
}


def read_summaries(
    storage: Storage, thread_id: str, ids: Collection[str], namespace: str = ""
) -> dict[str, StepSummary]:
    """Return the notes of these checkpoints; one that is missing is made from the states, and kept."""
    rows = rows_by_ids(storage.database, _NOTES, ids, thread=thread_id, namespace=namespace)
    summaries = {row[0]: read_summary(*row[1:]) for row in rows}
    for ident in ids:
        if ident not in summaries:
            summaries[ident] = _noted_now(storage, thread_id, namespace, ident)
    return summaries


def nodes_that_ran(storage: Storage, thread_id: str) -> dict[str, tuple[str, ...]]:
    """Return by checkpoint the nodes that ran in the step before it, as far as they're noted."""
    with storage.database.read() as connection:
        return {ident: tuple(json.loads(names)) for ident, names in connection.execute(_RAN, {"thread": thread_id})}


def search_summaries(storage: Storage, thread_id: str, wanted: SummarySearch, known: Collection[str]) -> set[str]:
    """Find those of the `known` checkpoints whose step ran that node and changed something to that text."""
    with storage.database.read() as connection:
        there = {row[0] for row in connection.execute(_NOTED, {"thread": thread_id})}
    read_summaries(storage, thread_id, [ident for ident in known if ident not in there])
    values = {
        "thread": thread_id,
        "node": json.dumps(wanted.node) if wanted.node else "",
        "text": folded(wanted.text),
    }
    with storage.database.read() as connection:
        return {row[0] for row in connection.execute(_MATCHING[connection.dialect.name], values)}


def _noted_now(storage: Storage, thread_id: str, namespace: str, ident: str) -> StepSummary:
    try:
        saved = storage.saver.get_tuple(checkpoint_config(thread_id, ident, namespace))
        if saved is None:
            return NO_SUMMARY
        before = storage.saver.get_tuple(saved.parent_config) if saved.parent_config else None
        lost = saved.parent_config is not None and before is None
        parent = before.checkpoint if before else None if lost else empty_checkpoint()
        summary = summarize_step(saved.checkpoint, parent, saved.metadata)
    except StorageUnavailable:
        raise
    # Whatever a damaged row makes its decoding raise; the history shows the row, and says so where it's opened.
    except Exception:  # noqa: BLE001
        return NO_SUMMARY
    # Who only looks needs no room on the disk: what can't be kept now is made again by the next who looks.
    with suppress(StorageUnavailable):
        storage.saver.save_summary(summary_row(thread_id, namespace, ident, summary))
    return summary
