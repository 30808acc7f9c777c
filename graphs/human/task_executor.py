"""Task executor: a model plans the work on a text, a person puts the plan right, and only what they approved runs.

Watch the table: the rows may be numbered anew, edited, added, taken away and unticked. Then one step runs in each
superstep, in the new order, and each gets what the steps before it made.
"""

import operator
import re
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import BaseModel, Field, create_model
from typing_extensions import TypedDict

PLAN = (
    "Plan how to make this text ready for a reader in a hurry. Answer with three to eight steps, one on each line. "
    "A step is a short instruction, such as 'Count the words'."
)
EXECUTE = (
    "You work on a text. The first message is the text, and each one after it is a step. Do the last step alone, on "
    "what the steps before it made of the text. Answer with its result and nothing else."
)
FEWEST, MOST = 3, 12
"""Steps of a plan; a person may leave fewer of them."""


class NoPlan(ValueError):
    """Raised when the model's plan has too few steps, or too many."""


class Input(TypedDict):
    """What the visitor gives."""

    text: Annotated[
        str,
        Field(title="Text to work on", min_length=1, max_length=2000, json_schema_extra={"multiline": True}),
    ]


class Result(TypedDict):
    """A step that ran, and what it gave."""

    step: str
    result: str


class State(Input):
    """The plan, what a person approved of it, and the results so far."""

    plan: list[str]
    approved: list[str]
    results: Annotated[list[Result], operator.add]
    report: str


class PlannedStep(BaseModel):
    """A row of the table in which a person puts the plan right."""

    order: float | None = Field(None, title="Order", description="Rows without a number come last.")
    step: str = Field(title="Step", min_length=1, max_length=200, pattern=r"\S")
    run: bool = Field(True, title="Run")


def review_of(plan: list[str]) -> type[BaseModel]:
    """Return the schema of what the person answers: a table of steps, which begins with this plan."""
    rows = [PlannedStep(order=number, step=step) for number, step in enumerate(plan, 1)]
    return create_model("Review", steps=(list[PlannedStep], Field(rows, title="Steps", max_length=MOST)))


def read_plan(answer: str) -> list[str]:
    """Read a model's plan line by line, without its bullets and numbers; raise NoPlan."""
    lines = (re.sub(r"^\s*(?:[-*•]|\d+[.):])?\s*", "", line).strip() for line in answer.splitlines())
    steps = [line[:200] for line in lines if line]
    if not FEWEST <= len(steps) <= MOST:
        raise NoPlan(f"The plan has {len(steps)} steps and needs {FEWEST} to {MOST}. Try it again.")
    return steps


def in_order(steps: list[PlannedStep]) -> list[str]:
    """Return the steps to run by their numbers, and by their rows where numbers are the same or missing."""
    rows = sorted(steps, key=lambda row: (row.order is None, row.order or 0))
    return [row.step.strip() for row in rows if row.run]


def build(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the executor: plan, review, one step a superstep, report."""

    def plan(state: State) -> dict[str, Any]:
        answer = model.invoke([SystemMessage(PLAN), HumanMessage(state["text"])])
        return {"plan": read_plan(answer.text)}

    def review(state: State) -> dict[str, Any]:
        question = "Which of these steps run, and in which order?"
        answer: Any = interrupt({"question": question}, response_schema=review_of(state["plan"]))
        return {"approved": in_order(answer.steps)}

    def execute(state: State) -> dict[str, Any]:
        step = state["approved"][len(state["results"])]
        messages: list[AnyMessage] = [SystemMessage(EXECUTE), HumanMessage(state["text"])]
        for done in state["results"]:
            messages += [HumanMessage(done["step"]), AIMessage(done["result"])]
        result = model.invoke([*messages, HumanMessage(step)])
        return {"results": [{"step": step, "result": result.text}]}

    def report(state: State) -> dict[str, Any]:
        lines = [f"{number}. {done['step']}\n{done['result']}" for number, done in enumerate(state["results"], 1)]
        return {"report": "\n\n".join(lines) or "Nothing was approved, so nothing ran."}

    def whats_next(state: State) -> Literal["execute", "report"]:
        return "execute" if len(state["results"]) < len(state["approved"]) else "report"

    return (
        StateGraph(State, input_schema=Input)
        .add_node("plan", plan)
        .add_node("review", review)
        .add_node("execute", execute)
        .add_node("report", report)
        .add_edge(START, "plan")
        .add_edge("plan", "review")
        .add_conditional_edges("review", whats_next)
        .add_conditional_edges("execute", whats_next)
        .add_edge("report", END)
    )
