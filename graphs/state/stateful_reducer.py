"""Stateful reducer: a running average by an object with a memory of its own, and by a pure function.

Watch the second thread. The object averages every number that it was ever given, whoever gave it,
while the checkpoints know nothing of it; the pure reducer has nothing but what the state holds.
"""

import math
import re
from collections.abc import Callable
from statistics import fmean
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langgraph.graph import START, StateGraph
from langgraph.types import Command
from pydantic import Field
from typing_extensions import TypedDict

from graphs.pattern import Back, Beside, Example, Family, Lane, Pattern
from graphs.script import by_instruction
from graphs.world import World

MOST = 20
LARGEST = 1e9


class NoNumbers(ValueError):
    """Raised when the text is no list of numbers that can be averaged."""


class Input(TypedDict):
    """What the visitor gives."""

    numbers: Annotated[str, Field(title="Numbers, separated by commas", min_length=1, max_length=400)]


class Common(Input):
    """What both lanes keep beside `average`, which each of them has in a type of its own."""

    values: list[float]
    taken: int
    by_reducer: Annotated[float, Field(title="Average by the reducer")]
    true_mean: Annotated[float, Field(title="True mean")]
    agree: Annotated[bool, Field(title="Agree")]


class RunningAverage:
    """A reducer that keeps count by itself, outside the state: the mistake."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0

    def __call__(self, _average: float, number: float) -> float:
        """Takes one more number and gives the average of all that came so far."""
        self.count += 1
        self.total += number
        return self.total / self.count


class Mean(TypedDict, total=False):
    """An average as its two parts, which can be added up."""

    n: int
    sum: float


def add_up(one: Mean, other: Mean) -> Mean:
    """Gives the mean of the numbers of both, from nothing but these."""
    return {"n": one.get("n", 0) + other.get("n", 0), "sum": one.get("sum", 0.0) + other.get("sum", 0.0)}


def build_stateful(_: BaseChatModel) -> StateGraph[Any, World, Input, Any]:
    """Builds the average on one object, which lives as long as the graph and serves every thread of it."""
    remembering = RunningAverage()

    class State(Common):
        average: Annotated[float, remembering]

    return _graph(State, lambda number: number, lambda average: average)


def build_pure(_: BaseChatModel) -> StateGraph[Any, World, Input, Any]:
    """Builds the average on a function of two values."""

    class State(Common):
        average: Annotated[Mean, add_up]

    return _graph(State, lambda number: Mean(n=1, sum=number), lambda average: average["sum"] / average["n"])


def _graph(
    schema: type[Any], update: Callable[[float], Any], told: Callable[[Any], float]
) -> StateGraph[Any, World, Input, Any]:
    """Builds read, add once for each number, check; `update` makes a write of a number, `told` reads the average."""

    def read(state: Common) -> dict[str, Any]:
        return {"values": _numbers(state["numbers"]), "taken": 0}

    def add(state: Common) -> Command[Literal["add", "check"]]:
        taken = state["taken"] + 1
        written = {"average": update(state["values"][state["taken"]]), "taken": taken}
        # An edge with a condition would have the reducer called once more, to read the state after the write.
        return Command(update=written, goto="add" if taken < len(state["values"]) else "check")

    def check(state: Any) -> dict[str, Any]:
        average, mean = told(state["average"]), fmean(state["values"])
        return {"by_reducer": average, "true_mean": mean, "agree": math.isclose(average, mean, abs_tol=1e-9)}

    return (
        StateGraph(schema, context_schema=World, input_schema=Input)
        .add_node("read", read)
        .add_node("add", add)
        .add_node("check", check)
        .add_edge(START, "read")
        .add_edge("read", "add")
    )


def _numbers(text: str) -> list[float]:
    parts = [part for part in re.split(r"[,;\s]+", text) if part]
    if not 1 <= len(parts) <= MOST:
        raise NoNumbers(f"There are {len(parts)} numbers. An average is made here of 1 to {MOST}. Give as many.")
    return [_number(part) for part in parts]


def _number(part: str) -> float:
    try:
        number = float(part)
    except ValueError:
        number = math.nan
    # Not a number compares as neither.
    if not abs(number) <= LARGEST:
        raise NoNumbers(
            f"{part[:40]!r} can't be averaged. Each part is a number like 12.5, of at most {LARGEST:.0f}. Correct it."
        )
    return number


PATTERN = Pattern(
    slug="stateful-reducer",
    title="Stateful reducer",
    family=Family.STATE,
    summary="A running average by a reducer object that remembers and by a pure function, in two threads and a replay.",
    watch=(
        "Run once more with other numbers: that's a second thread, and *Object with memory* averages both together.",
        "Replay the checkpoint before `add`: *Object with memory* counts its numbers again, *Pure function* doesn't.",
        "`check` works out the true mean from the numbers in the state, so each thread says itself whether it's right.",
        "The table below the lanes lists your newest threads: those of *Object with memory* depend on what ran before.",
    ),
    sources=("EV 1",),
    lanes=(
        Lane(
            "stateful",
            "Object with memory",
            "The reducer is an object that counts and adds up by itself; the state gets only the result.",
            build_stateful,
            trap="The graph is compiled once and serves all threads of all visitors of this process, and its reducer "
            "with it: numbers leak from thread to thread and into replays, and a restart forgets them all.",
            travel="replay",
        ),
        Lane(
            "pure",
            "Pure function",
            "The reducer adds up two values of `n` and `sum`; all that it knows is in the state.",
            build_pure,
            travel="replay",
        ),
    ),
    examples=(
        Example("One thread", {"numbers": "10, 20, 30"}),
        Example(
            "A second thread",
            {"numbers": "10"},
            dict.fromkeys(("stateful", "pure"), (Beside({"numbers": "100"}),)),
        ),
        Example(
            "A second thread and a replay of the first",
            {"numbers": "10"},
            dict.fromkeys(("stateful", "pure"), (Beside({"numbers": "100"}), Back("add"))),
        ),
        Example("A word among the numbers", {"numbers": "10, twenty, 30"}, unhappy=True),
    ),
    script=by_instruction({}),
    compares=("numbers", "by_reducer", "true_mean", "agree"),
)
