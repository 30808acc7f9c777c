"""Branching, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from graphs.outcome import Ended
from graphs.pattern import Example, Family, Lane, Pattern
from graphs.script import by_instruction
from graphs.shapes.branching import CLASSIFY, GENERAL, QUESTION, URGENT, build_command, build_conditional_edge

URGENCY = r"(?<!not )\b(?:urgent|urgently|asap|immediately|emergency|outage|right now|is down|on fire)\b"
COMPLAINT = r"\b(?:complain|complaint|unacceptable|disappointed|disappointing|refund|appalling)\b"
ASKING = r"\?|^\s*(?:who|what|when|where|why|how|which|can|could|does|do|is|are)\b"


def _category(text: str, _: Sequence[BaseMessage]) -> str:
    patterns = {"urgent": URGENCY, "complaint": COMPLAINT, "question": ASKING}
    return next((name for name, pattern in patterns.items() if re.search(pattern, text, re.IGNORECASE)), "general")


def _topic(text: str) -> str:
    words = dict.fromkeys(word.lower() for word in re.findall(r"[^\W\d_][\w'-]+", text) if len(word) > 4)
    return ", ".join(list(words)[:4]) or "nothing in particular"


def _urgent(text: str, _: Sequence[BaseMessage]) -> str:
    sentences = re.split(r"(?<=[.!?])\s+", text.strip())
    pressing = next((s for s in sentences if re.search(URGENCY, s, re.IGNORECASE)), sentences[0])
    return f"Deal with this first: {pressing}"


def _question(text: str, _: Sequence[BaseMessage]) -> str:
    return f"You ask about {_topic(text)}; I have only your {len(text.split())} words to go by, so I can't know."


def _general(text: str, _: Sequence[BaseMessage]) -> str:
    return f"Thank you, your message about {_topic(text)} has been read."


ANSWERED = {"urgent": "as urgent", "question": "as a question", "general": "as a general message"}


def _outcome(ended: Ended) -> str:
    return "Not answered, stopped by an error" if ended.failed else f"Answered {ANSWERED[ended.values['category']]}"


PATTERN = Pattern(
    slug="branching",
    title="Branching",
    family=Family.SHAPES,
    summary="A classifier reads the message and exactly one of three handlers answers it.",
    watch=(
        "One handler runs and the two others stay dark; change a word of the message and another one runs.",
        "In *Conditional edge* the edge reads the category from the state; in *Command* the node names its successor.",
        "A complaint has no handler: both lanes fail on the classifier with the reason, and never just end.",
    ),
    sources=("AA 2.2",),
    lanes=(
        Lane(
            "conditional-edge",
            "Conditional edge",
            "The node writes the category, and a route function on its edge picks the handler.",
            build_conditional_edge,
            outcome=_outcome,
        ),
        Lane(
            "command",
            "Command",
            "The node writes the category and picks the handler in one return.",
            build_command,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example("Urgent", {"text": "The checkout is down and customers can't pay. Please call the shop immediately."}),
        Example("A question", {"text": "How long does the guarantee on a repaired gearbox last?"}),
        Example("A remark", {"text": "The new chairs arrived on Tuesday and everyone likes the green ones."}),
        Example(
            "A category without a route",
            {"text": "I want to complain. The parcel came two weeks late and both of my letters stayed unanswered."},
            unhappy=True,
        ),
    ),
    script=by_instruction({CLASSIFY: _category, URGENT: _urgent, QUESTION: _question, GENERAL: _general}),
)
