"""Linear pipeline, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern
from graphs.script import by_instruction
from graphs.shapes.linear_pipeline import HEADLINE, SUMMARISE, build


def _summary(text: str, _: Sequence[BaseMessage]) -> str:
    sentences = re.split(r"(?<=[.!?])\s+", text)
    longest = max(sentences, key=len)
    length = f"{_counted(len(text.split()), 'word')} and {_counted(len(sentences), 'sentence')}"
    return f"In {length}, the text mainly says: {longest}"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _headline(text: str, _: Sequence[BaseMessage]) -> str:
    said = text.split("mainly says: ")[-1]
    words = [word for word in re.findall(r"[\w'-]+", said) if len(word) > 3]
    return " ".join(words[:8]).capitalize() or "Nothing to report"


def _outcome(ended: Ended) -> str:
    if ended.failed:
        return "No headline, stopped by an error"
    text, headline = (len(ended.values[name].split()) for name in ("clean", "headline"))
    return f"{counted(text, 'word')} became a headline of {headline:,}"


PATTERN = Pattern(
    slug="linear-pipeline",
    title="Linear pipeline",
    family=Family.SHAPES,
    summary="Three nodes in a row: each takes the state that the one before it left and changes its part of it.",
    watch=(
        "Each step shows only the keys that its node wrote; the state after it holds everything.",
        "`processed` has a reducer, so every node's name is appended and none is overwritten.",
        "Text of nothing but spaces fails in the first node; the two others never run.",
    ),
    sources=("AA 2.1",),
    lanes=(
        Lane("pipeline", "Pipeline", "One chain of edges from the first node to the last.", build, outcome=_outcome),
    ),
    examples=(
        Example(
            "A status report",
            {
                "text": "The migration finished on Friday night. Two of forty services needed a second try because "
                "their health checks ran before the cache was warm. No customer noticed."
            },
        ),
        Example("Untidy spaces", {"text": "  Tabs\tand\n\nline breaks   become single spaces.  Then the rest runs. "}),
        Example("Not a single word", {"text": "--- * ---"}, unhappy=True),
    ),
    script=by_instruction({SUMMARISE: _summary, HEADLINE: _headline}),
)
