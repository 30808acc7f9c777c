"""Map-reduce: a line for each note, a headline in two steps beside that, and one report mailed when all is done.

Watch outbox and time axis. In *One loop, two edges* the report runs after each branch, first without a headline.
In *Send and a deferred join* each note has a task, all run at once, and the report waits until nothing else is left.
"""

import operator
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import RetryPolicy, Send
from pydantic import Field
from typing_extensions import TypedDict

from graphs.world import World, effect_key

SUM_UP = "Sum the note up in at most twelve words."
TOPIC = "Name what most of the notes are about, in one or two words."
HEADLINE = "Write a headline of at most eight words for a report about this topic."
MOST = 40
RETRY = RetryPolicy(max_attempts=2, initial_interval=0.2, jitter=False, retry_on=ConnectionError)


class InvalidNotes(ValueError):
    """Raised when there is no note, or when there are too many."""


class Input(TypedDict):
    """What the visitor gives."""

    notes: Annotated[
        str, Field(title="Notes, one a line", min_length=1, max_length=8000, json_schema_extra={"multiline": True})
    ]
    failing: Annotated[int, Field(title="Note whose service fails once, 0 for none", ge=0, le=MOST)]


class Line(TypedDict):
    """What one task of the map gives: a line of the report."""

    number: int
    text: str


class Note(Line):
    """What one task of the map gets: a note, which becomes the line of its number."""

    fails: bool


class State(Input):
    """The notes, and what was made of them; the lines come in whichever order the tasks end."""

    read: list[Note]
    lines: Annotated[list[Line], operator.add]
    topic: str
    headline: str
    mailed: Annotated[list[str], operator.add]  # the subject of each report that was mailed


def read(state: State) -> dict[str, Any]:
    """Make a list of the notes."""
    texts = [line.strip() for line in state["notes"].splitlines() if line.strip()]
    if not 1 <= len(texts) <= MOST:
        raise InvalidNotes(f"There are {len(texts)} notes. A report takes 1 to {MOST}. Give as many, one a line.")
    notes = [Note(number=number, text=text, fails=number == state["failing"]) for number, text in enumerate(texts, 1)]
    return {"read": notes}


def report(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Mail what there is by now."""
    lines = sorted(state["lines"], key=lambda line: line["number"])
    subject, key = state.get("headline", "(no headline)"), effect_key(runtime, "report")
    body = "\n".join(f"{line['number']}. {line['text']}" for line in lines)
    runtime.context.outbox.send("editor@harbour.example", subject, body, key)
    return {"mailed": [subject]}


def _sum_up(model: BaseChatModel, note: Note, runtime: Runtime[World]) -> Line:
    if note["fails"]:
        runtime.context.faults.trip(f"note {note['number']}", times=1)
    return Line(number=note["number"], text=model.invoke([SystemMessage(SUM_UP), HumanMessage(note["text"])]).text)


def _headlined(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    def topic(state: State) -> dict[str, Any]:
        return {"topic": model.invoke([SystemMessage(TOPIC), HumanMessage(state["notes"])]).text}

    def headline(state: State) -> dict[str, Any]:
        return {"headline": model.invoke([SystemMessage(HEADLINE), HumanMessage(state["topic"])]).text}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_edge(START, "read")
        .add_sequence([read, topic, headline])
        .add_edge("headline", "report")
        .add_edge("report", END)
    )


def build_loop(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the trap: one node for all notes, and an edge to the report from the end of either branch."""

    def sum_up_all(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        return {"lines": [_sum_up(model, note, runtime) for note in state["read"]]}

    return (
        _headlined(model)
        .add_node("sum_up_all", sum_up_all, retry_policy=RETRY)
        .add_node("report", report, metadata={"effects": ["outbox"]})
        .add_edge("read", "sum_up_all")
        .add_edge("sum_up_all", "report")
    )


def build_send(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the cure: a task for each note, and a report that is put off until no other node has work."""

    def sum_up(state: Note, runtime: Runtime[World]) -> dict[str, Any]:
        return {"lines": [_sum_up(model, state, runtime)]}

    return (
        _headlined(model)
        .add_node("sum_up", sum_up, retry_policy=RETRY)
        .add_node("report", report, defer=True, metadata={"effects": ["outbox"]})
        .add_conditional_edges("read", lambda state: [Send("sum_up", note) for note in state["read"]], ["sum_up"])
        .add_edge("sum_up", "report")
    )
