"""Parallel workers, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial

from langchain_core.messages import BaseMessage

from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern
from graphs.script import by_instruction
from graphs.shapes.parallel import KEY_WORDS, SUMMARISE, TONE, build_fan_out, build_sequential, candidates


def _first(words: Sequence[str], limit: int = 15) -> str:
    return " ".join(words[:limit]) + (" ..." if len(words) > limit else "")


def _summary(text: str, _: Sequence[BaseMessage]) -> str:
    longest = max(re.split(r"(?<=[.!?])\s+", text.strip()), key=len)
    return _first(longest.split())


def _key_words(text: str, _: Sequence[BaseMessage]) -> str:
    return ", ".join(word for word, _count in Counter(candidates(text)).most_common(15))


GLAD = frozenset(("glad", "good", "great", "happy", "love", "pleased", "thank", "thanks", "wonderful"))
WORRIED = frozenset(("angry", "bad", "broken", "failed", "late", "lost", "problem", "sorry", "wrong"))


def _tone(text: str, _: Sequence[BaseMessage]) -> str:
    words = re.findall(r"[\w'-]+", text.lower())
    glad, worried = sum(word in GLAD for word in words), sum(word in WORRIED for word in words)
    mood = "glad" if glad > worried else "worried" if worried > glad else "even"
    force = "loud" if "!" in text else "calm"
    counts = f"{glad} glad and {worried} worried words among {len(words)} in all"
    return f"The tone is {mood} and {force}, with {counts}."


WORKERS = 3


def _outcome(how: str, ended: Ended) -> str:
    results = len(ended.values.get("results", ()))
    if ended.failed:
        return f"No report, {results} of {WORKERS} results made: stopped by an error"
    return f"{counted(results, 'result')} in one report, made {how}"


PATTERN = Pattern(
    slug="parallel",
    title="Parallel workers",
    family=Family.SHAPES,
    summary="Three workers read one text: in a row their times add up, side by side only the slowest counts.",
    watch=(
        "On the time axis the bars stand end to end in *Sequential* and on top of each other in *Fan-out and fan-in*.",
        "The merge runs once, when the last of the three is done, and the report is the same in both lanes.",
        "Where one worker fails, the row stops there; side by side the others still run, but nothing is merged.",
    ),
    sources=("AA 2.4", "AP parallel"),
    lanes=(
        Lane(
            "sequential",
            "Sequential",
            "Each worker waits for the one before it.",
            build_sequential,
            outcome=partial(_outcome, "one after the other"),
        ),
        Lane(
            "fan-out",
            "Fan-out and fan-in",
            "All three workers start at once, and a merge waits.",
            build_fan_out,
            outcome=partial(_outcome, "at the same time"),
        ),
    ),
    examples=(
        Example(
            "A delivery report",
            {
                "text": "The delivery was late again, and two of nine crates had broken seals. The driver said sorry "
                "and helped to unload. We lost an hour, yet the kitchen was open on time."
            },
        ),
        Example(
            "A letter of thanks",
            {
                "text": "Thank you for the wonderful weekend! The children love the photographs, and the smallest one "
                "has been happy all week. Next summer the garden party will be at our house."
            },
        ),
        Example("One worker fails", {"text": "So it is."}, unhappy=True),
    ),
    script=by_instruction({SUMMARISE: _summary, KEY_WORDS: _key_words, TONE: _tone}),
)
