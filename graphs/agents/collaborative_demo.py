"""Collaborative agents, as the lab shows them: texts, examples, outcomes, figures and offline answers."""

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from graphs.agents.collaborative import REVIEW, WRITE, build
from graphs.figures import Figure, Happened, States
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern
from graphs.script import by_instruction

_AT_MOST = re.compile(r"at most (\d+) words", re.IGNORECASE)


def _parts(asked: str) -> tuple[str, str]:
    """Return the task and the draft of all that an agent reads."""
    task, _, rest = asked.removeprefix("Task: ").partition("\n\nDraft: ")
    return task.strip(), rest.partition("\n\nDiscussion:")[0].strip()


def _points(task: str) -> list[str]:
    """Return what the text has to say: the parts behind the first colon, or the whole task."""
    before, colon, listed = _AT_MOST.sub("", task).partition(":")
    parts = re.split(r"[,;.\n]|\band\b", listed if colon else before)
    return [" ".join(part.split()) for part in parts if re.search(r"\w{2}", part)]


def _missing(task: str, draft: str) -> list[str]:
    return [point for point in _points(task) if point.lower() not in draft.lower()]


def _too_long(task: str, draft: str) -> int:
    """Return by how many words the draft is longer than the task allows."""
    limit = _AT_MOST.search(task)
    return max(0, len(draft.split()) - int(limit[1])) if limit else 0


def _write(asked: str, _messages: Sequence[BaseMessage]) -> str:
    task, draft = _parts(asked)
    missing = _missing(task, "" if draft == "none yet" else draft)
    if draft == "none yet":
        return f"Please note: {missing[0]}." if missing else "There is nothing to tell yet."
    if missing:
        return f"{draft.rstrip('.')}; {missing[0]}."
    # All is said: what's too long loses what stands last, though the critic will miss it.
    shorter, cut, _last = draft.rpartition("; ")
    return f"{shorter}." if _too_long(task, draft) and cut else draft


def _criticise(asked: str, _: Sequence[BaseMessage]) -> str:
    missing = _missing(*_parts(asked))
    return f"CHANGE The draft says nothing about {missing[0]}." if missing else "AGREE It says all that was asked for."


def _edit(asked: str, _: Sequence[BaseMessage]) -> str:
    more = _too_long(*_parts(asked))
    return f"CHANGE It's {counted(more, 'word')} too long." if more else "AGREE It's short enough."


def _outcome(ended: Ended) -> str:
    rounds = counted(ended.values.get("round", 0), "round")
    if ended.failed:
        return f"No agreement: stopped by an error after {rounds}"
    if ended.values.get("ended_by") == "agreement":
        return f"Agreed after {rounds}"
    last = [one for one in ended.values.get("discussion", ()) if one["round"] == ended.values.get("round")]
    objects = " and ".join(one["agent"] for one in last if not one["agrees"])
    return f"No agreement after {rounds}: the {objects} still objected"


def _figures(happened: Happened) -> list[Figure | States]:
    said = [one for step in happened.steps if isinstance(step.wrote, dict) for one in step.wrote.get("discussion", ())]
    if not said:
        return []
    number = said[-1]["round"]
    verdicts = {one["agent"]: one["agrees"] for one in said if one["round"] == number and one["agent"] != "writer"}
    return [
        Figure("Round", str(number)),
        *(Figure(agent.capitalize(), "agrees" if agreed else "objects") for agent, agreed in verdicts.items()),
    ]


PATTERN = Pattern(
    slug="collaborative",
    title="Collaborative agents",
    family=Family.AGENTS,
    summary="A writer, a critic and an editor discuss one draft in rounds until they agree or the rounds run out.",
    watch=(
        "All three read and write one discussion: its reducer appends, so nobody's words are lost.",
        "Each agent streams its own answer; the writer's next draft meets what the others objected to.",
        "The loop ends by agreement on one draft, or at the limit of rounds, and the state says which.",
        "A review that says neither AGREE nor CHANGE isn't taken for consent.",
    ),
    sources=("AA 3.2",),
    lanes=(
        Lane(
            "discussion",
            "Shared discussion",
            "Each agent reads the whole discussion, then adds to it.",
            build,
            outcome=_outcome,
            agents=("writer", "critic", "editor"),
            figures=_figures,
        ),
    ),
    examples=(
        Example(
            "Agreed in three rounds",
            {
                "task": "Announce the summer party: the date, the place, the dress code.",
                "most_rounds": 5,
            },
        ),
        Example(
            "Agreed at once", {"task": "Say in at most 20 words: the office is closed on Monday.", "most_rounds": 3}
        ),
        Example(
            "Critic against editor, no agreement",
            {
                "task": "Announce in at most 8 words: the new price, the new address, the opening hours.",
                "most_rounds": 4,
            },
            unhappy=True,
        ),
        Example(
            "Too few rounds",
            {"task": "Invite to the course: the topic, the teacher, the room, the fee.", "most_rounds": 2},
            unhappy=True,
        ),
    ),
    script=by_instruction({WRITE: _write, REVIEW["critic"]: _criticise, REVIEW["editor"]: _edit}),
)
