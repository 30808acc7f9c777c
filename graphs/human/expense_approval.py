"""Expense approval: small sums are paid at once, larger ones wait for a manager, the largest for a director as well.

Watch who is asked: 'Pause on every request' stops for each, however small, while 'Ask above the limit'
asks only above the limits: who has the role, and neither asked for the money nor decided before. Watch the ledger too:
an approved expense is paid once, a rejected one never.
"""

import operator
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Literal, NotRequired
from uuid import uuid4

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import TypedDict

from graphs.answers import Answer
from graphs.world import World, effect_key

MANAGER_ABOVE = 100_00
DIRECTOR_ABOVE = 1_000_00
"""Limits in cents; a sum that equals a limit is still under it."""

Role = Literal["manager", "director"]


class NotDecided(ValueError):
    """Raised when an approver's turn ends without a decision that may stand."""


class Input(TypedDict):
    """What the visitor gives."""

    description: Annotated[str, Field(title="What for", min_length=1, max_length=200)]
    amount: Annotated[float, Field(title="Amount in euros", ge=0.01, le=1_000_000)]
    requested_by: NotRequired[Annotated[str, Field(title="Requested by", max_length=200)]]


class Decision(TypedDict):
    """One approver's decision."""

    by: str
    person: str
    decision: str
    note: str


class State(Input):
    """What flows to the approvers; `decision` and `note` are what the present one writes."""

    claim: str
    cents: int
    decision: Annotated[Literal["open", "approved", "rejected"], Field(title="Decision")]
    note: Annotated[str, Field(title="Note (needed to reject)", max_length=1000)]
    decisions: Annotated[list[Decision], operator.add]
    status: Literal["pending", "paid", "rejected"]
    booking: int


Approval = CompiledStateGraph[State, World, Input, State]


class Verdict(Answer, needs="note", when=("rejected",)):
    """What an approver answers; one without its note is refused before it's saved, so that the question stays open."""

    decision: Literal["approved", "rejected"] = Field(title="Decision")
    note: str = Field("", title="Note (needed to reject)", max_length=1000)
    # The lab puts the name in, whatever is answered.
    person: str = Field("", title="Person", json_schema_extra={"acting_person": True})


_OPEN: dict[str, Any] = {"decision": "open", "note": ""}


def _decision_of(role: Role, decision: str, note: str, person: str = "") -> dict[str, Any]:
    # The fields are opened again, or the manager's yes would count as the director's.
    return {"decisions": [{"by": role, "person": person, "decision": decision, "note": note.strip()}], **_OPEN}


def _euros(state: State) -> str:
    return f"{state['cents'] / 100:,.2f} €"


def _steps_around_approvers() -> StateGraph[State, World, Input, State]:
    def submit(state: State) -> dict[str, Any]:
        cents = round(state["amount"] * 100)
        return {"claim": f"EXP-{uuid4().hex[:12].upper()}", "cents": cents, "status": "pending", **_OPEN}

    def pay(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        key = effect_key(runtime, state["claim"])
        return {"status": "paid", "booking": runtime.context.ledger.charge(state["claim"], state["cents"], key=key)}

    def refuse(state: State) -> dict[str, Any]:
        return {"status": "rejected"}

    def after_manager(state: State) -> Literal["director", "pay", "refuse"]:
        if state["decisions"][-1]["decision"] != "approved":
            return "refuse"
        return "director" if state["cents"] > DIRECTOR_ABOVE else "pay"

    def after_director(state: State) -> Literal["pay", "refuse"]:
        return "pay" if state["decisions"][-1]["decision"] == "approved" else "refuse"

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("submit", submit)
        .add_node("pay", pay, metadata={"effects": ["ledger"]})
        .add_node("refuse", refuse)
        .add_edge(START, "submit")
        .add_conditional_edges("manager", after_manager)
        .add_conditional_edges("director", after_director)
        .add_edge("pay", END)
        .add_edge("refuse", END)
    )


def build_static(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the approval with nodes that read what was written into the state at the pause before them."""

    def check(role: Role, state: State) -> dict[str, Any]:
        if state["decision"] not in ("approved", "rejected"):
            raise NotDecided(f"The {role} hasn't decided on {_euros(state)}. Set a decision here, then retry.")
        if state["decision"] == "rejected" and not state["note"].strip():
            raise NotDecided(f"The {role} gave no reason. A rejection needs a note. Write why, then retry.")
        return _decision_of(role, state["decision"], state["note"])

    return (
        _steps_around_approvers()
        .add_node("manager", partial(check, "manager"))
        .add_node("director", partial(check, "director"))
        .add_edge("submit", "manager")
    )


def run_static(graph: Approval, given: Any, config: RunnableConfig, **options: Any) -> Iterator[Any]:
    """Run to the next approver and stop before that node, by its name; with no input, go on from there."""
    pauses = [*(options.pop("interrupt_before", None) or ()), "manager", "director"]
    return graph.stream(given, config, interrupt_before=pauses, durability="sync", **options)


def build_dynamic(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the approval with nodes that ask by interrupt, reached only above their limit."""

    def ask(role: Role, state: State) -> dict[str, Any]:
        question = f"Does the {role} approve {_euros(state)} for {state['description']}?"
        earlier = {f"{past['by']} said": f"{past['decision']} {past['note']}".strip() for past in state["decisions"]}
        turns = ["manager", "director"] if state["cents"] > DIRECTOR_ABOVE else ["manager"]
        # A thread of an earlier release has no names.
        decided_by = [past.get("person", "") for past in state["decisions"]]
        who = {"role": role, "turns": turns, "requested_by": state.get("requested_by", ""), "decided_by": decided_by}
        verdict = interrupt({"question": question, "claim": state["claim"], **earlier, **who}, response_schema=Verdict)
        return _decision_of(role, verdict.decision, verdict.note, verdict.person)

    def who_first(state: State) -> Literal["manager", "pay"]:
        return "manager" if state["cents"] > MANAGER_ABOVE else "pay"

    return (
        _steps_around_approvers()
        .add_node("manager", partial(ask, "manager"))
        .add_node("director", partial(ask, "director"))
        .add_conditional_edges("submit", who_first)
    )
