"""Branching: a classifier picks one of three handlers, by a conditional edge or by the node itself.

Watch which handler lights up, and what becomes of a category that nobody mapped: the library
only logs `Command(goto="unknown")` and ends the run as if it had finished, so in both lanes
the classifier refuses it before it writes anything.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command
from pydantic import Field
from typing_extensions import TypedDict

from graphs.pattern import Example, Family, Lane, Pattern
from graphs.script import by_instruction
from graphs.world import World

# The instruction knows a fourth category that the graph has no handler for: that is how prompt and graph drift apart.
CLASSIFY = "Classify the message. Answer with exactly one word: urgent, question, general or complaint."
URGENT = "The message is urgent. Say in one sentence what has to be dealt with first."
QUESTION = "Answer the question in one sentence. If you can't know the answer, say so."
GENERAL = "Acknowledge the message in one sentence."

CATEGORIES = ("urgent", "question", "general", "complaint")
Route = Literal["urgent", "question", "general"]
ROUTES: tuple[Route, ...] = get_args(Route)


class UnmappedRoute(LookupError):
    """Raised when the classifier names a category that no handler is mapped to."""


class Input(TypedDict):
    """What the visitor gives."""

    text: Annotated[str, Field(title="Message", min_length=1, max_length=4000, json_schema_extra={"multiline": True})]


class State(Input):
    """What flows to the handler that was picked."""

    category: Route
    answer: str


def read_category(answer: str) -> str:
    """Reads the category from a model's answer, which may be dressed up as in "**Urgent.**" or "Category: urgent"."""
    said = (answer.strip().lower().splitlines() or [""])[0]
    named = {word for word in re.findall(r"[a-z]+", said) if word in CATEGORIES}
    denied = re.search(r"\b(?:no|non|not|never)\b|n\Wt\b", said)
    return named.pop() if len(named) == 1 and not denied else said


def mapped(category: str) -> Route:
    """Gives the handler for a category; raises UnmappedRoute where there is none."""
    for route in ROUTES:
        if route == category:
            return route
    raise UnmappedRoute(
        f"The category {category[:60]!r} has no route. A message goes on only to a handler that is mapped: "
        f"{', '.join(ROUTES)}. Add a handler for it, or word the message so that one of these fits."
    )


def _handlers(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    def answer(instruction: str, text: str) -> dict[str, Any]:
        return {"answer": model.invoke([SystemMessage(instruction), HumanMessage(text)]).text}

    def urgent(state: State) -> dict[str, Any]:
        return answer(URGENT, state["text"])

    def question(state: State) -> dict[str, Any]:
        return answer(QUESTION, state["text"])

    def general(state: State) -> dict[str, Any]:
        return answer(GENERAL, state["text"])

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("urgent", urgent)
        .add_node("question", question)
        .add_node("general", general)
        .add_edge(START, "classify")
        .add_edge("urgent", END)
        .add_edge("question", END)
        .add_edge("general", END)
    )


def build_conditional_edge(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds a classifier that only writes the category, and an edge that reads it."""

    def classify(state: State) -> dict[str, Any]:
        answer = model.invoke([SystemMessage(CLASSIFY), HumanMessage(state["text"])])
        # Checked here, not in `route`: the node's writes are saved before its edge runs, so that after
        # an error in the edge the thread counts as finished and going on ends it silently.
        return {"category": mapped(read_category(answer.text))}

    def route(state: State) -> Route:
        return state["category"]

    return _handlers(model).add_node("classify", classify).add_conditional_edges("classify", route)


def build_command(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds a classifier that writes the category and names the next node in one `Command`."""

    def classify(state: State) -> Command[Route]:
        answer = model.invoke([SystemMessage(CLASSIFY), HumanMessage(state["text"])])
        category = mapped(read_category(answer.text))
        return Command(update={"category": category}, goto=category)

    return _handlers(model).add_node("classify", classify)


URGENCY = r"(?<!not )\b(?:urgent|urgently|asap|immediately|emergency|outage|right now|is down|on fire)\b"
COMPLAINT = r"\b(?:complain|complaint|unacceptable|disappointed|disappointing|refund|appalling)\b"
ASKING = r"\?|^\s*(?:who|what|when|where|why|how|which|can|could|does|do|is|are)\b"


def _category(text: str, _: Sequence[BaseMessage]) -> str:
    patterns = {"urgent": URGENCY, "complaint": COMPLAINT, "question": ASKING}
    return next((name for name, pattern in patterns.items() if re.search(pattern, text, re.IGNORECASE)), "general")


def _topic(text: str) -> str:
    words = dict.fromkeys(word.lower() for word in re.findall(r"[^\W\d_][\w'-]+", text) if len(word) > 4)
    return ", ".join(list(words)[:4]) or "nothing in particular"


def _urgent(text: str, _: Sequence[BaseMessage]) -> str:
    sentences = re.split(r"(?<=[.!?])\s+", text.strip())
    pressing = next((s for s in sentences if re.search(URGENCY, s, re.IGNORECASE)), sentences[0])
    return f"Deal with this first: {pressing}"


def _question(text: str, _: Sequence[BaseMessage]) -> str:
    return f"You ask about {_topic(text)}; I have only your {len(text.split())} words to go by, so I can't know."


def _general(text: str, _: Sequence[BaseMessage]) -> str:
    return f"Thank you, your message about {_topic(text)} has been read."


PATTERN = Pattern(
    slug="branching",
    title="Branching",
    family=Family.SHAPES,
    summary="A classifier reads the message and exactly one of three handlers answers it.",
    watch=(
        "One handler runs and the two others stay dark; change a word of the message and another one runs.",
        "In *Conditional edge* the edge reads the category from the state; in *Command* the node names its successor.",
        "A complaint has no handler: both lanes fail on the classifier with the reason, and never just end.",
    ),
    sources=("AA 2.2",),
    lanes=(
        Lane(
            "conditional-edge",
            "Conditional edge",
            "The node writes the category, and a route function on its edge picks the handler.",
            build_conditional_edge,
        ),
        Lane("command", "Command", "The node writes the category and picks the handler in one return.", build_command),
    ),
    examples=(
        Example("Urgent", {"text": "The checkout is down and customers can't pay. Please call the shop immediately."}),
        Example("A question", {"text": "How long does the guarantee on a repaired gearbox last?"}),
        Example("A remark", {"text": "The new chairs arrived on Tuesday and everyone likes the green ones."}),
        Example(
            "A category without a route",
            {"text": "I want to complain. The parcel came two weeks late and both of my letters stayed unanswered."},
            unhappy=True,
        ),
    ),
    script=by_instruction({CLASSIFY: _category, URGENT: _urgent, QUESTION: _question, GENERAL: _general}),
)
