"""Parallel: three workers read the same text, one after the other or all at once, and a merge joins their results.

Watch the bars on the time axis: 'Sequential' takes the sum of the three calls,
'Fan-out and fan-in' as long as the slowest of them, and both end with the same report.
"""

import operator
import re
from collections import Counter
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
    """Gives the words of the text that are long enough to be key words."""
    return [word for word in re.findall(r"[^\W\d_][\w'-]+", text.lower()) if len(word) > 3]


def _workers(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
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
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("summarise", summarise)
        .add_node("key_words", key_words)
        .add_node("tone", tone)
        .add_node("merge", merge)
        .add_edge("merge", END)
    )


def build_sequential(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds the three workers as one chain before the merge."""
    return (
        _workers(model)
        .add_edge(START, "summarise")
        .add_edge("summarise", "key_words")
        .add_edge("key_words", "tone")
        .add_edge("tone", "merge")
    )


def build_fan_out(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds the three workers side by side and a merge that waits for all of them."""
    return (
        _workers(model)
        .add_edge(START, "summarise")
        .add_edge(START, "key_words")
        .add_edge(START, "tone")
        .add_edge(["summarise", "key_words", "tone"], "merge")
    )


def _first(words: Sequence[str], limit: int = 15) -> str:
    return " ".join(words[:limit]) + (" ..." if len(words) > limit else "")


def _summary(text: str, _: Sequence[BaseMessage]) -> str:
    longest = max(re.split(r"(?<=[.!?])\s+", text.strip()), key=len)
    return _first(longest.split())


def _key_words(text: str, _: Sequence[BaseMessage]) -> str:
    return ", ".join(word for word, _count in Counter(candidates(text)).most_common(15))


GLAD = frozenset(("glad", "good", "great", "happy", "love", "pleased", "thank", "thanks", "wonderful"))
WORRIED = frozenset(("angry", "bad", "broken", "failed", "late", "lost", "problem", "sorry", "wrong"))


def _tone(text: str, _: Sequence[BaseMessage]) -> str:
    words = re.findall(r"[\w'-]+", text.lower())
    glad, worried = sum(word in GLAD for word in words), sum(word in WORRIED for word in words)
    mood = "glad" if glad > worried else "worried" if worried > glad else "even"
    force = "loud" if "!" in text else "calm"
    counts = f"{glad} glad and {worried} worried words among {len(words)} in all"
    return f"The tone is {mood} and {force}, with {counts}."


PATTERN = Pattern(
    slug="parallel",
    title="Parallel workers",
    family=Family.SHAPES,
    summary="Three workers read one text: in a row their times add up, side by side only the slowest counts.",
    watch=(
        "On the time axis the bars stand end to end in *Sequential* and on top of each other in *Fan-out and fan-in*.",
        "The merge runs once, when the last of the three is done, and the report is the same in both lanes.",
        "Where one worker fails, the row stops there; side by side the others still run, but nothing is merged.",
    ),
    sources=("AA 2.4", "AP parallel"),
    lanes=(
        Lane("sequential", "Sequential", "Each worker waits for the one before it.", build_sequential),
        Lane("fan-out", "Fan-out and fan-in", "All three workers start at once, and a merge waits.", build_fan_out),
    ),
    examples=(
        Example(
            "A delivery report",
            {
                "text": "The delivery was late again, and two of nine crates had broken seals. The driver said sorry "
                "and helped to unload. We lost an hour, yet the kitchen was open on time."
            },
        ),
        Example(
            "A letter of thanks",
            {
                "text": "Thank you for the wonderful weekend! The children love the photographs, and the smallest one "
                "has been happy all week. Next summer the garden party will be at our house."
            },
        ),
        Example("One worker fails", {"text": "So it is."}, unhappy=True),
    ),
    script=by_instruction({SUMMARISE: _summary, KEY_WORDS: _key_words, TONE: _tone}),
)
