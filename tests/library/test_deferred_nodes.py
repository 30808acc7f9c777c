"""What a deferred node waits for, raw: nodes at the end of an edge, and not tasks that a task sends."""

import operator
from typing import Annotated, Any

from langgraph.graph import START, StateGraph
from langgraph.types import Command, Send
from typing_extensions import TypedDict


class Runs(TypedDict):
    """Which nodes ran."""

    ran: Annotated[list[str], operator.add]


def done(name: str) -> Any:
    return lambda _: {"ran": [name]}


def joined(first: Any) -> list[str]:
    graph: Any = StateGraph(Runs)
    graph.add_node("first", first).add_node("second", done("second")).add_node("other", done("other"))
    graph.add_node("join", done("join"), defer=True)
    graph.add_edge(START, "first").add_edge(START, "other").add_edge("second", "join").add_edge("other", "join")
    ran: list[str] = graph.compile().invoke({"ran": []})["ran"]
    return ran


def test_a_deferred_node_waits_for_a_node_that_another_one_goes_to() -> None:
    assert joined(lambda _: Command(goto="second")).count("join") == 1


def test_a_deferred_node_does_not_wait_for_a_task_that_another_one_sends() -> None:
    assert joined(lambda _: Command(goto=Send("second", {}))).count("join") == 2
