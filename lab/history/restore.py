"""Rebuilds a thread's events from its checkpoints where the events themselves are lost."""

from collections.abc import Collection, Sequence
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.types import PregelTask, StateSnapshot

from lab.checkpoints import checkpoint_id_of
from lab.errors import StorageUnavailable
from lab.events import (
    RESTORED_RUN,
    CheckpointSaved,
    Event,
    EventLog,
    NodeEnded,
    NodeStarted,
    Path,
    RunEnded,
    RunStarted,
    StateEdited,
    Tokens,
)
from lab.history.snapshots import reason, seconds, state_to_json, status
from lab.jsonable import Json, to_jsonable
from lab.state import usable_schema
from lab.types import Graph

RESTORED = 50
"""Checkpoints that are read again to tell a thread's past after a restart; earlier ones stay in its history."""


def restore_events(
    log: EventLog, graph: Graph, snapshots: Sequence[StateSnapshot], *, model: str, covered: Collection[str] = ()
) -> None:
    """Tell a thread's past from checkpoints on the way to its head, as far as no event does.

    The first of them may be one that events have `covered`, as what ran next is known by it. In a log whose last run
    has no end it's told as that run's, else as a run of its own.
    """
    if not snapshots:
        return
    events: list[Event] = []
    run_id = f"{RESTORED_RUN}{checkpoint_id_of(snapshots[0].config)}"
    first = seconds(snapshots[0].created_at)
    inside = bool(log.open_run)
    if not inside:
        events.append(RunStarted(run_id, "restored", model, None, "", at=first))
    _past(events, graph, snapshots, (), covered)
    last = snapshots[-1]
    outcome: Any = {"waiting": "waiting", "finished": "finished"}.get(status(last), "stopped")
    failed = next((reason(task.error) for task in last.tasks if task.error), "")
    if failed:
        outcome = "failed"
    if inside:
        # The last input is that run's own, which its beginning told.
        starts = [number for number, event in enumerate(events) if isinstance(event, RunStarted)]
        for number in starts[-1:]:
            del events[number]
    else:
        events.append(RunEnded(run_id, outcome, failed, at=events[-1].at))
    for event in events:
        log.append(event)


def _past(
    events: list[Event], graph: Graph, snapshots: Sequence[StateSnapshot], path: Path, covered: Collection[str] = ()
) -> None:
    followed = {
        checkpoint_id_of(snapshot.parent_config): (snapshot.metadata or {}).get("source")
        for snapshot in snapshots
        if snapshot.parent_config
    }
    for number, snapshot in enumerate(snapshots):
        metadata: Any = snapshot.metadata or {}
        at = seconds(snapshot.created_at)
        ident = checkpoint_id_of(snapshot.config)
        ended = seconds(snapshots[number + 1].created_at) if number + 1 < len(snapshots) else at
        step, source = metadata.get("step", -1), metadata.get("source", "")
        if not path and ident not in covered:
            events.append(CheckpointSaved(path, ident, step, source, tuple(map(to_jsonable, snapshot.next)), at=at))
        if source == "update" and number:
            events.append(StateEdited(ident, _edited(snapshots[number - 1], snapshot), "", at=at))
        for task in snapshot.tasks:
            if task.name == "__start__":
                if ident not in covered:
                    _input(events, task, at)
            elif followed.get(ident) == "fork" or (followed.get(ident) == "update" and not task.error):
                # The thread was taken back to here; what had run is another branch's.
                continue
            elif followed.get(ident) == "loop" or task.result or task.interrupts or task.error:
                _task(events, graph, task, path, (at, ended), done=followed.get(ident) == "loop")


def _edited(before: StateSnapshot, after: StateSnapshot) -> Json:
    old, new = state_to_json(before.values), state_to_json(after.values)
    return {key: value for key, value in new.items() if key not in old or old[key] != value}


def is_restored(run_id: str) -> bool:
    """Return whether a run was one of a former process, which is told from its checkpoints."""
    return run_id.startswith(RESTORED_RUN)


def _input(events: list[Event], task: PregelTask, at: float) -> None:
    run_id = f"{RESTORED_RUN}{task.id}"
    events.append(RunStarted(run_id, "start", "", to_jsonable(task.result), "", at=at))


def _task(
    events: list[Event], graph: Graph, task: PregelTask, path: Path, span: tuple[float, float], *, done: bool
) -> None:
    at, ended = span
    here = (*path, to_jsonable(task.name))
    asked = tuple(
        {
            "id": question.id,
            "value": to_jsonable(question.value),
            "response_schema": usable_schema(question.response_schema)[0],
        }
        for question in task.interrupts
    )
    events.append(NodeStarted(here, task.id, at=at))
    if isinstance(task.state, dict):
        _past(events, graph, _inside(graph, task.state), here)
    events += [
        Tokens(here, str(message.id), 0, str(message.text), False, at=ended) for message in _messages(task.result)
    ]
    # What failed or asked at first and was done later keeps the traces of both.
    done = done or bool(task.result)
    error = reason(task.error) if task.error and not done else ""
    waits = bool(asked) and not done
    events.append(NodeEnded(here, task.id, to_jsonable(task.result) or None, error, asked, waits, False, at=ended))


def _inside(graph: Graph, config: RunnableConfig) -> list[StateSnapshot]:
    """Read what a subgraph saved; nothing where one of its checkpoints is damaged, for they come all or none."""
    try:
        return list(graph.get_state_history(config, limit=RESTORED))[::-1]
    except StorageUnavailable:
        raise
    # What a damaged row makes its decoding raise can be anything.
    except Exception:  # noqa: BLE001
        return []


def _messages(result: Any) -> list[AIMessage]:
    messages = result.get("messages", []) if isinstance(result, dict) else []
    listed = messages if isinstance(messages, list) else [messages]
    return [message for message in listed if isinstance(message, AIMessage)]
