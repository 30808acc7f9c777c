"""Hierarchical agents: an orchestrator hands parts of a task to teams, whose supervisors hand them to workers.

Watch who gets work: the task decides which of the three teams start, and each supervisor decides
which of its workers do. The teams are subgraphs that run at the same moment, each under its own namespace.
"""

import operator
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolCall
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from graphs.pattern import Example, Family, Lane, Pattern
from graphs.script import Answer, by_instruction
from graphs.tools import called
from graphs.world import World

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
    """What a team is told."""

    subtask: str


class TeamOutput(TypedDict):
    """All that leaves a team; a shared list would come back to the orchestrator twice."""

    handed: list[Result]


class TeamState(TeamInput, TeamOutput):
    """What a team keeps to itself."""

    picked: list[str]
    results: Annotated[list[Result], operator.add]


class Work(Protocol):
    """A worker's node."""

    def __call__(self, state: TeamInput) -> dict[str, Any]:
        """Does the worker's part of the subtask."""
        ...


def build(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds the orchestrator, its three teams as subgraphs and the report."""

    def orchestrate(state: State) -> dict[str, Any]:
        asked = [SystemMessage(ORCHESTRATE), HumanMessage(state["task"])]
        plan: dict[str, str] = {}
        for part in called(model.bind_tools([Delegate]).invoke(asked), Delegate):
            plan[part.team] = f"{plan[part.team]}; {part.subtask}" if part.team in plan else part.subtask
        return {"plan": [{"team": team, "subtask": subtask} for team, subtask in plan.items()]}

    def delegate(state: State) -> list[Send]:
        return [Send(part["team"], {"subtask": part["subtask"]}) for part in state["plan"]]

    def report(state: State) -> dict[str, Any]:
        lines = [f"{one['team']}, {one['worker']}: {one['text']}" for one in state["handed"]]
        asked = f"Task: {state['task']}\n\n" + "\n".join(lines)
        return {"report": model.invoke([SystemMessage(REPORT), HumanMessage(asked)]).text}

    graph = (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("orchestrate", orchestrate)
        # Deferred, so that it runs once when the last of the teams that were called is done.
        .add_node("report", report, defer=True)
        .add_edge(START, "orchestrate")
        .add_conditional_edges("orchestrate", delegate, list(TEAMS))
        .add_edge("report", END)
    )
    for team in TEAMS:
        graph.add_node(team, _team(team, model).compile())
        graph.add_edge(team, "report")
    return graph


def _team(team: str, model: BaseChatModel) -> StateGraph[TeamState, World, TeamInput, TeamOutput]:
    workers = TEAMS[team]

    def supervise(state: TeamState) -> dict[str, Any]:
        answer = model.invoke([SystemMessage(SUPERVISE[team]), HumanMessage(state["subtask"])]).text
        picked = named(answer, workers)
        if not picked:
            raise NobodyNamed(
                f"The {team} supervisor named no worker, the answer was {answer[:80]!r}. A subtask needs at least one "
                f"of {', '.join(workers)}. Try again to ask once more, or word the task more clearly."
            )
        return {"picked": picked}

    def assign(state: TeamState) -> list[Send]:
        return [Send(worker, {"subtask": state["subtask"]}) for worker in state["picked"]]

    def hand_in(state: TeamState) -> dict[str, Any]:
        return {"handed": state["results"]}

    def worker_of(worker: str) -> Work:
        def work(state: TeamInput) -> dict[str, Any]:
            answer = model.invoke([SystemMessage(WORK[team, worker]), HumanMessage(state["subtask"])])
            return {"results": [{"team": team, "worker": worker, "text": answer.text}]}

        return work

    graph = (
        StateGraph(TeamState, context_schema=World, input_schema=TeamInput, output_schema=TeamOutput)
        .add_node("supervise", supervise)
        .add_node("hand_in", hand_in, defer=True)
        .add_edge(START, "supervise")
        .add_conditional_edges("supervise", assign, list(workers))
        .add_edge("hand_in", END)
    )
    for worker in workers:
        graph.add_node(worker, worker_of(worker), input_schema=TeamInput)
        graph.add_edge(worker, "hand_in")
    return graph


def named(answer: str, names: Iterable[str]) -> list[str]:
    """Gives the names that an answer mentions as whole words, each once, in the order of the answer."""
    found = {name: re.search(rf"\b{name}\b", answer, re.IGNORECASE) for name in names}
    return [name for _, name in sorted((match.start(), name) for name, match in found.items() if match)]


_HINTS: dict[str, str] = {
    "design": r"design|layout|screen|page|look|logo|wording|text|colou?r",
    "development": r"build|implement|develop|code|add|fix|api|service|form|button|store|migrat",
    "testing": r"test|check|verify|load|fast|secur|attack|bug",
    "layout": r"layout|screen|page|form|button|design",
    "wording": r"wording|text|message|error",
    "branding": r"logo|colou?r|brand|look",
    "frontend": r"page|screen|form|button|show",
    "backend": r"api|service|send|fix|login|build",
    "database": r"store|save|migrat|table|data",
    "functional": r"test|check|verify|bug|work",
    "performance": r"load|fast|slow|thousand",
    "security": r"secur|attack|login|password",
}
"""Words by which the offline answers tell whose work something is."""


def _fits(name: str, text: str) -> bool:
    return re.search(rf"\b(?:{_HINTS[name]})", text, re.IGNORECASE) is not None


def _plan(task: str, _: Sequence[BaseMessage]) -> str | AIMessage:
    parts = [part.strip() for part in re.split(r"[.;\n]+|,\s*(?:and|then)\s+", task) if part.strip()]
    told = {team: ", ".join(part for part in parts if _fits(team, part)) for team in TEAMS}
    calls = [
        ToolCall(name=Delegate.__name__, args={"team": team, "subtask": subtask}, id=f"call_{team}")
        for team, subtask in told.items()
        if subtask
    ]
    return AIMessage(content="", tool_calls=calls) if calls else f"None of the teams {', '.join(TEAMS)} fits this task."


def _pick(team: str) -> Answer:
    def pick(subtask: str, _: Sequence[BaseMessage]) -> str:
        return "\n".join(worker for worker in TEAMS[team] if _fits(worker, subtask)) or TEAMS[team][0]

    return pick


def _work(worker: str) -> Answer:
    def work(subtask: str, _: Sequence[BaseMessage]) -> str:
        return f"I took the {worker} side of this: {subtask}. It's ready to be handed in."

    return work


def _sum_up(asked: str, _: Sequence[BaseMessage]) -> str:
    task, _sep, lines = asked.removeprefix("Task: ").partition("\n\n")
    by_team: dict[str, list[str]] = {}
    for team, worker in re.findall(r"^(\w+), (\w+): ", lines, re.MULTILINE):
        by_team.setdefault(team, []).append(worker)
    did = "; ".join(f"{team} ({', '.join(workers)})" for team, workers in by_team.items())
    handed = "1 team handed in its work" if len(by_team) == 1 else f"{len(by_team)} teams handed in their work"
    return f"For the task '{task.strip()}', {handed}: {did}."


PATTERN = Pattern(
    slug="hierarchical",
    title="Hierarchical agents",
    family=Family.AGENTS,
    summary="An orchestrator delegates to three teams, and each team's supervisor to its own workers.",
    watch=(
        "The orchestrator delegates by tool calls: only the teams that the task needs start.",
        "Teams run at the same moment, and so do the workers of one team.",
        "Each agent streams its own tokens, under the namespace of its team.",
        "A team keeps its results to itself and hands them in once; the report waits for the last team.",
    ),
    sources=("AA 3.1",),
    lanes=(Lane("teams", "Three teams", "Each team is a subgraph with a state of its own.", build),),
    examples=(
        Example(
            "A sign-up page, all teams",
            {
                "task": "Design a sign-up page with a friendly error text. Build the form and store its data. "
                "Test it against password attacks and under the load of a thousand users."
            },
        ),
        Example("A bug to fix", {"task": "Fix the login service that forgets sessions, then verify the login works."}),
        Example("Only a new look", {"task": "Give the start page a new logo and calmer colours."}),
        Example("Nobody's work", {"task": "Water the plants in the hall on Friday."}, unhappy=True),
    ),
    script=by_instruction(
        {
            ORCHESTRATE: _plan,
            **{instruction: _pick(team) for team, instruction in SUPERVISE.items()},
            **{instruction: _work(worker) for (_, worker), instruction in WORK.items()},
            REPORT: _sum_up,
        }
    ),
)
