"""Role approval: each kind of request goes through its own chain of roles, one after the other.

Watch who is asked. A technical request goes to support, an engineer and a manager, a security one to the director as
well. The wrong role, the wrong turn, the requester and whoever has decided already are refused, and a no ends it.
"""

import operator
from typing import Annotated, Any, Literal, Self

from langchain_core.language_models import BaseChatModel
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from graphs.world import World, effect_key

CHAINS = {
    "technical": ["support", "technical", "manager"],
    "billing": ["billing", "manager"],
    "security": ["security", "manager", "director"],
}
"""The roles that decide on each kind of request, in their order."""


class Input(TypedDict):
    """What the visitor gives."""

    request: Annotated[str, Field(title="Request", min_length=1, max_length=300)]
    kind: Annotated[Literal["technical", "billing", "security"], Field(title="Kind of request")]
    requested_by: Annotated[str, Field(title="Requested by", min_length=1, max_length=200)]


class Decision(TypedDict):
    """What one person decided."""

    role: str
    person: str
    decision: Literal["approve", "reject"]
    comment: str


class State(Input):
    """The request on its way, with all that was decided on it."""

    decisions: Annotated[list[Decision], operator.add]
    mail: int


class Verdict(BaseModel):
    """What a person answers."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"decision": {"const": "reject"}}, "required": ["decision"]},
            "then": {"properties": {"comment": {"pattern": r"\S"}}, "required": ["comment"]},
        }
    )

    decision: Literal["approve", "reject"] = Field(title="Decision")
    comment: str = Field("", title="Comment (needed to reject)", max_length=1000)
    # The lab puts the name in, whatever is answered.
    person: str = Field("", title="Person", json_schema_extra={"acting_person": True})

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.decision == "reject" and not self.comment.strip():
            raise ValueError("A rejection needs a comment. Say why.")
        return self


def build(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the chain: one node that asks, and comes round for each role."""

    def receive(state: State) -> dict[str, Any]:
        return {"requested_by": state["requested_by"].strip()}

    def decide(state: State) -> dict[str, Any]:
        turns, past = CHAINS[state["kind"]], state["decisions"]
        payload = {
            "question": f"{state['request']} Does the role '{turns[len(past)]}' approve this {state['kind']} request?",
            "role": turns[len(past)],
            "turns": turns,
            "requested_by": state["requested_by"],
            "decided_by": [one["person"] for one in past],
            "so far": [f"{one['role']} {one['person']}: {one['decision']} {one['comment']}".strip() for one in past],
        }
        verdict = interrupt(payload, response_schema=Verdict)
        return {"decisions": [{"role": turns[len(past)], **verdict.model_dump()}]}

    def after(state: State) -> Literal["decide", "carry_out", "decline"]:
        if state["decisions"][-1]["decision"] == "reject":
            return "decline"
        return "decide" if len(state["decisions"]) < len(CHAINS[state["kind"]]) else "carry_out"

    def tell(state: State, runtime: Runtime[World], what: str) -> dict[str, Any]:
        said = "\n".join(f"{one['role']}: {one['decision']} {one['comment']}".strip() for one in state["decisions"])
        subject, key = f"{what}: {state['request']}", effect_key(runtime, what)
        return {"mail": runtime.context.outbox.send(state["requested_by"], subject, said, key=key)}

    def carry_out(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        return tell(state, runtime, "Done")

    def decline(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        return tell(state, runtime, "Declined")

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("receive", receive)
        .add_node("decide", decide)
        .add_node("carry_out", carry_out, metadata={"effects": ["outbox"]})
        .add_node("decline", decline, metadata={"effects": ["outbox"]})
        .add_edge(START, "receive")
        .add_edge("receive", "decide")
        .add_conditional_edges("decide", after)
        .add_edge("carry_out", END)
        .add_edge("decline", END)
    )
