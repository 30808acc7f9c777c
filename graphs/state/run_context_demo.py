"""Run context, as the lab shows it: texts, examples, figures, outcomes and offline answers."""

import re
from collections.abc import Sequence
from dataclasses import fields

from langchain_core.messages import BaseMessage

from graphs.figures import Figure, Happened
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern
from graphs.script import by_instruction
from graphs.state.run_context import (
    CLOSING,
    OPENING,
    Settings,
    build_in_context,
    build_in_state,
    run_in_context,
    settings_of,
)

OPENINGS = {
    "warm": "Dear friends, it makes me so happy to write to you about {topic}!",
    "plain": "Hello, this letter is about {topic}.",
    "formal": "Dear Sir or Madam, I am writing to you with regard to {topic}.",
}
CLOSINGS = {
    "warm": "With all my heart, and until very soon, I hope, with {topic} behind us!",
    "plain": "That's all about {topic}, and thank you for reading.",
    "formal": "I remain at your disposal for any question about {topic}. Yours faithfully.",
}


def _sentence(texts: dict[str, str], asked: str) -> str:
    tone, topic = (re.search(rf"^{name}: (.*)$", asked, re.MULTILINE) for name in ("Tone", "Topic"))
    return texts[tone[1] if tone else "plain"].format(topic=topic[1] if topic else "this")


def _opening(asked: str, _: Sequence[BaseMessage]) -> str:
    return _sentence(OPENINGS, asked)


def _closing(asked: str, _: Sequence[BaseMessage]) -> str:
    return _sentence(CLOSINGS, asked)


def _outcome(ended: Ended) -> str:
    saved = sum(field.name in ended.values for field in fields(Settings))
    settings = counted(saved, "setting") if saved else "no setting"
    if ended.failed:
        return f"Settings unchanged, {saved or 'none'} saved: stopped by an error"
    tones = [part["tone"] for part in ended.values["parts"]]
    if len(set(tones)) > 1:
        return f"Opened {tones[0]}, closed {tones[-1]}, {settings} saved"
    return f"All of it {tones[0]}, {settings} saved"


def _figures(happened: Happened) -> Sequence[Figure]:
    wrote = [step.wrote for step in happened.steps if isinstance(step.wrote, dict)]
    tones = [str(part["tone"]) for one in wrote for part in one.get("parts", ())]
    return (Figure("Tones", ", then ".join(tones) or "none yet", alarming=len(set(tones)) > 1),)


PATTERN = Pattern(
    slug="run-context",
    title="Run context",
    family=Family.STATE,
    summary="A letter is written by settings that are part of the state, or by the frozen context of the run.",
    watch=(
        "In *Settings in the state* a node changes the tone, and the letter closes in another one than it opened in.",
        "In *Frozen context* the node that tries to change the tone fails, and its error says what can't be changed.",
        "The first table of the tab Channels is the input: in *Frozen context* tone and words are given and not held.",
        "Any checkpoint shows it, too: its state has the settings only in *Settings in the state*.",
        "What no checkpoint holds has to be brought again by whoever goes on: the lab makes it of the thread's input.",
    ),
    sources=("AA 1.1",),
    lanes=(
        Lane(
            "state",
            "Settings in the state",
            "Has tone and length as channels, which are saved and which any node may write.",
            build_in_state,
            outcome=_outcome,
            figures=_figures,
        ),
        Lane(
            "context",
            "Frozen context",
            "Declares the settings as context schema, a frozen dataclass that each node gets beside the state.",
            build_in_context,
            run=run_in_context,
            context=settings_of,
            outcome=_outcome,
            figures=_figures,
        ),
    ),
    examples=(
        Example(
            "A node changes the tone",
            {"topic": "the lantern walk on Friday", "meddle": True, "tone": "warm", "most": 20},
            unhappy=True,
        ),
        Example("A warm letter", {"topic": "the harvest feast", "meddle": False, "tone": "warm", "most": 20}),
        Example("A short formal letter", {"topic": "the new crane", "meddle": False, "tone": "formal", "most": 8}),
    ),
    script=by_instruction({OPENING: _opening, CLOSING: _closing}),
    channels=("topic", "tone", "most", "parts"),
)
