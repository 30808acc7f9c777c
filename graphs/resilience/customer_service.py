"""Customer service: one request through a retry, a circuit breaker, a person, checkpoints and a restart.

The request is sorted, the customer looked up, a reply written and sent. The service of the customers' records may be
down: the node is retried, until the circuit opens; then a person is asked, who answers or lets it be tried again.
"""

from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.config import get_stream_writer
from langgraph.errors import NodeError
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, RetryPolicy, interrupt
from pybreaker import STATE_OPEN, CircuitBreaker, CircuitBreakerError, CircuitBreakerListener
from pydantic import Field
from typing_extensions import TypedDict

from graphs.answers import Answer
from graphs.world import Failure, RateLimited, Rejected, World, effect_key

SORT = "You sort requests of customers. Answer with one word: refund, delivery, warranty or other."
WRITE = "You answer a customer of a lamp shop by mail. Write two or three friendly sentences, without a subject."
KINDS = ("refund", "delivery", "warranty")

PASSING = (ConnectionError, TimeoutError, RateLimited)
RETRY = RetryPolicy(max_attempts=5, initial_interval=0.1, jitter=False, retry_on=PASSING)
OPENS = 3  # failures in a row that open the circuit; what it raises then isn't retried
OPEN = 0.7  # seconds for which it stays open before a call may try

CUSTOMERS = {
    "C-100": {"name": "Anna", "mail": "anna@example.org", "order": "two desk lamps, sent on Monday"},
    "C-101": {"name": "Tom", "mail": "tom@example.org", "order": "a floor lamp, delivered last week"},
    "C-102": {"name": "Mia", "mail": "mia@example.org", "order": "five bulbs, not sent yet"},
}
NOBODY = {"name": "customer", "mail": "unknown@example.org", "order": "unknown"}


class Input(TypedDict):
    """What the visitor gives."""

    customer: Annotated[str, Field(title="Customer's number", min_length=1, max_length=20)]
    message: Annotated[str, Field(title="Request", min_length=1, max_length=600, json_schema_extra={"multiline": True})]
    failures: Annotated[int, Field(title="How many of the first calls of the records fail", ge=0, le=9)]
    failure: Annotated[Failure, Field(title="How they fail")]
    crash: Annotated[Literal["never", "after-looking-up", "after-sending"], Field(title="Kill the process")]


class State(Input):
    """The request, and how far it has come."""

    kind: str
    record: dict[str, str]
    reason: str
    reply: str
    written_by: Literal["the model", "a person"]
    mail: int


class NoRecord(ValueError):
    """Raised where there is no record to answer from, as an edit has emptied it."""


class Help(Answer, needs="text", when=("answer",)):
    """What a person answers who is asked for help."""

    decision: Literal["try again", "answer"] = Field(title="What to do")
    text: str = Field("", title="Reply (needed to answer)", max_length=2000, json_schema_extra={"multiline": True})


class Changes(CircuitBreakerListener):
    """Tells the stream of each change of the circuit."""

    def state_change(self, cb: CircuitBreaker, old_state: Any, new_state: Any) -> None:
        """Tell the stream."""
        get_stream_writer()({"circuit": new_state.name})


def look_up(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Read the customer's record through the breaker."""
    world = runtime.context
    row, listeners = world.circuits.storage("records"), [Changes()]
    breaker = CircuitBreaker(
        OPENS, OPEN, exclude=[Rejected], listeners=listeners, state_storage=row, throw_new_error_on_trip=False
    )
    try:
        breaker.call(world.faults.trip, "records", state["failures"], state["failure"])
    except PASSING as error:
        if row.state == STATE_OPEN:
            # What opened the circuit is no reason to try again at once, yet says why.
            raise CircuitBreakerError(f"{error} The circuit is open now.") from error
        raise
    finally:
        # Its changes alone don't say how another branch, or a process that was killed, has left it.
        get_stream_writer()({"circuit": row.state})
    record = CUSTOMERS.get(state["customer"].strip().upper())
    if record is None:
        raise Rejected(f"There is no customer {state['customer'][:20]!r}. The records have {', '.join(CUSTOMERS)}.")
    if state["crash"] == "after-looking-up":
        world.faults.crash("looking-up")
    return {"record": record}


def no_record(_: State, error: NodeError) -> Command[Literal["ask_person"]]:
    """Handle what the retries have left: a person decides."""
    return Command(update={"reason": f"{type(error.error).__name__}: {error.error}"}, goto="ask_person")


def ask_person(state: State, runtime: Runtime[World]) -> Command[Literal["look_up", "send"]]:
    """Ask what to do; a reply of the person's own goes out as it is."""
    asked = {"question": f"Answer {state['customer']}, or try again?", "role": "support", "priority": "high"}
    about = {"request": state["message"], "kind": state["kind"], "reason": state["reason"]}
    answer = interrupt({**asked, **about}, response_schema=Help)
    if answer.decision == "try again":
        # However fast the person was, the circuit lets nobody try before its time.
        runtime.context.wait(OPEN)
        return Command(goto="look_up")
    record = CUSTOMERS.get(state["customer"].strip().upper(), NOBODY)
    return Command(update={"record": record, "reply": answer.text.strip(), "written_by": "a person"}, goto="send")


def record_of(state: State) -> dict[str, str]:
    """Return the customer's record; raise NoRecord."""
    record = state.get("record", {})
    if lacks := [name for name in NOBODY if not record.get(name, "").strip()]:
        raise NoRecord(f"The record has no {' and no '.join(lacks)}. A reply needs all of it: edit it, or look it up.")
    return record


def send(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Send the reply, once for this task whatever becomes of its process."""
    world, record = runtime.context, record_of(state)
    subject, key = f"Your request, {record['name']}", effect_key(runtime, "reply")
    mail = world.outbox.send(record["mail"], subject, state["reply"], key=key)
    if state["crash"] == "after-sending":
        world.faults.crash("sending")
    return {"mail": mail}


def build(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the way of a request, with a person where the services have come to their end."""

    def sort(state: State) -> dict[str, Any]:
        said = model.invoke([SystemMessage(SORT), HumanMessage(state["message"])]).text.lower()
        return {"kind": next((kind for kind in KINDS if kind in said), "other")}

    def write(state: State) -> dict[str, Any]:
        record = record_of(state)
        about = f"Customer: {record['name']}\nLast order: {record['order']}\nAbout: {state['kind']}"
        reply = model.invoke([SystemMessage(WRITE), HumanMessage(f"{about}\nRequest: {state['message']}")]).text.strip()
        return {"reply": reply, "written_by": "the model", "reason": "" if reply else "The model wrote nothing."}

    def written(state: State) -> Literal["send", "ask_person"]:
        return "send" if state["reply"] else "ask_person"

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("sort", sort)
        .add_node("look_up", look_up, retry_policy=RETRY, error_handler=no_record)
        .add_node("ask_person", ask_person)
        .add_node("write", write)
        .add_node("send", send, metadata={"effects": ["outbox"]})
        .add_edge(START, "sort")
        .add_edge("sort", "look_up")
        .add_edge("look_up", "write")
        .add_conditional_edges("write", written)
        .add_edge("send", END)
    )
