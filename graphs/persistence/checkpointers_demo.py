"""Checkpointers, as the lab shows them: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Iterable, Sequence

from langchain_core.messages import BaseMessage

from graphs.outcome import Ended, counted, short
from graphs.pattern import Example, Family, Lane, Pattern, Restart, Saver, Turn
from graphs.persistence.checkpointers import ANSWER, build, human_lines, in_memory, in_postgresql, in_sqlite
from graphs.script import by_instruction

ASKS = r"\bmy ([^.,;!?]+)\?"


def _facts(lines: Iterable[str]) -> dict[str, str]:
    """Return what the person told of theirs, the last word on each thing."""
    sentences = [part.strip() for line in lines for part in re.split(r"(?<=[.!?])\s+|\n", line)]
    matches = [re.match(r"my ([^.,;!?]+?) (?:is|are) ([^.;!?]+)", said, re.IGNORECASE) for said in sentences]
    return {match[1].lower(): match[2].strip() for match in matches if match and not match.string.endswith("?")}


def _answer(asked: str, messages: Sequence[BaseMessage]) -> str:
    lines = human_lines(messages)
    lines_count, times = re.findall(r"\d+", messages[1].text)
    rehearsed = f" Lines rehearsed: {lines_count}; rehearsals: {times}."
    known = _facts(lines)
    question = re.search(ASKS, asked, re.IGNORECASE)
    if question:
        thing = question[1].lower()
        unknown = f"I don't know your {thing}: you haven't told it in this conversation."
        return (f"Your {thing} is {known[thing]}." if thing in known else unknown) + rehearsed
    facts = ", ".join(f"your {thing} is {value}" for thing, value in _facts([asked]).items())
    return f"Noted: {facts or ' '.join(asked.split()[:8]).rstrip('.')}." + rehearsed


def _outcome(ended: Ended) -> str:
    if ended.failed:
        return "No answer, stopped by an error"
    if not ended.inputs:
        return "Answered the newest message"
    said, left = [given["message"] for given in ended.inputs], human_lines(ended.values["messages"])
    lost = "" if len(left) == len(said) else f"; {len(left)} of {len(said)} messages left"
    question = re.search(ASKS, said[-1], re.IGNORECASE)
    if not question:
        return f"Remembers {len(left)} of {counted(len(said), 'message')}"
    thing, known = short(question[1], 20), _facts(said[:-1]).get(question[1].lower())
    if known is None:
        return f"Nobody told it the {thing}{lost}"
    if known.lower() in ended.values["messages"][-1].text.lower():
        return f"Knew the {thing}: {short(known, 30)}"
    return f"Forgot the {thing}{lost}"


def _ask(thing: str) -> Turn:
    return Turn({"message": f"What is my {thing}?", "rounds": 4})


NAME = {"message": "My name is Alice.", "rounds": 4}
RESTART = Restart()
KEYS = ("memory", "sqlite", "postgresql")

PATTERN = Pattern(
    slug="checkpointers",
    title="Checkpointers",
    family=Family.PERSISTENCE,
    summary="Tell the notebook your name, restart it and ask: what is left depends on where the checkpoints were.",
    watch=(
        "After the restart *In memory* has nothing left, while the others go on from their last checkpoint.",
        "The restart is real: each thread has a checkpointer of its own, which is closed and dropped with the graph.",
        "The table under the lanes is measured on these threads: more rehearsals are more supersteps and more bytes.",
    ),
    sources=("EV 2", "AA 5.1", "AA 5.2", "AP ex. 2"),
    lanes=(
        Lane(
            "memory",
            "In memory",
            "Checkpoints are kept in this process; nothing is as quick, and they go with the checkpointer.",
            build,
            saver=Saver("memory", in_memory),
            outcome=_outcome,
        ),
        Lane(
            "sqlite",
            "SQLite",
            "Each superstep is written to a file, with the whole state in every checkpoint; a new connection finds it.",
            build,
            saver=Saver("sqlite", in_sqlite),
            outcome=_outcome,
        ),
        Lane(
            "postgresql",
            "PostgreSQL",
            "Each superstep goes to a server that other machines reach; its pool of connections outlives a restart.",
            build,
            saver=Saver("postgresql", in_postgresql),
            outcome=_outcome,
        ),
    ),
    examples=(
        Example("Name, restart, recall", NAME, dict.fromkeys(KEYS, (RESTART, _ask("name")))),
        Example(
            "A fact on each side of the restart",
            NAME,
            dict.fromkeys(
                KEYS,
                (RESTART, Turn({"message": "My boat is the Duchess.", "rounds": 12}), _ask("boat"), _ask("name")),
            ),
        ),
        Example("Recall without a restart", NAME, dict.fromkeys(KEYS, (_ask("name"),))),
        Example(
            "A name that was never told",
            {"message": "My boat is the Duchess.", "rounds": 2},
            dict.fromkeys(KEYS, (RESTART, _ask("name"))),
            unhappy=True,
        ),
    ),
    script=by_instruction({ANSWER: _answer}),
    turns=True,
)
