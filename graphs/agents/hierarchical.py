"""Hierarchical agents: an orchestrator hands parts of a task to teams, whose supervisors hand them to workers.

Watch who gets work: the task decides which of the three teams start, and each supervisor decides
which of its workers do. The teams are subgraphs that run at the same moment, each under its own namespace.
"""

import operator
import re
from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from pydantic import BaseModel, Field, ValidationError
from typing_extensions import TypedDict

TEAMS: dict[str, tuple[str, ...]] = {
    "design": ("layout", "wording", "branding"),
    "development": ("frontend", "backend", "database"),
    "testing": ("functional", "performance", "security"),
}
"""Each team with its workers."""

ORCHESTRATE = (
    f"You lead the teams {', '.join(TEAMS)}. Decide which of them the task needs and call the tool Delegate once for "
    "each of those, in order of work, with what that team has to do. If the task needs none of them, say so instead."
)
SUPERVISE = {
    team: f"You supervise the {team} team. Its workers: {', '.join(workers)}. "
    "Name those that the subtask needs, one a line, and nothing else."
    for team, workers in TEAMS.items()
}
WORK = {
    (team, worker): f"You are the {worker} specialist of the {team} team. Do your part of the subtask in two sentences."
    for team, workers in TEAMS.items()
    for worker in workers
}
REPORT = "Sum up in one paragraph what the teams did for the task. Name each team."


class ToolNotCalled(RuntimeError):
    """Raised when a model that was given a tool answers with text, refuses, or calls the tool wrongly."""


class NobodyNamed(LookupError):
    """Raised when an answer names nobody who could do the work."""


class Delegate(BaseModel):
    """Hands one part of the task to a team."""

    team: Literal["design", "development", "testing"]
    subtask: str = Field(min_length=1)


class Input(TypedDict):
    """What the visitor gives."""

    task: Annotated[str, Field(title="Task", min_length=1, max_length=2000, json_schema_extra={"multiline": True})]


class Assignment(TypedDict):
    """What one team has to do."""

    team: str
    subtask: str


class Result(TypedDict):
    """What one worker did."""

    team: str
    worker: str
    text: str


class State(Input):
    """What the orchestrator sees: its plan, and what each team hands in."""

    plan: list[Assignment]
    handed: Annotated[list[Result], operator.add]
    report: str


class TeamInput(TypedDict):
    """What a team gets."""

    subtask: str


class TeamOutput(TypedDict):
    """All that leaves a team; a shared list would come back to the orchestrator twice."""

    handed: list[Result]


class TeamState(TeamInput, TeamOutput):
    """What a team keeps to itself."""

    picked: list[str]
    results: Annotated[list[Result], operator.add]


def delegations(answer: AIMessage) -> list[Delegate]:
    """Return the orchestrator's calls of the tool in their order; raise ToolNotCalled where none is there or fits."""
    calls = [call["args"] for call in answer.tool_calls if call["name"] == Delegate.__name__]
    if not calls:
        said = str(answer.additional_kwargs.get("refusal") or answer.text)[:160]
        raise ToolNotCalled(f"The model didn't call the tool 'Delegate' and said: {said!r}. Retry, or change the task.")
    try:
        return [Delegate.model_validate(args) for args in calls]
    except ValidationError as error:
        problem = f"What the model gave the tool 'Delegate' doesn't fit its schema: {error.errors()[0]['msg']}. Retry."
        raise ToolNotCalled(problem) from error


def names_in(answer: str, names: Iterable[str]) -> list[str]:
    """Return the names that an answer mentions as whole words, each once, in the order of the answer."""
    matches = {name: re.search(rf"\b{name}\b", answer, re.IGNORECASE) for name in names}
    return [name for _, name in sorted((match.start(), name) for name, match in matches.items() if match)]


def _team(team: str, model: BaseChatModel) -> StateGraph[TeamState, None, TeamInput, TeamOutput]:
    workers = TEAMS[team]

    def supervise(state: TeamState) -> dict[str, Any]:
        answer = model.invoke([SystemMessage(SUPERVISE[team]), HumanMessage(state["subtask"])]).text
        picked = names_in(answer, workers)
        if not picked:
            who = ", ".join(workers)
            raise NobodyNamed(f"The {team} supervisor named none of {who}, but said {answer[:80]!r}. Ask it again.")
        return {"picked": picked}

    def assign(state: TeamState) -> list[Send]:
        return [Send(worker, {"subtask": state["subtask"]}) for worker in state["picked"]]

    def work(worker: str, state: TeamInput) -> dict[str, Any]:
        answer = model.invoke([SystemMessage(WORK[team, worker]), HumanMessage(state["subtask"])])
        return {"results": [{"team": team, "worker": worker, "text": answer.text}]}

    def hand_in(state: TeamState) -> dict[str, Any]:
        return {"handed": state["results"]}

    graph = (
        StateGraph(TeamState, input_schema=TeamInput, output_schema=TeamOutput)
        .add_node("supervise", supervise)
        .add_node("hand_in", hand_in, defer=True)
        .add_edge(START, "supervise")
        .add_conditional_edges("supervise", assign, list(workers))
        .add_edge("hand_in", END)
    )
    for worker in workers:
        graph.add_node(worker, partial(work, worker), input_schema=TeamInput).add_edge(worker, "hand_in")
    return graph


def build(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the orchestrator, its three teams as subgraphs and the report."""

    def orchestrate(state: State) -> dict[str, Any]:
        asked = [SystemMessage(ORCHESTRATE), HumanMessage(state["task"])]
        plan: dict[str, str] = {}
        for part in delegations(model.bind_tools([Delegate]).invoke(asked)):
            plan[part.team] = f"{plan[part.team]}; {part.subtask}" if part.team in plan else part.subtask
        return {"plan": [{"team": team, "subtask": subtask} for team, subtask in plan.items()]}

    def delegate(state: State) -> list[Send]:
        return [Send(part["team"], {"subtask": part["subtask"]}) for part in state["plan"]]

    def report(state: State) -> dict[str, Any]:
        lines = [f"{one['team']}, {one['worker']}: {one['text']}" for one in state["handed"]]
        asked = f"Task: {state['task']}\n\n" + "\n".join(lines)
        return {"report": model.invoke([SystemMessage(REPORT), HumanMessage(asked)]).text}

    graph = (
        StateGraph(State, input_schema=Input)
        .add_node("orchestrate", orchestrate)
        # Deferred, so that it runs once when the last of the teams that were called is done.
        .add_node("report", report, defer=True)
        .add_edge(START, "orchestrate")
        .add_conditional_edges("orchestrate", delegate, list(TEAMS))
        .add_edge("report", END)
    )
    for team in TEAMS:
        graph.add_node(team, _team(team, model).compile()).add_edge(team, "report")
    return graph
