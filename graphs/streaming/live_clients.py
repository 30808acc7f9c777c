"""Live clients: a run that takes a while, so that more than one reader can follow it and one of them can be cut off.

The run knows nothing of its readers. What its stream tells becomes a log of numbered events, and each reader says up to
which number it has read. Watch the second client, which follows over a WebSocket: cut it off and bring it back, and it
asks for what comes after its last number.
"""

import operator
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field
from typing_extensions import TypedDict

from graphs.world import World

PARAGRAPH = "Write one paragraph of about fifty words of plain text on the given part of the report."


class NoParagraph(ValueError):
    """Raised when the model ends its answer without a word."""


class Input(TypedDict):
    """What the visitor gives."""

    topic: Annotated[str, Field(title="Topic of the report", min_length=1, max_length=200)]
    parts: Annotated[int, Field(title="Paragraphs", ge=1, le=8)]
    breaks_at: Annotated[int, Field(title="Paragraph at which the model fails, once (0 for none)", ge=0, le=8)]


class State(Input):
    """The report as far as it is written."""

    paragraphs: Annotated[list[str], operator.add]
    words: int


def build(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build a loop that writes one paragraph after the other, and a node that counts what came of it."""

    def write(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        number = len(state["paragraphs"]) + 1
        get_stream_writer()({"paragraph": number, "of": state["parts"]})
        text = model.invoke([SystemMessage(PARAGRAPH), HumanMessage(f"Part {number} of: {state['topic']}")]).text
        if number == state["breaks_at"]:
            runtime.context.faults.trip("model", times=1)
        if not text.strip():
            raise NoParagraph("The model said nothing. A paragraph needs at least one word. *Retry* asks again.")
        return {"paragraphs": [str(text)]}

    def more(state: State) -> Literal["write", "count"]:
        return "write" if len(state["paragraphs"]) < state["parts"] else "count"

    def count(state: State) -> dict[str, Any]:
        return {"words": sum(len(paragraph.split()) for paragraph in state["paragraphs"])}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("write", write)
        .add_node("count", count)
        .add_edge(START, "write")
        .add_conditional_edges("write", more)
        .add_edge("count", END)
    )
