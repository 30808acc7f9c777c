"""Reducers: two reviewers write to the same channels in one step, and a reducer says what becomes of both values.

Watch the tab *Channels*: what each channel held before a step, what the nodes wrote, and what it holds after it.
In *No reducer* the step of the two reviewers can't be applied, and where only one of them writes, the editor's
values take the place of the review.
"""

import re
from collections import Counter
from functools import partial
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage
from langgraph.graph import END, START, StateGraph, add_messages
from pydantic import Field
from typing_extensions import TypedDict


class InvalidReview(ValueError):
    """Raised when a review doesn't begin with a score."""


class InvalidOperation(ValueError):
    """Raised when a list is to be changed in a way that its reducer doesn't know."""


class Input(TypedDict):
    """What the visitor gives."""

    ann: Annotated[str, Field(title="Ann's review: a score from 1 to 10, then topics", max_length=300)]
    ben: Annotated[str, Field(title="Ben's review", max_length=300)]
    editor: Annotated[str, Field(title="Topics that the editor takes off", max_length=300)]


def highest(old: int, new: int) -> int:
    """Return the higher number; LangGraph can't take the built-in `max`, which has no signature."""
    return max(old, new)


def merge_deep(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return both, merged down to the last level; the new value wins where they meet."""
    nested = {key for key in new if isinstance(new[key], dict) and isinstance(old.get(key), dict)}
    return old | {key: merge_deep(old[key], new[key]) if key in nested else new[key] for key in new}


def merge_by_priority(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return both; where they meet, the entry of the higher priority wins, whichever came first."""
    return old | {key: new[key] for key in new if key not in old or new[key]["priority"] > old[key]["priority"]}


def add_counts(old: dict[str, int], new: dict[str, int]) -> dict[str, int]:
    """Return the sums by key."""
    return {key: old.get(key, 0) + new.get(key, 0) for key in old | new}


def append_unique(old: list[Any], new: list[Any]) -> list[Any]:
    """Return the old items and those new ones that aren't there yet, each once."""
    result = list(old)
    for item in new:
        # Compared and not hashed, as a dictionary has no hash; with the result, as an update may repeat itself.
        if item not in result:
            result.append(item)
    return result


def edit_list(old: list[Any], new: list[Any] | dict[str, list[Any]]) -> list[Any]:
    """Return the list with items removed, prepended and appended; a list alone is appended."""
    do = {"append": new} if isinstance(new, list) else new
    if unknown := do.keys() - {"append", "prepend", "remove"}:
        raise InvalidOperation(f"A list can't do {unknown}. It can append, prepend and remove. Write one of these.")
    left = [item for item in old if item not in do.get("remove", [])]
    return [*do.get("prepend", []), *left, *do.get("append", [])]


def add_up(old: dict[str, int], new: dict[str, int]) -> dict[str, int]:
    """Return the mean of both as count and sum, from nothing but these."""
    return {"n": old.get("n", 0) + new["n"], "sum": old.get("sum", 0) + new["sum"]}


class NoReducer(Input):
    """Channels that hold one value each: what was written last."""

    best: int
    facts: dict[str, Any]
    quote: dict[str, Any]
    counts: dict[str, int]
    topics: list[dict[str, str]]
    desk: list[str]
    mean: dict[str, int]
    messages: list[AnyMessage]


class Reduced(Input):
    """The same channels, each with the function that joins what it holds and what is written."""

    best: Annotated[int, highest]
    facts: Annotated[dict[str, Any], merge_deep]
    quote: Annotated[dict[str, Any], merge_by_priority]
    counts: Annotated[dict[str, int], add_counts]
    topics: Annotated[list[dict[str, str]], append_unique]
    desk: Annotated[list[str], edit_list]
    mean: Annotated[dict[str, int], add_up]
    messages: Annotated[list[AnyMessage], add_messages]


def review(name: Literal["Ann", "Ben"], state: Input) -> dict[str, Any]:
    """Write to every channel what a review says; nothing where there is none."""
    text = state["ann"] if name == "Ann" else state["ben"]
    if not text.strip():
        return {}
    score, topics = read_review(text)
    return {
        "best": score,
        "facts": {"scores": {name: score}, "named": {name: len(topics)}},
        "quote": {"front page": {"by": name, "score": score, "priority": len(topics)}},
        "counts": dict(Counter(topics)),
        "topics": [{"topic": topic} for topic in topics],
        "desk": topics,
        "mean": {"n": 1, "sum": score},
        "messages": [AIMessage(f"{score} of 10: {', '.join(topics) or 'no topic'}", name=name, id=name)],
    }


def edit(state: NoReducer) -> dict[str, Any]:
    """Take topics off the desk, put a headline there, and mark each message that names one of the topics."""
    off = _topics(state["editor"])
    named = [said for said in state.get("messages", []) if any(topic in said.text for topic in off)]
    return {
        "facts": {"editor": {"took off": off}},
        "counts": {"taken off": len(off)},
        "desk": {"remove": off, "prepend": ["headline"]},
        "messages": [said.model_copy(update={"content": f"{said.text} (edited)"}) for said in named],
    }


def read_review(text: str) -> tuple[int, list[str]]:
    """Read a score and the topics after it."""
    given = re.fullmatch(r"\s*(10|[1-9])(?:\s*[:,;]\s*(.*))?\s*", text, re.DOTALL)
    if given is None:
        raise InvalidReview(f"{text[:40]!r} is no review. Give a score from 1 to 10, then topics: '8: light, price'.")
    return int(given[1]), _topics(given[2] or "")


def _topics(text: str) -> list[str]:
    return [topic for part in re.split(r"[,;\n]", text) if (topic := part.strip().lower())]


def _desk(state: type[Any]) -> StateGraph[Any, None, Input, Any]:
    return (
        StateGraph(state, input_schema=Input)
        .add_node("ann", partial(review, "Ann"))
        .add_node("ben", partial(review, "Ben"))
        .add_node("edit", edit)
        .add_edge(START, "ann")
        .add_edge(START, "ben")
        .add_edge(["ann", "ben"], "edit")
        .add_edge("edit", END)
    )


def build_without(_: BaseChatModel) -> StateGraph[Any, None, Input, Any]:
    """Build the trap: a channel takes one value a step, and the last one stays."""
    return _desk(NoReducer)


def build_reduced(_: BaseChatModel) -> StateGraph[Any, None, Input, Any]:
    """Build the cure: each channel has its reducer."""
    return _desk(Reduced)
