"""Escalation, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from graphs.human.escalation import ASSESS, REPLY, build
from graphs.outcome import Ended
from graphs.pattern import Example, Family, Lane, Pattern, Reply, Turn
from graphs.script import by_instruction

TOPICS = {
    "deliver": "Your delivery leaves our store within three working days, and its driver rings you the evening before.",
    "refund": "You get your money back within fourteen days once the goods are with us.",
    "invoice": "Your invoice is in the mail that confirmed your order; we can send it again.",
    "screw": "We send you missing screws free of charge.",
}
SENSITIVE = r"\b(?:lawyer|court|accident|injur\w*|hospital|ill(?:ness)?)\b"


def _reply(asked: str, _: Sequence[BaseMessage]) -> str:
    known = [answer for word, answer in TOPICS.items() if word in asked.lower()]
    return " ".join(known) or f"We have read your message: {asked.strip().rstrip('.?!')}. I'm not sure about it."


def _assess(asked: str, _: Sequence[BaseMessage]) -> str:
    message = asked.removeprefix("Message:\n").rpartition("\n\nAnswer:\n")[0].lower()
    known = sum(word in message for word in TOPICS)
    confidence = 0.92 if known == 1 else 0.75 if known else 0.4
    return f"{confidence}, {'sensitive' if re.search(SENSITIVE, message) else 'harmless'}"


def _outcome(ended: Ended) -> str:
    if ended.failed:
        return "No answer, stopped by an error"
    reasons = ended.values["reasons"]
    if not reasons:
        return f"Answered by itself, confidence {ended.values['confidence']:.2f}"
    why = f"{len(reasons)} reasons" if len(reasons) > 2 else " and ".join(reasons)
    if ended.values["answered_by"] != "a person":
        return f"Answered by itself in spite of {why}"
    reply = ended.values["messages"][-1].text
    suggested = [asked["suggested reply"] for asked in ended.questions]
    return f"Asked a person, {why}: {'suggestion sent' if reply in suggested[-1:] else 'own words sent'}"


_SEND = Reply({"decision": "send"})
_OWN = Reply({"decision": "rewrite", "reply": "I'll call you within the hour. Please don't use the shelf until then."})

PATTERN = Pattern(
    slug="escalation",
    title="Escalation",
    family=Family.HUMAN,
    summary="A support agent answers by itself, and hands over to a person for any of four reasons.",
    watch=(
        "A confidence under 0.7, a sensitive topic, 1,000 € or more, or a hurry: any one of them stops before `send`.",
        "The person gets a package: the reasons, a priority, the last five messages and the suggested reply.",
        "Only a hurry makes the priority high; the other reasons can wait their turn.",
        "The next message goes to the same thread, and is judged anew.",
    ),
    sources=("EV 3.3",),
    lanes=(
        Lane(
            "agent",
            "Agent with a way to a person",
            "Judges each of its own answers, and asks a person where something speaks against sending it.",
            build,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "Low confidence",
            {"message": "Can the shelf carry a piano?", "value": 89, "urgent": False},
            {"agent": (_OWN,)},
        ),
        Example(
            "Answered by itself",
            {"message": "When will you deliver my bed?", "value": 420, "urgent": False},
        ),
        Example(
            "A sensitive topic",
            {"message": "My lawyer wants the invoice of the ladder.", "value": 60, "urgent": False},
            {"agent": (_SEND,)},
        ),
        Example(
            "High value",
            {"message": "I'd like a refund for all twelve tables.", "value": 4800, "urgent": False},
            {"agent": (_SEND,)},
        ),
        Example(
            "A hurry",
            {"message": "Two screws are missing and my guests come tonight.", "value": 150, "urgent": True},
            {"agent": (_SEND,)},
        ),
        Example(
            "All four at once",
            {"message": "Your shelf fell down and my father is in hospital!", "value": 1900, "urgent": True},
            {"agent": (_OWN,)},
            unhappy=True,
        ),
        Example(
            "The fourth message escalates",
            {"message": "When will you deliver my desk?", "value": 300, "urgent": False},
            {
                "agent": (
                    Turn({"message": "Is the invoice in the parcel?", "value": 300, "urgent": False}),
                    Turn({"message": "A screw is missing.", "value": 300, "urgent": False}),
                    Turn({"message": "Now it wobbles. What do you say to that?", "value": 300, "urgent": False}),
                    _SEND,
                )
            },
            unhappy=True,
        ),
    ),
    script=by_instruction({REPLY: _reply, ASSESS: _assess}),
    turns=True,
)
