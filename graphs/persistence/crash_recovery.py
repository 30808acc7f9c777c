"""Crash recovery: the same payroll killed in the middle and taken up again, saved by three durabilities.

Each department is paid in a superstep of its own, and the process really is killed, right after a payment was
booked and before its superstep has ended. Watch the ledger: what no checkpoint remembers is paid again.
"""

import operator
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from graphs.world import World

MOST = 8
"""Departments that one payroll may have."""

Crash = Literal["never", "first", "second", "third", "last"]


def _names(departments: str) -> list[str]:
    return [name.strip() for name in departments.split(",")]


def _distinct(departments: str) -> str:
    names = _names(departments)
    # A name that came twice would look like a payment that was made twice.
    if not all(names) or len(set(names)) < len(names) or len(names) > MOST:
        raise ValueError(f"name up to {MOST} departments, each once, with commas between them")
    return departments


class Input(TypedDict):
    """What the visitor gives."""

    departments: Annotated[str, Field(title="Departments", max_length=400), AfterValidator(_distinct)]
    wages: Annotated[float, Field(title="Wages of each in euros", ge=0.01, le=1_000_000)]
    crash: Annotated[Crash, Field(title="Kill the process after the payment of")]


class State(Input):
    """What the payroll knows: `paid` grows by one department a superstep."""

    paid: Annotated[list[str], operator.add]
    lost: list[str]
    repeated: list[str]
    receipt: str


Payroll = CompiledStateGraph[State, World, Input, State]


def build(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build a superstep for each department, and a count of what the ledger says."""

    def pay(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        # Without a key, which would hide that a payment was made again.
        name = _names(state["departments"])[len(state["paid"])]
        runtime.context.ledger.charge(name, round(state["wages"] * 100))
        if name == _killed_at(state):
            runtime.context.faults.crash(name)
        return {"paid": [name]}

    def left(state: State) -> Literal["pay", "count"]:
        return "pay" if len(state["paid"]) < len(_names(state["departments"])) else "count"

    def count(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        booked = runtime.context.ledger.booked()
        repeated = [name for number, name in enumerate(booked) if name in booked[number + 1 :]]
        # The last one was at work when the process died; the supersteps before it had ended, and were lost.
        # A replay is counted alike: it pays again too, and the ledger can't tell why.
        lost = repeated[:-1]
        steps = f"{len(booked)} payments for {len(state['paid'])} departments"
        receipt = f"{steps}: {len(lost)} supersteps lost, {len(repeated)} payments made twice."
        return {"lost": lost, "repeated": repeated, "receipt": receipt}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("pay", pay, metadata={"effects": ["ledger"]})
        .add_node("count", count)
        .add_edge(START, "pay")
        .add_conditional_edges("pay", left)
        .add_edge("count", END)
    )


def run_exit(graph: Payroll, given: Input | None, config: RunnableConfig, **options: Any) -> Iterator[Any]:
    """Run the trap: the state is saved once, when the run ends, and a killed process never gets there."""
    return graph.stream(given, config, durability="exit", **options)


def run_async(graph: Payroll, given: Input | None, config: RunnableConfig, **options: Any) -> Iterator[Any]:
    """Save each superstep in the background, while the next ones run; a kill may lose the newest."""
    return graph.stream(given, config, durability="async", **options)


def run_sync(graph: Payroll, given: Input | None, config: RunnableConfig, **options: Any) -> Iterator[Any]:
    """Save each superstep before the next one begins; a kill loses none, only what the node at work has done."""
    return graph.stream(given, config, durability="sync", **options)


def _killed_at(state: State) -> str | None:
    """Return the department at which the visitor wants the process killed; the last one where there are fewer."""
    names = _names(state["departments"])
    if state["crash"] == "never":
        return None
    place = {"first": 0, "second": 1, "third": 2, "last": MOST}[state["crash"]]
    return names[min(place, len(names) - 1)]
