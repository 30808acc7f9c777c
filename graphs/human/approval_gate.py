"""Approval gate: a drafted mail is approved, edited, sent back for changes as often as wanted, or rejected by a person.

Watch the outbox beside the lanes: it stays empty until somebody says yes. 'Breakpoint and state update'
stops before the gate and reads what a person wrote into the state; 'Interrupt and resume' asks a question
and gets the answer as a return value.
"""

import operator
import re
import textwrap
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import Field, create_model
from typing_extensions import TypedDict

from graphs.answers import Answer
from graphs.world import World, effect_key

DRAFT = "Write the body of a short, polite e-mail that does what is requested. Give the body only."
REVISE = "Revise the e-mail draft so that it follows the feedback. Give the new body only."
FEEDBACK = "Changes to make, or the reason to reject"
MULTILINE: dict[str, Any] = {"multiline": True}
"""What tells the form to show a field of several lines."""


class NotDecided(ValueError):
    """Raised when the gate is passed without a decision, or with two of them."""


class NoAddress(ValueError):
    """Raised when the recipient is no e-mail address."""


class Input(TypedDict):
    """What the visitor gives."""

    recipient: Annotated[str, Field(title="Recipient", min_length=1, max_length=200)]
    request: Annotated[str, Field(title="What to write", min_length=1, max_length=2000, json_schema_extra=MULTILINE)]


class State(Input):
    """What flows round the gate; the draft is the person's to edit, and the three fields after it to decide by."""

    draft: Annotated[
        str, Field(title="Draft", min_length=1, max_length=20_000, pattern=r"\S", json_schema_extra=MULTILINE)
    ]
    approved: Annotated[bool, Field(title="Approved")]
    rejected: Annotated[bool, Field(title="Rejected")]
    feedback: Annotated[str, Field(title=FEEDBACK, max_length=2000, json_schema_extra=MULTILINE)]
    drafted: str
    log: Annotated[list[str], operator.add]
    mail: int


Mailing = CompiledStateGraph[State, World, Input, State]


class Verdict(Answer, needs="feedback", when=("change", "reject")):
    """What a person answers at the gate."""

    decision: Literal["approve", "change", "reject"] = Field(title="Decision")
    draft: str = Field("", max_length=20_000)
    feedback: str = Field("", title=FEEDBACK, max_length=2000, json_schema_extra=MULTILINE)


def verdict_on(draft: str) -> type[Verdict]:
    """Return the schema of an answer that begins with this draft, so that an edit of it's part of the answer."""
    # What a model says is a text of its own class until it has been saved, which no schema takes as a default.
    begins, title = str(draft), "Draft (change it to edit)"
    field = Field(begins, title=title, max_length=20_000, pattern=r"\S", json_schema_extra=MULTILINE)
    return create_model("Verdict", __base__=Verdict, draft=(str, field))


OPEN: dict[str, Any] = {"approved": False, "rejected": False, "feedback": ""}


def _steps_around_gate(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    def draft(state: State) -> dict[str, Any]:
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", state["recipient"].strip()):
            raise NoAddress(f"{state['recipient'][:60]!r} is no e-mail address. Correct it to the form name@host.")
        answer = model.invoke([SystemMessage(DRAFT), HumanMessage(state["request"])])
        return {"draft": answer.text, "drafted": answer.text, **OPEN}

    def revise(state: State) -> dict[str, Any]:
        asked = f"Draft:\n{state['draft']}\n\nFeedback:\n{state['feedback']}"
        answer = model.invoke([SystemMessage(REVISE), HumanMessage(asked)])
        # Cleared, so that the next draft needs a decision of its own.
        return {"draft": answer.text, "drafted": answer.text, **OPEN, "log": ["revised"]}

    def send(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        subject = textwrap.shorten(state["request"], 60, placeholder="...")
        to, key = state["recipient"].strip(), effect_key(runtime)
        number = runtime.context.outbox.send(to, subject, state["draft"], key=key)
        return {"mail": number, "log": ["sent"]}

    def decided(state: State) -> Literal["send", "revise", "__end__"]:
        if state.get("rejected"):
            return "__end__"
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
        if state["approved"] and state.get("rejected"):
            raise NotDecided("The draft is approved and rejected at once. Untick one of the two, then retry.")
        if state["approved"]:
            return {"log": ["approved"]}
        if not state["feedback"].strip():
            raise NotDecided("There is no decision. Tick 'Approved', or write what to change or why it's rejected.")
        return {"log": [f"{'rejected' if state.get('rejected') else 'changes asked'}: {state['feedback']}"]}

    return _steps_around_gate(model).add_node("await_approval", await_approval)


def run_static(graph: Mailing, given: Any, config: RunnableConfig, **options: Any) -> Iterator[Any]:
    """Run to the gate and stop before it, by its name; with no input, go on from there."""
    pauses = [*(options.pop("interrupt_before", None) or ()), "await_approval"]
    return graph.stream(given, config, interrupt_before=pauses, durability="sync", **options)


def build_interrupt(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the loop around a gate that asks its question by itself and gets the answer back."""

    def await_approval(state: State) -> dict[str, Any]:
        question, revisions = f"Send this mail to {state['recipient']}?", state["log"].count("revised")
        asked = {"question": question, "draft": state["draft"], "revisions so far": revisions}
        verdict = interrupt(asked, response_schema=verdict_on(state["draft"]))
        if verdict.decision == "approve":
            return {**OPEN, "approved": True, "draft": verdict.draft, "log": ["approved"]}
        rejected, word = verdict.decision == "reject", verdict.feedback
        log = [f"{'rejected' if rejected else 'changes asked'}: {word}"]
        return {**OPEN, "rejected": rejected, "draft": verdict.draft, "feedback": word, "log": log}

    return _steps_around_gate(model).add_node("await_approval", await_approval)
