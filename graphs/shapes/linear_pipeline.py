"""Linear pipeline: three nodes in a row, each changing what the one before it left.

Watch what each step writes: a node gives back only the keys that it changes, and the
checkpoint after it holds the whole state.
"""

import operator
import re
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from pydantic import Field
from typing_extensions import TypedDict

SUMMARISE = "Summarise the text in one sentence."
HEADLINE = "Write a headline of at most eight words for the summary."


class Input(TypedDict):
    """What the visitor gives."""

    text: Annotated[str, Field(title="Text", min_length=1, max_length=4000, json_schema_extra={"multiline": True})]


class State(Input):
    """What flows through the pipeline; `processed` grows by one name a step."""

    clean: str
    summary: str
    headline: str
    processed: Annotated[list[str], operator.add]


def build(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build clean, summarise, headline as one chain of edges."""

    def clean(state: State) -> dict[str, Any]:
        text = re.sub(r"\s+", " ", state["text"]).strip()
        if not re.search(r"\w", text):
            raise ValueError("The text has no word in it. Give at least one.")
        return {"clean": text, "processed": ["clean"]}

    def summarise(state: State) -> dict[str, Any]:
        answer = model.invoke([SystemMessage(SUMMARISE), HumanMessage(state["clean"])])
        return {"summary": answer.text, "processed": ["summarise"]}

    def headline(state: State) -> dict[str, Any]:
        answer = model.invoke([SystemMessage(HEADLINE), HumanMessage(state["summary"])])
        return {"headline": answer.text, "processed": ["headline"]}

    return (
        StateGraph(State, input_schema=Input)
        .add_node("clean", clean)
        .add_node("summarise", summarise)
        .add_node("headline", headline)
        .add_edge(START, "clean")
        .add_edge("clean", "summarise")
        .add_edge("summarise", "headline")
        .add_edge("headline", END)
    )
