"""A state with a field of every kind that a form knows, and a value of each."""

import operator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired

from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.graph import add_messages
from pydantic import BaseModel, Field
from typing_extensions import TypedDict


class Colour(Enum):
    RED = "r"
    BLUE = "b"


class Item(TypedDict):
    name: str
    price: float
    paid: bool
    tags: list[str]
    note: NotRequired[str]


class Address(BaseModel):
    city: str = Field(min_length=2)
    number: int | None = None
    since: date | None = None


@dataclass
class Size:
    width: float
    unit: str = "cm"


def larger(one: int, other: int) -> int:
    return max(one, other)


class State(TypedDict, total=False):
    name: Annotated[str, Field(title="The name", min_length=1, max_length=40)]
    letter: Annotated[str, Field(json_schema_extra={"multiline": True})]
    note: str | None
    count: Annotated[int, Field(ge=0, le=9)]
    big: int
    share: float
    exact: float
    flag: bool
    maybe: bool | None
    status: Literal["open", "closed"]
    level: Literal["a", "b", "c", "d", "e", "f"] | None
    colour: Colour
    day: date
    hour: time
    moment: datetime
    stamp: datetime
    log: Annotated[list[str], operator.add]
    total: Annotated[int, operator.add]
    best: Annotated[int, larger]
    items: list[Item]
    loose: list[dict[str, Any]]
    addresses: list[Address]
    messages: Annotated[list[Any], add_messages]
    home: Address
    work: Address | None
    size: Size
    prices: dict[str, float]
    anything: Any
    missing: str


VALUES: dict[str, Any] = {
    "name": "A *b* <b>",
    "letter": "one\r\ntwo\x00\u202e",
    "note": None,
    "count": 3,
    "big": 2**70,
    "share": 1.5,
    "exact": 3.141592653589793,
    "flag": True,
    "maybe": None,
    "status": "open",
    "level": None,
    "colour": Colour.RED,
    "day": date(2026, 3, 4),
    "hour": time(9, 30),
    "moment": datetime(2026, 3, 4, 9, 30),  # noqa: DTZ001 - a state may hold one without a zone
    "stamp": datetime(2026, 3, 4, 9, 30, 1, 5, tzinfo=UTC),
    "log": ["first", "second\nline"],
    "total": 5,
    "best": 7,
    "items": [
        {"name": "Pen", "price": 1.25, "paid": True, "tags": ["a"]},
        {"name": "Ink", "price": 10, "paid": False, "tags": [], "note": "blue"},
    ],
    "loose": [{"a": 1, "b": "x"}, {"a": 2}],
    "addresses": [Address(city="Rome", number=4)],
    "messages": [
        HumanMessage("What is the weather?", id="1"),
        AIMessage("Let me look", id="2", tool_calls=[{"name": "weather", "args": {"at": "Rome"}, "id": "t1"}]),
        ToolMessage("sunny", tool_call_id="t1", id="3"),
    ],
    "home": Address(city="Rome", since=date(2020, 1, 1)),
    "work": None,
    "size": Size(2.5),
    "prices": {"pen": 1.5},
    "anything": {"x": [1, None, {"y": True}]},
}

KINDS = {
    "name": "text", "letter": "area", "note": "text", "count": "integer", "big": "integer", "share": "number",
    "exact": "number", "flag": "toggle", "maybe": "toggle", "status": "choice", "level": "choice", "colour": "choice",
    "day": "date", "hour": "time", "moment": "datetime", "stamp": "datetime", "log": "list", "total": "integer",
    "best": "integer", "items": "table", "loose": "table", "addresses": "table", "messages": "messages",
    "home": "group", "work": "group", "size": "group", "prices": "mapping", "anything": "json", "missing": "text",
}  # fmt: skip
