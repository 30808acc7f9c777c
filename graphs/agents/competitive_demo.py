"""Competitive agents, as the lab shows them: texts, examples, outcomes, figures and offline answers."""

import re
from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, ToolCall

from graphs.agents.competitive import GOOD_ENOUGH, JUDGE, SOLVE, SOLVERS, Score, build
from graphs.figures import Figure, Happened, States
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern
from graphs.script import Answer, by_instruction

_PLANS = {"frugal": (100, 3, 3), "quick": (400, 1, 4), "thorough": (250, 2, 1)}
"""What an offline solver needs for each part of a problem: euros, days, and its risk from 0 to 10."""
_DOES = {
    "frugal": "We do everything ourselves, after hours, with what is in the house already",
    "quick": "A firm takes all of it over and begins today",
    "thorough": "We try every part out first, have a second pair of eyes on each, write down who does what until when "
    "and leave a day in reserve for whatever nobody has thought of",
}
_SOLUTION = re.compile(r"Solution (\w+): (.*?)(?=\n\nSolution \w+: |\Z)", re.DOTALL)


def _number(text: str, unit: str) -> int | None:
    """Return the first number in front of a unit."""
    match = re.search(rf"(\d[\d,]*)\s*{unit}", text, re.IGNORECASE)
    return int(match[1].replace(",", "")) if match else None


def _parts(problem: str) -> int:
    """Count what is to be done: the parts of the problem's first sentence."""
    return len([part for part in re.split(r",|\band\b", problem.partition(".")[0]) if part.strip()])


def _solve(name: str) -> Answer:
    def solve(problem: str, _: Sequence[BaseMessage]) -> str:
        euros, days, risk = _PLANS[name]
        parts = _parts(problem)
        return (
            f"{_DOES[name]}. That costs {euros * parts:,} euros and takes {counted(days * parts, 'day')}. "
            f"The risk is {risk} of 10."
        )

    return solve


def _marks(problem: str, solution: str) -> tuple[int, str]:
    """Score a solution: ten, less four for each limit of the problem that it breaks, less its risk."""
    broken = [
        f"{offered:,} {unit}s are more than {limit:,}"
        for unit in ("euro", "day")
        if (limit := _number(problem, unit)) is not None
        and (offered := _number(solution, unit)) is not None
        and offered > limit
    ]
    risk = _number(solution, "of 10") or 0
    points = max(0, 10 - 4 * len(broken) - risk)
    return points, f"{' and '.join(broken) or 'It keeps all limits'}, at a risk of {risk}."


def _judge(asked: str, _: Sequence[BaseMessage]) -> AIMessage:
    problem = asked.removeprefix("Problem: ").partition("\n\nSolution ")[0]
    calls = []
    for name, text in _SOLUTION.findall(asked):
        points, reason = _marks(problem, text)
        args = {"solver": name, "score": points, "reason": reason}
        calls.append(ToolCall(name=Score.__name__, args=args, id=f"score_{name}"))
    return AIMessage(content="", tool_calls=calls)


def _outcome(ended: Ended) -> str:
    scores = {one["solver"]: one["score"] for one in ended.values.get("scores", ())}
    if ended.failed:
        handed = len(ended.values.get("solutions", ()))
        return f"No winner among {handed} solutions: stopped by an error"
    if not scores:
        return "Nobody wins: there is no score"
    if winner := ended.values.get("winner"):
        others = ", ".join(f"{solver} {score}" for solver, score in scores.items() if solver != winner)
        return f"The {winner} solver wins with {scores[winner]} of 10 ({others})"
    return f"Nobody wins: the best score is {max(scores.values())}, and {GOOD_ENOUGH} is needed"


def _figures(happened: Happened) -> list[Figure | States]:
    solved = [step for step in happened.steps if step.path[-1] in SOLVERS and step.status == "done" and step.ended]
    figures: list[Figure | States] = []
    if solved:
        first = min(solved, key=lambda step: step.ended or 0.0)
        figures.append(Figure("First to finish", first.path[-1]))
    wrote = [step.wrote for step in happened.steps if isinstance(step.wrote, dict)]
    scores = [one for part in wrote for one in part.get("scores", ())]
    figures += [Figure(one["solver"].capitalize(), f"{one['score']} of 10") for one in scores[-len(SOLVERS) :]]
    return figures


PATTERN = Pattern(
    slug="competitive",
    title="Competitive agents",
    family=Family.AGENTS,
    summary="Three solvers work on one problem at the same moment; a judge scores them, and the best score wins.",
    watch=(
        "The solvers run in one superstep, each with a stream of its own; the judge waits for the last.",
        "The judge gives each solution a score and a reason, and reads them in the order of their names.",
        "The best score wins, not the first to finish.",
        "Where no score is good enough nobody wins, and a score that is missing is refused.",
    ),
    sources=("AA 3.3",),
    lanes=(
        Lane(
            "judged",
            "Judged by score",
            "The winner is the best score, whoever was first.",
            build,
            outcome=_outcome,
            agents=tuple(SOLVERS),
            figures=_figures,
        ),
    ),
    examples=(
        Example("No limits: the least risk wins", {"problem": "Move the desks, the servers and the archive."}),
        Example(
            "Little money",
            {"problem": "Paint the hall, the stairs and the kitchen. It may cost 400 euros at most."},
        ),
        Example(
            "Little time",
            {"problem": "Set up the stage, the lights and the sound. It has to be done within 3 days."},
        ),
        Example(
            "Neither money nor time: nobody wins",
            {"problem": "Rebuild the shop, the store and the yard. It may cost 200 euros and take 2 days at most."},
            unhappy=True,
        ),
    ),
    script=by_instruction({**{SOLVE[name]: _solve(name) for name in SOLVERS}, JUDGE: _judge}),
)
