"""Retry: a service of exchange rates fails for a while, and the node that asks it is tried again, or isn't.

The policy is part of the node: how often, after which waits, and on which errors. Each wait is twice the one before it,
and to each the library adds up to a second at random, so that many callers don't come back at the same time.
"""

from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import RetryPolicy
from pydantic import Field
from typing_extensions import TypedDict

from graphs.world import Failure, RateLimited, Rejected, World

RETRY = RetryPolicy(
    max_attempts=4,
    initial_interval=0.2,
    backoff_factor=2.0,
    max_interval=5.0,
    jitter=True,
    # What may pass by itself. The library's default leaves out TimeoutError, and retries what is rejected for good.
    retry_on=(ConnectionError, TimeoutError, RateLimited),
)

RATES = {"USD": 1.17, "GBP": 0.87, "JPY": 172.4, "CHF": 0.94, "SEK": 11.05, "PLN": 4.26}
"""What one euro is worth."""


class Input(TypedDict):
    """What the visitor gives."""

    euros: Annotated[float, Field(title="Amount in euros", ge=0.01, le=1_000_000)]
    currency: Annotated[str, Field(title="Currency", min_length=1, max_length=20)]
    failures: Annotated[int, Field(title="How many of the first calls fail", ge=0, le=9)]
    failure: Annotated[Failure, Field(title="How they fail")]
    seconds: Annotated[float, Field(title="Seconds that the service takes", ge=0, le=2)]


class State(Input):
    """What came of it, and after how many calls of the service."""

    rate: float
    calls: int
    answer: str


def ask_service(state: State, world: World) -> float:
    """Return what a euro is worth, after the time that the service takes for it."""
    world.wait(state["seconds"])
    world.faults.trip("rates", state["failures"], state["failure"])
    currency = state["currency"].strip().upper()
    if currency not in RATES:
        raise Rejected(f"The service has no currency {currency!r}. It has {', '.join(RATES)}. Ask for one of them.")
    return RATES[currency]


def rate(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Ask for the rate; whatever the service raises leaves the node."""
    return {"rate": ask_service(state, runtime.context), "calls": runtime.context.faults.calls("rates")}


def convert(state: State) -> dict[str, Any]:
    """Say what the amount is worth."""
    worth = state["euros"] * state["rate"]
    return {"answer": f"{state['euros']:,.2f} EUR are {worth:,.2f} {state['currency'].strip().upper()}"}


def build_none(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the lane whose node is tried once."""
    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("rate", rate)
        .add_node("convert", convert)
        .add_edge(START, "rate")
        .add_edge("rate", "convert")
        .add_edge("convert", END)
    )


def build_backoff(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the lane whose node is tried again by its policy."""
    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("rate", rate, retry_policy=RETRY)
        .add_node("convert", convert)
        .add_edge(START, "rate")
        .add_edge("rate", "convert")
        .add_edge("convert", END)
    )
