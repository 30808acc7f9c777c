"""Stateful reducer: a running average by an object with a memory of its own, and by a pure function.

Watch the second thread. The object averages every number that it was ever given, whoever gave it,
while the checkpoints know nothing of it; the pure reducer has nothing but what the state holds.
"""

import math
import re
from statistics import fmean
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langgraph.graph import START, StateGraph
from langgraph.types import Command
from pydantic import Field
from typing_extensions import TypedDict

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


def read(state: Common) -> dict[str, Any]:
    """Read the numbers from the text."""
    parts = [part for part in re.split(r"[,;\s]+", state["numbers"]) if part]
    if not 1 <= len(parts) <= MOST:
        raise NoNumbers(f"There are {len(parts)} numbers. An average is made here of 1 to {MOST}. Give as many.")
    return {"values": [_number(part) for part in parts], "taken": 0}


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


class RunningAverage:
    """A reducer that keeps count by itself, outside the state: the mistake."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0

    def __call__(self, _average: float, number: float) -> float:
        """Take one more number and return the average of all that came so far."""
        self.count += 1
        self.total += number
        return self.total / self.count


class Mean(TypedDict, total=False):
    """An average as its two parts, which can be added up."""

    n: int
    sum: float


def add_up(one: Mean, other: Mean) -> Mean:
    """Return the mean of the numbers of both, from nothing but these."""
    return {"n": one.get("n", 0) + other.get("n", 0), "sum": one.get("sum", 0.0) + other.get("sum", 0.0)}


def build_stateful(_: BaseChatModel) -> StateGraph[Any, None, Input, Any]:
    """Build the trap: one object is the reducer of every thread for as long as the graph lives."""
    remembering = RunningAverage()

    class State(Common):
        average: Annotated[float, remembering]

    def add(state: Common) -> Command[Literal["add", "check"]]:
        taken = state["taken"] + 1
        written = {"average": state["values"][state["taken"]], "taken": taken}
        # An edge with a condition would have the reducer called once more, to read the state after the write.
        return Command(update=written, goto="add" if taken < len(state["values"]) else "check")

    def check(state: State) -> dict[str, Any]:
        average, mean = state["average"], fmean(state["values"])
        return {"by_reducer": average, "true_mean": mean, "agree": math.isclose(average, mean, abs_tol=1e-9)}

    graph = StateGraph(State, input_schema=Input).add_sequence([read, add]).add_node(check)
    return graph.add_edge(START, "read")


def build_pure(_: BaseChatModel) -> StateGraph[Any, None, Input, Any]:
    """Build the cure: the reducer is a function of two values, and all that it knows is in the state."""

    class State(Common):
        average: Annotated[Mean, add_up]

    def add(state: Common) -> Command[Literal["add", "check"]]:
        taken = state["taken"] + 1
        written = {"average": Mean(n=1, sum=state["values"][state["taken"]]), "taken": taken}
        return Command(update=written, goto="add" if taken < len(state["values"]) else "check")

    def check(state: State) -> dict[str, Any]:
        average, mean = state["average"]["sum"] / state["average"]["n"], fmean(state["values"])
        return {"by_reducer": average, "true_mean": mean, "agree": math.isclose(average, mean, abs_tol=1e-9)}

    graph = StateGraph(State, input_schema=Input).add_sequence([read, add]).add_node(check)
    return graph.add_edge(START, "read")
