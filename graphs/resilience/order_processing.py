"""Order processing: one order through stock, approval, payment and shipping, whatever fails, waits or dies on its way.

Each service is called through a circuit breaker of its own, and its node is retried; where that doesn't help, the
node's error handler decides what becomes of the order. Watch the ledger: one order has at most one charge.
"""

import re
from typing import Annotated, Any, Literal, get_args
from uuid import uuid4

from langchain_core.language_models import BaseChatModel
from langgraph.config import get_stream_writer
from langgraph.errors import NodeError
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, RetryPolicy, interrupt
from pybreaker import STATE_OPEN, CircuitBreaker, CircuitBreakerError
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from graphs.world import Failure, RateLimited, Rejected, World, effect_key

PASSING = (ConnectionError, TimeoutError, RateLimited)
RETRY = RetryPolicy(max_attempts=5, initial_interval=0.1, jitter=False, retry_on=PASSING)
OPENS = 3  # failures in a row that open a service's circuit; what it raises then isn't retried
ALERT = 3  # failures of all services together on which somebody is told
APPROVAL = 500_00  # cents from which on a manager decides
PRICES = {"lamp": 49_90, "chair": 129_00, "desk": 389_00, "sofa": 1_290_00}
STOCK = {"lamp": 40, "chair": 12, "desk": 5, "sofa": 1}
Service = Literal["stock", "payment", "answer of payment", "shipping"]
Crash = Literal["never", "after-reserving", "after-approval", "after-charge", "after-shipping"]


class Input(TypedDict):
    """What the visitor gives."""

    items: Annotated[str, Field(title="Items, as lamp x 2, desk x 1", min_length=1, max_length=200)]
    customer: Annotated[str, Field(title="Customer", min_length=3, max_length=80)]
    service: Annotated[Service, Field(title="Which service fails")]
    failures: Annotated[int, Field(title="How many of its first calls fail", ge=0, le=9)]
    failure: Annotated[Failure, Field(title="How they fail")]
    crash: Annotated[Crash, Field(title="Kill the process")]


class State(Input):
    """The order, and how far it has come."""

    order: str
    pieces: dict[str, int]
    cents: int
    reserved: bool
    approval: Literal["not needed", "approved", "rejected"]
    booking: int
    status: Literal["delivered", "paid, not shipped", "paid, not cancelled", "cancelled"]
    reason: str
    metrics: dict[str, Any]


class Verdict(BaseModel):
    """What a manager answers."""

    decision: Literal["approved", "rejected"] = Field(title="Decision")


def call(service: Service, state: State, world: World) -> None:
    """Call a service through its breaker; count failures of all services, and mail once they're too many."""
    row, count, say = world.circuits.storage(service), world.circuits.storage("all services"), get_stream_writer()
    breaker = CircuitBreaker(OPENS, 2.0, exclude=[Rejected], state_storage=row, throw_new_error_on_trip=False)
    failures = state["failures"] if state["service"] == service else 0
    try:
        breaker.call(world.faults.trip, service, failures, state["failure"])
    except PASSING as error:
        count.increment_counter()
        say({"service": service, "failures": count.counter, "alert": count.counter >= ALERT})
        if count.counter == ALERT:
            world.outbox.send("operations@shop.example", f"{ALERT} calls have failed", str(error), key="alert")
        if row.state == STATE_OPEN:
            raise CircuitBreakerError(f"{error} The circuit is open now.") from error
        raise
    finally:
        say({"service": service, "circuit": row.state})


def _crash(point: Crash, state: State, world: World) -> None:
    if state["crash"] == point:
        world.faults.crash(point)


def take(state: State) -> dict[str, Any]:
    """Read the order and give it a number, which all that follows goes by."""
    pieces: dict[str, int] = {}
    for part in state["items"].lower().split(","):
        read = re.fullmatch(r"\s*([a-z]+)\s*(?:x\s*([1-9]\d?))?\s*", part)
        if not read or read[1] not in PRICES:
            raise ValueError(f"{part.strip()[:40]!r} is no item. Order {', '.join(PRICES)}, as in 'lamp x 2'.")
        pieces[read[1]] = pieces.get(read[1], 0) + int(read[2] or 1)
    order, cents = f"ORD-{uuid4().hex[:12].upper()}", sum(PRICES[item] * count for item, count in pieces.items())
    return {"order": order, "pieces": pieces, "cents": cents, "reserved": False}


