"""Time travel: a finished thread goes back to an earlier checkpoint, by a mistake, by a replay and by a fork.

Watch what runs after the way back. Old values that are written over new ones run nothing and stand
there twice; a replay and a fork run the rest for real, side effects included, as a branch of their own.
"""

import operator
import re
import textwrap
from collections.abc import Sequence
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field
from typing_extensions import TypedDict

from graphs.pattern import Back, Example, Family, Lane, Pattern
from graphs.script import by_instruction
from graphs.world import World

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


def build(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds outline, write, send in a row; all lanes run it, and only then part."""

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
        runtime.context.outbox.send(READERS, subject, state["text"])
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


def _outline(topic: str, _: Sequence[BaseMessage]) -> str:
    about = _inside(topic)
    return f"1. The first rumours of {about}\n2. A winter without {about}\n3. What is still told of {about}"


def _write(outline: str, _: Sequence[BaseMessage]) -> str:
    parts = [re.sub(r"^\s*\d+[.)]\s*", "", line) for line in outline.splitlines() if line.strip()]
    openings = ("It began with", "Then came", "In the end there was")
    return " ".join(f"{openings[min(number, 2)]} {_inside(part)}." for number, part in enumerate(parts))


def _inside(text: str) -> str:
    """Gives a text as it stands inside a sentence; a name in capitals keeps them."""
    text = text.strip().rstrip(".!?")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _all_back(to: str, **values: str) -> dict[str, tuple[Back, ...]]:
    return {"rewind": (Back(to),), "replay": (Back(to),), "fork": (Back(to, values),)}


PATTERN = Pattern(
    slug="time-travel",
    title="Time travel",
    family=Family.PERSISTENCE,
    summary="A story is outlined, written and sent; then each lane goes back to an earlier checkpoint in its own way.",
    watch=(
        "Rewinding writes old values: the log gets its lines a second time, what came later stays, and nothing runs.",
        "A replay runs every node after the checkpoint again, so the outbox gets a second mail; none before it runs.",
        "A fork writes your edit to a new checkpoint first: what runs from there is a branch with another end.",
        "No way back deletes anything: the checkpoints of the first end stay in the history, and each card compares.",
    ),
    sources=("EV 2", "SP 3.5", "AA 5.3"),
    lanes=(
        Lane(
            "rewind",
            "Rewind by writing",
            "Writes the values of the old checkpoint over the newest ones with `update_state`, then invokes the graph.",
            build,
            trap="An update adds a checkpoint at the end and moves nothing back: reducers take old values as further "
            "ones, keys that were set later keep their values, and no node runs, as the thread still is at its end.",
            travel="rewind",
        ),
        Lane(
            "replay",
            "Replay",
            "Invokes the graph with the config of the old checkpoint: the rest runs again from the state there.",
            build,
            travel="replay",
        ),
        Lane(
            "fork",
            "Fork with an edit",
            "Writes changed values to the old checkpoint, which makes a new one beside it, and goes on from that.",
            build,
            edits=("topic", "outline", "text"),
            travel="fork",
        ),
    ),
    examples=(
        Example(
            "Back to before the writing",
            {"topic": "The lighthouse at the end of the pier"},
            _all_back("write", outline="1. The keeper's last night\n2. A ship without lights"),
        ),
        Example(
            "Back to the beginning",
            {"topic": "A bakery that opens at night"},
            _all_back("outline", topic="A library under the sea"),
        ),
        Example(
            "Back to before the sending",
            {"topic": "Eleven chickens"},
            _all_back("send", text="There were eleven chickens, and now there are twelve."),
        ),
        Example(
            "A topic without a word",
            {"topic": "???"},
            _all_back("outline", topic="Three question marks"),
            unhappy=True,
        ),
    ),
    script=by_instruction({OUTLINE: _outline, WRITE: _write}),
    tables=("outbox",),
)
