"""Small patterns that tests make to bring a run into the very situation that they are about."""

import operator
import threading
from collections.abc import Callable, Sequence
from typing import Annotated, Any, cast

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from pydantic import Field
from typing_extensions import TypedDict

from graphs.pattern import Build, Family, Lane, Pattern, Run, Saver, compile_with_checkpointer
from graphs.persistence.checkpointers import in_memory, in_postgresql, in_sqlite
from graphs.persistence.conversation_memory import compile_forgetful
from graphs.persistence.crash_recovery import run_async, run_exit, run_sync
from graphs.world import World
from lab.events import Event, RunEnded, Tokens
from lab.history import Snapshot
from lab.lab import Lab
from lab.workspace import Workspace

Node = Callable[..., Any]


class Input(TypedDict):
    """What a toy is given."""

    n: Annotated[int, Field(ge=0, le=1000)]


class State(Input):
    """What a toy's nodes write; `done` grows by their names."""

    done: Annotated[list[str], operator.add]
    crash: str


GIVEN = {"n": 1}
SAVERS = {
    "memory": Saver("memory", in_memory),
    "sqlite": Saver("sqlite", in_sqlite),
    "postgresql": Saver("postgresql", in_postgresql),
}
"""Checkpointers that each thread of a lane has for itself, by kind."""
RUNS: dict[str, Run] = {"sync": run_sync, "async": run_async, "exit": run_exit}
"""Ways to run a lane, by the durability that each asks for."""


class Hold:
    """Keeps a node in the middle of its work until the test lets go."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.let_go = threading.Event()

    def __call__(self) -> None:
        """Wait inside a node."""
        self.entered.release()
        assert self.let_go.wait(10), "the test never let go"

    def reached(self) -> None:
        """Wait, outside, until a node is inside."""
        assert self.entered.acquire(timeout=30), "no node came"


def graph() -> StateGraph[State, World, Input, State]:
    """Begin a toy's graph."""
    return StateGraph(State, context_schema=World, input_schema=Input)


def chain(**nodes: Node) -> Build:
    """Make a graph of these nodes in a row."""

    def build(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
        made, before = graph(), START
        for name, node in nodes.items():
            made.add_node(name, node).add_edge(before, name)
            before = name
        return made

    return build


def fan(**nodes: Node) -> Build:
    """Make a graph of these nodes side by side, and a `join` behind them."""

    def build(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
        made = graph().add_node("join", done("join"))
        for name, node in nodes.items():
            made.add_node(name, node).add_edge(START, name)
        return made.add_edge(list(nodes), "join")

    return build


def done(name: str, count: list[str] | None = None) -> Node:
    """Make a node that says it was there, in the state and in `count`, which sees repetitions too."""

    def node(_: State) -> dict[str, Any]:
        if count is not None:
            count.append(name)
        return {"done": [name]}

    return node


def broken(_: State) -> dict[str, Any]:
    """Is a node that fails."""
    raise LookupError("no such shelf")


def speaker(name: str, count: list[str] | None = None) -> Callable[[BaseChatModel], Node]:
    """Make a node that asks the model."""

    def with_model(model: BaseChatModel) -> Node:
        def node(_: State) -> dict[str, Any]:
            if count is not None:
                count.append(name)
            return {"done": [f"{name} {len(model.invoke('say').text.split())}"]}

        return node

    return with_model


def toy(*lanes: Lane, slug: str = "toy", words: int = 200, **more: Any) -> Pattern:
    """Make a pattern of these lanes whose model says so many words."""

    def script(_: Sequence[BaseMessage]) -> str:
        return " ".join(f"word{number}" for number in range(words))

    return Pattern(slug, "Toy", Family.SHAPES, "A toy.", (), (), lanes, (), script, **more)


def lane(build: Build, key: str = "only", *, remembers: bool = True, **more: Any) -> Lane:
    """Make a lane, which goes without a checkpointer where it remembers nothing."""
    compiled = compile_with_checkpointer if remembers else compile_forgetful
    return Lane(key, key, "Is a toy.", build, compile=compiled, remembers=remembers, **more)


def two_steps() -> Pattern:
    """Make a pattern that takes further input."""
    return toy(lane(chain(a=done("a"), b=done("b"))), turns=True)


OpenLab = Callable[..., Lab]
"""Opens a lab on these patterns; keywords are settings."""

everywhere = pytest.mark.parametrize("open_toys", ["memory", "sqlite", "postgresql"], indirect=True)
"""Lets a test with `open_toys` run on PostgreSQL too."""


def bare(build: Build) -> tuple[Any, Any]:
    """Return a toy's graph as the library alone compiles it, and the config of its one thread."""
    return build(cast("Any", None)).compile(checkpointer=InMemorySaver()), {"configurable": {"thread_id": "t"}}


def saved(workspace: Workspace, thread_id: str) -> list[str]:
    """Return the ids of a thread's checkpoints in the order of writing."""
    return [row.checkpoint_id for row in workspace.history.page(thread_id, limit=1000).rows]


def before(workspace: Workspace, thread_id: str, node: str) -> str:
    """Return the newest checkpoint from which that node runs next."""
    rows = workspace.history.page(thread_id, limit=1000).rows
    return next(row.checkpoint_id for row in reversed(rows) if node in row.next)


def head(workspace: Workspace, thread_id: str) -> Snapshot:
    """Return the newest checkpoint."""
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    return snapshot


def begin(workspace: Workspace, slug: str = "toy", lane_key: str = "only", **more: Any) -> str:
    """Start a toy and return the thread's id."""
    return workspace.start(slug, lane_key, GIVEN, **more).thread_id


def end(workspace: Workspace, thread_id: str) -> RunEnded:
    """Wait for the run's end and return it."""
    assert workspace.wait(thread_id, 30), "the run didn't end"
    last = workspace.events(thread_id)[-1]
    assert isinstance(last, RunEnded)
    return last


def ran(workspace: Workspace, slug: str = "toy", lane_key: str = "only", **more: Any) -> str:
    """Start a toy, wait for its end and return the thread's id."""
    thread_id = begin(workspace, slug, lane_key, **more)
    end(workspace, thread_id)
    return thread_id


def names(workspace: Workspace, thread_id: str) -> list[str]:
    """Return the names that the nodes left in the state."""
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    found: list[str] = snapshot.values.get("done", [])
    return found


def wait_for_tokens(workspace: Workspace, thread_id: str, messages: int = 1) -> None:
    """Wait until so many messages have begun to come."""
    seen: list[Event] = []
    while len({event.message_id for event in seen if isinstance(event, Tokens)}) < messages:
        news = workspace.events(thread_id, seen[-1].no if seen else 0, 30)
        assert news, "no token came"
        seen += news


def followed(workspace: Workspace, thread_id: str) -> list[Event]:
    """Read a thread's events as they come, to the end of its run."""
    found: list[Event] = []
    while not (found and isinstance(found[-1], RunEnded)):
        news = workspace.events(thread_id, found[-1].no if found else 0, 30.0)
        assert news, "the run told nothing more"
        found.extend(news)
    return found


def pieces(events: Sequence[Event]) -> list[Tokens]:
    """Pick the token events and check that each one begins where the one before it ended."""
    found = [event for event in events if isinstance(event, Tokens)]
    reached: dict[str, int] = {}
    for event in found:
        assert event.offset == reached.get(event.message_id, 0)
        reached[event.message_id] = event.offset + len(event.text)
    return found
