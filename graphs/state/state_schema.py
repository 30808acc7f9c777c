"""State schema: a document is classified, with a check at the edge of each node or with a Pydantic model as the state.

Watch `classify`. Where the model's answer is none that is allowed, *Checked at the edge* never saves it: the document
goes to a person with the reason. *Pydantic state* saves it unchecked, and from then on nobody can read the thread,
until it's recovered by a fork from the checkpoint before.
"""

import operator
import re
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

CLASSIFY = "Which kind of document is it: invoice, contract or letter? Answer with the one word alone."
Number = Annotated[str, Field(pattern=r"^[A-Z]{2,4}-\d{1,6}$")]
Kind = Literal["invoice", "contract", "letter"]


class Input(TypedDict):
    """What the visitor gives."""

    number: Annotated[str, Field(title="Number, such as INV-12", min_length=1, max_length=40)]
    content: Annotated[
        str, Field(title="Document", min_length=1, max_length=4000, json_schema_extra={"multiline": True})
    ]


class Checked(Input, total=False):
    """State of the cure: a plain dictionary, whose values the nodes check before they write them."""

    entities: list[str]
    kind: str
    needs_review: bool
    problem: str
    trail: Annotated[list[str], operator.add]


class Modelled(BaseModel):
    """State of the trap: a Pydantic model, by which each node's input is checked, and no node's output."""

    number: Number = "NEW-0"
    content: str = ""
    entities: list[str] = []
    kind: Kind | None = None
    needs_review: bool = False
    problem: str = ""
    trail: Annotated[list[str], operator.add] = []


class InvalidDocument(ValueError):
    """Raised when a document can't come in."""


def problem_with(field: str, value: str, allowed: Any) -> str:
    """Say why a field's value isn't of the type that is allowed; nothing where it is."""
    try:
        TypeAdapter(allowed).validate_python(value)
    except ValidationError as error:
        return f"{field}: {error.errors()[0]['msg']}, and not {value!r}"
    return ""


def entities_of(content: str) -> list[str]:
    """Return sums of money and names in the text, each once."""
    return list(dict.fromkeys(re.findall(r"\d[\d.,]*\d? ?€|[A-Z][a-z]+ [A-Z][a-z]+", content)))[:10]


def _asked(model: BaseChatModel, content: str) -> str:
    return model.invoke([SystemMessage(CLASSIFY), HumanMessage(content)]).text.strip().strip(".").lower()


def build_checked(model: BaseChatModel) -> StateGraph[Any, None, Input, Any]:
    """Build the cure: a node checks what it's about to write, and writes only what is valid."""

    def receive(state: Checked) -> dict[str, Any]:
        if problem := problem_with("number", state["number"], Number):
            raise InvalidDocument(f"{problem}. Give a number of two to four capitals, a hyphen and digits.")
        return {"trail": [f"receive: {state['number']}"]}

    def extract(state: Checked) -> dict[str, Any]:
        entities = entities_of(state["content"])
        return {"entities": entities, "trail": [f"extract: {len(entities)} entities"]}

    def classify(state: Checked) -> dict[str, Any]:
        kind = _asked(model, state["content"])
        if problem := problem_with("kind", kind, Kind):
            return {"needs_review": True, "problem": problem, "trail": ["classify: refused an invalid kind"]}
        return {"kind": kind, "trail": [f"classify: {kind}"]}

    def review(state: Checked) -> dict[str, Any]:
        waits = state.get("needs_review", False) or not state["entities"]
        return {"needs_review": waits, "trail": [f"review: {'for a person' if waits else 'done'}"]}

    return (
        StateGraph(Checked, input_schema=Input)
        .add_sequence([receive, extract, classify, review])
        .add_edge(START, "receive")
        .add_edge("review", END)
    )


def build_modelled(model: BaseChatModel) -> StateGraph[Any, None, Input, Any]:
    """Build the trap: the state is a model, and the nodes leave it to that to check."""

    def receive(state: Modelled) -> dict[str, Any]:
        return {"trail": [f"receive: {state.number}"]}

    def extract(state: Modelled) -> dict[str, Any]:
        entities = entities_of(state.content)
        return {"entities": entities, "trail": [f"extract: {len(entities)} entities"]}

    def classify(state: Modelled) -> dict[str, Any]:
        kind = _asked(model, state.content)
        return {"kind": kind, "trail": [f"classify: {kind}"]}

    def review(state: Modelled) -> dict[str, Any]:
        waits = state.needs_review or not state.entities
        return {"needs_review": waits, "trail": [f"review: {'for a person' if waits else 'done'}"]}

    return (
        StateGraph(Modelled, input_schema=Input)
        .add_sequence([receive, extract, classify, review])
        .add_edge(START, "receive")
        .add_edge("review", END)
    )
