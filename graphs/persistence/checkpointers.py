"""Checkpointers: the same notebook kept in memory, in a SQLite file and in PostgreSQL, and a restart between turns.

Watch who still knows the first turn after the restart. Each rehearsal is a superstep, and each superstep
a checkpoint: the table under the lanes tells what one costs and how many bytes a lane keeps.
"""

import operator
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AnyMessage, BaseMessage, HumanMessage, SystemMessage
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages
from pydantic import Field
from typing_extensions import TypedDict

from graphs.pattern import Example, Family, Lane, Pattern, Restart, Turn
from graphs.script import by_instruction
from graphs.world import World

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


def build(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds listen, a loop of rehearsals, and answer; no node knows which checkpointer is behind it."""

    def listen(state: State) -> dict[str, Any]:
        return {"messages": [HumanMessage(state["message"])], "left": state["rounds"]}

    def rehearse(state: State) -> dict[str, Any]:
        lines = _lines(state["messages"])
        return {"left": state["left"] - 1, "rehearsed": [lines[len(state["rehearsed"]) % len(lines)]]}

    def route(state: State) -> Literal["rehearse", "answer"]:
        return "rehearse" if state["left"] > 0 else "answer"

    def answer(state: State) -> dict[str, Any]:
        count = REHEARSED.format(lines=len(_lines(state["messages"])), times=len(state["rehearsed"]))
        return {"messages": [model.invoke([SystemMessage(ANSWER), SystemMessage(count), *state["messages"]])]}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("listen", listen)
        .add_node("rehearse", rehearse)
        .add_node("answer", answer)
        .add_edge(START, "listen")
        .add_edge("listen", "rehearse")
        .add_conditional_edges("rehearse", route)
    )


def _lines(messages: Iterable[BaseMessage]) -> list[str]:
    return [message.text for message in messages if message.type == "human"]


def _facts(lines: Iterable[str]) -> dict[str, str]:
    """Gives what the person told of theirs, the last word on each thing."""
    sentences = [part.strip() for line in lines for part in re.split(r"(?<=[.!?])\s+|\n", line)]
    told = [re.match(r"my ([^.,;!?]+?) (?:is|are) ([^.;!?]+)", said, re.IGNORECASE) for said in sentences]
    return {found[1].lower(): found[2].strip() for found in told if found and not found.string.endswith("?")}


def _answer(asked: str, messages: Sequence[BaseMessage]) -> str:
    lines = _lines(messages)
    lines_count, times = re.findall(r"\d+", messages[1].text)
    rehearsed = f" Lines rehearsed: {lines_count}; rehearsals: {times}."
    known = _facts(lines)
    question = re.search(r"\bmy ([^.,;!?]+)\?", asked, re.IGNORECASE)
    if question:
        thing = question[1].lower()
        unknown = f"I don't know your {thing}: you haven't told it in this conversation."
        return (f"Your {thing} is {known[thing]}." if thing in known else unknown) + rehearsed
    told = ", ".join(f"your {thing} is {value}" for thing, value in _facts([asked]).items())
    return f"Noted: {told or ' '.join(asked.split()[:8]).rstrip('.')}." + rehearsed


def _ask(thing: str) -> Turn:
    return Turn({"message": f"What is my {thing}?", "rounds": 4})


NAME = {"message": "My name is Alice.", "rounds": 4}
RESTART = Restart()
KEYS = ("memory", "sqlite", "postgresql")

PATTERN = Pattern(
    slug="checkpointers",
    title="Checkpointers",
    family=Family.PERSISTENCE,
    summary="Tell the notebook your name, restart it and ask: what is left depends on where the checkpoints were.",
    watch=(
        "After the restart *In memory* has nothing left, while the others go on from their last checkpoint.",
        "The restart is real: each thread has a checkpointer of its own, which is closed and dropped with the graph.",
        "The table under the lanes is measured on these threads: more rehearsals are more supersteps and more bytes.",
    ),
    sources=("EV 2", "AA 5.1", "AA 5.2", "AP ex. 2"),
    lanes=(
        Lane(
            "memory",
            "In memory",
            "Checkpoints are kept in this process; nothing is as quick, and they go with the checkpointer.",
            build,
            saver="memory",
        ),
        Lane(
            "sqlite",
            "SQLite",
            "Each superstep is written to a file, with the whole state in every checkpoint; a new connection finds it.",
            build,
            saver="sqlite",
        ),
        Lane(
            "postgresql",
            "PostgreSQL",
            "Each superstep goes to a server that other machines reach; its pool of connections outlives a restart.",
            build,
            saver="postgresql",
        ),
    ),
    examples=(
        Example("Name, restart, recall", NAME, dict.fromkeys(KEYS, (RESTART, _ask("name")))),
        Example(
            "A fact on each side of the restart",
            NAME,
            dict.fromkeys(
                KEYS,
                (RESTART, Turn({"message": "My boat is the Duchess.", "rounds": 12}), _ask("boat"), _ask("name")),
            ),
        ),
        Example("Recall without a restart", NAME, dict.fromkeys(KEYS, (_ask("name"),))),
        Example(
            "A name that was never told",
            {"message": "My boat is the Duchess.", "rounds": 2},
            dict.fromkeys(KEYS, (RESTART, _ask("name"))),
            unhappy=True,
        ),
    ),
    script=by_instruction({ANSWER: _answer}),
    turns=True,
)
