"""Moderation: messages inside the house pass, and every one to the outside waits for a moderator.

Watch the outbox: internal messages are there at once, and each of the others on its own approval, while the rest still
wait. The trail in the state has every decision: who, when, and the text before and after an edit.
"""

import operator
import re
import textwrap
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send, interrupt
from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator
from typing_extensions import TypedDict

from graphs.world import World, effect_key

REMARK = (
    "You help a moderator. Say in one short sentence what should be looked at before this message leaves the house, "
    "such as a promise, a price or an insult, or say that nothing stands out."
)
HOUSE = "harbour.example"  # the domain of the addresses inside the house
MOST = 20  # messages of a batch
ADDRESS = re.compile(r"[\w.+-]+@[A-Za-z0-9.-]+")
"""One address alone: a list of them, or a name with one, could take a message to somebody whom nobody sees."""


class BadBatch(ValueError):
    """Raised when a line of the batch is no message, or when there are too few lines or too many."""


class Input(TypedDict):
    """What the visitor gives."""

    batch: Annotated[
        str,
        Field(title="Messages, one a line, as recipient: text"),
        Field(min_length=1, max_length=4000, json_schema_extra={"multiline": True}),
    ]


class Message(TypedDict):
    """A message of the batch, with what the model remarks on one to the outside."""

    number: int
    recipient: str
    text: str
    remark: str


class Entry(TypedDict):
    """A line of the trail: what was decided on a message, by whom and when."""

    number: int
    decision: Literal["internal", "approved", "edited", "rejected"]
    by: str
    at: str
    before: str
    after: str
    reason: str


class State(Input):
    """The messages, and the trail, which only grows."""

    messages: list[Message]
    trail: Annotated[list[Entry], operator.add]


class Task(TypedDict):
    """What the task of one message gets."""

    message: Message


class Verdict(BaseModel):
    """What a moderator answers; the text begins with the message's own, and is sent as it stands here."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"decision": {"const": "reject"}}, "required": ["decision"]},
            "then": {"properties": {"reason": {"pattern": r"\S"}}, "required": ["reason"]},
            "else": {"properties": {"text": {"pattern": r"\S"}}},
        }
    )

    decision: Literal["send", "reject"] = Field(title="Decision")
    text: str = Field(max_length=2000)
    reason: str = Field("", title="Reason (needed to reject)", max_length=1000)
    moderator: str = Field("", json_schema_extra={"acting_person": True})

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.decision == "reject" and not self.reason.strip():
            raise ValueError("A rejection needs a reason. Say why, so that the author can do something about it.")
        if self.decision == "send" and not self.text.strip():
            raise ValueError("There is no text to send. Write one, or reject the message.")
        return self


def verdict_on(text: str) -> type[Verdict]:
    """Return the schema of an answer that begins with this text."""
    begins = Field(text, title="Text (change it to edit)", max_length=2000, json_schema_extra={"multiline": True})
    return create_model("Verdict", __base__=Verdict, text=(str, begins))


def read_batch(batch: str) -> list[Message]:
    """Read messages line by line, empty lines left out; raise BadBatch."""
    lines = [line.strip() for line in batch.splitlines() if line.strip()]
    if not 1 <= len(lines) <= MOST:
        raise BadBatch(f"The batch has {len(lines)} messages and may have 1 to {MOST}. Change it and run it again.")
    messages: list[Message] = []
    for number, line in enumerate(lines, 1):
        recipient, _, text = (part.strip() for part in line.partition(":"))
        if not ADDRESS.fullmatch(recipient) or not text:
            raise BadBatch(f"Line {number}, {line[:60]!r}, is no message. Write one address, a colon and a text.")
        messages.append({"number": number, "recipient": recipient, "text": text, "remark": ""})
    return messages


def is_internal(message: Message) -> bool:
    """Return whether a message stays in the house."""
    return message["recipient"].rpartition("@")[2].lower() == HOUSE


def _entry(message: Message, decision: Any, by: str = "", after: str = "", reason: str = "") -> dict[str, Any]:
    at, before = datetime.now(UTC).isoformat(timespec="seconds"), message["text"]
    made = Entry(number=message["number"], decision=decision, by=by, at=at, before=before, after=after, reason=reason)
    return {"trail": [made]}


def _send(message: Message, text: str, runtime: Runtime[World]) -> None:
    subject = textwrap.shorten(text, 60, placeholder="...")
    runtime.context.outbox.send(message["recipient"], subject, text, key=effect_key(runtime, str(message["number"])))


def build(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the pipeline: sort, then a task for each message, which passes or asks."""

    def sort(state: State) -> dict[str, Any]:
        messages = read_batch(state["batch"])
        for message in messages:
            if not is_internal(message):
                message["remark"] = model.invoke([SystemMessage(REMARK), HumanMessage(message["text"])]).text
        return {"messages": messages}

    def each(state: State) -> list[Send]:
        return [Send("pass_on" if is_internal(one) else "moderate", Task(message=one)) for one in state["messages"]]

    def pass_on(state: Task, runtime: Runtime[World]) -> dict[str, Any]:
        message = state["message"]
        _send(message, message["text"], runtime)
        return _entry(message, "internal", after=message["text"])

    def moderate(state: Task, runtime: Runtime[World]) -> dict[str, Any]:
        message = state["message"]
        asked = {"question": f"Send this message to {message['recipient']}?", "role": "moderator"}
        about = {"message": message["text"], "remark": message["remark"]}
        verdict = interrupt({**asked, **about}, response_schema=verdict_on(message["text"]))
        if verdict.decision == "reject":
            return _entry(message, "rejected", verdict.moderator, reason=verdict.reason.strip())
        _send(message, verdict.text, runtime)
        decision = "approved" if verdict.text == message["text"] else "edited"
        return _entry(message, decision, verdict.moderator, verdict.text)

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("sort", sort)
        .add_node("pass_on", pass_on, metadata={"effects": ["outbox"]})
        .add_node("moderate", moderate, metadata={"effects": ["outbox"]})
        .add_edge(START, "sort")
        .add_conditional_edges("sort", each, ["pass_on", "moderate"])
        .add_edge("pass_on", END)
        .add_edge("moderate", END)
    )
