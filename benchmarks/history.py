"""Long histories against LangGraph's own way to read them: `get_state_history` of the same threads in the same run."""

import operator
import shutil
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from benchmarks.measure import Figure, Round, against, once
from graphs.pattern import Family, Lane, Pattern
from graphs.world import World
from lab.checkpoints import SummarySqliteSaver
from lab.history import Only
from lab.lab import Lab
from lab.settings import Settings
from lab.workspace import Workspace

PLACE = Path(__file__).parent / "out"
"""Where the database lies while it's measured; a temporary folder may be in memory."""
ROOM = 8 * 2**30
"""Bytes of disk that the longest thread takes, and some to spare; SQLite keeps the whole state in each checkpoint."""
SAID = 216
"""Characters of a message."""
PAGE = 50
FEW = 20
"""Snapshots that LangGraph is asked for; each call loads that many whole states."""
SELECTED = 500
"""The row that memory is measured with, of the same state in threads of any length."""

ALL = "list(get_state_history())"
SOME = f"get_state_history(limit={FEW})"


class Growing(TypedDict):
    """A state with a message more after each step."""

    messages: Annotated[list[AnyMessage], operator.add]
    rounds: Annotated[int, operator.add]
    until: int


class Small(TypedDict):
    """A state that stays as small as it is."""

    rounds: Annotated[int, operator.add]
    until: int


def build_growing(_: BaseChatModel) -> StateGraph[Growing, World, Growing, Growing]:
    """Build one node in a loop that says something each time."""

    def say(state: Growing) -> dict[str, Any]:
        said = f"message {state['rounds']:05} ".ljust(SAID, "x")
        return {"messages": [AIMessage(said, id=f"m{state['rounds']}")], "rounds": 1}

    def again(state: Growing) -> str:
        return "say" if state["rounds"] < state["until"] else END

    return (
        StateGraph(Growing, context_schema=World, input_schema=Growing)
        .add_node("say", say)
        .add_edge(START, "say")
        .add_conditional_edges("say", again, ["say", END])
    )


def build_small(_: BaseChatModel) -> StateGraph[Small, World, Small, Small]:
    """Build one node in a loop that counts."""

    def step(state: Small) -> dict[str, Any]:
        return {"rounds": 1}

    def again(state: Small) -> str:
        return "step" if state["rounds"] < state["until"] else END

    return (
        StateGraph(Small, context_schema=World, input_schema=Small)
        .add_node("step", step)
        .add_edge(START, "step")
        .add_conditional_edges("step", again, ["step", END])
    )


PATTERN = Pattern(
    slug="histories",
    title="Histories",
    family=Family.STATE,
    summary="What is measured.",
    watch=(),
    sources=(),
    lanes=(
        Lane("growing", "Growing", "Says more and more.", build_growing),
        Lane("small", "Small", "Counts.", build_small),
    ),
    examples=(),
    script=lambda _: "",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A thread of so many checkpoints, as the lab and as LangGraph reads it."""

    lab: Lab
    lane: str
    thread_id: str
    length: int

    def read(self, work: Callable[[Workspace], object]) -> Round:
        """Make a round that reads by the lab's workspace."""
        return timed(lambda: work(self.lab.workspace("bench")))

    def listed(self, *, before: str | None = None, **more: Any) -> Round:
        """Make a round that lists states by LangGraph, the newest first."""
        return timed(lambda: self.states(before=before, **more))

    def states(self, *, before: str | None = None, **more: Any) -> list[Any]:
        """List states by LangGraph."""
        graph, place = self.lab.graphs.reading(PATTERN.slug, self.lane), {"thread_id": self.thread_id}
        past: Any = {"before": {"configurable": place | {"checkpoint_id": before}}} if before else {}
        return list(graph.get_state_history({"configurable": place}, **past, **more))

    def ids(self) -> list[str]:
        """Return the checkpoints in the order of writing."""
        return list(self.lab.workspace("bench").history.tree(self.thread_id).marks)


def figures() -> Iterator[Figure]:
    """Measure histories; the longest one only where there is room for it."""
    PLACE.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=PLACE, prefix="history-") as folder, opened(Path(folder) / "lab.sqlite") as lab:
        counted = ran(lab, "small", 10_000)
        tree = counted.read(lambda workspace: workspace.history.tree(counted.thread_id))
        yield once("history_index_10000_small", "ms", tree, counted.listed(), rounds=5, note=ALL)
        short = ran(lab, "growing", 1_000)
        tree = short.read(lambda workspace: workspace.history.tree(short.thread_id))
        yield once("history_index_1000", "ms", tree, short.listed(), rounds=5, note=ALL)
        yield from reads(short, rounds=5)
        little = memory(short, reading(short))
        yield Figure("history_memory_1000", little, "MB", memory(short, lambda: short.states(limit=FEW)), SOME)
        if shutil.disk_usage(folder).free < ROOM:
            print(f"Less than {ROOM / 2**30:.0f} GB of disk are free: the figures of 5,000 checkpoints are left out.")
            return
        long = ran(lab, "growing", 5_000)
        tree = long.read(lambda workspace: workspace.history.tree(long.thread_id))
        # All states of this thread take 22 GB of memory and six minutes.
        yield against("history_index_5000", "ms", tree, long.listed(limit=FEW), rounds=5, note=SOME)
        yield from reads(long, rounds=5)
        yield Figure("history_memory_5000", memory(long, reading(long)), "MB", little, "the same on 1,000 checkpoints")


