"""Breakpoints: pause before or after any node, chosen at run time, look at the state, inject a value and go on.

Watch the value: 5 becomes 10, 20 and 6. Stop after the second step, write 100 over the 20,
and the third step makes 33 of it. The graph knows nothing of its pauses.
"""

import operator
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph import END, START, StateGraph
from pydantic import Field
from typing_extensions import TypedDict

from graphs.pattern import Breakpoints, Edit, Example, Family, Go, Lane, Pattern
from graphs.script import by_instruction
from graphs.world import World

LIMIT = 1_000_000_000


class Input(TypedDict):
    """What the visitor gives."""

    value: Annotated[int, Field(title="Value", ge=-LIMIT, le=LIMIT)]


class State(Input):
    """The number on its way; `history` grows by one line a step."""

    history: Annotated[list[str], operator.add]


def build(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds three steps of arithmetic in a row; nothing in it says where to pause."""

    def a(state: State) -> dict[str, Any]:
        return _step("a", state["value"], state["value"] * 2)

    def b(state: State) -> dict[str, Any]:
        return _step("b", state["value"], state["value"] + 10)

    def c(state: State) -> dict[str, Any]:
        return _step("c", state["value"], state["value"] // 3)

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
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


PATTERN = Pattern(
    slug="breakpoints",
    title="Breakpoints",
    family=Family.HUMAN,
    summary="Three steps of arithmetic that can be stopped before or after any of them, looked into and changed.",
    watch=(
        "Nothing in the graph asks for a pause: you choose the places, and the next run can have others.",
        "At a pause the state is saved, so it can be read, changed and continued later.",
        "A value written at the pause is what the next step works on; the steps before it don't run again.",
    ),
    sources=("EV 5", "SP 3.2"),
    lanes=(
        Lane(
            "steps",
            "Three steps",
            "Doubles, adds ten, then divides by three and drops the rest.",
            build,
            edits=("value",),
        ),
    ),
    examples=(
        Example("5 straight through", {"value": 5}),
        Example(
            "100 injected after the second step",
            {"value": 5},
            {"steps": (Edit({"value": 100}), Go())},
            Breakpoints(after=("b",)),
        ),
        Example(
            "Step by step",
            {"value": 12},
            {"steps": (Go(), Go(), Go())},
            Breakpoints(before=("a", "b", "c")),
        ),
        Example(
            "Changed before anything ran",
            {"value": 5},
            {"steps": (Edit({"value": -7}), Go())},
            Breakpoints(before=("a",)),
        ),
        Example("Left standing at a pause", {"value": 5}, {}, Breakpoints(before=("c",)), unhappy=True),
    ),
    script=by_instruction({}),
    choose_breakpoints=True,
)
