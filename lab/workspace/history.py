"""Reads of a workspace's threads: status, snapshots, tree, table, differences."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple, get_args, get_type_hints

from langgraph.types import StateSnapshot

from lab.checkpoints import (
    nodes_that_ran,
    read_summaries,
)
from lab.engine import Engine
from lab.errors import NotPossible, UnknownCheckpoint, UnknownLane
from lab.history import (
    Only,
    Page,
    Question,
    Row,
    Snapshot,
    Status,
    Tree,
    read_page,
    read_rows,
    read_tree,
    state_to_json,
    status,
    to_snapshot,
)
from lab.runs import Accepted, ContinueRequest, ResumeRequest, Standing
from lab.state import Change, Field, Reducer, diff_states, state_fields, tool_schemas
from lab.threads import Thread
from lab.types import Graph
from lab.workspace.access import ThreadAccess
from lab.workspace.decisions import WorkspaceDecisions
from lab.workspace.outcomes import Ends, tell_outcome
from lab.workspace.states import answers_given, state_at, state_of

EVERYTHING = Only()
NEAR = 500
"""Steps whose subgraphs' nodes are counted."""


class History:
    """Reads of a workspace's threads; none of them changes anything."""

    def __init__(self, access: ThreadAccess) -> None:
        self._access = access
        self._engine = access.engine
        self.decisions = WorkspaceDecisions(access)
        self.ends = Ends(access)

    def running(self, thread_id: str) -> bool:
        """Return whether a run of the thread is going on in this process."""
        return self._engine.runs.active(self._access.find(thread_id).thread_id) is not None

    def stamp(self, thread_ids: Sequence[str]) -> tuple[object, ...]:
        """Return a value that changes whenever one of these threads does; reading it costs next to nothing."""
        threads = (self._engine.threads.find(self._access.workspace, thread_id) for thread_id in thread_ids)
        return tuple(None if thread is None else _stamp(self._engine, thread) for thread in threads)

    def status(self, thread_id: str) -> Status:
        """Tell how the thread stands, by its newest checkpoint."""
        thread = self._access.find(thread_id)
        if self._engine.runs.active(thread_id) is not None:
            return "running"
        if self._engine.claims.standing(thread_id).holder is not None:
            return "elsewhere"
        if not self._engine.graphs.lane(thread.pattern, thread.lane).remembers:
            return "finished" if self._access.logs.of(thread).last else "new"
        return status(state_of(self._engine.graphs.reading_of(thread), thread_id))

    def stand(self, thread_id: str) -> tuple[Status, Snapshot | None]:
        """Tell how the thread stands, with the state at its newest checkpoint, which is read once for both.

        No state is given while a run goes on here, and where nothing is saved. A view that is read after it tells all
        that led there, on whichever server it ran. Raises Unreadable.
        """
        thread = self._access.find(thread_id)
        if self._engine.runs.active(thread_id) is not None:
            return "running", None
        remembers = self._engine.graphs.lane(thread.pattern, thread.lane).remembers
        graph = self._engine.graphs.reading_of(thread)
        state = state_of(graph, thread_id) if remembers else None
        # After the state: a run that has written to it has given its thread back only with all that it told.
        elsewhere = self._engine.claims.standing(thread_id).holder is not None
        log = self._access.logs.up_to_date(thread)
        if state is None:
            return "elsewhere" if elsewhere else "finished" if log.last else "new", None
        snapshot = None if state.created_at is None else _with_answers(self._engine, thread, graph, state)
        return "elsewhere" if elsewhere else status(state), snapshot

    def elsewhere(self, thread_id: str) -> str:
        """Return which other process works on the thread; empty where none does."""
        holder = self._engine.claims.standing(self._access.find(thread_id).thread_id).holder
        return holder.where if holder is not None else ""

    def accepted(self, thread_id: str) -> Accepted | None:
        """Return what was accepted for the thread and, as far as is saved, never begun; None where there is nothing."""
        thread = self._access.find(thread_id)
        if self._engine.runs.active(thread_id) is not None:
            return None
        accepted = self._engine.claims.standing(thread_id).accepted
        # A bare continue is offered anyway, and what has left a checkpoint since has begun.
        if (
            accepted is None
            or isinstance(accepted.request, ContinueRequest)
            or accepted.head != self._access.head(thread)
        ):
            return None
        if isinstance(accepted.request, ResumeRequest):
            left = _unfinished_answers(self.snapshot(thread_id), accepted.request)
            return replace(accepted, request=left) if left.answers else None
        return accepted

    def snapshot(self, thread_id: str, checkpoint_id: str | None = None, namespace: str = "") -> Snapshot | None:
        """Return the state at a checkpoint, the newest by default; None where nothing is saved.

        `namespace` is a subgraph's. Raises UnknownCheckpoint, Unreadable.
        """
        thread = self._access.find(thread_id)
        if not self._engine.graphs.lane(thread.pattern, thread.lane).remembers:
            return None
        graph = self._engine.graphs.reading_of(thread)
        if checkpoint_id is not None:
            state = state_at(graph, thread.thread_id, checkpoint_id, namespace)
        else:
            state = state_of(graph, thread.thread_id)
            if state.created_at is None:
                return None
        return (
            to_snapshot(state, tool_schemas(graph)) if namespace else _with_answers(self._engine, thread, graph, state)
        )

    def values(self, thread_id: str, checkpoint_id: str) -> Mapping[str, Any]:
        """Return the state's own objects at a checkpoint, for a form; raises UnknownCheckpoint, Unreadable."""
        thread = self._access.find(thread_id)
        state = self._access.state_at(thread, checkpoint_id)
        return dict(state.values) if isinstance(state.values, dict) else {}

    def fields(self, thread_id: str) -> tuple[Field, ...]:
        """Return the fields of the thread's state, as a form edits them."""
        thread = self._access.find(thread_id)
        return state_fields(self._engine.graphs.state_schema(thread.pattern, thread.lane))

    def types(self, thread_id: str) -> Mapping[str, str]:
        """Tell of each field of the thread's state its type, and its reducer where it has one."""
        thread = self._access.find(thread_id)
        schema = self._engine.graphs.state_schema(thread.pattern, thread.lane)
        return _type_names(schema, frozenset(self._access.reducers(thread).items()))

    def diff(
        self, thread_id: str, before: str | None, after: str, other_thread_id: str | None = None
    ) -> tuple[Change, ...]:
        """Return what differs between two checkpoints' states; `after` may be another thread's of the same pattern.

        Without `before` the empty state is taken. Raises UnknownThread, UnknownCheckpoint, Unreadable, NotPossible.
        """
        thread = self._access.find(thread_id)
        other = self._access.find(other_thread_id or thread_id)
        if other.pattern != thread.pattern:
            raise NotPossible(
                "Two threads of different patterns have different states. Choose one of the same pattern."
            )
        old = self._access.state_at(thread, before).values if before is not None else {}
        return diff_states(
            state_to_json(old), state_to_json(self._access.state_at(other, after).values), self._access.reducers(thread)
        )

    def page(
        self,
        thread_id: str,
        only: Only = EVERYTHING,
        *,
        limit: int = 50,
        offset: int = 0,
        at: str | None = None,
        tree: Tree | None = None,
    ) -> Page:
        """Return a page of the thread's checkpoints in the order of writing; with `at`, the one of that checkpoint.

        Who has the thread's tree already gives it, and only the page's rows are read.
        """
        thread = self._access.find(thread_id)
        whole = tree or self.tree(thread_id)
        return read_page(
            self._engine.graphs.storage_of(thread), thread_id, only, limit=limit, offset=offset, at=at, tree=whole
        )

    def rows(self, thread_id: str, checkpoint_ids: Sequence[str], tree: Tree | None = None) -> tuple[Row, ...]:
        """Return the history's rows of these checkpoints, in their order; unknown ones are left out."""
        thread = self._access.find(thread_id)
        whole = tree or self.tree(thread_id)
        return read_rows(self._engine.graphs.storage_of(thread), thread_id, checkpoint_ids, whole)

    def visits(
        self, thread_id: str, checkpoint_id: str, tree: Tree | None = None, inside: str | None = None
    ) -> Mapping[str, int]:
        """Count how often each node ran on the way to a checkpoint, one of a subgraph as `graph:node`.

        `inside` is a checkpoint of a subgraph that the given one's step called, up to which its nodes count too.
        Raises UnknownCheckpoint.
        """
        thread = self._access.find(thread_id)
        storage = self._engine.graphs.storage_of(thread)
        whole = tree or self.tree(thread_id)
        if checkpoint_id not in whole.marks:
            raise UnknownCheckpoint(checkpoint_id)
        ran = nodes_that_ran(storage, thread_id)
        way = whole.lineage(checkpoint_id)
        counts = Counter(name for mark in way if mark.source == "loop" for name in ran.get(mark.checkpoint_id, ()))
        # What a step's subgraphs did was left behind where an edit or a replay begins at that step.
        done = [mark.checkpoint_id for mark, after in pairwise(way[-NEAR:]) if after.source == "loop"]
        calls = storage.checkpoints.subgraph_rows(thread_id, [*done, checkpoint_id])
        rows = [row for ident in done for row in calls.get(ident, ())]
        rows += [row for row in calls.get(checkpoint_id, ()) if inside is not None and row.checkpoint_id <= inside]
        spaces: dict[str, list[str]] = {}
        for row in rows:
            spaces.setdefault(row.namespace, []).append(row.checkpoint_id)
        for namespace, ids in spaces.items():
            path = [part.partition(":")[0] for part in namespace.split("|")]
            for note in read_summaries(storage, thread_id, ids, namespace).values():
                counts.update(":".join((*path, name)) for name in note.ran)
        return counts

    def caller(self, thread_id: str, checkpoint_id: str, namespace: str) -> str | None:
        """Return the thread's own checkpoint whose step called a subgraph, by a checkpoint of that subgraph."""
        thread = self._access.find(thread_id)
        return self._engine.graphs.storage_of(thread).checkpoints.calling_id(thread_id, namespace, checkpoint_id)

    def tree(self, thread_id: str) -> Tree:
        """Return the tree of the thread's checkpoints with all its branches."""
        return read_tree(self._engine.graphs.storage_of(self._access.find(thread_id)), thread_id)

    def count(self, thread_id: str) -> int:
        """Count the thread's checkpoints."""
        return self._engine.graphs.storage_of(self._access.find(thread_id)).checkpoints.count(thread_id)

    def outcome(self, thread_id: str) -> str:
        """Say in one line what came of a thread; empty while it isn't at an end, and where its lane says nothing.

        The line is text, with pieces of what people and models wrote. What it's told from is read once for each
        change of the thread.
        """
        thread = self._access.find(thread_id)
        pattern, lane = self._engine.graphs.pattern(thread.pattern), self._access.lane(thread)
        if lane.outcome is None or self._engine.runs.active(thread_id) is not None:
            return ""
        log = self._access.logs.of(thread)
        stamp = _stamp(self._engine, thread)
        if stamp.here or stamp.standing.holder is not None:
            return ""
        depends_on = (stamp, log.last)
        if log.outcome[0] != depends_on:
            log.outcome = depends_on, tell_outcome(self._engine, thread, pattern, lane, log)
        return log.outcome[1]

    def pending(self, thread_id: str) -> tuple[Question, ...]:
        """Return the interrupts that wait for an answer, in stable task order."""
        snapshot = self.snapshot(thread_id)
        return snapshot.questions if snapshot is not None and self.status(thread_id) == "waiting" else ()