def reserve(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Reserve the items; each change has a key, so that another attempt reserves nothing twice."""
    world = runtime.context
    call("stock", state, world)
    short = [item for item, count in state["pieces"].items() if count > STOCK[item]]
    if short:
        raise Rejected(f"There are only {STOCK[short[0]]} of {short[0]} in stock.")
    for item, count in state["pieces"].items():
        old = world.records.newest(item, "reserved") or "0"
        world.records.change(item, "reserved", old, str(count), key=effect_key(runtime, item))
    _crash("after-reserving", state, world)
    return {"reserved": True}


def _no_stock(_: State, error: NodeError) -> Command[Literal["cancel"]]:
    return Command(update={"reason": str(error.error)}, goto="cancel")


def approve(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Ask a manager about a high sum; the answer is saved before anything is paid."""
    if state["cents"] < APPROVAL:
        return {"approval": "not needed"}
    question = f"Take {state['items']} for {state['cents'] / 100:,.2f} €, order {state['order']}?"
    verdict = interrupt({"question": question, "role": "manager"}, response_schema=Verdict)
    _crash("after-approval", state, runtime.context)
    return {"approval": verdict.decision, "reason": "" if verdict.decision == "approved" else "A manager said no."}


def _decided(state: State) -> Literal["pay", "cancel"]:
    return "cancel" if state["approval"] == "rejected" else "pay"


def pay(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Charge the order once: its number is the key in each attempt, after a kill and in each branch of the thread."""
    world = runtime.context
    call("payment", state, world)
    booking = world.ledger.charge(state["order"], state["cents"], key=state["order"])
    _crash("after-charge", state, world)
    call("answer of payment", state, world)
    return {"booking": booking}


def _no_payment(state: State, error: NodeError, runtime: Runtime[World]) -> Command[Literal["ship", "cancel"]]:
    # An answer may be lost after the charge: what is paid isn't cancelled.
    booked = state["order"] in runtime.context.ledger.booked()
    return Command(update={"reason": str(error.error)}, goto="ship" if booked else "cancel")


def ship(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Hand the parcel over, and tell the customer."""
    call("shipping", state, runtime.context)
    text, key = f"On its way: {state['items']}.", effect_key(runtime, "shipped")
    runtime.context.outbox.send(state["customer"], f"Order {state['order']}", text, key=key)
    _crash("after-shipping", state, runtime.context)
    return {"status": "delivered"}


def _no_shipping(_: State, error: NodeError) -> Command[Literal["report"]]:
    return Command(update={"status": "paid, not shipped", "reason": str(error.error)}, goto="report")


def cancel(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Give the items free that were reserved; what is paid by now, as in another branch, isn't cancelled."""
    world = runtime.context
    if state["order"] in world.ledger.booked():
        return {"status": "paid, not cancelled"}
    for item in state["pieces"] if state["reserved"] else ():
        old = world.records.newest(item, "reserved") or "0"
        world.records.change(item, "reserved", old, "0", key=effect_key(runtime, item))
    return {"status": "cancelled"}


def report(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Note the metrics of the services."""
    calls = {service: runtime.context.faults.calls(service) for service in get_args(Service)}
    return {"metrics": {"calls": calls, "failures": runtime.context.circuits.storage("all services").counter}}


def build(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the way of an order, with an error handler for each service."""
    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("take", take)
        .add_node("reserve", reserve, retry_policy=RETRY, error_handler=_no_stock, metadata={"effects": ["records"]})
        .add_node("approve", approve)
        .add_node("pay", pay, retry_policy=RETRY, error_handler=_no_payment, metadata={"effects": ["ledger"]})
        .add_node("ship", ship, retry_policy=RETRY, error_handler=_no_shipping, metadata={"effects": ["outbox"]})
        .add_node("cancel", cancel, metadata={"effects": ["records"]})
        .add_node("report", report)
        .add_edge(START, "take")
        .add_edge("take", "reserve")
        .add_edge("reserve", "approve")
        .add_conditional_edges("approve", _decided)
        .add_edge("pay", "ship")
        .add_edge("ship", "report")
        .add_edge("cancel", "report")
        .add_edge("report", END)
    )
