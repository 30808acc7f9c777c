"""An agent as the library's own documentation makes one: three tools, two of which wait for a person's review."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.graph import StateGraph

from graphs.pattern import Build, Example, Family, Lane, Pattern

RAN: list[tuple[str, dict[str, Any]]] = []
"""The tools that ran, with their arguments, since a test cleared the list."""


class Priority(StrEnum):
    LOW = "low"
    HIGH = "high"


@tool
def book_room(room: str, seats: int, *, projector: bool = False, priority: Priority = Priority.LOW) -> str:
    """Book a room."""
    RAN.append(("book_room", {"room": room, "seats": seats, "projector": projector, "priority": priority.value}))
    return f"{room} is booked."


@tool
def invite(guests: list[str], text: str) -> str:
    """Invite guests."""
    RAN.append(("invite", {"guests": guests, "text": text}))
    return "They're invited."


@tool
def look_up(name: str) -> str:
    """Look something up, which needs nobody's leave."""
    RAN.append(("look_up", {"name": name}))
    return f"{name} is free."


BOOK = {"room": "Blue", "seats": 12}
INVITE = {"guests": ["anna", "tom"], "text": "Come at ten."}


def _answer(messages: Sequence[BaseMessage]) -> AIMessage:
    if any(isinstance(one, ToolMessage) for one in messages):
        return AIMessage("That's all.")
    calls: dict[str, dict[str, Any]] = {"look_up": {"name": "Blue"}, "book_room": BOOK, "invite": INVITE}
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": name} for name, args in calls.items()])


def _agent(**mode: Any) -> Build:
    def build(model: BaseChatModel) -> StateGraph[Any, Any, Any, Any]:
        review: Any = HumanInTheLoopMiddleware({"book_room": True, "invite": True}, **mode)
        made = create_agent(model, [look_up, book_room, invite], middleware=[review])
        return made.builder

    return build


def _came_out(_: object) -> str:
    return f"{len(RAN)} tools ran"


GIVEN = {"messages": [{"type": "human", "content": "Book the blue room and invite Anna and Tom."}]}

AGENT = Pattern(
    "agent",
    "Agent",
    Family.AGENTS,
    "An agent that nobody here wrote.",
    ("Its tools wait.",),
    (),
    (
        Lane("together", "Together", "Asks once.", _agent(), outcome=_came_out),
        Lane("each", "Each", "Asks for each call.", _agent(interrupt_mode="per_call"), outcome=_came_out),
    ),
    (Example("Book and invite", GIVEN),),
    _answer,
)