def _unfinished_answers(snapshot: Snapshot | None, request: ResumeRequest) -> ResumeRequest:
    """Return the answers whose nodes haven't ended; none where one was saved, which is tried again by going on."""
    if snapshot is None or snapshot.saved_answers.keys() & request.answers.keys():
        return replace(request, answers={})
    asked = {question.id for question in snapshot.questions}
    return replace(request, answers={ident: one for ident, one in request.answers.items() if ident in asked})


def _with_answers(engine: Engine, thread: Thread, graph: Graph, state: StateSnapshot) -> Snapshot:
    return replace(to_snapshot(state, tool_schemas(graph)), saved_answers=answers_given(engine, thread, state))


class _Stamp(NamedTuple):
    title: str
    updated: float
    newest: str
    here: bool
    """True where this process runs it."""
    standing: Standing


def _stamp(engine: Engine, thread: Thread) -> _Stamp:
    newest = ""
    with suppress(UnknownLane):
        if engine.graphs.lane(thread.pattern, thread.lane).remembers:
            newest = engine.graphs.storage_of(thread).checkpoints.newest_id(thread.thread_id)
    here = engine.runs.active(thread.thread_id) is not None
    return _Stamp(thread.title, thread.updated, newest, here, engine.claims.standing(thread.thread_id))


REDUCERS: Mapping[Reducer, str] = {"add": "add", "other": "of its own"}


@lru_cache(maxsize=256)
def _type_names(schema: type, reducers: frozenset[tuple[str, Reducer]]) -> Mapping[str, str]:
    by_channel = dict(reducers)
    return {name: _named(hint, by_channel.get(name, "none")) for name, hint in get_type_hints(schema).items()}


def _named(hint: Any, reducer: Reducer) -> str:
    if reducer == "messages":
        # The union of all kinds of messages would say no more.
        return "list[AnyMessage], reducer add_messages"
    name = hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
    name = re.sub(r"\b(?:\w+\.)+(?=\w)", "", name)
    return f"{name}, reducer {REDUCERS[reducer]}" if reducer in REDUCERS else name
