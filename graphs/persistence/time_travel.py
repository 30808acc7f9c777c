"""Time travel: a finished thread goes back to an earlier checkpoint, by a mistake, by a replay and by a fork.

Watch what runs after the way back. Old values that are written over new ones run nothing and stand
there twice; a replay and a fork run the rest for real, side effects included, as a branch of their own.
"""

import operator
import re
import textwrap
from collections.abc import Iterator
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from pydantic import Field
from typing_extensions import TypedDict

from graphs.world import World, effect_key

OUTLINE = "Outline a short story on the topic in three numbered lines, one for each part. Give the lines only."
WRITE = "Write the story that is outlined, one sentence for each line. Give the story only."

READERS = "readers@example.org"


class NoTopic(ValueError):
    """Raised when there is nothing to write about."""


class Input(TypedDict):
    """What the visitor gives."""

    topic: Annotated[str, Field(title="Topic", min_length=1, max_length=200)]


class State(Input):
    """The story on its way; `log` grows by one line a step."""

    outline: Annotated[
        str, Field(title="Outline", min_length=1, max_length=2000, json_schema_extra={"multiline": True})
    ]
    text: Annotated[str, Field(title="Text", min_length=1, max_length=4000, json_schema_extra={"multiline": True})]
    log: Annotated[list[str], operator.add]


Story = CompiledStateGraph[State, World, Input, State]


def build(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build outline, write, send in a row; all lanes run it, and only then part."""

    def outline(state: State) -> dict[str, Any]:
        if not re.search(r"\w", state["topic"]):
            raise NoTopic(
                f"The topic {state['topic'][:60]!r} has no word in it. A story needs one. "
                "Go back to before this step with another topic, or run another one."
            )
        answer = model.invoke([SystemMessage(OUTLINE), HumanMessage(state["topic"])])
        return {"outline": answer.text, "log": [f"outlined in {len(answer.text.splitlines())} lines"]}

    def write(state: State) -> dict[str, Any]:
        answer = model.invoke([SystemMessage(WRITE), HumanMessage(state["outline"])])
        return {"text": answer.text, "log": [f"wrote {len(answer.text.split())} words"]}

    def send(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        subject = textwrap.shorten(state["topic"], 60, placeholder="...")
        runtime.context.outbox.send(READERS, subject, state["text"], key=effect_key(runtime))
        return {"log": ["sent to the readers"]}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("outline", outline)
        .add_node("write", write)
        .add_node("send", send, metadata={"effects": ["outbox"]})
        .add_edge(START, "outline")
        .add_edge("outline", "write")
        .add_edge("write", "send")
        .add_edge("send", END)
    )


def rewind(graph: Story, thread: RunnableConfig, checkpoint: RunnableConfig) -> RunnableConfig:
    """Write the checkpoint's values over the newest ones, as if that moved the thread back: the mistake."""
    return graph.update_state(thread, graph.get_state(checkpoint).values)


def replay(graph: Story, checkpoint: RunnableConfig, **options: Any) -> Iterator[Any]:
    """Run everything after the checkpoint again; all that it takes is a config that names the checkpoint."""
    return graph.stream(None, checkpoint, **options)


def fork(graph: Story, checkpoint: RunnableConfig, edit: dict[str, Any]) -> RunnableConfig:
    """Write the edit to a new checkpoint beside the others, which is the head of a branch."""
    return graph.update_state(checkpoint, edit)


def go_on(graph: Story, thread: RunnableConfig, **options: Any) -> Iterator[Any]:
    """Run what is next at the thread's newest checkpoint: nothing after a rewind, the branch after a fork."""
    return graph.stream(None, thread, **options)
