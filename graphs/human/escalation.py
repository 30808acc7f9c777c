"""Escalation: a support agent answers customers by itself, unless a sign says that a person should look first.

Four signs lead to a person: a confidence under 0.7, a sensitive topic, an order of high value, and a customer
in a hurry. Watch the package that the person gets: why, how urgent, the last five messages, and a suggestion.
"""

import re
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import TypedDict

from graphs.answers import Answer

REPLY = "You answer the customers of a furniture shop. Answer the last message in one or two sentences."
ASSESS = (
    "Assess the answer to the customer's message. Say in one line how confident one may be that it's right, as a "
    "number from 0 to 1, and then 'sensitive' where the message is about law, health or an accident, else 'harmless'."
)
SURE = 0.7  # confidence from which on an answer goes out by itself; the figure of the source, EV 3.3
HIGH_VALUE = 1000.0  # euros from which on a person looks at what is said about an order
NEWEST = 5  # messages that the person gets to read


class NoAssessment(ValueError):
    """Raised when the model gives no number from 0 to 1 as its confidence."""


class Input(TypedDict):
    """What the visitor gives, as a customer, in each turn."""

    message: Annotated[str, Field(title="Message of the customer", min_length=1, max_length=1000)]
    value: Annotated[float, Field(title="Value of the order in euros", ge=0, le=1_000_000)]
    urgent: Annotated[bool, Field(title="The customer is in a hurry")]


class State(Input):
    """The conversation, and what is thought of the answer that isn't sent yet."""

    messages: Annotated[list[AnyMessage], add_messages]
    draft: str
    confidence: float
    sensitive: bool
    reasons: list[str]
    answered_by: Literal["the agent", "a person"]


class Verdict(Answer, needs="reply", when=("rewrite",)):
    """What a person answers."""

    decision: Literal["send", "rewrite"] = Field(title="The suggested reply")
    reply: str = Field("", title="Reply (needed to rewrite)", max_length=2000, json_schema_extra={"multiline": True})


def read_assessment(answer: str) -> tuple[float, bool]:
    """Read confidence and sensitivity from a model's line, such as "0.85, harmless"; raise NoAssessment."""
    number = re.search(r"(?<![\d.])(?:0(?:\.\d+)?|1(?:\.0+)?|\.\d+)(?![\d.]*\d)", answer)
    if number is None:
        raise NoAssessment(f"The assessment {answer[:60]!r} has no number from 0 to 1. Try it again.")
    return float(number[0]), bool(re.search(r"\bsensitive\b", answer, re.IGNORECASE))


def reasons_to_ask(given: Input, confidence: float, *, sensitive: bool) -> list[str]:
    """Return why a person should look at an answer first; nothing where it may go out."""
    signs = {
        "low confidence": confidence < SURE,
        "sensitive topic": sensitive,
        "high value": given["value"] >= HIGH_VALUE,
        "urgent": given["urgent"],
    }
    return [name for name, shows in signs.items() if shows]


def build(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the agent with a way around the person, who is asked only for a reason."""

    def reply(state: State) -> dict[str, Any]:
        message = HumanMessage(state["message"])
        answer = model.invoke([SystemMessage(REPLY), *state["messages"], message])
        return {"messages": [message], "draft": answer.text}

    def assess(state: State) -> dict[str, Any]:
        judged = HumanMessage(f"Message:\n{state['message']}\n\nAnswer:\n{state['draft']}")
        confidence, sensitive = read_assessment(model.invoke([SystemMessage(ASSESS), judged]).text)
        reasons = reasons_to_ask(state, confidence, sensitive=sensitive)
        return {"confidence": confidence, "sensitive": sensitive, "reasons": reasons, "answered_by": "the agent"}

    def route(state: State) -> Literal["escalate", "send"]:
        return "escalate" if state["reasons"] else "send"

    def escalate(state: State) -> dict[str, Any]:
        said = [f"{'customer' if one.type == 'human' else 'shop'}: {one.text}" for one in state["messages"][-NEWEST:]]
        package = {
            "question": "What is the customer told?",
            "reason": ", ".join(state["reasons"]),
            "priority": "high" if state["urgent"] else "normal",
            "suggested reply": state["draft"],
            "last messages": said,
        }
        verdict = interrupt(package, response_schema=Verdict)
        draft = verdict.reply if verdict.decision == "rewrite" else state["draft"]
        return {"draft": draft, "answered_by": "a person"}

    def send(state: State) -> dict[str, Any]:
        return {"messages": [AIMessage(state["draft"])]}

    return (
        StateGraph(State, input_schema=Input)
        .add_edge(START, "reply")
        .add_sequence([reply, assess])
        .add_conditional_edges("assess", route)
        .add_sequence([escalate, send])
        .add_edge("send", END)
    )
