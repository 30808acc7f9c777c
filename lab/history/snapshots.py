"""Reading what a thread saved: its state at a checkpoint, the list of checkpoints, and its past as events."""

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.types import Interrupt, PregelTask, StateSnapshot

from lab.errors import StorageUnavailable
from lab.events import (
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
from lab.jsonable import Json, to_jsonable
from lab.secrets import redact
from lab.state import usable_schema
from lab.types import Graph

Status = Literal["new", "running", "elsewhere", "waiting", "finished", "resumable"]
"""`elsewhere` is a run, or an edit, of another process on the same database."""

RESTORED = 50
"""Checkpoints that are read again to tell a thread's past after a restart; earlier ones stay in its history."""

_RESTORED_RUN = "restored-"


@dataclass(frozen=True, slots=True)
class Question:
    """An interrupt that waits for its answer."""

    id: str
    value: Json
    schema: dict[str, Any] | None
    """The JSON schema of the answer, None where the pattern gave none that can be used."""
    node: str
    unusable: str = ""
    """Why the schema that was given isn't used."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a thread at one checkpoint, as plain data."""

    checkpoint_id: str
    parent_id: str | None
    step: int
    source: str
    at: float
    values: dict[str, Json]
    next: tuple[str, ...]
    questions: tuple[Question, ...]
    errors: dict[str, str]
    """By node, what made it fail."""
    kept: dict[str, Json] = field(default_factory=dict)
    """By question, the answer that was given before its node failed, and that the node gets again."""


def status(snapshot: StateSnapshot) -> Status:
    """Tell a thread's status from its newest checkpoint."""
    if not snapshot.config["configurable"].get("checkpoint_id"):
        return "new"
    if snapshot.interrupts:
        return "waiting"
    return "resumable" if snapshot.next or snapshot.tasks else "finished"


def to_snapshot(snapshot: StateSnapshot) -> Snapshot:
    """Return a snapshot as plain data."""
    parent = (snapshot.parent_config or {}).get("configurable", {}).get("checkpoint_id")
    metadata: Any = snapshot.metadata or {}
    return Snapshot(
        checkpoint_id=snapshot.config["configurable"].get("checkpoint_id", ""),
        parent_id=parent,
        step=metadata.get("step", -1),
        source=metadata.get("source", ""),
        at=seconds(snapshot.created_at),
        values=state_to_json(snapshot.values),
        next=tuple(map(to_jsonable, snapshot.next)),
        questions=pending_questions(snapshot),
        errors={to_jsonable(task.name): reason(task.error) for task in snapshot.tasks if task.error},
    )


def state_to_json(values: Any) -> dict[str, Json]:
    """Return a state as plain data by key; one that has no keys stands under the empty one."""
    found: dict[str, Json] = to_jsonable(values if isinstance(values, dict) else {"": values})
    return found


def pending_questions(snapshot: StateSnapshot) -> tuple[Question, ...]:
    """Return the pending interrupts in stable task order, each id once."""
    nodes = {found.id: to_jsonable(task.name) for task in snapshot.tasks for found in task.interrupts}
    asked = {found.id: found for found in snapshot.interrupts}
    return tuple(_question(found, nodes.get(ident, "")) for ident, found in asked.items())


def _question(found: Interrupt, node: str) -> Question:
    # A saved schema may come from a file that somebody else wrote.
    schema, unusable = usable_schema(found.response_schema)
    return Question(found.id, to_jsonable(found.value), schema, node, unusable)


def _schema(found: Interrupt) -> dict[str, Any] | None:
    return usable_schema(found.response_schema)[0]


def reason(error: object) -> str:
    """Tell a saved error as a live one is told; an exception comes back from a checkpoint as its repr."""
    return redact(_reason(error))


def _reason(error: object) -> str:
    saved = re.fullmatch(r"(\w+)\((.*)\)", error, re.DOTALL) if isinstance(error, str) else None
    if saved is None:
        return str(to_jsonable(error))
    try:
        given: tuple[Any, ...] = ast.literal_eval(f"({saved[2]},)") if saved[2] else ()
    except (ValueError, SyntaxError):
        return saved[0]
    known = KeyError if saved[1] == "KeyError" else Exception
    return f"{saved[1]}: {known(*given)}"


def seconds(stamp: str | None) -> float:
    """Return an ISO time as seconds since the epoch, 0 where there is none."""
    return datetime.fromisoformat(stamp).timestamp() if stamp else 0.0


def id_seconds(checkpoint_id: str) -> float:
    """Read the time of writing out of a checkpoint's id, a UUID of version 6 (RFC 9562, section 5.6)."""
    digits = checkpoint_id.replace("-", "")
    ticks = (int(digits[:12], 16) << 12) | int(digits[13:16], 16)
    return (ticks - 0x01B21DD213814000) / 1e7


def restore(
    log: EventLog, graph: Graph, snapshots: Sequence[StateSnapshot], *, model: str, told: Collection[str] = ()
) -> None:
    """Tell a thread's past from checkpoints on the way to its head, as far as no event does.

    The first of them may be one that is `told` of, as what ran next is known by it. Inside a run whose end isn't told
    it's told as that run's, else as one of its own.
    """
    if not snapshots:
        return
    events: list[Event] = []
    run_id = f"{_RESTORED_RUN}{snapshots[0].config['configurable']['checkpoint_id']}"
    first = seconds(snapshots[0].created_at)
    inside = bool(log.open_run)
    if not inside:
        events.append(RunStarted(0, first, run_id, "restored", model, None, ""))
    _past(events, graph, snapshots, (), told)
    last = snapshots[-1]
    outcome: Any = {"waiting": "waiting", "finished": "finished"}.get(status(last), "stopped")
    failed = next((reason(task.error) for task in last.tasks if task.error), "")
    if failed:
        outcome = "failed"
    if inside:
        # The last input is that run's own, which its beginning told.
        known = [number for number, event in enumerate(events) if isinstance(event, RunStarted)]
        for number in known[-1:]:
            del events[number]
    else:
        events.append(RunEnded(0, events[-1].at, run_id, outcome, failed))
    for event in events:
        log.append(lambda no, event=event: event._replace(no=no))  # type: ignore[misc]  # one event, bound at once


def _past(
    events: list[Event], graph: Graph, snapshots: Sequence[StateSnapshot], path: Path, told: Collection[str] = ()
) -> None:
    followed = {
        snapshot.parent_config["configurable"]["checkpoint_id"]: (snapshot.metadata or {}).get("source")
        for snapshot in snapshots
        if snapshot.parent_config
    }
    for number, snapshot in enumerate(snapshots):
        metadata: Any = snapshot.metadata or {}
        at = seconds(snapshot.created_at)
        ident = snapshot.config["configurable"]["checkpoint_id"]
        ended = seconds(snapshots[number + 1].created_at) if number + 1 < len(snapshots) else at
        step, source = metadata.get("step", -1), metadata.get("source", "")
        if not path and ident not in told:
            events.append(CheckpointSaved(0, at, path, ident, step, source, tuple(map(to_jsonable, snapshot.next))))
        if source == "update" and number:
            events.append(StateEdited(0, at, ident, _edited(snapshots[number - 1], snapshot), ""))
        for task in snapshot.tasks:
            if task.name == "__start__":
                if ident not in told:
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
    return run_id.startswith(_RESTORED_RUN)


def _input(events: list[Event], task: PregelTask, at: float) -> None:
    run_id = f"{_RESTORED_RUN}{task.id}"
    events.append(RunStarted(0, at, run_id, "start", "", to_jsonable(task.result), ""))


def _task(
    events: list[Event], graph: Graph, task: PregelTask, path: Path, span: tuple[float, float], *, done: bool
) -> None:
    at, ended = span
    here = (*path, to_jsonable(task.name))
    asked = tuple(
        {"id": found.id, "value": to_jsonable(found.value), "response_schema": _schema(found)}
        for found in task.interrupts
    )
    events.append(NodeStarted(0, at, here, task.id))
    if isinstance(task.state, dict):
        _past(events, graph, _inside(graph, task.state), here)
    events += [
        Tokens(0, ended, here, str(message.id), 0, str(message.text), False) for message in _messages(task.result)
    ]
    # What failed or asked at first and was done later keeps the traces of both.
    done = done or bool(task.result)
    error = reason(task.error) if task.error and not done else ""
    waits = bool(asked) and not done
    events.append(NodeEnded(0, ended, here, task.id, to_jsonable(task.result) or None, error, asked, waits, False))


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
    found = result.get("messages", []) if isinstance(result, dict) else []
    return [message for message in (found if isinstance(found, list) else [found]) if isinstance(message, AIMessage)]
