"""Validated recovery: a saved state is checked again when it's loaded, as it may not be what was stored.

Each visit is a run: it loads a card, changes it and stores it. Choose what then happens to the row, and visit again.
"""

import json
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel, Field, ValidationError
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


class Card(BaseModel, extra="forbid", strict=True):
    """A customer's card as this release knows it."""

    customer: str = Field(min_length=1)
    points: int = Field(ge=0)
    visits: int = Field(ge=0)


def damaged(card: Card, by: Damage) -> str:
    """Return the row's text as an older release, a hand, or a disk that was full would have left it."""
    text = card.model_dump_json()
    old = json.dumps({"customer": card.customer, "points": f"{card.points} pts"})  # points as text, visits not counted
    by_hand = json.dumps({**card.model_dump(), "points": -1})
    return {"nothing": text, "old-release": old, "edited-by-hand": by_hand, "cut-short": text[: len(text) // 2]}[by]


def checked(row: str) -> dict[str, Any]:
    """Return a row's card where it's valid, or what is wrong with it, field by field."""
    try:
        return {"card": Card.model_validate_json(row).model_dump()}
    except ValidationError as error:
        return {"problem": "; ".join(": ".join((*map(str, one["loc"]), one["msg"])) for one in error.errors())}


def load(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Read the customer's newest row and check it; the checkpoint's card of an earlier visit isn't used."""
    saved = runtime.context.archive.newest(state["customer"])
    visit: dict[str, Any] = {"row": 0, "card": {}, "problem": "", "outcome": ""}
    if saved and not saved.quarantined:
        visit |= {"row": saved.number} | checked(saved.body)
    return visit


def _after_load(state: State) -> Literal["restore", "quarantine", "fresh"]:
    return "quarantine" if state["problem"] else "restore" if state["row"] else "fresh"


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
    return checked(json.dumps({**card, "points": card["points"] + state["points"], "visits": card["visits"] + 1}))


def store(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Save the card as a new row."""
    row = runtime.context.archive.store(state["customer"], Card.model_validate(state["card"]).model_dump_json())
    return {"row": row, "outcome": f"{state['outcome']} Row {row} is stored."}


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
        .add_sequence([fresh, update])
        .add_node("store", store, metadata={"effects": ["archive"]})
        .add_node("tamper", tamper, metadata={"effects": ["archive"]})
        .add_node("refuse", refuse)
        .add_edge(START, "load")
        .add_conditional_edges("load", _after_load)
        .add_edge("quarantine", "fresh")
        .add_edge("restore", "update")
        .add_conditional_edges("update", lambda one: "refuse" if one["problem"] else "store", ["store", "refuse"])
        .add_conditional_edges("store", lambda one: END if one["damage"] == "nothing" else "tamper", ["tamper", END])
        .add_edge("tamper", END)
        .add_edge("refuse", END)
    )
