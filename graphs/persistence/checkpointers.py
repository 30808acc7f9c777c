"""Checkpointers: the same notebook kept in memory, in a SQLite file and in PostgreSQL, and a restart between turns.

Watch who still knows the first turn after the restart. Each rehearsal is a superstep, and each superstep
a checkpoint: the table under the lanes tells what one costs and how many bytes a lane keeps.
"""

import operator
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AnyMessage, BaseMessage, HumanMessage, SystemMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.postgres import Conn, PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages
from pydantic import Field
from typing_extensions import TypedDict

ANSWER = (
    "Answer the person in one or two sentences, from this conversation alone. If it doesn't tell what they ask for, "
    "say that you don't know it. Say in a last sentence how many lines you have rehearsed how many times."
)
REHEARSED = "Lines of the person so far: {lines}. Rehearsals so far: {times}."

MOST = 20
"""Rehearsals in one turn; each is a superstep, and a run may take only so many."""


class Input(TypedDict):
    """What the visitor says in one turn, and how often the notebook is gone over before the answer."""

    message: Annotated[str, Field(title="Message", min_length=1, max_length=1000)]
    rounds: Annotated[
        int, Field(title="Rehearsals", ge=1, le=MOST, description="Supersteps between what you say and the answer.")
    ]


class State(Input):
    """The conversation, the rehearsals that this turn has left, and the line that each one so far went over."""

    messages: Annotated[list[AnyMessage], add_messages]
    left: int
    rehearsed: Annotated[list[str], operator.add]


def build(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build listen, a loop of rehearsals, and answer; no node knows with which checkpointer it's compiled."""

    def listen(state: State) -> dict[str, Any]:
        return {"messages": [HumanMessage(state["message"])], "left": state["rounds"]}

    def rehearse(state: State) -> dict[str, Any]:
        lines = human_lines(state["messages"])
        return {"left": state["left"] - 1, "rehearsed": [lines[len(state["rehearsed"]) % len(lines)]]}

    def route(state: State) -> Literal["rehearse", "answer"]:
        return "rehearse" if state["left"] > 0 else "answer"

    def answer(state: State) -> dict[str, Any]:
        count = REHEARSED.format(lines=len(human_lines(state["messages"])), times=len(state["rehearsed"]))
        return {"messages": [model.invoke([SystemMessage(ANSWER), SystemMessage(count), *state["messages"]])]}

    return (
        StateGraph(State, input_schema=Input)
        .add_node("listen", listen)
        .add_node("rehearse", rehearse)
        .add_node("answer", answer)
        .add_edge(START, "listen")
        .add_edge("listen", "rehearse")
        .add_conditional_edges("rehearse", route)
    )


def human_lines(messages: Iterable[BaseMessage]) -> list[str]:
    """Return what the person has said, line by line."""
    return [message.text for message in messages if message.type == "human"]


def in_memory() -> InMemorySaver:
    """Make a checkpointer that keeps all in this process, and whose checkpoints go with it."""
    return InMemorySaver()


def in_sqlite(path: Path) -> SqliteSaver:
    """Make a checkpointer that writes to a file, in which the next one finds what this one saved."""
    return SqliteSaver(sqlite3.connect(path, check_same_thread=False))


def in_postgresql(pool: Conn) -> PostgresSaver:
    """Make a checkpointer on a server, over connections that outlive it."""
    return PostgresSaver(pool)
