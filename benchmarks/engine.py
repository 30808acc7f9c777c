"""The engine against bare LangGraph: the same graphs, stream modes and storage, with a reader like a page."""

import operator
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from benchmarks.measure import Figure, Round, against
from graphs.pattern import Family, Lane, Pattern
from graphs.world import World
from lab.checkpoints import INDEX
from lab.events import RunEnded
from lab.lab import Lab
from lab.models import OfflineModel
from lab.runs import STREAM_MODES
from lab.settings import Settings

TOKENS = 1000
SUPERSTEPS = 200
REFRESH = 1 / 20
"""Seconds between two looks of a page."""


class State(TypedDict):
    """What the measured graphs write."""

    said: str
    rounds: Annotated[int, operator.add]


def build_tokens(model: BaseChatModel) -> StateGraph[State, World, State, State]:
    """Build one node that asks the model."""

    def say(state: State) -> dict[str, Any]:
        return {"said": model.invoke("say").text}

    return (
        StateGraph(State, context_schema=World, input_schema=State)
        .add_node("say", say)
        .add_edge(START, "say")
        .add_edge("say", END)
    )


def build_supersteps(_: BaseChatModel) -> StateGraph[State, World, State, State]:
    """Build one trivial node in a loop."""

    def step(state: State) -> dict[str, Any]:
        return {"rounds": 1}

    def again(state: State) -> str:
        return "step" if state["rounds"] < SUPERSTEPS else END

    return (
        StateGraph(State, context_schema=World, input_schema=State)
        .add_node("step", step)
        .add_edge(START, "step")
        .add_conditional_edges("step", again, ["step", END])
    )


def script(_: object) -> str:
    """Say as many words as are measured."""
    return " ".join(["word"] * TOKENS)


PATTERN = Pattern(
    slug="bench",
    title="Bench",
    family=Family.STREAMING,
    summary="What is measured.",
    watch=(),
    sources=(),
    lanes=(
        Lane("tokens", "Tokens", "Streams.", build_tokens),
        Lane("supersteps", "Supersteps", "Loops.", build_supersteps),
    ),
    examples=(),
    script=script,
)
GIVEN: dict[str, Any] = {"said": "", "rounds": 0}


def figures() -> Iterator[Figure]:
    """Measure the engine."""
    with TemporaryDirectory() as folder, opened(Path(folder) / "lab.sqlite") as lab:
        for name, lane in (("engine_overhead_tokens", "tokens"), ("engine_overhead_supersteps", "supersteps")):
            with bare(Path(folder) / f"{lane}.sqlite", lane, lab) as reference:
                yield against(name, "ms", with_lab(lab, lane), reference, rounds=25)


@contextmanager
def opened(path: Path) -> Iterator[Lab]:
    """Open a lab for the block."""
    lab = Lab(Settings(_env_file=None, database=str(path), pace=0, recursion_limit=SUPERSTEPS + 10), patterns=[PATTERN])
    yield lab
    lab.close()


def with_lab(lab: Lab, lane: str) -> Round:
    """Make a round through the lab, with one reader."""
    workspace = lab.workspace("bench")

    def go() -> float:
        began = time.perf_counter()
        thread_id = workspace.start("bench", lane, GIVEN).thread_id
        reader = threading.Thread(target=read, args=(lab, thread_id))
        reader.start()
        workspace.wait(thread_id)
        took = time.perf_counter() - began
        reader.join()
        return took * 1000

    return go


def read(lab: Lab, thread_id: str) -> None:
    """Read as a page does: all news, then a little sleep."""
    workspace, seen, ended = lab.workspace("bench"), 0, False
    while not ended:
        for event in workspace.events(thread_id, seen, 1.0):
            seen = event.no
            ended = isinstance(event, RunEnded)
        time.sleep(REFRESH)


@contextmanager
def bare(path: Path, lane: str, lab: Lab) -> Iterator[Round]:
    """Make a round of LangGraph alone: the same graph, modes, settings and kind of storage."""
    connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
    saver = SqliteSaver(connection)
    saver.setup()
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(INDEX)
    connection.commit()
    graph = PATTERN.lane(lane).build(OfflineModel(script=script, pace=0)).compile(checkpointer=saver)

    def go() -> float:
        thread_id = str(uuid.uuid4())
        config = lab.config(thread_id, "bench", lane, "bench")
        world = lab.world(thread_id)
        began = time.perf_counter()
        for _ in graph.stream(
            GIVEN,
            config,
            context=world,
            stream_mode=STREAM_MODES,
            durability="sync",
            subgraphs=True,
            version="v2",
        ):
            pass
        return (time.perf_counter() - began) * 1000

    yield go
    connection.close()
