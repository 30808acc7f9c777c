"""Task executor, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from graphs.human.task_executor import EXECUTE, PLAN, build
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern, Reply
from graphs.script import by_instruction


def _points(text: str) -> list[str]:
    """Return the lines of a list, or the sentences of a text."""
    parts = text.splitlines() if text.startswith("- ") else re.split(r"(?<=[.?!])\s+|\n+", text)
    return [part.removeprefix("- ").strip() for part in parts if part.strip("- ")]


def _plan(text: str, _: Sequence[BaseMessage]) -> str:
    points, kind = _points(text), "point"
    if questions := [point for point in points if point.endswith("?")]:
        points, kind = questions, "question"
    half = max(3, sum(len(point.split()) for point in points) // max(len(points), 1) // 2)
    steps = [f"List the {kind}s", f"Shorten each {kind} to {half} words", "Count the words"]
    if len(points) > 3:
        steps.insert(1, f"Sort the {kind}s by the alphabet")
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _execute(step: str, messages: Sequence[BaseMessage]) -> str:
    text = next(message.text for message in messages if isinstance(message, HumanMessage))
    made = [message.text for message in messages if isinstance(message, AIMessage) and message.text.startswith("- ")]
    points = _points(made[-1] if made else text)
    asked = step.lower()
    if "count" in asked:
        return counted(sum(len(point.split()) for point in points), "word")
    number = re.search(r"\d+", step)
    if "shorten" in asked:
        points = [" ".join(point.split()[: int(number[0]) if number else 5]) for point in points]
    elif "sort" in asked:
        points.sort(key=str.casefold)
    elif "question" in asked:
        points = [point for point in points if point.endswith("?")]
    elif "capital" in asked:
        points = [point.upper() for point in points]
    elif "list" not in asked:
        return "Not done: the offline model only lists, sorts, shortens, counts, and writes in capitals."
    return "\n".join(f"- {point}" for point in points) or "There is nothing to list."


def _outcome(ended: Ended) -> str:
    ran = [done["step"] for done in ended.values.get("results", ())]
    if ended.failed:
        return f"Stopped by an error, {counted(len(ran), 'step')} run"
    plan = ended.values["plan"]
    if not ran:
        return f"Nothing approved, none of {counted(len(plan), 'step')} run"
    if ran == plan:
        return f"{counted(len(ran), 'step')} run as planned"
    own, left = [step for step in ran if step not in plan], [step for step in plan if step not in ran]
    same = [step for step in ran if step in plan]
    notes = [f"{len(own)} the person's own"] if own else []
    notes += [f"{len(left)} left out"] if left else []
    notes += ["in another order"] if same != [step for step in plan if step in ran] else []
    return f"{counted(len(ran), 'step')} run: {', '.join(notes)}"


def _table(*rows: tuple[float | None, str, bool]) -> tuple[Reply, ...]:
    steps: list[dict[str, Any]] = [{"order": order, "step": step, "run": run} for order, step, run in rows]
    return (Reply({"steps": steps}),)


_HEATING = (
    "The heating of our house fails on cold days. Two tenants have complained about it. "
    "A firm can come on Monday morning. Its work costs about 480 euros."
)
_TRIP = (
    "We leave for the coast at eight on Saturday. Bring a warm coat and some lunch. "
    "Who can drive the second car? And who wakes the children in the morning?"
)
_SORT = "Sort the points by the alphabet"

PATTERN = Pattern(
    slug="task-executor",
    title="Task executor",
    family=Family.HUMAN,
    summary="A model plans the work on a text; a person puts the plan right in a table, and what they approved runs.",
    watch=(
        "The plan stands in a table: number the rows anew, edit, add, take away or untick them before anything runs.",
        "Each approved step is a superstep of its own, and works on what the steps before it made: order matters.",
        "A step without a text is refused by its row: nothing runs, and the question stays.",
        "With nothing ticked, `execute` never runs and the report says so.",
    ),
    sources=("SP project",),
    lanes=(
        Lane(
            "executor",
            "Plan, review, execute",
            "Asks once, by interrupt, with the plan as the default of the answer's schema.",
            build,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "Approved as planned",
            {"text": _HEATING},
            {
                "executor": _table(
                    (1, "List the points", True),
                    (2, _SORT, True),
                    (3, "Shorten each point to 3 words", True),
                    (4, "Count the words", True),
                )
            },
        ),
        Example(
            "Reordered and one edited",
            {"text": _HEATING},
            {
                "executor": _table(
                    (2, "List the points", True),
                    (4, _SORT, True),
                    (3, "Shorten each point to 6 words", True),
                    (1, "Count the words", True),
                )
            },
        ),
        Example(
            "One added and one taken away",
            {"text": _TRIP},
            {
                "executor": _table(
                    (1, "List the questions", True),
                    (3, "Count the words", True),
                    (None, "Write it in capitals", True),
                )
            },
        ),
        Example(
            "Some unticked",
            {"text": _HEATING},
            {
                "executor": _table(
                    (1, "List the points", True),
                    (2, _SORT, False),
                    (3, "Shorten each point to 3 words", False),
                    (4, "Count the words", True),
                )
            },
        ),
        Example(
            "Nothing approved",
            {"text": _TRIP},
            {
                "executor": _table(
                    (1, "List the questions", False),
                    (2, "Shorten each question to 3 words", False),
                    (3, "Count the words", False),
                )
            },
            unhappy=True,
        ),
    ),
    script=by_instruction({PLAN: _plan, EXECUTE: _execute}),
)
