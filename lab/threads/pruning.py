"""Prune a thread: delete what no kept branch needs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete

from lab.checkpoints import Link, Storage
from lab.database import NOTES
from lab.errors import NotPossible, UnknownCheckpoint
from lab.events import EventStore
from lab.history import Mark, build_tree
from lab.threads.copying import nothing_saved


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a pruning deleted."""

    branches: int
    checkpoints: int
    """In all namespaces, those of subgraphs included."""
    writes: int


def branch_heads(storage: Storage, thread_id: str) -> tuple[str, ...]:
    """Return the last checkpoint of each branch, the one written last first."""
    with storage.open_for_reading() as opened:
        return _heads(opened.rows.links(thread_id))


def prune_branches(storage: Storage, thread_id: str, heads: Collection[str]) -> Pruned:
    """Delete what no kept branch needs; a branch is named by its head and kept whole, back to the root.

    Raises UnknownCheckpoint, and NotPossible where none is kept or a checkpoint isn't the head of a branch.
    """
    if not heads:
        raise NotPossible("Pruning keeps at least one branch. Choose one to keep, or delete the thread.")
    with storage.open_for_writing() as opened:
        links = opened.rows.links(thread_id)
        ends = _heads(links)
        if not ends:
            raise nothing_saved()
        for ident in heads:
            _must_be_a_head(ident, ends, links)
        gone, left = _unneeded(links, heads)
        before = opened.rows.count_writes(thread_id)
        _drop_notes(opened.connection, thread_id, gone)
        lost_ids = {link.checkpoint_id for link in gone if not link.namespace}
        EventStore(storage.database).drop_branches(opened.connection, thread_id, lost_ids)
        opened.rows.drop(thread_id, gone)
        opened.rows.drop_task_writes(thread_id, left)
        lost = before - opened.rows.count_writes(thread_id)
    return Pruned(len(set(ends) - set(heads)), len(gone), lost)


def keep_newest_branches(storage: Storage, thread_id: str, number: int) -> Pruned:
    """Delete all branches but the newest ones, which are those that were written to last."""
    ends = branch_heads(storage, thread_id)
    if not ends:
        raise nothing_saved()
    return prune_branches(storage, thread_id, ends[: max(number, 0)])


def _drop_notes(connection: Connection, thread_id: str, gone: Sequence[Link]) -> None:
    if gone:
        where = (
            NOTES.c.thread_id == thread_id,
            NOTES.c.checkpoint_ns == bindparam("namespace"),
            NOTES.c.checkpoint_id == bindparam("ident"),
        )
        keys = [{"namespace": link.namespace, "ident": link.checkpoint_id} for link in gone]
        connection.execute(delete(NOTES).where(*where), keys)


def _heads(links: Sequence[Link]) -> tuple[str, ...]:
    tree = build_tree([Mark(link.checkpoint_id, link.parent_id, 0, "") for link in links if not link.namespace])
    return tuple(sorted((branch.leaf.checkpoint_id for branch in tree.branches), reverse=True))


def _must_be_a_head(ident: str, ends: Sequence[str], links: Sequence[Link]) -> None:
    if ident in ends:
        return
    if all(link.checkpoint_id != ident or link.namespace for link in links):
        raise UnknownCheckpoint(ident)
    raise NotPossible(
        f"Checkpoint {ident[:80]} isn't the end of a branch, and a branch is kept whole. Name the last checkpoint of "
        "each branch to keep."
    )


def _unneeded(links: Sequence[Link], heads: Collection[str]) -> tuple[list[Link], set[str]]:
    """Find the checkpoints that no kept branch needs, in the thread's own namespace and in its subgraphs'.

    Beside them, the kept checkpoints whose tasks ran for a branch that isn't kept.
    """
    spaces: dict[str, list[Link]] = {}
    for link in links:
        spaces.setdefault(link.namespace, []).append(link)
    outer = spaces.pop("")
    needed = {"": _lineages(outer, heads)}
    left = _left_behind(outer, needed[""])
    for namespace, own in spaces.items():
        calls = [(link.checkpoint_id, _called_from(link)) for link in own]
        wanted = [ident for ident, call in calls if call is None or call in needed[""] - left]
        # A subgraph that remembers from turn to turn goes on from its newest checkpoint, whichever branch wrote it.
        newest = [own[-1].checkpoint_id] if ":" not in namespace else []
        needed[namespace] = _lineages(own, [*wanted, *newest])
    return [link for link in links if link.checkpoint_id not in needed[link.namespace]], left


def _left_behind(links: Sequence[Link], needed: set[str]) -> set[str]:
    """Find the kept checkpoints whose tasks ran for a branch that isn't kept.

    A branch that goes on from a checkpoint itself has its tasks, with the answers that they got and the subgraphs
    that they called; one that an edit or a replay began there later begins with a checkpoint and tasks of its own.
    """
    children: dict[str, list[Link]] = {}
    for link in links:
        if link.parent_id in needed:
            children.setdefault(link.parent_id, []).append(link)
    abandoned: set[str] = set()
    for ident, born in children.items():
        ran = [child.checkpoint_id for child in born if child.metadata.get("source") == "loop"]
        stay = [child.checkpoint_id for child in born if child.checkpoint_id in needed]
        # What is older than the step's end may have written beside its tasks.
        if ran and stay and needed.isdisjoint(ran) and min(ran) < min(stay):
            abandoned.add(ident)
    return abandoned


def _called_from(link: Link) -> str | None:
    """Return the thread's checkpoint that a subgraph's one belongs to; None where it can't be told."""
    parents = link.metadata.get("parents")
    caller = parents.get("") if isinstance(parents, dict) else None
    return caller if isinstance(caller, str) else None


def _lineages(links: Sequence[Link], ends: Collection[str]) -> set[str]:
    """Return these checkpoints of one namespace and all that they descend from."""
    parents = {link.checkpoint_id: link.parent_id for link in links}
    lineage: set[str] = set()
    for end in ends:
        at: str | None = end
        while at is not None and at in parents and at not in lineage:
            lineage.add(at)
            at = parents[at]
    return lineage
