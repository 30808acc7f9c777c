"""Hierarchical agents, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, ToolCall

from graphs.agents.hierarchical import ORCHESTRATE, REPORT, SUPERVISE, TEAMS, WORK, Delegate, build
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern
from graphs.script import Answer, by_instruction

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
    subtasks = {team: ", ".join(part for part in parts if _fits(team, part)) for team in TEAMS}
    calls = [
        ToolCall(name=Delegate.__name__, args={"team": team, "subtask": subtask}, id=f"call_{team}")
        for team, subtask in subtasks.items()
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


def _outcome(ended: Ended) -> str:
    handed = ended.values.get("handed", ())
    teams = len({result["team"] for result in handed})
    if not ended.failed:
        return f"One report by {counted(teams, 'team')} with {counted(len(handed), 'worker')}"
    planned = len(ended.values.get("plan", ()))
    why = f"{teams} of {counted(planned, 'team')} handed in" if planned else "no team was given work"
    return f"No report, {why}: stopped by an error"


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
    lanes=(
        Lane(
            "teams",
            "Three teams",
            "Each team is a subgraph with a state of its own.",
            build,
            outcome=_outcome,
            agents=tuple(TEAMS),
        ),
    ),
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
