"""Branching: a classifier picks one of three handlers, by a conditional edge or by the node itself.

Watch which handler lights up, and what becomes of a category that nobody mapped: the library
only logs `Command(goto="unknown")` and ends the run as if it had finished, so in both lanes
the classifier refuses it before it writes anything.
"""

import re
from typing import Annotated, Any, Literal, get_args

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command
from pydantic import Field
from typing_extensions import TypedDict

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
    """Read the category from a model's answer, which may be dressed up as in "**Urgent.**" or "Category: urgent"."""
    line = (answer.strip().lower().splitlines() or [""])[0]
    categories = {word for word in re.findall(r"[a-z]+", line) if word in CATEGORIES}
    denied = re.search(r"\b(?:no|non|not|never)\b|n\Wt\b", line)
    return categories.pop() if len(categories) == 1 and not denied else line


def route_of(category: str) -> Route:
    """Return the handler for a category, or raise UnmappedRoute where there is none."""
    for route in ROUTES:
        if route == category:
            return route
    raise UnmappedRoute(
        f"The category {category[:60]!r} has no route. A message goes on only to a handler that is mapped: "
        f"{', '.join(ROUTES)}. Add a handler for it, or word the message so that one of these fits."
    )


def _handlers(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    def answer(instruction: str, text: str) -> dict[str, Any]:
        return {"answer": model.invoke([SystemMessage(instruction), HumanMessage(text)]).text}

    def urgent(state: State) -> dict[str, Any]:
        return answer(URGENT, state["text"])

    def question(state: State) -> dict[str, Any]:
        return answer(QUESTION, state["text"])

    def general(state: State) -> dict[str, Any]:
        return answer(GENERAL, state["text"])

    return (
        StateGraph(State, input_schema=Input)
        .add_node("urgent", urgent)
        .add_node("question", question)
        .add_node("general", general)
        .add_edge(START, "classify")
        .add_edge("urgent", END)
        .add_edge("question", END)
        .add_edge("general", END)
    )


def build_conditional_edge(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build a classifier that only writes the category, and an edge that reads it."""

    def classify(state: State) -> dict[str, Any]:
        answer = model.invoke([SystemMessage(CLASSIFY), HumanMessage(state["text"])])
        # Checked here, not in `route`: the node's writes are saved before its edge runs, so that after
        # an error in the edge the thread counts as finished and going on ends it silently.
        return {"category": route_of(read_category(answer.text))}

    def route(state: State) -> Route:
        return state["category"]

    return _handlers(model).add_node("classify", classify).add_conditional_edges("classify", route)


def build_command(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build a classifier that writes the category and names the next node in one `Command`."""

    def classify(state: State) -> Command[Route]:
        answer = model.invoke([SystemMessage(CLASSIFY), HumanMessage(state["text"])])
        category = route_of(read_category(answer.text))
        return Command(update={"category": category}, goto=category)

    return _handlers(model).add_node("classify", classify)
