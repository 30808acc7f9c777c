"""Approval gate: a mail is drafted, and a person approves it or asks for changes, as often as wanted, before it's sent.

Watch the outbox beside the lanes: it stays empty until somebody says yes. 'Breakpoint and state update'
stops before the gate and reads what a person wrote into the state; 'Interrupt and resume' asks a question
and gets the answer as a return value.
"""

import operator
import re
import textwrap
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from graphs.pattern import Breakpoints, Edit, Example, Family, Go, Lane, Pattern, Reply
from graphs.script import by_instruction
from graphs.world import World

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


def build_static(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds the loop around a gate that reads what a person wrote into the state at a breakpoint."""

    def await_approval(state: State) -> dict[str, Any]:
        if state["approved"]:
            return {"log": ["approved"]}
        if not state["feedback"].strip():
            raise NotDecided(
                "The draft is neither approved nor is there feedback. The gate opens only for one of the two. "
                "Tick 'Approved' or write what to change, then try again."
            )
        return {"log": [f"changes asked: {state['feedback']}"]}

    return _steps_around_gate(model).add_node("await_approval", await_approval)


def build_interrupt(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds the loop around a gate that asks its question by itself and gets the answer back."""

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
        number = runtime.context.outbox.send(state["recipient"].strip(), subject, state["draft"])
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


OPENING = "I'm writing to you about this: "
CLOSING = " Please tell me if anything is unclear."


def _draft(request: str, _: Sequence[BaseMessage]) -> str:
    wish = request.strip().rstrip(".")
    return f"Dear colleague,\n\n{OPENING}{wish}.{CLOSING}\n\nKind regards"


def _revise(asked: str, _: Sequence[BaseMessage]) -> str:
    draft, _sep, feedback = asked.removeprefix("Draft:\n").rpartition("\n\nFeedback:\n")
    wish = feedback.strip().lower()
    if re.search(r"short|brief", wish):
        return draft.replace(OPENING, "").replace(CLOSING, "")
    if re.search(r"friendl|less formal|warm", wish):
        return draft.replace("Dear colleague", "Hello").replace("Kind regards", "All the best")
    if re.search(r"grateful|thank", wish):
        return draft.replace("\n\nKind regards", " Thank you very much for your time.\n\nKind regards")
    head, _sep, close = draft.rpartition("\n\n")
    return f"{head}\n\nOne more thing: {feedback.strip().rstrip('.')}.\n\n{close}"


def _changed(feedback: str) -> Reply:
    return Reply({"decision": "change", "feedback": feedback})


_YES = Reply({"decision": "approve"})
_YES_BY_FORM = (Edit({"approved": True}), Go())
_THANK = "More grateful, please"
_SHORTER = "Make it shorter"

PATTERN = Pattern(
    slug="approval-gate",
    title="Approval gate",
    family=Family.HUMAN,
    summary="A draft goes to a person, back for changes as often as wanted, and out only once it's approved.",
    watch=(
        "The outbox gets its one mail after the approval and never before.",
        "*Breakpoint and state update* stops before `await_approval`: the person writes to the state and goes on.",
        "*Interrupt and resume* stops inside `await_approval`: the question carries the draft, the answer comes back "
        "checked.",
        "Each revision follows the feedback given, and clears the decision, so that every draft needs its own.",
    ),
    sources=("EV 3.1", "SP 3.2"),
    lanes=(
        Lane(
            "static",
            "Breakpoint and state update",
            "Pauses before the gate by name; a person fills in the state, and the gate checks what was written.",
            build_static,
            breakpoints=Breakpoints(before=("await_approval",)),
            edits=("approved", "feedback"),
        ),
        Lane(
            "interrupt",
            "Interrupt and resume",
            "The gate itself asks, with the draft in the question and a schema for the answer.",
            build_interrupt,
        ),
    ),
    examples=(
        Example(
            "Approved at once",
            {"recipient": "anna@example.org", "request": "Move our review from Tuesday to Thursday at ten."},
            {"static": _YES_BY_FORM, "interrupt": (_YES,)},
        ),
        Example(
            "Changed twice, then approved",
            {"recipient": "jobs@example.org", "request": "Decline the job offer, as I've accepted another one."},
            {
                "static": (Edit({"feedback": _THANK}), Go(), Edit({"feedback": _SHORTER}), Go(), *_YES_BY_FORM),
                "interrupt": (_changed(_THANK), _changed(_SHORTER), _YES),
            },
        ),
        Example(
            "Nobody decides",
            {"recipient": "all@example.org", "request": "Announce that the office moves next month."},
            {"static": (Go(),)},
            unhappy=True,
        ),
        Example(
            "No address to send to",
            {"recipient": "the whole team", "request": "Invite them to lunch on Friday."},
            unhappy=True,
        ),
    ),
    script=by_instruction({DRAFT: _draft, REVISE: _revise}),
    tables=("outbox",),
)
