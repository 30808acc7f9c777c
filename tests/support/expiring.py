"""A toy whose question runs out of time, the clock by which it does, and what is left of it then."""

import time
from collections.abc import Callable
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from graphs.pattern import Pattern
from graphs.world import World, effect_key
from lab.database import DecisionKind
from lab.history import Status
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.toy_patterns import Input, State, done, lane, toy

LATER = 1000.0
"""Seconds after which the toy's question has run out of time, by its input."""
SOON = {"n": int(LATER)}

ALIVE = 1.0
"""Seconds after which a server that was killed is known to be dead."""

Between = Callable[[str], None]


class Expiring(State):
    """What the toy's nodes write; the question's deadline stands in the state."""

    due: float


def nothing(_: str) -> None:
    """Do nothing at a place in the graph."""


def expiring(between: Between = nothing, on_expiry: Any = "expired", schema: Any = None, **payload: Any) -> Pattern:
    """Make a pattern that asks with a deadline and then books; `between` is called at each place that is named."""

    def plan(state: Expiring, runtime: Runtime[World]) -> dict[str, Any]:
        return {"due": runtime.context.now() + state["n"]}

    def ask(state: Expiring) -> dict[str, Any]:
        value = {"question": "Buy?", "deadline": state["due"], "on_expiry": on_expiry, **payload}
        answer = interrupt(value, response_schema=schema)
        between("answered")
        return {"done": [str(answer)]}

    def book(state: Expiring, runtime: Runtime[World]) -> dict[str, Any]:
        between("booking")
        runtime.context.ledger.charge("order", 100, key=effect_key(runtime, "order"))
        between("booked")
        return {"done": ["booked"]}

    def build(_: BaseChatModel) -> StateGraph[Expiring, World, Input, Expiring]:
        return (
            StateGraph(Expiring, context_schema=World, input_schema=Input)
            .add_node("plan", plan)
            .add_node("ask", ask)
            .add_node("book", book)
            .add_node("z", done("z"))
            .add_edge(START, "plan")
            .add_edge("plan", "ask")
            .add_edge("ask", "book")
            .add_edge("book", "z")
            .add_edge("z", END)
        )

    return toy(lane(build), slug="expires")


def pass_time(lab: Lab, seconds: float = 2 * LATER) -> None:
    """Put the lab's clock ahead, of the real one at first."""
    ahead = lab.now() - time.time() + seconds
    lab.clock = lambda: time.time() + ahead


def look(lab: Lab) -> None:
    """Have the lab look once at what is due, and wait for the runs that it began."""
    lab.deadlines.look()
    for run in lab.runs.at_work():
        assert run.done.wait(30)


def pass_deadlines(workspace: Workspace) -> None:
    """Let the deadlines of all that waits pass, as they do in the examples' recorded steps."""
    lab = workspace._engine
    assert isinstance(lab, Lab)
    pass_time(lab)
    look(lab)


def expired(workspace: Workspace, thread_id: str) -> tuple[list[DecisionKind], int, Status]:
    """Return what was decided about a thread, how often it has booked, and how it stands."""
    decisions = workspace.history.decisions.page(limit=100).decisions
    kinds = [one.kind for one in reversed(decisions) if one.thread_id == thread_id]
    booked = len(workspace.threads.business("ledger", [thread_id]))
    return kinds, booked, workspace.history.status(thread_id)


ONCE: tuple[list[DecisionKind], int, Status] = (["expired"], 1, "finished")
"""That of a thread whose question has run out of time."""
