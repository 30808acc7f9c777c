"""Stream modes: one run read in every way in which LangGraph tells it, at the same moment.

Watch the columns fill: `values` has the whole state after each step, `updates` only what a node wrote, `messages` each
token of the model, `custom` what a node says of its own accord. `tasks` has the begin and the end of each node,
`checkpoints` each checkpoint, and `debug` both of these once more, numbered by step.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.types import StreamMode
from pydantic import Field
from typing_extensions import TypedDict

WRITE = "Write one plain sentence of about ten words on the topic, for the caption of a photograph."

MODES: tuple[StreamMode, ...] = ("values", "updates", "messages", "custom", "tasks", "checkpoints", "debug")


class WrongLength(ValueError):
    """Raised when the caption has no words, or more than the visitor allows."""


class Input(TypedDict):
    """What the visitor gives."""

    topic: Annotated[str, Field(title="Topic", min_length=1, max_length=200)]
    most: Annotated[int, Field(title="Most words of the caption", ge=1, le=200)]


class State(Input):
    """What each node adds."""

    words: list[str]
    caption: str
    length: int


def build(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build three nodes in a row: one that speaks of its own accord, one that asks the model, and one that checks."""

    def plan(state: State) -> dict[str, Any]:
        words = re.findall(r"\w+", state["topic"])
        get_stream_writer()({"words found": len(words)})
        return {"words": words}

    def write(state: State) -> dict[str, Any]:
        caption = model.invoke([SystemMessage(WRITE), HumanMessage(state["topic"])]).text
        return {"caption": str(caption)}

    def check(state: State) -> dict[str, Any]:
        length = len(state["caption"].split())
        get_stream_writer()({"words written": length, "words allowed": state["most"]})
        if not 0 < length <= state["most"]:
            raise WrongLength(
                f"The caption has {length} words, and 1 to {state['most']} are allowed. Allow more or *Retry*."
            )
        return {"length": length}

    return (
        StateGraph(State, input_schema=Input)
        .add_node("plan", plan)
        .add_node("write", write)
        .add_node("check", check)
        .add_edge(START, "plan")
        .add_edge("plan", "write")
        .add_edge("write", "check")
        .add_edge("check", END)
    )


def stream_in_every_mode(graph: Any, given: Any, config: RunnableConfig, **options: Any) -> Iterator[Any]:
    """Stream one run in all modes at once; each part names the mode that tells it."""
    parts: Iterator[Any] = graph.stream(
        given, config, durability="sync", **{**options, "stream_mode": list(MODES), "version": "v2"}
    )
    return parts
