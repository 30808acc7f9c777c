"""Circuit breaker: a service fails for a while; without a breaker every call waits for it, with one most are spared.

The breaker opens after some failures in a row, fewer of a costlier kind. While it's open no call reaches the service.
After a while it's half open: one call may try, and by what comes of that one it closes or opens again. Watch its state.
"""

import operator
from collections.abc import Callable
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pybreaker import CircuitBreaker, CircuitBreakerError, CircuitBreakerListener
from pydantic import Field
from typing_extensions import TypedDict

from graphs.world import RateLimited, Rejected, World

THRESHOLDS: dict[type[BaseException], int] = {ConnectionError: 3, TimeoutError: 2, RateLimited: 1}
"""Failures in a row that open the breaker: a timeout costs most, and a rate limit says by itself that it's enough."""
OPEN = 0.7  # seconds for which the breaker stays open before it lets a call try
PAUSE = 0.2  # seconds between two calls
MOST = 20  # items of a run
STOCK = {"lamp": 14, "chair": 6, "desk": 3, "shelf": 0, "sofa": 1, "rug": 25, "clock": 9, "mirror": 4}


class Input(TypedDict):
    """What the visitor gives."""

    items: Annotated[str, Field(title="Items to look up, separated by commas", min_length=1, max_length=400)]
    failures: Annotated[int, Field(title="How many of the first calls fail", ge=0, le=20)]
    failure: Annotated[Literal["connection lost", "timeout", "rate limit"], Field(title="How they fail")]
    seconds: Annotated[float, Field(title="Seconds that the service takes", ge=0, le=2)]


class Call(TypedDict):
    """What came of a call, and how long the caller waited for it."""

    item: str
    came: Literal["answered", "rejected", "failed", "spared"]
    answer: str
    seconds: float


class State(Input):
    """The calls so far, and what they found."""

    calls: Annotated[list[Call], operator.add]
    report: str


class Changes(CircuitBreakerListener):
    """Listens to the breaker: sets the threshold by the kind of failure, and tells each change of its state."""

    def failure(self, cb: CircuitBreaker, exc: BaseException) -> None:
        """Take the threshold of this kind of failure, right before the breaker compares its count with it."""
        cb.fail_max = THRESHOLDS.get(type(exc), 3)

    def state_change(self, cb: CircuitBreaker, old_state: Any, new_state: Any) -> None:
        get_stream_writer()({"circuit": new_state.name, "failures": cb.fail_counter})


def look_up(item: str, state: State, world: World) -> int:
    """Ask the service how many pieces are in stock, which takes its time, be it for a failure."""
    world.wait(state["seconds"])
    world.faults.trip("stock", state["failures"], state["failure"])
    if item not in STOCK:
        raise Rejected(f"There is no item {item[:40]!r}. The service knows {', '.join(STOCK)}.")
    return STOCK[item]


def look_up_guarded(item: str, state: State, world: World) -> int:
    """Ask the service through a breaker; that it says no is an answer, which isn't counted as a failure."""
    # Made anew for each call: what a breaker knows is in its storage, which all of them share.
    row = world.circuits.storage("stock")
    breaker = CircuitBreaker(
        reset_timeout=OPEN, exclude=[Rejected], listeners=[Changes()], state_storage=row, throw_new_error_on_trip=False
    )
    try:
        return breaker.call(look_up, item, state, world)
    finally:
        # Its changes alone don't say how another branch, or a process that was killed, has left it.
        get_stream_writer()({"circuit": row.state})


def names(items: str) -> list[str]:
    """Return the items that are asked for."""
    asked = [name.strip().lower() for name in items.split(",") if name.strip()]
    if not 1 <= len(asked) <= MOST:
        raise ValueError(f"There are {len(asked)} items. Give 1 to {MOST} of them, separated by commas.")
    return asked


def _calls(ask: Callable[[str, State, World], int]) -> StateGraph[State, World, Input, State]:
    def call(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        world, asked = runtime.context, names(state["items"])[len(state["calls"]) :]
        if not asked:  # Somebody has shortened the list.
            return {"calls": []}
        if state["calls"]:
            world.wait(PAUSE)
        begun = world.now()
        came: Literal["answered", "rejected", "failed", "spared"] = "answered"
        try:
            answer = f"{ask(asked[0], state, world)} in stock"
        except Rejected as error:
            came, answer = "rejected", str(error)
        except (ConnectionError, TimeoutError, RateLimited) as error:
            came, answer = "failed", str(error)
        except CircuitBreakerError:
            came, answer = "spared", "Not asked: the circuit is open."
        return {"calls": [Call(item=asked[0], came=came, answer=answer, seconds=round(world.now() - begun, 3))]}

    def more(state: State) -> Literal["call", "report"]:
        return "call" if len(state["calls"]) < len(names(state["items"])) else "report"

    def report(state: State) -> dict[str, Any]:
        return {"report": "\n".join(f"{one['item']}: {one['answer']}" for one in state["calls"])}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("call", call)
        .add_node("report", report)
        .add_edge(START, "call")
        .add_conditional_edges("call", more)
        .add_edge("report", END)
    )


def build_without(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the lane in which every call goes to the service."""
    return _calls(look_up)


def build_with(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the lane in which a breaker stands before the service."""
    return _calls(look_up_guarded)
