"""Validated recovery: a saved state is checked again when it's loaded, as it may not be what was stored.

Each visit is a run of its own: it loads the customer's card from the archive, changes it and stores it. Choose
what happens to the row after a visit, and watch what the next visit makes of it.
"""

import json
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import TypedDict

from graphs.world import World

Damage = Literal["nothing", "old-release", "edited-by-hand", "cut-short"]


class Input(TypedDict):
    """What the visitor gives for one visit."""

    customer: Annotated[str, Field(title="Customer", min_length=1, max_length=80)]
    points: Annotated[int, Field(title="Points earned, or spent if negative", ge=-1000, le=1000)]
    damage: Annotated[Damage, Field(title="What happens to the saved row afterwards")]


class State(Input):
    """What a visit knows; `row` is the archive's row that it has to do with."""

    row: int
    card: dict[str, Any]
    problem: str
    outcome: str


class Card(BaseModel):
    """A customer's card as this release knows it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    customer: str = Field(min_length=1)
    points: int = Field(ge=0)
    visits: int = Field(ge=0)


def damaged(card: Card, by: Damage) -> str:
    """Return the row's text as an older release, a hand, or a disk that was full would have left it."""
    if by == "old-release":
        # It kept points as text and didn't count visits.
        return json.dumps({"customer": card.customer, "points": f"{card.points} pts"})
    if by == "edited-by-hand":
        return json.dumps({**card.model_dump(), "points": -1})
    text = card.model_dump_json()
    return text[: len(text) // 2] if by == "cut-short" else text


def field_errors(error: ValidationError) -> str:
    """Return what is wrong, field by field."""
    errors = error.errors(include_url=False)
    return "; ".join(": ".join((*map(str, one["loc"]), one["msg"])) for one in errors)


def load(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Read the customer's newest row and check it; the checkpoint's card of an earlier visit isn't used."""
    saved = runtime.context.archive.newest(state["customer"])
    if saved is None or saved.quarantined:
        return {"row": 0, "card": {}, "problem": "", "outcome": ""}
    try:
        card = Card.model_validate_json(saved.body).model_dump()
    except ValidationError as error:
        return {"row": saved.number, "card": {}, "problem": field_errors(error), "outcome": ""}
    return {"row": saved.number, "card": card, "problem": "", "outcome": ""}


def after_load(state: State) -> Literal["restore", "quarantine", "fresh"]:
    """Choose by what the archive holds."""
    if not state["row"]:
        return "fresh"
    return "quarantine" if state["problem"] else "restore"


def restore(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Take the valid row up again."""
    runtime.context.archive.restored(state["row"])
    return {"outcome": f"Row {state['row']} was valid and is restored."}


def quarantine(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Set the invalid row aside with its error; its text stays for whoever repairs it."""
    runtime.context.archive.quarantine(state["row"], state["problem"])
    return {"outcome": f"Row {state['row']} is quarantined ({state['problem']}).", "problem": ""}


def fresh(state: State) -> dict[str, Any]:
    """Start a new card."""
    card = Card(customer=state["customer"], points=0, visits=0)
    return {"card": card.model_dump(), "outcome": f"{state['outcome']} A fresh card is started.".strip()}


def update(state: State) -> dict[str, Any]:
    """Book the visit on the card; what isn't valid doesn't get past this node's edge."""
    card = state["card"]
    changed = {**card, "points": card["points"] + state["points"], "visits": card["visits"] + 1}
    try:
        return {"card": Card.model_validate(changed).model_dump()}
    except ValidationError as error:
        return {"problem": field_errors(error)}


def after_update(state: State) -> Literal["store", "refuse"]:
    """Choose by whether the changed card is valid."""
    return "refuse" if state["problem"] else "store"


def store(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Save the card as a new row."""
    row = runtime.context.archive.store(state["customer"], Card.model_validate(state["card"]).model_dump_json())
    return {"row": row, "outcome": f"{state['outcome']} Row {row} is stored."}


def after_store(state: State) -> Literal["tamper", "__end__"]:
    """Choose by what the visitor wants to happen to the row."""
    return "__end__" if state["damage"] == "nothing" else "tamper"


def tamper(state: State, runtime: Runtime[World]) -> None:
    """Write over the stored row, past all checks."""
    runtime.context.archive.overwrite(state["row"], damaged(Card.model_validate(state["card"]), state["damage"]))


def refuse(state: State) -> dict[str, Any]:
    """End the visit; what is in the archive stays as it was."""
    return {"outcome": f"{state['outcome']} Nothing is stored ({state['problem']})."}


def build(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build load, restore or quarantine, update, store or refuse."""
    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("load", load)
        .add_node("restore", restore, metadata={"effects": ["archive"]})
        .add_node("quarantine", quarantine, metadata={"effects": ["archive"]})
        .add_node("fresh", fresh)
        .add_node("update", update)
        .add_node("store", store, metadata={"effects": ["archive"]})
        .add_node("tamper", tamper, metadata={"effects": ["archive"]})
        .add_node("refuse", refuse)
        .add_edge(START, "load")
        .add_conditional_edges("load", after_load)
        .add_edge("quarantine", "fresh")
        .add_edge("fresh", "update")
        .add_edge("restore", "update")
        .add_conditional_edges("update", after_update)
        .add_conditional_edges("store", after_store)
        .add_edge("tamper", END)
        .add_edge("refuse", END)
    )
