"""Approval timeout: a supplier holds a price for a few seconds, and a person has to say yes to it before they're over.

'Waits for ever' only tells the deadline, and buys whenever somebody says yes. In 'Expires' the question also names the
answer that counts once nobody has decided in time; whoever runs the graph gives that one, be it after a restart.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from graphs.world import World, effect_key

REQUESTER = "requester@example.org"
NOBODY = "Nobody decided in time."
"""The reason of the answer that no person gives."""


class Input(TypedDict):
    """What the visitor gives."""

    item: Annotated[str, Field(title="What to buy", min_length=1, max_length=120)]
    euros: Annotated[float, Field(title="Price in euros", ge=0.01, le=1_000_000)]
    seconds: Annotated[int, Field(title="Seconds for which the price holds", ge=1, le=86_400)]


class State(Input):
    """The offer, and what was decided on it."""

    deadline: str
    decision: Literal["approved", "rejected", "expired"]
    reason: str
    decided_at: str
    booking: int
    mail: int


class Verdict(BaseModel):
    """What a person answers."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"decision": {"const": "rejected"}}, "required": ["decision"]},
            "then": {"properties": {"reason": {"pattern": r"\S"}}, "required": ["reason"]},
        }
    )

    decision: Literal["approved", "rejected"] = Field(title="Decision")
    reason: str = Field("", title="Reason (needed to reject)", max_length=500)
    # The lab puts the name in, whatever is answered; empty where nobody in particular answers.
    person: str = Field("", title="Person", json_schema_extra={"acting_person": True})


def clock(seconds: float) -> str:
    """Return a time as it's written into the state."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def question_of(state: State) -> dict[str, Any]:
    """Return what the person is asked."""
    return {"question": f"Buy {state['item']} for {state['euros']:,.2f} €?", "deadline": state["deadline"]}


def decided(verdict: Verdict, runtime: Runtime[World], *, expires: bool) -> dict[str, Any]:
    """Return what a verdict writes to the state."""
    # A person may write the same reason, but has a name.
    decision = "expired" if expires and verdict.reason == NOBODY and not verdict.person else verdict.decision
    return {"decision": decision, "reason": verdict.reason.strip(), "decided_at": clock(runtime.context.now())}


def _around_approval() -> StateGraph[State, World, Input, State]:
    def offer(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        # The node that asks runs again from its top with each answer, and would put its own deadline off.
        return {"deadline": clock(runtime.context.now() + state["seconds"])}

    def buy(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        cents = round(state["euros"] * 100)
        return {"booking": runtime.context.ledger.charge(state["item"], cents, key=effect_key(runtime))}

    def decline(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        subject = f"{state['item']}: {state['decision']}"
        return {"mail": runtime.context.outbox.send(REQUESTER, subject, state["reason"], key=effect_key(runtime))}

    def after_approval(state: State) -> Literal["buy", "decline"]:
        return "buy" if state["decision"] == "approved" else "decline"

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("offer", offer)
        .add_node("buy", buy, metadata={"effects": ["ledger"]})
        .add_node("decline", decline, metadata={"effects": ["outbox"]})
        .add_edge(START, "offer")
        .add_edge("offer", "approve")
        .add_conditional_edges("approve", after_approval)
        .add_edge("buy", END)
        .add_edge("decline", END)
    )


def build_waiting(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the approval whose question stays open after its deadline."""

    def approve(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        verdict = interrupt(question_of(state), response_schema=Verdict)
        return decided(verdict, runtime, expires=False)

    return _around_approval().add_node("approve", approve)


def build_expiring(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the approval whose question names the answer that it gets after its deadline."""

    def approve(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        on_expiry = {"decision": "rejected", "reason": NOBODY}
        verdict = interrupt({**question_of(state), "on_expiry": on_expiry}, response_schema=Verdict)
        return decided(verdict, runtime, expires=True)

    return _around_approval().add_node("approve", approve)
