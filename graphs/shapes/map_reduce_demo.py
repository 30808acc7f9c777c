"""Map-reduce, as the lab shows it: texts, examples, figures, outcomes and offline answers."""

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from graphs.figures import Figure, Happened
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Harm, Lane, Pattern
from graphs.script import by_instruction
from graphs.shapes.map_reduce import HEADLINE, SUM_UP, TOPIC, build_loop, build_send

MAPPED = ("sum_up_all", "sum_up")
"""The nodes that work on notes, by lane."""


def _first_words(text: str, _: Sequence[BaseMessage]) -> str:
    words = text.rstrip(".").split()
    return " ".join(words[:12]) + (" ..." if len(words) > 12 else ".")


def _commonest_word(text: str, _: Sequence[BaseMessage]) -> str:
    words = re.findall(r"[^\W\d_]{5,}", text.lower())
    return max(words, key=words.count) if words else "notes"


def _headline(text: str, _: Sequence[BaseMessage]) -> str:
    return f"All the news about {text}"


def _outcome(ended: Ended) -> str:
    mailed, lines = ended.values.get("mailed", []), ended.values.get("lines", [])
    if ended.failed:
        return f"{counted(len(mailed), 'mail')} after {counted(len(lines), 'line')}, stopped by an error"
    if len(mailed) == 1:
        return f"1 mail with a headline and {counted(len(lines), 'line')}"
    return f"{counted(len(mailed), 'mail')} with {counted(len(lines), 'line')}, the first without a headline"


def _too_many(ended: Ended) -> int:
    return max(0, len(ended.values.get("mailed", ())) - 1)


def _figures(happened: Happened) -> Sequence[Figure]:
    steps = [step for step in happened.steps if step.path[-1] in MAPPED]
    reports = sum(step.path[-1] == "report" and step.status == "done" for step in happened.steps)
    calls = sum(said.path[-1] in MAPPED for said in happened.messages)
    ends = [step.ended for step in steps if step.ended is not None]
    took = max(ends) - min(step.started for step in steps) if ends else 0.0
    return (
        Figure("Calls for notes", str(calls)),
        Figure("Tasks", str(len(steps))),
        Figure("Took", f"{took:.1f} s"),
        Figure("Reports", str(reports), alarming=reports > 1),
    )


_SIX = """The north crane has a new rope, and the crane driver likes it.
Two pallets of lamps came without any papers, so they wait.
The crane at the south gate stands still until Thursday morning.
Gate four doesn't close, and nobody knows who has the key.
The insurance asks for photographs of the crane after the storm.
The canteen needs a new oven before the crane crew comes."""
_MANY = "\n".join(
    f"Container {100 + number} came in with a loose seal at dock {number % 5 + 1}." for number in range(24)
)
_FAILS = """The pilot boat has no radio.
The chandler closes at five.
The ferry leaves an hour late.
The other ferry has no captain.
The tide gauge shows nonsense."""

PATTERN = Pattern(
    slug="map-reduce",
    title="Map-reduce",
    family=Family.SHAPES,
    summary="Any number of notes become one report with a headline, in a loop with two edges or by a task for each.",
    watch=(
        "In *One loop, two edges* the report runs twice, and the first of its two mails has no headline.",
        "In *Send and a deferred join* there are as many tasks as notes, and one mail, after the last of them.",
        "On the time axis a loop's notes make one long bar; those of tasks stand on top of each other.",
        "With more notes than the lab runs at one time, the rest start as others end; nothing is lost or doubled.",
        "A task that fails is tried again alone; in *One loop, two edges* the retry asks about earlier notes again.",
        "A deferred node waits for nodes at the end of an edge, not for tasks that another task sends.",
    ),
    sources=("AP parallel",),
    lanes=(
        Lane(
            "loop",
            "One loop, two edges",
            "One node works through all notes, and both branches have an edge to the report.",
            build_loop,
            outcome=_outcome,
            figures=_figures,
            trap="An edge sets off the report as soon as its own branch is done. With branches of uneven length the "
            "report runs once for each, and what it mails first isn't whole.",
            harm=Harm("Mails too many", _too_many, cure="send"),
        ),
        Lane(
            "send",
            "Send and a deferred join",
            "Each note is sent to a task of its own, and the report is put off until all else is done.",
            build_send,
            outcome=_outcome,
            figures=_figures,
        ),
    ),
    examples=(
        Example("Six notes", {"notes": _SIX, "failing": 0}),
        Example("More notes than run at one time", {"notes": _MANY, "failing": 0}),
        Example("One note fails once", {"notes": _FAILS, "failing": 4}, unhappy=True),
    ),
    script=by_instruction({SUM_UP: _first_words, TOPIC: _commonest_word, HEADLINE: _headline}),
    tables=("outbox",),
)
