"""Expense approval: small sums are paid at once, larger ones wait for a manager, the largest for a director as well.

Watch who is asked: 'Pause on every request' stops for each, however small, while 'Ask above the limit'
asks only above the limits. Watch the ledger too: an approved expense is paid once, a rejected one never.
"""

import operator
from typing import Annotated, Any, Literal, Self
from uuid import uuid4

from langchain_core.language_models import BaseChatModel
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from graphs.pattern import Breakpoints, Edit, Example, Family, Go, Lane, Pattern, Reply
from graphs.script import by_instruction
from graphs.world import World

MANAGER_ABOVE = 100_00
DIRECTOR_ABOVE = 1_000_00
"""Limits in cents; a sum that equals a limit is still under it."""

Role = Literal["manager", "director"]
NEEDS_NOTE = "A rejection needs a note. Say why, so that the employee can do something about it."


class NotDecided(ValueError):
    """Raised when an approver's turn ends without a decision that may stand."""


class Input(TypedDict):
    """What the visitor gives."""

    description: Annotated[str, Field(title="What for", min_length=1, max_length=200)]
    amount: Annotated[float, Field(title="Amount in euros", ge=0.01, le=1_000_000)]


class Decided(TypedDict):
    """One approver's decision."""

    by: str
    decision: str
    note: str


class State(Input):
    """What flows to the approvers; `decision` and `note` are what the present one writes."""

    claim: str
    cents: int
    decision: Annotated[Literal["open", "approved", "rejected"], Field(title="Decision")]
    note: Annotated[str, Field(title="Note (needed to reject)", max_length=1000)]
    decisions: Annotated[list[Decided], operator.add]
    status: Literal["pending", "paid", "rejected"]
    booking: int


class Verdict(BaseModel):
    """What an approver answers."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"decision": {"const": "rejected"}}, "required": ["decision"]},
            "then": {"properties": {"note": {"pattern": r"\S"}}, "required": ["note"]},
        }
    )

    decision: Literal["approved", "rejected"] = Field(title="Decision")
    note: str = Field("", title="Note (needed to reject)", max_length=1000)

    # Checked here and not in the node: a refused answer isn't saved, so the question stays open.
    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.decision == "rejected" and not self.note.strip():
            raise ValueError(NEEDS_NOTE)
        return self


def build_static(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds the approval with nodes that read what was written at the pause before them."""

    def manager(state: State) -> dict[str, Any]:
        return _check("manager", state)

    def director(state: State) -> dict[str, Any]:
        return _check("director", state)

    return (
        _steps_around_approvers()
        .add_node("manager", manager)
        .add_node("director", director)
        .add_edge("submit", "manager")
    )


