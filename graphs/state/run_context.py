"""Run context: how a letter is to be written, as part of the state or as the frozen context of the run.

Watch the tab *Channels*, whose first table is the input. In *Settings in the state* every checkpoint saves tone and
length, and any node may change them. In *Frozen context* no checkpoint holds them, and a node that changes them fails.
"""

import operator
from collections.abc import Iterator, Mapping
from dataclasses import FrozenInstanceError, dataclass, fields
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field
from typing_extensions import TypedDict

OPENING = "Write the opening sentence of a letter, in the tone and with at most the words that are asked for."
CLOSING = "Write the closing sentence of a letter, in the tone and with at most the words that are asked for."
Tone = Literal["warm", "plain", "formal"]


class Task(TypedDict):
    """What the letter is to be."""

    topic: Annotated[str, Field(title="What the letter is about", min_length=1, max_length=200)]
    meddle: Annotated[bool, Field(title="A node changes the tone on the way")]


class Input(Task):
    """What the visitor gives: the task, then the settings."""

    tone: Annotated[Tone, Field(title="Setting: tone")]
    most: Annotated[int, Field(title="Setting: words of a sentence at most", ge=5, le=30)]


class Part(TypedDict):
    """A sentence, and the tone that was set when it was written."""

    text: str
    tone: str


class Letter(Task):
    """The letter, sentence by sentence: the whole state of *Frozen context*, in which no field is a setting."""

    parts: Annotated[list[Part], operator.add]


class State(Input, Letter):
    """The letter with its settings."""


class SettingsFrozen(RuntimeError):
    """Raised where a node tries to change the settings of its run."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How letters are written, for a whole run."""

    tone: Tone = "plain"
    most: int = 15


def settings_of(given: Mapping[str, Any]) -> Settings:
    """Take the settings out of what the visitor gave; whoever runs the thread brings them each time anew."""
    return Settings(**{field.name: given[field.name] for field in fields(Settings) if field.name in given})


def run_in_context(graph: Any, given: Any, config: RunnableConfig, **options: Any) -> Iterator[Any]:
    """Stream the graph with the settings as its context, so that the input is the task alone."""
    task = {"topic": given["topic"], "meddle": given["meddle"]} if isinstance(given, dict) else given
    parts: Iterator[Any] = graph.stream(task, config, durability="sync", **options)
    return parts


def _written(model: BaseChatModel, which: str, topic: str, settings: Settings) -> dict[str, Any]:
    asked = f"Tone: {settings.tone}\nWords at most: {settings.most}\nTopic: {topic}"
    text = model.invoke([SystemMessage(which), HumanMessage(asked)]).text
    return {"parts": [Part(text=" ".join(text.split()[: settings.most]), tone=settings.tone)]}


def build_in_state(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the lane in which the settings are channels like all others."""

    def opening(state: State) -> dict[str, Any]:
        return _written(model, OPENING, state["topic"], Settings(state["tone"], state["most"]))

    def proofread(state: State) -> dict[str, Any]:
        return {"tone": "plain" if state["tone"] == "formal" else "formal"} if state["meddle"] else {}

    def closing(state: State) -> dict[str, Any]:
        return _written(model, CLOSING, state["topic"], Settings(state["tone"], state["most"]))

    return (
        StateGraph(State, input_schema=Input)
        .add_sequence([opening, proofread, closing])
        .add_edge(START, "opening")
        .add_edge("closing", END)
    )


def build_in_context(model: BaseChatModel) -> StateGraph[Letter, Settings, Input, Letter]:
    """Build the lane in which the settings are the run's context, which every node gets beside the state."""

    def opening(state: Letter, runtime: Runtime[Settings]) -> dict[str, Any]:
        return _written(model, OPENING, state["topic"], runtime.context)

    def proofread(state: Letter, runtime: Runtime[Settings]) -> dict[str, Any]:
        tone: Tone = "plain" if runtime.context.tone == "formal" else "formal"
        try:
            if state["meddle"]:
                runtime.context.tone = tone  # type: ignore[misc]  # The mistake that is to be seen.
        except FrozenInstanceError as error:
            problem = f"The setting 'tone' can't be changed to {tone!r} ({error}). It's frozen. Start another run."
            raise SettingsFrozen(problem) from error
        return {}

    def closing(state: Letter, runtime: Runtime[Settings]) -> dict[str, Any]:
        return _written(model, CLOSING, state["topic"], runtime.context)

    return (
        StateGraph(Letter, context_schema=Settings, input_schema=Input)
        .add_sequence([opening, proofread, closing])
        .add_edge(START, "opening")
        .add_edge("closing", END)
    )
