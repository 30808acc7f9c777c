"""Durable task: one order through failures, a question and a crash; where the retry sits decides what is paid.

All three lanes do the same: make an order number, reserve it, ask a person to confirm that very order, charge.
Watch the number in the question against the rows of the ledger.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import uuid4

from langchain_core.language_models import BaseChatModel
from langgraph.func import task
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import get_runtime
from langgraph.types import RetryPolicy, interrupt
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from graphs.world import World

RETRY = RetryPolicy(max_attempts=4, initial_interval=0.05, jitter=False, retry_on=ConnectionError)
"""Tries often enough for the most failures that a visitor can ask for."""

Crash = Literal["never", "after-order", "after-question", "after-charge"]


class Input(TypedDict):
    """What the visitor gives."""

    item: Annotated[str, Field(title="Item", min_length=1, max_length=120)]
    amount: Annotated[float, Field(title="Amount in euros", ge=0.01, le=100_000)]
    failures: Annotated[int, Field(title="Failures of the gateway and of the bank", ge=0, le=2)]
    crash: Annotated[Crash, Field(title="Kill the process")]


class State(Input):
    """What the order leaves behind."""

    order: str
    confirmed: bool
    booking: int
    receipt: str


class Confirmation(BaseModel):
    """What a person answers before anything is paid."""

    confirm: Literal["yes", "no"] = Field(title="Pay this order")


def _world() -> World:
    # Not an argument of the steps, as a task's arguments show in the event stream.
    return get_runtime(World).context


def _crash(point: Crash, chosen: Crash) -> None:
    if chosen == point:
        _world().faults.crash(point)


def new_order() -> str:
    """Make an order number, another one each time it really runs."""
    return f"ORD-{uuid4().hex[:12].upper()}"


def reserve(order: str, failures: int) -> None:
    """Reserve the order at the gateway, which drops the first calls."""
    _world().faults.trip("gateway", times=failures)


def charge(order: str, cents: int, failures: int, crash: Crash) -> int:
    """Book the payment and return its number, which gets lost on the way the first times."""
    # A kill or a lost answer after the booking repeats this call. The key makes that harmless,
    # though only for a caller that comes back with the same order.
    booking = _world().ledger.charge(order, cents, key=order)
    _crash("after-charge", crash)
    _world().faults.trip("bank", times=failures)
    return booking


Run = Callable[..., Any]
"""Runs a step with what it takes: this is what the lanes differ in."""


def _ordered(run: Run, state: State) -> dict[str, Any]:
    number = run(new_order)
    _crash("after-order", state["crash"])
    run(reserve, number, state["failures"])
    amount = f"{state['amount']:,.2f} €"
    asked = {"question": f"Pay {amount} for {state['item']}, order {number}?", "order": number, "amount": amount}
    answer = interrupt(asked, response_schema=Confirmation)
    _crash("after-question", state["crash"])
    return {"order": number, "confirmed": answer.confirm == "yes"}


def _paid(run: Run, order: str, state: State) -> dict[str, Any]:
    return {"booking": run(charge, order, round(state["amount"] * 100), state["failures"], state["crash"])}


def _receipt(state: State) -> dict[str, Any]:
    if not state["confirmed"]:
        return {"receipt": f"Order {state['order']} for {state['item']} was declined."}
    return {"receipt": f"Paid {state['amount']:,.2f} € for {state['item']}, order {state['order']}."}


def _in_one_node(run: Run) -> StateGraph[State, World, Input, State]:
    def order(state: State) -> dict[str, Any]:
        ordered = _ordered(run, state)
        return ordered | _paid(run, ordered["order"], state) if ordered["confirmed"] else ordered

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("order", order, retry_policy=RETRY, metadata={"effects": ["ledger"]})
        .add_node("receipt", _receipt)
        .add_edge(START, "order")
        .add_edge("order", "receipt")
        .add_edge("receipt", END)
    )


def build_in_node(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the trap: every step is a plain call, and the node that makes them is tried again."""
    return _in_one_node(lambda step, *given: step(*given))


def build_retry_around(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the trap: every step is a task, and the node that holds the tasks is tried again."""
    return _in_one_node(lambda step, *given: task(step)(*given).result())


def build_task(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the cure: every step is a task that is tried again by itself, and paying has a node of its own."""

    def run(step: Callable[..., Any], *given: Any) -> Any:
        return task(retry_policy=RETRY)(step)(*given).result()

    def order(state: State) -> dict[str, Any]:
        return _ordered(run, state)

    # Not in `order`: an answer is saved when its node ends. Killed before that, the person is asked
    # again, and could decline what has been paid already.
    def pay(state: State) -> dict[str, Any]:
        return _paid(run, state["order"], state)

    def agreed(state: State) -> Literal["pay", "receipt"]:
        return "pay" if state["confirmed"] else "receipt"

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("order", order)
        .add_node("pay", pay, metadata={"effects": ["ledger"]})
        .add_node("receipt", _receipt)
        .add_edge(START, "order")
        .add_conditional_edges("order", agreed)
        .add_edge("pay", "receipt")
        .add_edge("receipt", END)
    )