def build_dynamic(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds the approval with nodes that ask by interrupt, reached only above their limit."""

    def manager(state: State) -> dict[str, Any]:
        return _ask("manager", state)

    def director(state: State) -> dict[str, Any]:
        return _ask("director", state)

    def who_first(state: State) -> Literal["manager", "pay"]:
        return "manager" if state["cents"] > MANAGER_ABOVE else "pay"

    return (
        _steps_around_approvers()
        .add_node("manager", manager)
        .add_node("director", director)
        .add_conditional_edges("submit", who_first)
    )


def _check(role: Role, state: State) -> dict[str, Any]:
    if state["decision"] not in ("approved", "rejected"):
        raise NotDecided(
            f"The {role} hasn't decided on {_euros(state)}. Every request needs a decision here. "
            "Set it to approved or rejected, then try again."
        )
    if state["decision"] == "rejected" and not state["note"].strip():
        raise NotDecided(f"The {role} gave no reason. {NEEDS_NOTE}")
    return _decided(role, state["decision"], state["note"])


def _ask(role: Role, state: State) -> dict[str, Any]:
    said = {f"{past['by']} said": f"{past['decision']} {past['note']}".strip() for past in state["decisions"]}
    question = f"Does the {role} approve {_euros(state)} for {state['description']}?"
    verdict = interrupt({"question": question, "claim": state["claim"], **said}, response_schema=Verdict)
    return _decided(role, verdict.decision, verdict.note)


def _steps_around_approvers() -> StateGraph[State, World, Input, State]:
    def submit(state: State) -> dict[str, Any]:
        claim = f"EXP-{uuid4().hex[:12].upper()}"
        return {"claim": claim, "cents": round(state["amount"] * 100), "status": "pending", **_OPEN}

    def pay(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        # The claim is the key: running this node again books nothing more.
        booking = runtime.context.ledger.charge(state["claim"], state["cents"], key=state["claim"])
        return {"status": "paid", "booking": booking}

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


_OPEN: dict[str, Any] = {"decision": "open", "note": ""}


def _decided(role: Role, decision: str, note: str) -> dict[str, Any]:
    # The fields are opened again, or the manager's yes would count as the director's.
    return {"decisions": [{"by": role, "decision": decision, "note": note.strip()}], **_OPEN}


def _euros(state: State) -> str:
    return f"{state['cents'] / 100:,.2f} €"


_YES = {"decision": "approved"}
_NO = {"decision": "rejected", "note": "Buy it through the IT department instead."}
_TOO_LATE = {"decision": "rejected", "note": "This year's budget is spent."}

PATTERN = Pattern(
    slug="expense-approval",
    title="Expense approval",
    family=Family.HUMAN,
    summary="A pause on every request, or a question only above 100 € for a manager and 1,000 € for a director.",
    watch=(
        "50 € waits for a manager in *Pause on every request* and is paid without a question in *Ask above the limit*.",
        "Above 1,000 € the director is asked after the manager; once the manager has said no, nobody is asked.",
        "A rejection needs a note: *Ask above the limit* checks it by the answer's schema, *Pause on every request* in "
        "the node.",
        "The ledger gets one row for an approved expense, and none for a rejected one.",
    ),
    sources=("SP 3.4", "HN 1", "HN 2"),
    lanes=(
        Lane(
            "static",
            "Pause on every request",
            "Stops before each approver whatever the amount; the decision is written into the state.",
            build_static,
            breakpoints=Breakpoints(before=("manager", "director")),
            edits=("decision", "note"),
        ),
        Lane(
            "dynamic",
            "Ask above the limit",
            "Asks by interrupt, and only those who have to approve this amount.",
            build_dynamic,
        ),
    ),
    examples=(
        Example(
            "Office supplies for 50 €",
            {"description": "Office supplies", "amount": 50},
            {"static": (Edit(_YES, "manager"), Go())},
        ),
        Example(
            "A conference ticket for 500 €",
            {"description": "Conference ticket", "amount": 500},
            {"static": (Edit(_YES, "manager"), Go()), "dynamic": (Reply(_YES, "manager"),)},
        ),
        Example(
            "A server for 2,000 €, approved by manager and director",
            {"description": "Build server", "amount": 2000},
            {
                "static": (Edit(_YES, "manager"), Go(), Edit(_YES, "director"), Go()),
                "dynamic": (Reply(_YES, "manager"), Reply(_YES, "director")),
            },
        ),
        Example(
            "A laptop for 2,000 €, the manager says no",
            {"description": "New laptop", "amount": 2000},
            {"static": (Edit(_NO, "manager"), Go()), "dynamic": (Reply(_NO, "manager"),)},
            unhappy=True,
        ),
        Example(
            "A trip for 1,000.01 €, the director says no",
            {"description": "Trip to a trade fair", "amount": 1000.01},
            {
                "static": (Edit(_YES, "manager"), Go(), Edit(_TOO_LATE, "director"), Go()),
                "dynamic": (Reply(_YES, "manager"), Reply(_TOO_LATE, "director")),
            },
            unhappy=True,
        ),
        Example(
            "Continued with nothing decided",
            {"description": "Team lunch", "amount": 180},
            {"static": (Go(),)},
            unhappy=True,
        ),
    ),
    script=by_instruction({}),
    tables=("ledger",),
)
