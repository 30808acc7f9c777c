"""Refine loop, as the lab shows it: texts, examples, figures, outcomes and offline answers."""

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from graphs.figures import Figure, Happened
from graphs.outcome import Ended, counted, short
from graphs.pattern import Example, Family, Harm, Lane, Pattern
from graphs.script import by_instruction
from graphs.shapes.refine_loop import REFINE, WRITE, build_limited, build_unlimited, place_of


def _written(about: str, _: Sequence[BaseMessage]) -> str:
    return f"Dear neighbours, this is just to say: {about.strip().rstrip('.')}. It's absolutely free for everybody!"


def _refined(asked: str, _messages: Sequence[BaseMessage]) -> str:
    """Return the notice without its first problem, with no thought for the others."""
    notice, _, problems = asked.partition("\n\nProblems:\n")
    first = problems.partition("\n")[0]
    if match := re.match(r"It lacks '(.+)'\.", first):
        return f"{notice.rstrip('.!')}, {match[1]}."
    if match := re.match(r"It has '(.+)'\.", first):
        return " ".join(place_of(match[1]).sub("", notice).split())
    if match := re.search(r"at most (\d+) are allowed", first):
        return " ".join(notice.split()[: int(match[1])]).rstrip(",.:;!") + "."
    return "A notice."


def _outcome(ended: Ended) -> str:
    tries = ended.values.get("tries", [])
    problems = counted(len(ended.values.get("problems", ())), "rule")
    made = counted(len(tries), "attempt")
    if ended.failed:
        reason = "the step limit" if ended.out_of_steps else "an error"
        return f"No notice in {made}, stopped by {reason}" if tries else f"Stopped by {reason}"
    if ended.values["problems"]:
        return f"{made}, then enough: {problems} still broken"
    return f"All rules kept after {made}"


def _for_nothing(ended: Ended) -> int:
    return len(ended.values.get("tries", ())) if ended.out_of_steps else 0


def _figures(happened: Happened) -> Sequence[Figure]:
    tries = [one for step in happened.steps for one in (step.wrote or {}).get("tries", ())]
    stopped = [step.wrote["stopped"] for step in happened.steps if step.path[-1] == "finish" and step.wrote]
    last = tries[-1] if tries else {"problems": [], "changed": ""}
    return (
        Figure("Attempts", str(len(tries)), alarming=len(tries) > MANY),
        Figure("Rules broken", str(len(last["problems"]))),
        Figure("Stopped by", stopped[-1])
        if stopped
        else Figure("Changed", short(str(last["changed"]), 24) or "nothing"),
    )


MANY = 10
"""Attempts of which more are more than anybody may allow."""

PATTERN = Pattern(
    slug="refine-loop",
    title="Refine loop",
    family=Family.SHAPES,
    summary="A notice is checked and refined until it keeps all rules: with a limit of attempts, and without one.",
    watch=(
        "In *Without a limit* rules that contradict each other send the loop round until the library stops the run.",
        "The tab Channels has each attempt: the notice, what was wrong with it, and the words that came and went.",
        "In *Up to a limit* a node of its own says why the loop ended: all rules kept, or enough attempts made.",
        "Rules that can be kept end both lanes in the same way: the trap is seen only when something can't succeed.",
        "The limit of supersteps is a fuse for the whole run: who needs the last attempt gets an error instead.",
    ),
    sources=("AA 2.3",),
    lanes=(
        Lane(
            "unlimited",
            "Without a limit",
            "Ends only when all rules are kept.",
            build_unlimited,
            outcome=_outcome,
            figures=_figures,
            trap="Where no attempt can succeed the loop goes round, and pays for a model's answer each time, until the "
            "limit of supersteps stops the run with an error and without a result.",
            harm=Harm("Attempts paid for nothing", _for_nothing, cure="limited", example=2),
        ),
        Lane(
            "limited",
            "Up to a limit",
            "Ends when all rules are kept, or after as many attempts as are allowed.",
            build_limited,
            outcome=_outcome,
            figures=_figures,
        ),
    ),
    examples=(
        Example(
            "Three things to mend",
            {
                "about": "the lantern walk begins at six by the old mill",
                "needed": "Friday",
                "banned": "absolutely, free",
                "most": 25,
                "limit": 6,
            },
        ),
        Example(
            "Right at once",
            {"about": "the swing is mended", "needed": "swing", "banned": "", "most": 25, "limit": 3},
        ),
        Example(
            "Rules that contradict each other",
            {
                "about": "the market moves to the square",
                "needed": "market, square, Saturday, umbrellas",
                "banned": "",
                "most": 3,
                "limit": 5,
            },
            unhappy=True,
        ),
        Example(
            "A limit that is too low",
            {
                "about": "the lantern walk begins at six",
                "needed": "Friday, mill",
                "banned": "absolutely, free",
                "most": 25,
                "limit": 2,
            },
            unhappy=True,
        ),
    ),
    script=by_instruction({WRITE: _written, REFINE: _refined}),
    channels=("notice", "problems", "changed", "stopped"),
)
