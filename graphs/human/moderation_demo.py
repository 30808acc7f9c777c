"""Moderation, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections import Counter
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from graphs.human.moderation import REMARK, build
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Json, Lane, Pattern, Reply
from graphs.script import by_instruction

SIGNS = {
    "a promise": r"\b(?:guarantee\w*|promise\w*|never|always)\b",
    "a price": r"[\d.,]+ ?€|\bfree\b",
    "an insult": r"\b(?:stupid|idiots?|liars?)\b",
    "a phone number": r"\+?\d[\d ]{6,}\d",
}


def _remark(text: str, _: Sequence[BaseMessage]) -> str:
    signs = [name for name, pattern in SIGNS.items() if re.search(pattern, text, re.IGNORECASE)]
    return f"Look at {' and '.join(signs)}." if signs else "Nothing stands out."


def _outcome(ended: Ended) -> str:
    if ended.failed:
        return f"Sent {counted(len(ended.outbox), 'message')}, stopped by an error"
    total = counted(len(ended.values["messages"]), "message")
    made = Counter(entry["decision"] for entry in ended.values["trail"])
    parts = [f"{made[name]} {name}" for name in ("internal", "approved", "edited", "rejected") if made[name]]
    return f"Sent {len(ended.outbox)} of {total}: {', '.join(parts)}"


def _emil(value: Json, **by_word: Json) -> tuple[Reply, ...]:
    return (Reply(value, by_word=by_word, person="Emil"),)


SEND = {"decision": "send"}
_TEAM = "team@harbour.example: Stock-taking is on Friday at six."
_ANNA = "anna@example.org: Your lamp is ready. Come by any day until six."
_PRESS = "press@paper.example: We guarantee that our lamps never break."
_TOM = "tom@example.org: Only an idiot puts a lamp into the bath."

PATTERN = Pattern(
    slug="moderation",
    title="Moderation",
    family=Family.HUMAN,
    summary="Messages inside the house pass, and every one to the outside waits until a moderator has decided on it.",
    watch=(
        "Internal messages are in the outbox at once; of those to the outside each one waits by itself.",
        "Several questions wait together: answer one and its message leaves, or answer all of them in one submit.",
        "What a moderator changes is what's sent; the trail, and the page Decisions, have who did it, when and what.",
        "A question names the role 'moderator': whoever has another one is refused with the reason.",
    ),
    sources=("EV ex. 1",),
    lanes=(
        Lane(
            "pipeline",
            "Moderated pipeline",
            "Makes a task of each message, which passes it on or asks by interrupt.",
            build,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "One passes, one is approved, one is edited",
            {"batch": "\n".join((_TEAM, _ANNA, _PRESS))},
            {"pipeline": _emil(SEND, press={"decision": "send", "text": "Our lamps have a warranty of two years."})},
        ),
        Example("All internal", {"batch": f"{_TEAM}\nboss@harbour.example: The new lamps have come."}),
        Example(
            "One rejected with its reason",
            {"batch": "\n".join((_ANNA, _TOM))},
            {"pipeline": _emil(SEND, tom={"decision": "reject", "reason": "We don't insult our customers."})},
        ),
        Example("All approved as they are", {"batch": "\n".join((_ANNA, _PRESS))}, {"pipeline": _emil(SEND)}),
        Example(
            "Everything rejected",
            {"batch": "\n".join((_PRESS, _TOM))},
            {"pipeline": _emil({"decision": "reject", "reason": "Please talk to me first."})},
            unhappy=True,
        ),
        Example("A line without a recipient", {"batch": f"{_TEAM}\nEverybody gets a lamp!"}, unhappy=True),
    ),
    script=by_instruction({REMARK: _remark}),
    tables=("outbox",),
)
