"""Reads what a thread came to, for the line in which its lane says so."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import convert_to_messages
from langgraph.errors import GraphRecursionError
from langgraph.types import StateSnapshot

from graphs.outcome import Ended
from graphs.pattern import Lane, Pattern
from lab.database import business_rows
from lab.engine import Engine
from lab.errors import Unreadable
from lab.events import EventLog, Said, ThreadView
from lab.history import read_tree, status
from lab.jsonable import Json
from lab.threads import Thread
from lab.workspace.access import ThreadAccess
from lab.workspace.states import state_of

Inputs = Sequence[Mapping[str, Json]]

LOG = logging.getLogger(__name__)

UNCLEAR = "What came out can't be told from this state"
"""Of a state that isn't shaped as its pattern leaves it: an older version's, an imported or an edited one."""

EDITS = ("update", "fork")
"""Sources of checkpoints that no run wrote."""


class Ends:
    """Reads what threads of a workspace came to."""

    def __init__(self, access: ThreadAccess) -> None:
        self._access = access

    def of(self, thread_id: str) -> Ended | None:
        """Return what a thread came to, None where it isn't at its end and no node of it failed."""
        thread, engine = self._access.find(thread_id), self._access.engine
        if engine.runs.active(thread_id) is not None:
            return None
        pattern = engine.graphs.pattern(thread.pattern)
        return read_end(engine, thread, pattern, self._access.lane(thread), self._access.logs.of(thread))


def tell_outcome(engine: Engine, thread: Thread, pattern: Pattern, lane: Lane, log: EventLog) -> str:
    """Say in the lane's words what a thread came to; empty where it isn't at an end or its lane tells nothing."""
    ended = read_end(engine, thread, pattern, lane, log) if lane.outcome else None
    if lane.outcome is None or ended is None:
        return ""
    try:
        return lane.outcome(ended)
    # A state can hold anything, and what a pattern's function makes of that can raise anything.
    except Exception:
        LOG.warning("The outcome of thread %s can't be told.", thread.thread_id, exc_info=True)
        return UNCLEAR


def read_end(engine: Engine, thread: Thread, pattern: Pattern, lane: Lane, log: EventLog) -> Ended | None:
    """Return what a thread came to, None where it isn't at its end, no node of it failed and it had steps left."""
    view = ThreadView(log)
    view.catch_up()
    if lane.remembers:
        try:
            state = state_of(engine.graphs.reading_of(thread), thread.thread_id)
        except Unreadable:
            # The page says so where the state itself is looked at.
            return None
        values, edited = state.values, (state.metadata or {}).get("source") in EDITS
        out_of_steps = status(state) == "resumable" and not edited and not _failed(state) and _out_of_steps(view)
        failed = _failed(state) or out_of_steps
        over = failed or status(state) == "finished"
    else:
        values, edited, failed = _written(view), False, bool(view.runs) and view.runs[-1].outcome == "failed"
        out_of_steps = failed and _out_of_steps(view)
        over = failed or (bool(view.runs) and view.runs[-1].outcome == "finished")
    if not over or not isinstance(values, dict):
        return None
    rows = {name: business_rows(engine.storage.database, name, [thread.thread_id]) for name in pattern.tables}
    return Ended(
        values=values,
        inputs=_inputs(engine, thread, pattern, lane, view),
        questions=tuple(asked["value"] for step in view.steps for asked in step.asked),
        edits=tuple(item.values for item in view.items if isinstance(item, Said) and item.kind == "edit"),
        edited=edited,
        failed=failed,
        out_of_steps=out_of_steps,
        **rows,
    )


def _failed(state: StateSnapshot) -> bool:
    return status(state) == "resumable" and any(task.error for task in state.tasks)


def _out_of_steps(view: ThreadView) -> bool:
    """Return whether the last run was ended by the limit of supersteps, which is no node's failure."""
    return bool(view.runs) and view.runs[-1].error.startswith(GraphRecursionError.__name__)


def _written(view: ThreadView) -> dict[str, Any]:
    """Return what the last run's nodes wrote, messages as message objects again."""
    values: dict[str, Any] = {}
    for step in view.steps:
        if isinstance(step.wrote, dict) and step.started >= view.runs[-1].started:
            values |= step.wrote
    if "messages" in values:
        written = [{"role": message["role"], "content": message["text"]} for message in values["messages"]]
        values["messages"] = convert_to_messages(written)
    return values


def _inputs(engine: Engine, thread: Thread, pattern: Pattern, lane: Lane, view: ThreadView) -> Inputs:
    """Return what was given on the way here; of several turns all, or nothing where the log has lost some."""
    said = [item for item in view.items if isinstance(item, Said) and item.kind in ("start", "turn")]
    if not pattern.turns:
        given = [item.values for item in said] or [engine.threads.given(thread.thread_id)]
    elif len(said) < _turns(engine, thread) if lane.remembers else not view.whole:
        given = []
    else:
        given = [item.values for item in said]
    return tuple(values for values in given if isinstance(values, dict))


def _turns(engine: Engine, thread: Thread) -> int:
    """Count the inputs of which checkpoints on the way to the newest one tell."""
    tree = read_tree(engine.graphs.storage_of(thread), thread.thread_id)
    return sum(mark.source == "input" for mark in tree.lineage(tree.head)) if tree.head else 0
