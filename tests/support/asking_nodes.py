"""Nodes that ask, and what a page shows of their question."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, Field

from graphs.pattern import Pattern
from graphs.world import World
from lab.history import Question, Snapshot
from lab.workspace import Workspace
from tests.support.toy_patterns import State, chain, done, lane, toy


class Verdict(BaseModel):
    decision: Literal["yes", "no"]
    note: Annotated[str, Field(max_length=5)] = ""


def asks(
    name: str, schema: Any = None, count: list[str] | None = None, payload: Mapping[str, Any] | None = None
) -> Callable[[State], dict[str, Any]]:
    """Make a node that asks, with what else the payload says, and leave the answer behind its name."""

    def node(_: State) -> dict[str, Any]:
        answer = interrupt({"question": f"{name}?", **(payload or {})}, response_schema=schema)
        if count is not None:
            count.append(name)
        return {"done": [f"{name}={answer!r}" if not isinstance(answer, Verdict) else f"{name}={answer.decision}"]}

    return node


def books(_: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Ask, and book a charge once answered."""
    answer = interrupt({"question": "Pay?"})
    runtime.context.ledger.charge("order", 100)
    return {"done": [str(answer)]}


def shown(workspace: Workspace, thread_id: str) -> tuple[Snapshot, Question]:
    """Return what a page shows of the one question that is pending."""
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    (question,) = snapshot.questions
    return snapshot, question


def asking(schema: Any = None, count: list[str] | None = None) -> Pattern:
    return toy(lane(chain(ask=asks("ask", schema, count), z=done("z"))), turns=True)
