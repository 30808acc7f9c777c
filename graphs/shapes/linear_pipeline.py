"""Linear pipeline: three nodes in a row, each changing what the one before it left.

Watch what each step writes: a node gives back only the keys that it changes, and the
checkpoint after it holds the whole state.
"""

import operator
import re
from collections.abc import Sequence
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from pydantic import Field
from typing_extensions import TypedDict

from graphs.pattern import Example, Family, Lane, Pattern
from graphs.script import by_instruction
from graphs.world import World

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


def build(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds clean, summarise, headline as one chain of edges."""

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
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("clean", clean)
        .add_node("summarise", summarise)
        .add_node("headline", headline)
        .add_edge(START, "clean")
        .add_edge("clean", "summarise")
        .add_edge("summarise", "headline")
        .add_edge("headline", END)
    )


def _summary(text: str, _: Sequence[BaseMessage]) -> str:
    sentences = re.split(r"(?<=[.!?])\s+", text)
    longest = max(sentences, key=len)
    length = f"{_counted(len(text.split()), 'word')} and {_counted(len(sentences), 'sentence')}"
    return f"In {length}, the text mainly says: {longest}"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _headline(text: str, _: Sequence[BaseMessage]) -> str:
    said = text.split("mainly says: ")[-1]
    words = [word for word in re.findall(r"[\w'-]+", said) if len(word) > 3]
    return " ".join(words[:8]).capitalize() or "Nothing to report"


PATTERN = Pattern(
    slug="linear-pipeline",
    title="Linear pipeline",
    family=Family.SHAPES,
    summary="Three nodes in a row: each takes the state that the one before it left and changes its part of it.",
    watch=(
        "Each step shows only the keys that its node wrote; the state after it holds everything.",
        "`processed` has a reducer, so every node's name is appended and none is overwritten.",
        "Text of nothing but spaces fails in the first node; the two others never run.",
    ),
    sources=("AA 2.1",),
    lanes=(Lane("pipeline", "Pipeline", "One chain of edges from the first node to the last.", build),),
    examples=(
        Example(
            "A status report",
            {
                "text": "The migration finished on Friday night. Two of forty services needed a second try because "
                "their health checks ran before the cache was warm. No customer noticed."
            },
        ),
        Example("Untidy spaces", {"text": "  Tabs\tand\n\nline breaks   become single spaces.  Then the rest runs. "}),
        Example("Not a single word", {"text": "--- * ---"}, unhappy=True),
    ),
    script=by_instruction({SUMMARISE: _summary, HEADLINE: _headline}),
)
