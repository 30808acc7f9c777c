"""Token streaming, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Sequence
from functools import partial

from langchain_core.messages import BaseMessage

from graphs.figures import Figure, Happened
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Go, Lane, Pattern
from graphs.script import by_instruction
from graphs.streaming.token_streaming import ANSWER, build_tokens, build_whole

SMALL = frozenset(("about", "should", "their", "there", "these", "where", "which", "would"))

SAYS = (
    "Begin with {}, because most of the rest follows from it and is hard to change later.",
    "Then look at {}: ask who depends on it, how often it changes, and what happens on the day it's missing.",
    "Write down what you know of {} in one line, and what you only believe in another.",
    "Last comes {}, which is best tried once on a small scale before anybody counts on it.",
)
"""A sentence for each important word of the question."""


def _answer(question: str, _: Sequence[BaseMessage]) -> str:
    words = [word for word in re.findall(r"[^\W\d_][\w'-]{4,}", question) if word.lower() not in SMALL]
    names = [f"'{word}'" for word in dict.fromkeys(words)] or ["the question itself"]
    return " ".join(says.format(name) for says, name in zip(SAYS, names, strict=False))


def _outcome(how: str, ended: Ended) -> str:
    if ended.failed or "tokens" not in ended.values:
        return "No answer saved: stopped by an error"
    return f"An answer of {counted(ended.values['tokens'], 'token')}, shown {how}"


def _figures(happened: Happened) -> list[Figure]:
    """Tell how long the newest try has had its reader wait, and what there was to read."""
    step = happened.steps[-1] if happened.steps else None
    if step is None or not step.spans:
        return []
    begun = step.spans[-1][0]
    message = next((one for one in happened.messages if one.at >= begun), None)
    over = step.status != "running"
    wrote = step.wrote if isinstance(step.wrote, dict) else {}
    return [
        Figure("First token", _time(begun, message.at if message else None, happened.now, over=over)),
        Figure("End", _time(begun, step.ended if over else None, happened.now, over=over)),
        Figure("Tokens", f"{wrote.get('tokens', message.pieces if message else 0)}"),
    ]


def _time(begun: float, at: float | None, now: float, *, over: bool) -> str:
    if at is not None:
        return f"{at - begun:.2f} s"
    return "never" if over else f"> {now - begun:.1f} s"


PATTERN = Pattern(
    slug="token-streaming",
    title="Token streaming",
    family=Family.STREAMING,
    summary="One answer of a model, read when it's whole and read while it's still being written.",
    watch=(
        "Both lanes end at the same time; *Tokens as they come* can be read almost from the start.",
        "In *Shown when whole* the time to the first token is the time to the end.",
        "The tokens are the same in number: the model streams in both, and only *Tokens as they come* tells it.",
        "Where the connection breaks, half an answer was read or nothing at all; neither lane saves any of it.",
    ),
    sources=("EV 4", "SP 3.1"),
    lanes=(
        Lane(
            "whole",
            "Shown when whole",
            "Leaves the model's tokens out of the stream, so that the answer comes in one piece.",
            build_whole,
            figures=_figures,
            outcome=partial(_outcome, "in one piece"),
        ),
        Lane(
            "tokens",
            "Tokens as they come",
            "Tells each token in the stream's `messages` mode at the time at which the model sends it.",
            build_tokens,
            figures=_figures,
            outcome=partial(_outcome, "as it came"),
        ),
    ),
    examples=(
        Example("A long question", {"question": "How should a small harbour plan its winter?", "breaks_after": 0}),
        Example("A short question", {"question": "Why?", "breaks_after": 0}),
        Example(
            "The connection breaks",
            {"question": "Which lamp belongs on a fishing boat?", "breaks_after": 20},
            dict.fromkeys(("whole", "tokens"), (Go(),)),
            unhappy=True,
        ),
    ),
    script=by_instruction({ANSWER: _answer}),
)
