"""Reads the state at a checkpoint, even where a reducer refuses its pending writes."""

import traceback
from collections.abc import Iterable, Iterator
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.channels.base import BaseChannel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import PregelTask, StateSnapshot

from lab.checkpoints import checkpoint_id_of
from lab.errors import StorageUnavailable


def read_state(graph: CompiledStateGraph[Any, Any, Any, Any], config: RunnableConfig) -> StateSnapshot:
    """Return the state at the checkpoint that `config` names, or at the thread's newest one.

    Two writers of a channel without a reducer, or a reducer that raises, leave a newest checkpoint whose step can't be
    applied. It's given as it was before that step, with the failure on the nodes that wrote to the channel.
    """
    try:
        snapshot = graph.get_state(config)
    except StorageUnavailable:
        raise
    # What a reducer raises can be anything, and so can what a damaged row does.
    except Exception as error:
        if checkpoint_id_of(config):
            raise
        channel = channel_at_fault(error)
        saver = graph.checkpointer
        saved = saver.get_tuple(config) if channel and isinstance(saver, BaseCheckpointSaver) else None
        if saved is None:
            raise
        # By its own id a checkpoint is read without what its step wrote.
        before = graph.get_state(saved.config)
        return _with_tasks(before, (_asking(_blamed(task, channel, error)) for task in before.tasks))
    return _in_order(graph, config, snapshot)


def _with_tasks(snapshot: StateSnapshot, changed: Iterable[PregelTask]) -> StateSnapshot:
    tasks = tuple(changed)
    return snapshot._replace(tasks=tasks, interrupts=tuple(asked for task in tasks for asked in task.interrupts))


def _in_order(
    graph: CompiledStateGraph[Any, Any, Any, Any], config: RunnableConfig, snapshot: StateSnapshot
) -> StateSnapshot:
    """Return the state with what tasks of a subgraph ask at once in the order of these tasks.

    The library keeps it in the order in which it met them, which is another one each time.
    """
    if all(len(task.interrupts) < 2 for task in snapshot.tasks):
        return snapshot
    inside = _asked_inside(graph.get_state(config, subgraphs=True))
    places = {ident: place for place, ident in enumerate(inside)}

    def in_order(task: PregelTask) -> PregelTask:
        # Of a task that has gone on since, nothing tells the order any more.
        asked = sorted(task.interrupts, key=lambda one: places.get(one.id, len(places)))
        return task._replace(interrupts=tuple(asked))

    return _with_tasks(snapshot, map(in_order, snapshot.tasks))


def _asked_inside(snapshot: StateSnapshot) -> Iterator[str]:
    """Return the ids of what is asked in the order of the tasks, those of a subgraph in the place of its own task."""
    for task in snapshot.tasks:
        if isinstance(task.state, StateSnapshot):
            yield from _asked_inside(task.state)
        else:
            yield from (asked.id for asked in task.interrupts)


def channel_at_fault(error: BaseException) -> str:
    """Return the channel that couldn't take what a step wrote; empty where an error isn't about that."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        owner = frame.f_locals.get("self")
        if frame.f_code.co_name == "update" and isinstance(owner, BaseChannel):
            return owner.key
    return ""


def _blamed(task: PregelTask, channel: str, error: Exception) -> PregelTask:
    wrote = isinstance(task.result, dict) and channel in task.result
    return task._replace(error=error, result=None) if wrote and not task.error else task


def _asking(task: PregelTask) -> PregelTask:
    """Leave of a task's questions those that wait: none where it has ended."""
    return task._replace(interrupts=()) if task.result or task.error else task
