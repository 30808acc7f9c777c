"""Subgraphs in every shape that the library allows: called asynchronously, and with a state of another kind."""

import asyncio
import dataclasses
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from pydantic import BaseModel
from typing_extensions import TypedDict

from graphs.pattern import Build
from graphs.world import World
from lab.checkpoints import thread_config
from lab.history import Question
from lab.lab import Lab
from tests.support.toy_patterns import OpenLab, begin, done, end, everywhere, graph, lane, names, ran, toy


def inner(ask: bool = False) -> Any:
    def second(_: Any) -> dict[str, Any]:
        return {"done": [f"second {interrupt({'question': 'Go on?'})}" if ask else "second"]}

    made: Any = graph()
    made.add_node("first", done("first")).add_node("second", second)
    return made.add_edge(START, "first").add_edge("first", "second").compile()


def awaiting(called: Any) -> Build:
    """Make a graph whose one node awaits a subgraph."""

    def node(state: Any, config: RunnableConfig) -> dict[str, Any]:
        found = asyncio.run(called.ainvoke({"n": state["n"]}, config))
        return {"done": ["outer", *found["done"]]}

    return lambda _: graph().add_node("outer", node).add_edge(START, "outer")


def inside(lab: Lab, thread_id: str) -> list[tuple[str, list[str]]]:
    """Return what the subgraph saved: the node that runs next and what is done, by checkpoint."""
    config: Any = thread_config(thread_id)
    found = [saved for saved in lab.storage.saver.list(config) if saved.config["configurable"]["checkpoint_ns"]]
    return [
        (saved.metadata["source"], saved.checkpoint["channel_values"].get("done", []))
        for saved in sorted(found, key=lambda saved: saved.checkpoint["id"])
    ]


@everywhere
def test_a_node_awaits_a_subgraph_on_every_storage(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(awaiting(inner()))))
    workspace = lab.workspace("w")
    thread_id = begin(workspace)

    assert end(workspace, thread_id)[1:3] == ("finished", "")
    assert names(workspace, thread_id) == ["outer", "first", "second"]
    assert inside(lab, thread_id) == [("input", []), ("loop", []), ("loop", ["first"]), ("loop", ["first", "second"])]


@everywhere
def test_a_question_in_an_awaited_subgraph_is_answered_where_it_was_asked(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(awaiting(inner(ask=True))))).workspace("w")
    thread_id = begin(workspace)
    assert end(workspace, thread_id).outcome == "waiting"
    (question,) = workspace.history.pending(thread_id)
    assert isinstance(question, Question)
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    workspace.resume(thread_id, {question.id: "yes"}, snapshot.checkpoint_id)

    assert end(workspace, thread_id)[1:3] == ("finished", "")
    assert names(workspace, thread_id) == ["outer", "first", "second yes"]


@everywhere
def test_a_checkpointer_does_asynchronously_what_it_does(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(awaiting(inner()))))
    thread_id = ran(lab.workspace("w"))
    saver = lab.storage.saver
    config: RunnableConfig = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}

    async def read() -> tuple[Any, list[Any]]:
        return await saver.aget_tuple(config), [found async for found in saver.alist(config, limit=2)]

    newest, last = asyncio.run(read())
    assert newest == saver.get_tuple(config)
    assert last == list(saver.list(config, limit=2))
    asyncio.run(saver.adelete_thread(thread_id))
    assert list(saver.list(config)) == []


class Order(BaseModel, extra="forbid"):
    n: int
    note: str = ""


@dataclasses.dataclass
class Parcel:
    n: int
    note: str = ""


class Leg(TypedDict, total=False):
    n: int
    miles: int


class Input(TypedDict):
    n: int


def shipping(parent: type, by_node: bool) -> Build:
    """Make a graph of one state with a subgraph of another."""

    def drive(state: Leg) -> dict[str, Any]:
        return {"miles": state["n"] * 2}

    leg = StateGraph(Leg).add_node("drive", drive).add_edge(START, "drive").compile()

    def ship(state: Any) -> dict[str, Any]:
        return {"note": f"{leg.invoke({'n': state.n})['miles']} miles"}

    def build(_: Any) -> Any:
        made: Any = StateGraph(parent, context_schema=World, input_schema=Input)
        made.add_node("ship", ship if by_node else leg)
        made.add_node("check", lambda state: {"note": f"{type(state).__name__}: {state.note}"})
        return made.add_edge(START, "ship").add_edge("ship", "check")

    return build


@pytest.mark.parametrize("by_node", [True, False], ids=["called", "as a node"])
@pytest.mark.parametrize("parent", [Order, Parcel])
def test_a_parent_with_a_class_for_its_state_has_subgraphs_of_another(
    open_toys: OpenLab, parent: type, by_node: bool
) -> None:
    workspace = open_toys(toy(lane(shipping(parent, by_node)))).workspace("w")
    thread_id = begin(workspace)

    assert end(workspace, thread_id)[1:3] == ("finished", "")
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    assert snapshot.values == {"n": 1, "note": f"{parent.__name__}: {'2 miles' if by_node else ''}"}
    assert [
        workspace.history.snapshot(thread_id, row.checkpoint_id) is not None
        for row in workspace.history.page(thread_id).rows
    ]
    view = workspace.view(thread_id)
    view.catch_up()
    assert [(step.path, step.status) for step in view.steps] == [
        (("ship",), "done"),
        (("ship", "drive"), "done"),
        (("check",), "done"),
    ]