@contextmanager
def opened(path: Path) -> Iterator[Lab]:
    """Open a lab for the block."""
    lab = Lab(Settings(_env_file=None, database=str(path), pace=0, recursion_limit=10_010), patterns=[PATTERN])
    try:
        yield lab
    finally:
        lab.close()


def ran(lab: Lab, lane: str, length: int) -> Measured:
    """Run a thread of so many checkpoints: the real graph and the lab's own checkpointer, and no reader."""
    thread = lab.threads.create("bench", PATTERN.slug, lane, lab.new_session(), "Long", "offline")
    saver = lab.storage.saver
    assert isinstance(saver, SummarySqliteSaver)
    # Whether the disk has it at once makes no difference to those who read.
    saver.conn.execute("PRAGMA synchronous=OFF")
    given = {"messages": [], "rounds": 0} if lane == "growing" else {"rounds": 0}
    lab.graphs.reading(PATTERN.slug, lane).invoke(
        # The input and the first state are checkpoints too.
        given | {"until": length - 2},
        lab.config(thread.thread_id, PATTERN.slug, lane, "bench"),
        context=lab.world(thread.thread_id),
        durability="sync",
    )
    saver.conn.execute("PRAGMA synchronous=NORMAL")
    found = lab.workspace("bench").history.count(thread.thread_id)
    assert found == length, found
    return Measured(lab, lane, thread.thread_id, length)


def reads(thread: Measured, *, rounds: int) -> Iterator[Figure]:
    """Measure what a page shows of a thread, at its end and in its middle, where the states are half as large."""
    ident, length, ids = thread.thread_id, thread.length, thread.ids()
    half = ids[length // 2]
    some, there = thread.listed(limit=FEW), thread.listed(limit=FEW, before=half)
    noted = Only(node="say", text=f"message {length // 2:05}")

    def figure(name: str, work: Callable[[Workspace], object], reference: Round, note: str) -> Figure:
        return against(f"history_{name}_{length}", "ms", thread.read(work), reference, rounds=rounds, note=note)

    yield figure("page", lambda workspace: workspace.history.page(ident, limit=PAGE, offset=length - PAGE), some, SOME)
    yield figure(
        "middle",
        lambda workspace: workspace.history.page(ident, limit=PAGE, at=half),
        there,
        f"{SOME}, before the middle",
    )
    yield figure(
        "filter",
        lambda workspace: workspace.history.page(ident, noted, limit=PAGE),
        thread.listed(limit=FEW, filter={"source": "loop"}),
        f"{SOME} by source; it knows neither nodes nor texts",
    )
    yield figure(
        "select", lambda workspace: workspace.history.snapshot(ident, half), there, f"{SOME}, before the middle"
    )
    yield figure(
        "diff",
        lambda workspace: workspace.history.diff(ident, half, ids[length // 2 + 10]),
        there,
        f"{SOME}, before the middle",
    )


def reading(thread: Measured) -> Callable[[], object]:
    """Read the tree, a page and one state, the same one of any thread; the tree has a small tuple for each row."""
    workspace, ident = thread.lab.workspace("bench"), thread.thread_id
    selected = thread.ids()[SELECTED]

    def go() -> None:
        workspace.history.tree(ident)
        workspace.history.page(ident, limit=PAGE, at=selected)
        workspace.history.snapshot(ident, selected)

    return go


def memory(thread: Measured, work: Callable[[], object]) -> float:
    """Return the most memory that some work takes at once, in megabytes of Python's own objects."""
    work()
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def timed(work: Callable[[], object]) -> Round:
    """Make a round that gives milliseconds."""

    def go() -> float:
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) * 1000

    return go
