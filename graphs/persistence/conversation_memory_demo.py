"""Conversation memory, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import takewhile

from langchain_core.messages import BaseMessage

from graphs.outcome import Ended, counted, short
from graphs.pattern import Example, Family, Harm, Lane, Pattern, Turn
from graphs.persistence.conversation_memory import (
    CHAT,
    EARLIER,
    SUMMARISE,
    build,
    compile_forgetful,
    compile_remembering,
)
from graphs.script import by_instruction


def _name(texts: Iterable[str]) -> str:
    """Return the name that was told last, in the person's words or in a summary's."""
    name = ""
    for text in texts:
        for sentence in re.split(r"(?<=[.!?])\s+|\n", text):
            match = re.search(r"\b(?:my|person's) name(?:'s| is)\s+([^\W\d_][^.,;!?]*)", sentence, re.IGNORECASE)
            if match and not sentence.endswith("?"):
                first, *more = match[1].split()
                name = " ".join([first, *takewhile(lambda word: word[0].isupper(), more)])
    return name


def _topics(texts: Iterable[str]) -> list[str]:
    words = [word.lower() for text in texts for word in re.findall(r"[^\W\d_][\w-]+", text) if len(word) > 5]
    return list(dict.fromkeys(reversed(words)))[:12]


def _chat(asked: str, messages: Sequence[BaseMessage]) -> str:
    name = _name(message.text for message in messages[1:] if message.type != "ai")
    if re.search(ASKS_NAME, asked, re.IGNORECASE):
        return f"Your name is {name}." if name else "I don't know your name: you haven't told it in this conversation."
    if _name([asked]):
        return f"Nice to meet you, {name}."
    topics = ", ".join(_topics([asked])[:3]) or "that"
    return f"I see, {name}: {topics}." if name else f"I see: {topics}."


def _summary(transcript: str, _: Sequence[BaseMessage]) -> str:
    lines = transcript.splitlines()
    lines_of_person = [line.removeprefix("Person: ") for line in lines if line.startswith("Person: ")]
    before = [line.removeprefix(EARLIER) for line in lines if line.startswith(EARLIER)]
    past = [text.split("They spoke of: ")[-1] for text in before if "They spoke of: " in text]
    name = _name([*before, *lines_of_person])
    known = f"The person's name is {name}. " if name else "The person hasn't told a name. "
    return f"{known}They spoke of: {', '.join(_topics([*past, *lines_of_person])) or 'nothing much'}."


ASKS_NAME = r"\bmy name\b.*\?|\bwho am i\b"


def _outcome(saved: bool, ended: Ended) -> str:
    if ended.failed:
        return "No answer, stopped by an error"
    if not ended.inputs:
        return "Answered the newest message"
    *earlier, last = (given["message"] for given in ended.inputs)
    if re.search(ASKS_NAME, last, re.IGNORECASE):
        name = _name(earlier)
        if not name:
            return "Nobody told it the name"
        knew = name.lower() in ended.values["messages"][-1].text.lower()
        return f"{'Knew' if knew else 'Forgot'} the name: {short(name, 40)}"
    turns = counted(len(ended.inputs), "turn")
    if not saved:
        return f"Saved nothing of {turns}"
    return f"Remembers {turns}, the older ones by a summary" if ended.values.get("summary") else f"Remembers {turns}"


def _forgotten(ended: Ended) -> int:
    return int(_outcome(True, ended).startswith("Forgot"))


NAME = "My name is Alice."
ASK = Turn({"message": "What is my name?"})
SMALL_TALK = tuple(
    Turn({"message": text})
    for text in (
        "I keep eleven chickens behind the bakery.",
        "The oldest of them is called Duchess.",
        "On Sundays I sell their eggs at the harbour.",
        "Last winter the harbour was frozen for a month.",
        "So I learned to skate, at the age of sixty.",
    )
)

PATTERN = Pattern(
    slug="conversation-memory",
    title="Conversation memory",
    family=Family.PERSISTENCE,
    summary="Tell the chat your name and ask for it: only the lane that saves its state still knows it.",
    watch=(
        "The second turn goes to the same thread; only the lane *Checkpointer* finds the first one there.",
        "More than ten messages are too many: all but the last four are summarised and then removed.",
        "Later answers are given the summary and the messages that stayed, and still know the name.",
    ),
    sources=("EV 2",),
    lanes=(
        Lane(
            "forgets",
            "No checkpointer",
            "Nothing is saved between turns.",
            build,
            trap="Without a checkpointer every turn starts from nothing, and the person has to say it all again.",
            harm=Harm("Names forgotten", _forgotten, cure="remembers"),
            compile=compile_forgetful,
            outcome=partial(_outcome, False),
            remembers=False,
        ),
        Lane(
            "remembers",
            "Checkpointer",
            "Each turn goes on from the state that the last one saved.",
            build,
            compile=compile_remembering,
            outcome=partial(_outcome, True),
        ),
    ),
    examples=(
        Example("Name and recall", {"message": NAME}, {"forgets": (ASK,), "remembers": (ASK,)}),
        Example(
            "Seven turns and a summary",
            {"message": NAME},
            {"forgets": (*SMALL_TALK, ASK), "remembers": (*SMALL_TALK, ASK)},
        ),
        Example("A name that was never told", {"message": "What is my name?"}, unhappy=True),
    ),
    script=by_instruction({CHAT: _chat, SUMMARISE: _summary}),
    turns=True,
)
