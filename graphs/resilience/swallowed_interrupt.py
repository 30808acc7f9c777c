"""Swallowed interrupt: inside `try ... except Exception` a question is never asked, for an interrupt is an exception.

Both lanes score an invoice and then ask a person about it, in one `try`, for the service of the scores may be
down. Watch who is asked, and the ledger. The one line that differs is `except GraphBubbleUp: raise`.
"""

from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langgraph.errors import GraphBubbleUp
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from graphs.world import World, effect_key

SMALL = 100_00
"""Cents up to which an invoice is paid where nobody could be asked about it."""


class Input(TypedDict):
    """What the visitor gives."""

    supplier: Annotated[str, Field(title="Supplier", min_length=1, max_length=120)]
    amount: Annotated[float, Field(title="Amount in euros", ge=0.01, le=100_000)]
    down: Annotated[bool, Field(title="The service of the scores is down")]


class State(Input):
    """What is decided about the invoice, and by whom."""

    approved: bool
    decided_by: Literal["a person", "the error handler"]
    error: str
    booking: int


class Verdict(BaseModel):
    """What a person answers."""

    decision: Literal["pay", "refuse"] = Field(title="Decision")


def build_swallowed(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the trap: the handler that is meant for the service also catches the question."""

    def review(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        try:
            score = _score(state, runtime.context)
            answer = interrupt(_question(state, score), response_schema=Verdict)
        except Exception as error:  # noqa: BLE001  # the mistake that this lane shows
            return _without_a_person(state, error)
        return {"approved": answer.decision == "pay", "decided_by": "a person"}

    return _steps_around_review().add_node("review", review)


def build_raised(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the cure: what LangGraph raises to leave the node goes on, and the handler gets true errors alone."""

    def review(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        try:
            score = _score(state, runtime.context)
            answer = interrupt(_question(state, score), response_schema=Verdict)
        except GraphBubbleUp:
            raise
        except Exception as error:  # noqa: BLE001  # whatever the service raises
            return _without_a_person(state, error)
        return {"approved": answer.decision == "pay", "decided_by": "a person"}

    return _steps_around_review().add_node("review", review)


def _score(state: State, world: World) -> int:
    """Return the points by which the invoice looks usual, of 100; raise ConnectionError where the service is down."""
    world.faults.trip("score service", times=1 if state["down"] else 0)
    return max(0, 100 - round(state["amount"] / 50))


def _question(state: State, score: int) -> dict[str, Any]:
    return {"question": f"Pay {state['amount']:,.2f} € to {state['supplier']}?", "score": f"{score} of 100"}


def _without_a_person(state: State, error: Exception) -> dict[str, Any]:
    return {
        "approved": round(state["amount"] * 100) <= SMALL,
        "decided_by": "the error handler",
        "error": type(error).__name__,
    }


def _steps_around_review() -> StateGraph[State, World, Input, State]:
    def pay(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        cents = round(state["amount"] * 100)
        return {"booking": runtime.context.ledger.charge(state["supplier"], cents, key=effect_key(runtime))}

    def decided(state: State) -> Literal["pay", "__end__"]:
        return "pay" if state["approved"] else "__end__"

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("pay", pay, metadata={"effects": ["ledger"]})
        .add_edge(START, "review")
        .add_conditional_edges("review", decided)
        .add_edge("pay", END)
    )
