"""Competitive agents: three solvers answer one problem at the same moment, and a judge scores what they hand in.

Watch that being first wins nothing: the judge sees the solutions in the order of their names, gives each a score
with a reason, and the best score wins, whoever was done first and in whatever order the solvers were added.
"""

import operator
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from pydantic import BaseModel, Field, ValidationError
from typing_extensions import TypedDict

SOLVERS = {
    "frugal": "You solve problems with as little money as can be.",
    "quick": "You solve problems in as little time as can be.",
    "thorough": "You solve problems with as little risk as can be.",
}
SOLVE = {
    name: f"{approach} Say in a few sentences what you would do, what it costs, how long it takes and its risks."
    for name, approach in SOLVERS.items()
}
JUDGE = (
    "You judge solutions by how well they keep to what the problem asks for, not by who was first. Call the tool Score "
    "once for each solution: its name, a score from 0 to 10, and the reason in one sentence."
)
GOOD_ENOUGH = 5
"""The least score that wins anything."""


class ScoreMissing(RuntimeError):
    """Raised when the judge's answer lacks the score of a solution, or gives one that doesn't fit."""


class Score(BaseModel):
    """Gives one solution its score."""

    solver: str
    score: int = Field(ge=0, le=10)
    reason: str = Field(min_length=1)


class Input(TypedDict):
    """What the visitor gives."""

    problem: Annotated[
        str, Field(title="Problem", min_length=1, max_length=2000, json_schema_extra={"multiline": True})
    ]


class Solution(TypedDict):
    """What one solver handed in."""

    solver: str
    text: str


class Scored(TypedDict):
    """What the judge made of a solution."""

    solver: str
    score: int
    reason: str


class State(Input):
    """What the judge works on."""

    solutions: Annotated[list[Solution], operator.add]
    scores: list[Scored]
    winner: str


def scores_in(answer: AIMessage, solvers: list[str]) -> list[Scored]:
    """Return each solver's score, the first one where it has several; raise ScoreMissing where one has none."""
    try:
        given = [Score.model_validate(call["args"]) for call in answer.tool_calls if call["name"] == Score.__name__]
    except ValidationError as error:
        why = error.errors()[0]["msg"]
        raise ScoreMissing(f"The judge gave a score that doesn't fit: {why}. Retry to have it judge again.") from error
    by_solver = {score.solver: score for score in reversed(given)}
    if missing := [solver for solver in solvers if solver not in by_solver]:
        raise ScoreMissing(
            f"The judge gave no score for {', '.join(missing)} and said: {answer.text[:120]!r}. Each needs one. "
            "Retry to have it judge again, or choose a model that calls tools."
        )
    return [{"solver": name, "score": by_solver[name].score, "reason": by_solver[name].reason} for name in solvers]


def build(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the solvers side by side, the judge behind them, and the prize."""

    def judge(state: State) -> dict[str, Any]:
        solutions = sorted(state["solutions"], key=lambda one: one["solver"])
        if not solutions:
            return {"scores": []}
        texts = "\n\n".join(f"Solution {one['solver']}: {one['text']}" for one in solutions)
        asked = [SystemMessage(JUDGE), HumanMessage(f"Problem: {state['problem']}\n\n{texts}")]
        answer = model.bind_tools([Score]).invoke(asked)
        return {"scores": scores_in(answer, [one["solver"] for one in solutions])}

    def award(state: State) -> dict[str, Any]:
        # Of equal scores the first by name wins, so that the result is the same each time.
        good = [one for one in state["scores"] if one["score"] >= GOOD_ENOUGH]
        return {"winner": max(good, key=lambda one: one["score"])["solver"] if good else ""}

    graph = (
        StateGraph(State, input_schema=Input)
        .add_node("judge", judge)
        .add_node("award", award)
        .add_edge("judge", "award")
        .add_edge("award", END)
    )

    def add_solver(name: str) -> None:
        def solve(state: Input) -> dict[str, Any]:
            answer = model.invoke([SystemMessage(SOLVE[name]), HumanMessage(state["problem"])])
            return {"solutions": [{"solver": name, "text": answer.text}]}

        graph.add_node(name, solve, input_schema=Input).add_edge(START, name)

    for name in SOLVERS:
        add_solver(name)
    return graph.add_edge(list(SOLVERS), "judge")
