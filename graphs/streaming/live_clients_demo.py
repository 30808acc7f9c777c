"""Live clients, as the lab shows it: texts, examples, outcomes and offline answers."""

from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Go, Lane, Panel, Pattern
from graphs.script import by_instruction
from graphs.streaming.live_clients import PARAGRAPH, build

SAYS = (
    "{} begins with what everybody can see: who takes part, what it costs in a usual week, and which of its habits are "
    "older than anybody who keeps them. None of this is secret, and still it has never stood in one place until now, "
    "which is why it comes first.",
    "The figures behind {} are less comfortable. Two of them rise from year to year, one has stood still since it was "
    "first counted, and the last is an estimate that nobody would sign. They are given here as they are, with their "
    "sources, so that the reader can doubt each of them alone.",
    "What remains of {} is a question of order. Some of it can wait for a quiet month, some of it can't wait for the "
    "next meeting, and the rest will happen by itself, whether it's decided or not. The list that follows says which "
    "is which, and who has agreed to it.",
)
"""Paragraphs of any report, in turn."""


def _paragraph(asked: str, _: Sequence[BaseMessage]) -> str:
    part, topic = asked.split(" of: ", 1)
    number = int(part.rpartition(" ")[2])
    return SAYS[(number - 1) % len(SAYS)].format(topic.strip().rstrip("."))


def _outcome(ended: Ended) -> str:
    written = counted(len(ended.values.get("paragraphs", ())), "paragraph")
    if ended.failed or "words" not in ended.values:
        return f"{written} written, then stopped by an error"
    return f"A report of {written} and {counted(ended.values['words'], 'word')}"


PATTERN = Pattern(
    slug="live-clients",
    title="Live clients",
    family=Family.STREAMING,
    summary="One run is followed by this page and by a second client, which is cut off and misses nothing.",
    watch=(
        "The run goes on whoever follows it; its events are numbered, and each reader knows its last number.",
        "The second client reads over a WebSocket of its own, past this page: it has no state but what it was told.",
        "Cut it off in the middle of a paragraph and bring it back: what it missed comes in one go, and nothing twice.",
        "A reload of the page brings back both: the page and the client begin at the first event that is there.",
        "After a failure the retry is a second run of the same thread, and the events of both have one numbering.",
    ),
    sources=("EV ex. 4",),
    lanes=(
        Lane(
            "run",
            "One run, two readers",
            "Writes its report paragraph by paragraph, and knows of nobody who reads along.",
            build,
            panel=Panel.SECOND_CLIENT,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example("A report in four parts", {"topic": "The ferry", "parts": 4, "breaks_at": 0}),
        Example("A single paragraph", {"topic": "The night watch", "parts": 1, "breaks_at": 0}),
        Example(
            "The model fails on the way",
            {"topic": "The boatyard", "parts": 3, "breaks_at": 2},
            {"run": (Go(),)},
            unhappy=True,
        ),
    ),
    script=by_instruction({PARAGRAPH: _paragraph}),
)
