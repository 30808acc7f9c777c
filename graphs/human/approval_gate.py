"""Approval gate: a mail is drafted, and a person approves it or asks for changes, as often as wanted, before it's sent.

Watch the outbox beside the lanes: it stays empty until somebody says yes. 'Breakpoint and state update'
stops before the gate and reads what a person wrote into the state; 'Interrupt and resume' asks a question
and gets the answer as a return value.
"""

import operator
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Self

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from graphs.world import World, effect_key

DRAFT = "Write the body of a short, polite e-mail that does what is requested. Give the body only."
REVISE = "Revise the e-mail draft so that it follows the feedback. Give the new body only."


class NotDecided(ValueError):
    """Raised when the gate is passed with neither an approval nor a wish for changes."""


class NoAddress(ValueError):
    """Raised when the recipient is no e-mail address."""


class Input(TypedDict):
    """What the visitor gives."""

    recipient: Annotated[str, Field(title="Recipient", min_length=1, max_length=200)]
    request: Annotated[
        str, Field(title="What to write", min_length=1, max_length=2000, json_schema_extra={"multiline": True})
    ]


class State(Input):
    """What flows round the gate; `approved` and `feedback` are what a person decides."""

    draft: str
    approved: Annotated[bool, Field(title="Approved")]
    feedback: Annotated[str, Field(title="Changes to make", max_length=2000, json_schema_extra={"multiline": True})]
    log: Annotated[list[str], operator.add]
    mail: int


Mailing = CompiledStateGraph[State, World, Input, State]


class Verdict(BaseModel):
    """What a person answers at the gate."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"decision": {"const": "change"}}},
            "then": {"properties": {"feedback": {"pattern": r"\S"}}, "required": ["feedback"]},
        }
    )

    decision: Literal["approve", "change"] = Field(title="Decision")
    feedback: str = Field("", title="Changes to make", max_length=2000, json_schema_extra={"multiline": True})

    @model_validator(mode="after")
    def _says_what_to_change(self) -> Self:
        if self.decision == "change" and not self.feedback.strip():
            raise ValueError("Asking for changes needs feedback. Say what to change, or approve the draft.")
        return self


def _steps_around_gate(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    def draft(state: State) -> dict[str, Any]:
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", state["recipient"].strip()):
            raise NoAddress(
                f"The recipient {state['recipient'][:60]!r} is no e-mail address. "
                "A mail needs one of the form name@host. Correct it and run it again."
            )
        answer = model.invoke([SystemMessage(DRAFT), HumanMessage(state["request"])])
        return {"draft": answer.text, "approved": False, "feedback": ""}

    def revise(state: State) -> dict[str, Any]:
        asked = f"Draft:\n{state['draft']}\n\nFeedback:\n{state['feedback']}"
        answer = model.invoke([SystemMessage(REVISE), HumanMessage(asked)])
        # Cleared, so that the next draft needs a decision of its own.
        return {"draft": answer.text, "approved": False, "feedback": "", "log": ["revised"]}

    def send(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        subject = textwrap.shorten(state["request"], 60, placeholder="...")
        key = effect_key(runtime)
        number = runtime.context.outbox.send(state["recipient"].strip(), subject, state["draft"], key=key)
        return {"mail": number, "log": ["sent"]}

    def decided(state: State) -> Literal["send", "revise"]:
        return "send" if state["approved"] else "revise"

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("draft", draft)
        .add_node("revise", revise)
        .add_node("send", send, metadata={"effects": ["outbox"]})
        .add_edge(START, "draft")
        .add_edge("draft", "await_approval")
        .add_conditional_edges("await_approval", decided)
        .add_edge("revise", "await_approval")
        .add_edge("send", END)
    )


def build_static(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the loop around a gate that reads what a person wrote into the state at a breakpoint."""

    def await_approval(state: State) -> dict[str, Any]:
        if state["approved"]:
            return {"log": ["approved"]}
        if not state["feedback"].strip():
            raise NotDecided(
                "The draft is neither approved nor is there feedback. The gate opens only for one of the two. "
                "Tick 'Approved' or write what to change, then retry."
            )
        return {"log": [f"changes asked: {state['feedback']}"]}

    return _steps_around_gate(model).add_node("await_approval", await_approval)


def run_static(
    graph: Mailing,
    given: Input | None,
    config: RunnableConfig,
    *,
    interrupt_before: Sequence[str] | None = None,
    **options: Any,
) -> Iterator[Any]:
    """Run to the gate and stop before it, by its name; with no input, go on from there."""
    pauses = [*(interrupt_before or ()), "await_approval"]
    return graph.stream(given, config, interrupt_before=pauses, durability="sync", **options)


def build_interrupt(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the loop around a gate that asks its question by itself and gets the answer back."""

    def await_approval(state: State) -> dict[str, Any]:
        verdict = interrupt(
            {
                "question": f"Send this mail to {state['recipient']}?",
                "draft": state["draft"],
                "revisions so far": state["log"].count("revised"),
            },
            response_schema=Verdict,
        )
        if verdict.decision == "approve":
            return {"approved": True, "feedback": "", "log": ["approved"]}
        return {"approved": False, "feedback": verdict.feedback, "log": [f"changes asked: {verdict.feedback}"]}

    return _steps_around_gate(model).add_node("await_approval", await_approval)
