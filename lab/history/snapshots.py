"""A thread's state at one checkpoint as plain data, with its status, its questions and its errors."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from langgraph.types import Interrupt, StateSnapshot

from lab.checkpoints import checkpoint_id_of
from lab.jsonable import Json, to_jsonable
from lab.secrets import redact
from lab.state import Review, check_answer, check_review, review_of, usable_schema

Status = Literal["new", "running", "elsewhere", "waiting", "finished", "resumable"]
"""`elsewhere` is a run, or an edit, of another process on the same database."""

ToolSchemas = Mapping[str, Mapping[str, Any]]
"""By name, the JSON schemas of the arguments of a graph's tools."""

NO_TOOLS: ToolSchemas = {}


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
    review: Review | None = None
    """The tool calls that it asks a decision on; None where it asks for something else."""

    @property
    def tool(self) -> str:
        """The tool whose one call it asks about, empty where it asks for something else."""
        return self.review.calls[0].name if self.review is not None and not self.review.listed else ""

    def check(self, answer: Json) -> None:
        """Check an answer by what is asked for; raises InvalidInput with a message for each place at fault."""
        if self.review is not None:
            check_review(self.review, answer)
        check_answer(self.schema, answer)


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
    saved_answers: dict[str, Json] = field(default_factory=dict)
    """By question, the answer that was given before its node failed, and that the node gets again."""


def status(snapshot: StateSnapshot) -> Status:
    """Tell a thread's status from its newest checkpoint."""
    if not checkpoint_id_of(snapshot.config):
        return "new"
    if snapshot.interrupts:
        return "waiting"
    return "resumable" if snapshot.next or snapshot.tasks else "finished"


def to_snapshot(snapshot: StateSnapshot, tools: ToolSchemas = NO_TOOLS) -> Snapshot:
    """Return a snapshot as plain data; `tools` are those of its graph."""
    metadata: Any = snapshot.metadata or {}
    return Snapshot(
        checkpoint_id=checkpoint_id_of(snapshot.config),
        parent_id=checkpoint_id_of(snapshot.parent_config) or None,
        step=metadata.get("step", -1),
        source=metadata.get("source", ""),
        at=seconds(snapshot.created_at),
        values=state_to_json(snapshot.values),
        next=tuple(map(to_jsonable, snapshot.next)),
        questions=pending_questions(snapshot, tools),
        errors={to_jsonable(task.name): reason(task.error) for task in snapshot.tasks if task.error},
    )


def state_to_json(values: Any) -> dict[str, Json]:
    """Return a state as plain data by key; one that has no keys stands under the empty one."""
    state: dict[str, Json] = to_jsonable(values if isinstance(values, dict) else {"": values})
    return state


def pending_questions(snapshot: StateSnapshot, tools: ToolSchemas = NO_TOOLS) -> tuple[Question, ...]:
    """Return the pending interrupts in stable task order, each id once; `tools` are those of the snapshot's graph."""
    nodes = {question.id: to_jsonable(task.name) for task in snapshot.tasks for question in task.interrupts}
    asked = {question.id: question for question in snapshot.interrupts}
    return tuple(_question(question, nodes.get(ident, ""), tools) for ident, question in asked.items())


def _question(interrupt: Interrupt, node: str, tools: ToolSchemas) -> Question:
    # A saved schema may come from a file that somebody else wrote.
    schema, unusable = usable_schema(interrupt.response_schema)
    value = to_jsonable(interrupt.value)
    return Question(interrupt.id, value, schema, node, unusable, review_of(value, schema, tools))


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
