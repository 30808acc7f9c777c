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

from graphs.pattern import Example, Family, Go, Lane, Pattern, Reply
from graphs.script import by_instruction
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


def build_in_node(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds the trap: every step is a plain call, and the node that makes them is tried again."""
    return _in_one_node(new_order, reserve, charge)


def build_retry_around(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds the trap: every step is a task, and the node that holds the tasks is tried again."""
    return _in_one_node(*(_as_task(step, retry=None) for step in (new_order, reserve, charge)))


def build_task(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds the cure: every step is a task that is tried again by itself, and paying has a node of its own."""
    numbered, reserved, charged = (_as_task(step, retry=RETRY) for step in (new_order, reserve, charge))

    def order(state: State) -> dict[str, Any]:
        number, confirmed = _agree(state, numbered, reserved)
        return {"order": number, "confirmed": confirmed}

    # Not in `order`: an answer is saved when its node ends. Killed before that, the person is asked
    # again, and could decline what has been paid already.
    def pay(state: State) -> dict[str, Any]:
        return {"booking": charged(state["order"], _cents(state), state["failures"], state["crash"])}

    def agreed(state: State) -> Literal["pay", "receipt"]:
        return "pay" if state["confirmed"] else "receipt"

    return (
        _receipt_at_the_end()
        .add_node("order", order)
        .add_node("pay", pay, metadata={"effects": ["ledger"]})
        .add_conditional_edges("order", agreed)
        .add_edge("pay", "receipt")
    )


def new_order() -> str:
    """Makes an order number, another one each time it really runs."""
    return f"ORD-{uuid4().hex[:12].upper()}"


def reserve(order: str, failures: int) -> None:
    """Reserves the order at the gateway, which drops the first calls."""
    _world().faults.trip("gateway", times=failures)


def charge(order: str, cents: int, failures: int, crash: Crash) -> int:
    """Books the payment and gives its number, which gets lost on the way the first times."""
    # A kill or a lost answer after the booking repeats this call. The key makes that harmless,
    # though only for a caller that comes back with the same order.
    booking = _world().ledger.charge(order, cents, key=order)
    _crash("after-charge", crash)
    _world().faults.trip("bank", times=failures)
    return booking


def _as_task(step: Callable[..., Any], *, retry: RetryPolicy | None) -> Callable[..., Any]:
    durable: Callable[..., Any] = task(retry_policy=retry)(step)
    return lambda *given: durable(*given).result()


def _in_one_node(
    numbered: Callable[..., str], reserved: Callable[..., None], charged: Callable[..., int]
) -> StateGraph[State, World, Input, State]:
    def order(state: State) -> dict[str, Any]:
        number, confirmed = _agree(state, numbered, reserved)
        if not confirmed:
            return {"order": number, "confirmed": False}
        booking = charged(number, _cents(state), state["failures"], state["crash"])
        return {"order": number, "confirmed": True, "booking": booking}

    return (
        _receipt_at_the_end()
        .add_node("order", order, retry_policy=RETRY, metadata={"effects": ["ledger"]})
        .add_edge("order", "receipt")
    )


def _agree(state: State, numbered: Callable[..., str], reserved: Callable[..., None]) -> tuple[str, bool]:
    number = numbered()
    _crash("after-order", state["crash"])
    reserved(number, state["failures"])
    amount = f"{state['amount']:,.2f} €"
    question = f"Pay {amount} for {state['item']}, order {number}?"
    answer = interrupt({"question": question, "order": number, "amount": amount}, response_schema=Confirmation)
    _crash("after-question", state["crash"])
    return number, answer.confirm == "yes"


def _receipt_at_the_end() -> StateGraph[State, World, Input, State]:
    def receipt(state: State) -> dict[str, Any]:
        if not state["confirmed"]:
            return {"receipt": f"Order {state['order']} for {state['item']} was declined."}
        return {"receipt": f"Paid {state['amount']:,.2f} € for {state['item']}, order {state['order']}."}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("receipt", receipt)
        .add_edge(START, "order")
        .add_edge("receipt", END)
    )


def _cents(state: State) -> int:
    return round(state["amount"] * 100)


def _world() -> World:
    # Not an argument of the steps, as a task's arguments show in the event stream.
    return get_runtime(World).context


def _crash(point: Crash, chosen: Crash) -> None:
    if chosen == point:
        _world().faults.crash(point)


_YES, _NO = Reply({"confirm": "yes"}), Reply({"confirm": "no"})


def _answered(reply: Reply) -> dict[str, tuple[Reply, ...]]:
    return dict.fromkeys(("in-node", "retry-around", "task"), (reply,))


PATTERN = Pattern(
    slug="durable-task",
    title="Durable task",
    family=Family.RESILIENCE,
    summary="One order that is shown, confirmed and paid once, whatever fails, waits or dies in between.",
    watch=(
        "The question names an order; the ledger should have that order, once, and nothing else.",
        "A node runs again from its top after an interrupt, so a plain call makes a second order number.",
        "A task's result is kept over interrupt and crash, but a retry around it runs it again.",
        "With its own retry a task alone is tried again, and the order number stays what it was.",
        "The idempotency key is the order's number: it helps only where the number stays the same.",
        "Killed after the charge, the traps ask again what has been paid already; the cure's answer is saved by then.",
    ),
    sources=("HN 3",),
    lanes=(
        Lane(
            "in-node",
            "Side effects in the node",
            "Calls every step directly, with the retry on the node.",
            build_in_node,
            trap="Each retry and each answer starts the node over: every pass makes a new order and charges for it.",
        ),
        Lane(
            "retry-around",
            "Retry around tasks",
            "Makes every step a task, and leaves the retry on the node.",
            build_retry_around,
            trap="After a failure the person is shown one order and the answer pays others, one for each try.",
        ),
        Lane(
            "task",
            "Task with its own retry",
            "Gives the retry to each task and not to its node, and pays in a node after the question.",
            build_task,
        ),
    ),
    examples=(
        Example(
            "A quiet day",
            {"item": "Desk lamp", "amount": 49.9, "failures": 0, "crash": "never"},
            _answered(_YES),
        ),
        Example(
            "Gateway and bank fail once",
            {"item": "Office chair", "amount": 289, "failures": 1, "crash": "never"},
            _answered(_YES),
            unhappy=True,
        ),
        Example(
            "Gateway and bank fail twice",
            {"item": "Standing desk", "amount": 640.5, "failures": 2, "crash": "never"},
            _answered(_YES),
            unhappy=True,
        ),
        Example(
            "Declined",
            {"item": "Espresso machine", "amount": 1290, "failures": 1, "crash": "never"},
            _answered(_NO),
            unhappy=True,
        ),
        Example(
            "Killed right after the charge",
            {"item": "Headphones", "amount": 199, "failures": 0, "crash": "after-charge"},
            {"in-node": (_YES, _YES), "retry-around": (_YES, _YES), "task": (_YES, Go())},
            unhappy=True,
        ),
    ),
    script=by_instruction({}),
    tables=("ledger",),
    crash_field="crash",
)
