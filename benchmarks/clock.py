"""A pattern whose model says what time it is, so that who reads a word knows how long it was on its way."""

import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from graphs.pattern import Example, Family, Lane, Pattern
from graphs.world import World
from lab.models import OfflineModel

PACE = 20.0
"""Words a second."""
WORDS = 2400
"""Of one run: two minutes, so that none ends while it's measured."""
WORD = re.compile(rb"\bq([0-9a-f]{4,12})\b")


def word() -> str:
    """Return the time as a word, by the clock that all processes of a machine share."""
    return f"q{int(time.monotonic() * 10_000):x} "


def ages(message: bytes, newest: int, now: float) -> tuple[list[float], int]:
    """Return the ages in seconds of a message's words that are newer than `newest`, and the newest one's time."""
    times = [int(text, 16) for text in WORD.findall(message)]
    fresh = [one for one in times if one > newest]
    return [now - one / 10_000 for one in fresh], max(fresh, default=newest)


class ClockModel(OfflineModel):
    """Says the time again and again, at its pace."""

    def _stream(self, *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        for _number in range(WORDS):
            self._wait()
            yield ChatGenerationChunk(message=AIMessageChunk(content=word()))


class State(TypedDict):
    """What the node is given and writes."""

    message: str
    said: str


class Input(TypedDict):
    """What a visitor gives."""

    message: str


def build(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build one node that asks the model, between two that don't, as a pattern's lane has them."""
    model = ClockModel(script=_nothing, pace=PACE)

    def prepare(state: State) -> dict[str, Any]:
        return {"message": state["message"].strip()}

    def say(state: State) -> dict[str, Any]:
        return {"said": model.invoke(state["message"]).text}

    def close(state: State) -> dict[str, Any]:
        return {"said": state["said"].strip()}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("prepare", prepare)
        .add_node("say", say)
        .add_node("close", close)
        .add_edge(START, "prepare")
        .add_edge("prepare", "say")
        .add_edge("say", "close")
        .add_edge("close", END)
    )


def _nothing(_: Sequence[object]) -> str:
    return ""


CLOCK = Pattern(
    slug="clock",
    title="Clock",
    family=Family.AGENTS,
    summary="What is measured.",
    watch=("The time, word by word.",),
    sources=(),
    lanes=(Lane("clock", "Clock", "Streams the time.", build),),
    examples=(Example("Once", {"message": "What time is it?"}),),
    script=_nothing,
)
