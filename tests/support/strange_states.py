"""Patterns whose states have types that Pydantic doesn't know, or messages of every kind; to be opened on pages."""

import typing
from typing import Annotated, Any

import pandas as pd
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.channels import UntrackedValue
from langgraph.graph import START, StateGraph, add_messages
from pydantic import Field
from typing_extensions import TypedDict

from graphs.pattern import Example, Family, Lane, Pattern


class Shelf:
    """A class of the pattern's own, of which nobody knows anything."""

    def __init__(self, books: int) -> None:
        self.books = books


class Given(TypedDict):
    """What the strange ones are given."""

    name: Annotated[str, Field(title="Name", min_length=1, max_length=50)]
    extra: Annotated[dict[str, int] | None, Field(title="Extra")]


class Unknown(Given):
    """Values that no checkpointer saves, beside those that one does."""

    table: Annotated[pd.DataFrame, UntrackedValue]
    shelf: Annotated[Shelf, UntrackedValue]
    done: list[str]


class OldPart(typing.TypedDict):
    """A part of the state, of the standard library's kind."""

    city: str


class Old(typing.TypedDict):
    """A state of the standard library's kind, which Pydantic refuses before Python 3.12."""

    name: Annotated[str, Field(title="Name", min_length=1)]
    home: OldPart
    done: list[str]


class Talk(TypedDict):
    """Messages as dicts, kept so in one field and made into messages in the other."""

    name: str
    messages: Annotated[list[AnyMessage], add_messages]
    raw: list[AnyMessage]
    loose: list[Any]


def unknown(_: BaseChatModel) -> Any:
    """Build a graph whose state has a table and an object."""

    def fill(_: Unknown) -> dict[str, Any]:
        return {"table": pd.DataFrame({"a": [1, 2]}), "shelf": Shelf(3), "done": ["fill"]}

    def count(state: Unknown) -> dict[str, Any]:
        return {"done": [*state["done"], f"count {len(state['table'])}"]}

    return _two(Unknown, Given, fill, count)


def old(_: BaseChatModel) -> Any:
    """Build a graph on the standard library's TypedDict."""

    def fill(_: Old) -> dict[str, Any]:
        return {"home": {"city": "Rome"}, "done": ["fill"]}

    def count(state: Old) -> dict[str, Any]:
        return {"done": [*state["done"], "count"]}

    return _two(Old, Old, fill, count)


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
FIRST = ToolMessage("sunny", tool_call_id="t1", id="3", name="weather", status="success")


def talk(_: BaseChatModel) -> Any:
    """Build a graph whose second step changes nothing but what isn't text in its messages."""

    def fill(_: Talk) -> dict[str, Any]:
        return {
            "messages": [
                {"role": "user", "content": "What is this?", "id": "1"},
                AIMessage([{"type": "text", "text": "A cat"}], id="2"),
                FIRST,
            ],
            "raw": [{"role": "user", "content": "raw"}],
            "loose": [{"role": "user", "content": "loose"}, HumanMessage("typed", id="9")],
        }

    def change(_: Talk) -> dict[str, Any]:
        text = {"type": "text", "text": "A cat"}
        thought = {"type": "reasoning", "reasoning": "It has whiskers."}
        return {
            "messages": [
                HumanMessage([{"type": "text", "text": "What is this?"}, PICTURE], id="1"),
                AIMessage([thought, text], id="2", additional_kwargs={"refusal": "no"}),
                FIRST.model_copy(update={"status": "error", "name": "forecast"}),
            ]
        }

    return _two(Talk, Talk, fill, change)


def _two(state: Any, given: Any, first: Any, second: Any) -> Any:
    made = StateGraph(state, input_schema=given).add_node("first", first).add_node("second", second)
    return made.add_edge(START, "first").add_edge("first", "second")


def _pattern(slug: str, build: Any, given: dict[str, Any]) -> Pattern:
    lane = Lane("only", "Only", "Is strange.", build, edits=tuple(given))
    example = Example("One", given)
    return Pattern(slug, slug.capitalize(), Family.SHAPES, "Strange.", (), (), (lane,), (example,), lambda _: "x")


STRANGE = (
    _pattern("strange-unknown", unknown, {"name": "A", "extra": None}),
    _pattern("strange-old", old, {"name": "A", "home": {"city": "Bern"}, "done": []}),
    _pattern(
        "strange-talk",
        talk,
        {"name": "A", "messages": [{"role": "user", "content": "Hi"}], "raw": [], "loose": []},
    ),
)
