"""Parallel: three workers read the same text, one after the other or all at once, and a merge joins their results.

Watch the bars on the time axis: 'Sequential' takes the sum of the three calls,
'Fan-out and fan-in' as long as the slowest of them, and both end with the same report.
"""

import operator
import re
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from pydantic import Field
from typing_extensions import TypedDict

SUMMARISE = "Summarise the text in one sentence of about fifteen words."
KEY_WORDS = "List the most important words of the text, at most fifteen, separated by commas."
TONE = "Describe the tone of the text in one sentence of about fifteen words."


class NoKeyWords(ValueError):
    """Raised when a text has no word that could be a key word."""


class Input(TypedDict):
    """What the visitor gives."""

    text: Annotated[str, Field(title="Text", min_length=1, max_length=4000, json_schema_extra={"multiline": True})]


class State(Input):
    """What the workers share; `results` grows by one line a worker, in whichever order the graph applies them."""

    results: Annotated[list[str], operator.add]
    report: str


def candidates(text: str) -> list[str]:
    """Return the words of the text that are long enough to be key words."""
    return [word for word in re.findall(r"[^\W\d_][\w'-]+", text.lower()) if len(word) > 3]


def _workers(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    def ask(instruction: str, text: str) -> str:
        return model.invoke([SystemMessage(instruction), HumanMessage(text)]).text

    def summarise(state: State) -> dict[str, Any]:
        return {"results": [f"Summary: {ask(SUMMARISE, state['text'])}"]}

    def key_words(state: State) -> dict[str, Any]:
        if not candidates(state["text"]):
            raise NoKeyWords(
                f"The text {state['text'][:40]!r} has no key words. A key word has at least four letters. "
                "Give a text with one."
            )
        return {"results": [f"Key words: {ask(KEY_WORDS, state['text'])}"]}

    def tone(state: State) -> dict[str, Any]:
        return {"results": [f"Tone: {ask(TONE, state['text'])}"]}

    def merge(state: State) -> dict[str, Any]:
        # Sorted, because the order of arrival differs between the lanes and must not change the report.
        return {"report": "\n".join(sorted(state["results"]))}

    return (
        StateGraph(State, input_schema=Input)
        .add_node("summarise", summarise)
        .add_node("key_words", key_words)
        .add_node("tone", tone)
        .add_node("merge", merge)
        .add_edge("merge", END)
    )


def build_sequential(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the three workers as one chain before the merge."""
    return (
        _workers(model)
        .add_edge(START, "summarise")
        .add_edge("summarise", "key_words")
        .add_edge("key_words", "tone")
        .add_edge("tone", "merge")
    )


def build_fan_out(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the three workers side by side and a merge that waits for all of them."""
    return (
        _workers(model)
        .add_edge(START, "summarise")
        .add_edge(START, "key_words")
        .add_edge(START, "tone")
        .add_edge(["summarise", "key_words", "tone"], "merge")
    )
