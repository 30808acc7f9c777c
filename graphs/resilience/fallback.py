"""Fallback: where the model that answers is down, an error handler sends the question on to the next source.

A handler runs when the retries of its node are spent. It gets the error, and names by `Command` the node that comes
instead. Watch which source answers, and what stands in the state of those before it.
"""

import operator
import re
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.errors import NodeError
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, RetryPolicy
from pydantic import Field
from typing_extensions import TypedDict

from graphs.world import Failure, World

ANSWER = "You answer customers of a lamp shop. Answer the question in one or two short sentences."
RETRY = RetryPolicy(max_attempts=2, initial_interval=0.1, jitter=False, retry_on=ConnectionError)

FAQ = {
    "delivery": "Parcels leave on the day of the order and take two to four days.",
    "return": "Send anything back within thirty days; the label is in the parcel.",
    "warranty": "Every lamp has a warranty of two years.",
    "bulb": "All our lamps take E27 bulbs of at most 60 watts.",
}
HANDBOOK = "We can't look that up now. Call 555 0100 on weekdays from nine to five, or write to help@lamps.example."


class NoAnswer(LookupError):
    """Raised by a source that is up and knows nothing of the question."""


class Input(TypedDict):
    """What the visitor gives."""

    question: Annotated[str, Field(title="Question", min_length=1, max_length=400)]
    down: Annotated[int, Field(title="How many sources are down, from the model on", ge=0, le=3)]
    failure: Annotated[Failure, Field(title="How they fail")]


class State(Input):
    """The answer with its source, and why those before it gave none."""

    answer: str
    source: str
    errors: Annotated[list[str], operator.add]


def _call(source: str, place: int, state: State, world: World) -> None:
    world.faults.trip(source, times=99 if place <= state["down"] else 0, failure=state["failure"])


def faq(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Look the question up among those that are asked often."""
    _call("faq", 2, state, runtime.context)
    words = re.findall(r"[a-z]+", state["question"].lower())
    known = [text for key, text in FAQ.items() if any(word.startswith(key) for word in words)]
    if not known:
        raise NoAnswer(f"Nothing is said there about {state['question'][:40]!r}.")
    return {"answer": " ".join(known), "source": "faq"}


def handbook(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Say what can always be said."""
    _call("handbook", 3, state, runtime.context)
    return {"answer": HANDBOOK, "source": "handbook"}


def give_up(state: State) -> dict[str, Any]:
    """Say clearly that there is no answer, and why."""
    return {"answer": "", "source": "none"}


def model_failed(_: State, error: NodeError) -> Command[Literal["faq"]]:
    """Handle the model's error: go on at the list of common questions."""
    return Command(update={"errors": [_text(error)]}, goto="faq")


def faq_failed(_: State, error: NodeError) -> Command[Literal["handbook"]]:
    """Handle the list's error: go on at the handbook."""
    return Command(update={"errors": [_text(error)]}, goto="handbook")


def handbook_failed(_: State, error: NodeError) -> Command[Literal["give_up"]]:
    """Handle the last source's error: there is none to go on at."""
    return Command(update={"errors": [_text(error)]}, goto="give_up")


def _text(error: NodeError) -> str:
    return f"{error.node}: {type(error.error).__name__}: {error.error}"


def _asking(model: BaseChatModel, error_handler: Any = None) -> StateGraph[State, World, Input, State]:
    def ask_model(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        _call("model", 1, state, runtime.context)
        answer = model.invoke([SystemMessage(ANSWER), HumanMessage(state["question"])]).text.strip()
        if not answer:
            raise NoAnswer("The model's answer is empty.")
        return {"answer": answer, "source": "model"}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("model", ask_model, retry_policy=RETRY, error_handler=error_handler)
        .add_edge(START, "model")
        .add_edge("model", END)
    )


def build_alone(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the lane that has the model alone."""
    return _asking(model)


def build_fallback(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the lane in which each source but the last has one to fall back to."""
    return (
        _asking(model, error_handler=model_failed)
        .add_node("faq", faq, error_handler=faq_failed)
        .add_node("handbook", handbook, error_handler=handbook_failed)
        .add_node("give_up", give_up)
        .add_edge("faq", END)
        .add_edge("handbook", END)
        .add_edge("give_up", END)
    )
