"""Breakpoints: pause before or after any node, chosen at run time, look at the state, inject a value and go on.

Watch the value: 5 becomes 10, 20 and 6. Stop after the second step, write 100 over the 20,
and the third step makes 33 of it. The graph knows nothing of its pauses.
"""

import operator
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from pydantic import Field
from typing_extensions import TypedDict

LIMIT = 1_000_000_000


class Input(TypedDict):
    """What the visitor gives."""

    value: Annotated[int, Field(title="Value", ge=-LIMIT, le=LIMIT)]


class State(Input):
    """The number on its way; `history` grows by one line a step."""

    history: Annotated[list[str], operator.add]


Steps = CompiledStateGraph[State, None, Input, State]


def build(_: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build three steps of arithmetic in a row; nothing in it says where to pause."""

    def a(state: State) -> dict[str, Any]:
        return _step("a", state["value"], state["value"] * 2)

    def b(state: State) -> dict[str, Any]:
        return _step("b", state["value"], state["value"] + 10)

    def c(state: State) -> dict[str, Any]:
        return _step("c", state["value"], state["value"] // 3)

    return (
        StateGraph(State, input_schema=Input)
        .add_node("a", a)
        .add_node("b", b)
        .add_node("c", c)
        .add_edge(START, "a")
        .add_edge("a", "b")
        .add_edge("b", "c")
        .add_edge("c", END)
    )


def _step(name: str, before: int, after: int) -> dict[str, Any]:
    return {"value": after, "history": [f"{name}: {before} -> {after}"]}


def run_to_pause(
    graph: Steps,
    given: Input | None,
    config: RunnableConfig,
    *,
    interrupt_before: Sequence[str] | None = None,
    interrupt_after: Sequence[str] | None = None,
    **options: Any,
) -> Iterator[Any]:
    """Run until the next of the pauses chosen for this run; with no input, go on from the last one.

    In between, `graph.update_state(config, {"value": 100})` injects a value.
    """
    return graph.stream(
        given,
        config,
        interrupt_before=interrupt_before,
        interrupt_after=interrupt_after,
        durability="sync",
        **options,
    )
