"""A thread's history as a tree and as a table: what every step did, found without reading a state."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lab.checkpoints import (
    NO_SUMMARY,
    IndexRow,
    KeyChange,
    Storage,
    SummarySearch,
    read_summaries,
    search_summaries,
)
from lab.history.questions import question_text
from lab.history.snapshots import id_seconds, reason
from lab.history.tree import Mark, Tree, build_tree
from lab.jsonable import to_jsonable


@dataclass(frozen=True, slots=True)
class Only:
    """Which rows of a history are wanted; a field that's empty leaves all of them."""

    node: str = ""
    """The name of a node that ran."""
    source: str = ""
    branch: int = 0
    """The number of a branch: its own checkpoints and those that it shares with older ones."""
    errors: bool = False
    interrupts: bool = False
    text: str = ""
    """Looked for in the changed values, in whichever case."""

    def __bool__(self) -> bool:
        return self != Only()


@dataclass(frozen=True, slots=True)
class Row:
    """One checkpoint in a thread's history."""

    checkpoint_id: str
    namespace: str
    """Empty for the thread's own; of a subgraph's, the names and ids of the tasks that called it."""
    parent_id: str | None
    step: int
    source: str
    at: float
    ran: tuple[str, ...]
    """The nodes that ran, once for each of their tasks; of an edit, the node as which it was to be written."""
    changed: tuple[KeyChange, ...]
    next: tuple[str, ...]
    asked: tuple[str, ...]
    """What its nodes asked, answered since or not."""
    errors: tuple[str, ...]
    branch: str
    label: str
    took: float | None
    """Seconds that the step took; None for what no run did."""
    size: int
    """Bytes of its state as it's stored."""
    inner: tuple["Row", ...] = ()
    """What the subgraphs saved that its nodes called."""

    @property
    def readable(self) -> bool:
        """Whether what the library noted beside the state could be read."""
        return bool(self.source)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a history, oldest first."""

    rows: tuple[Row, ...]
    offset: int
    matching: int
    """Rows that were wanted, on all pages."""
    total: int


def read_tree(storage: Storage, thread_id: str) -> Tree:
    """Return the tree of a thread's checkpoints."""
    return _tree_of(storage, thread_id, storage.checkpoints.index_rows(thread_id))


def read_page(
    storage: Storage, thread_id: str, only: Only, *, limit: int, offset: int, at: str | None = None, tree: Tree
) -> Page:
    """Return a page of a thread's history; with `at`, the one that this checkpoint is on, if it is on any."""
    ids = _wanted(storage, thread_id, tree, only)
    if at in ids:
        offset = ids.index(at) // limit * limit
    rows = read_rows(storage, thread_id, ids[offset : offset + limit], tree)
    return Page(rows, offset, len(ids), len(tree.marks))


def read_rows(storage: Storage, thread_id: str, ids: Sequence[str], tree: Tree) -> tuple[Row, ...]:
    """Return the rows of these checkpoints of the thread, in their order; unknown ones are left out."""
    known = storage.checkpoints.index_rows_by_id(thread_id, ids)
    wanted = [known[ident] for ident in ids if ident in known and ident in tree.marks]
    return tuple(_rows(storage, thread_id, wanted, tree))


def _tree_of(storage: Storage, thread_id: str, rows: Sequence[IndexRow]) -> Tree:
    marks = storage.checkpoints.task_marks(thread_id)
    made = [
        Mark(
            row.checkpoint_id,
            row.parent_id,
            row.step,
            row.source,
            row.label,
            interrupted=row.checkpoint_id in marks.asked,
            failed=row.checkpoint_id in marks.failed,
        )
        for row in rows
    ]
    parents = {row.parent_id for row in rows}
    ends = [mark.checkpoint_id for mark in made if mark.checkpoint_id not in parents]
    following = read_summaries(storage, thread_id, ends)
    read = {ident: summary for ident, summary in following.items() if summary is not NO_SUMMARY}
    done = {ident for ident, summary in read.items() if not summary.next} - marks.asked - marks.failed
    return build_tree([mark._replace(finished=True) if mark.checkpoint_id in done else mark for mark in made])


def _wanted(storage: Storage, thread_id: str, tree: Tree, only: Only) -> list[str]:
    # By id, which is the order of writing; the tree has every parent before its children.
    ids = sorted(tree.marks)
    if not only:
        return ids
    chosen: list[Collection[str]] = []
    if only.branch:
        numbered = 0 < only.branch <= len(tree.branches)
        chosen.append({mark.checkpoint_id for mark in tree.path(only.branch)} if numbered else ())
    if only.source:
        chosen.append({ident for ident in ids if tree.marks[ident].source == only.source})
    if only.errors:
        chosen.append({ident for ident in ids if tree.marks[ident].failed})
    if only.interrupts:
        chosen.append({ident for ident in ids if tree.marks[ident].interrupted})
    if wanted := SummarySearch(only.node, only.text):
        chosen.append(search_summaries(storage, thread_id, wanted, ids))
    return [ident for ident in ids if all(ident in some for some in chosen)]


def _rows(storage: Storage, thread_id: str, wanted: Sequence[IndexRow], tree: Tree) -> Iterable[Row]:
    ids = [row.checkpoint_id for row in wanted]
    inside = storage.checkpoints.subgraph_rows(thread_id, ids)
    called: dict[str, list[IndexRow]] = {}
    for calls in inside.values():
        for call in calls:
            called.setdefault(call.namespace, []).append(call)
    made = {
        (namespace, row.checkpoint_id): row
        for namespace, rows in called.items()
        for row in _row(storage, thread_id, rows, namespace, {})
    }
    names = {ident: tree.branch_of(ident).name for ident in ids}
    for row in _row(storage, thread_id, wanted, "", names):
        own = inside.get(row.checkpoint_id)
        yield replace(row, inner=tuple(made[one.namespace, one.checkpoint_id] for one in own)) if own else row


def _row(
    storage: Storage, thread_id: str, wanted: Sequence[IndexRow], namespace: str, branches: Mapping[str, str]
) -> Iterable[Row]:
    ids = [row.checkpoint_id for row in wanted]
    noted = read_summaries(storage, thread_id, ids, namespace)
    marked = storage.checkpoints.marked_writes(thread_id, ids, namespace)
    sizes = storage.checkpoints.state_sizes(thread_id, ids, namespace)
    for row in wanted:
        ident = row.checkpoint_id
        note, marks = noted[ident], marked.get(ident, [])
        yield Row(
            checkpoint_id=ident,
            namespace=namespace,
            parent_id=row.parent_id,
            step=row.step,
            source=row.source,
            at=id_seconds(ident),
            ran=note.ran,
            changed=note.changed,
            next=note.next,
            asked=tuple(said for channel, value in marks if channel == "__interrupt__" for said in _asked(value)),
            errors=tuple(reason(value) for channel, value in marks if channel == "__error__"),
            branch=branches.get(ident, ""),
            label=row.label,
            took=_took(row),
            size=sizes.get(ident, 0),
        )


def _asked(value: Any) -> list[str]:
    questions = value if isinstance(value, (list, tuple)) else [value]
    values = [to_jsonable(getattr(one, "value", one)) for one in questions]
    return [question_text(one) for one in values]


def _took(row: IndexRow) -> float | None:
    """Return the time since the step's beginning: that of the run, where it began after the checkpoint before."""
    if row.source != "loop" or row.parent_id is None or row.began is None:
        return None
    return max(0.0, id_seconds(row.checkpoint_id) - max(row.began, id_seconds(row.parent_id)))
