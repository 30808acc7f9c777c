"""Conversation memory: the same chat with and without a checkpointer, and a summary in place of old messages.

Watch what the second turn knows. Without a checkpointer every turn starts from nothing; with one
the messages stay, and when there are more than ten, the older ones give way to a summary.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AnyMessage, BaseMessage, HumanMessage, RemoveMessage, SystemMessage
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages
from pydantic import Field
from typing_extensions import TypedDict

from graphs.pattern import Example, Family, Lane, Pattern, Turn
from graphs.script import by_instruction
from graphs.world import World

CHAT = (
    "Answer the person in one or two sentences, from this conversation alone. "
    "If it doesn't tell what they ask for, say that you don't know it."
)
SUMMARISE = (
    "Summarise the conversation in a few sentences. Keep every fact about the person, above all their name, "
    "and everything that an earlier summary tells."
)
EARLIER = "Summary of the conversation so far: "

LIMIT = 10
"""How many messages may stand before the older ones are summarised."""

KEPT = 4
"""How many of the last messages stay word for word."""


class Input(TypedDict):
    """What the visitor says in one turn."""

    message: Annotated[str, Field(title="Message", min_length=1, max_length=1000)]


class State(Input):
    """What is known of the conversation; `summary` stands for the messages that were removed."""

    messages: Annotated[list[AnyMessage], add_messages]
    summary: str


def build(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds chat, and summarise where the conversation has grown too long."""

    def chat(state: State) -> dict[str, Any]:
        said = HumanMessage(state["message"])
        summary = state.get("summary", "")
        earlier = [SystemMessage(EARLIER + summary)] if summary else []
        answer = model.invoke([SystemMessage(CHAT), *earlier, *state["messages"], said])
        return {"messages": [said, answer]}

    def route(state: State) -> Literal["summarise", "__end__"]:
        return "summarise" if len(state["messages"]) > LIMIT else "__end__"

    def summarise(state: State) -> dict[str, Any]:
        older = state["messages"][:-KEPT]
        summary = state.get("summary", "")
        lines = [EARLIER + summary] if summary else []
        lines += [f"{'Person' if message.type == 'human' else 'Assistant'}: {message.text}" for message in older]
        answer = model.invoke([SystemMessage(SUMMARISE), HumanMessage("\n".join(lines))])
        return {"summary": answer.text, "messages": [RemoveMessage(id=str(message.id)) for message in older]}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("chat", chat)
        .add_node("summarise", summarise)
        .add_edge(START, "chat")
        .add_conditional_edges("chat", route)
    )


def _name(texts: Iterable[str]) -> str:
    """Gives the name that was told last, in the person's words or in a summary's."""
    name = ""
    for text in texts:
        for sentence in re.split(r"(?<=[.!?])\s+|\n", text):
            told = re.search(r"\b(?:my|person's) name(?:'s| is)\s+([^\W\d_][^.,;!?]*)", sentence, re.IGNORECASE)
            if told and not sentence.endswith("?"):
                first, *more = told[1].split()
                name = " ".join([first, *takewhile(lambda word: word[0].isupper(), more)])
    return name


def _topics(texts: Iterable[str]) -> list[str]:
    words = [word.lower() for text in texts for word in re.findall(r"[^\W\d_][\w-]+", text) if len(word) > 5]
    return list(dict.fromkeys(reversed(words)))[:12]


def _chat(asked: str, messages: Sequence[BaseMessage]) -> str:
    name = _name(message.text for message in messages[1:] if message.type != "ai")
    if re.search(r"\bmy name\b.*\?|\bwho am i\b", asked, re.IGNORECASE):
        return f"Your name is {name}." if name else "I don't know your name: you haven't told it in this conversation."
    if _name([asked]):
        return f"Nice to meet you, {name}."
    topics = ", ".join(_topics([asked])[:3]) or "that"
    return f"I see, {name}: {topics}." if name else f"I see: {topics}."


def _summary(transcript: str, _: Sequence[BaseMessage]) -> str:
    lines = transcript.splitlines()
    told = [line.removeprefix("Person: ") for line in lines if line.startswith("Person: ")]
    before = [line.removeprefix(EARLIER) for line in lines if line.startswith(EARLIER)]
    past = [text.split("They spoke of: ")[-1] for text in before if "They spoke of: " in text]
    name = _name([*before, *told])
    known = f"The person's name is {name}. " if name else "The person hasn't told a name. "
    return f"{known}They spoke of: {', '.join(_topics([*past, *told])) or 'nothing much'}."


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
            remembers=False,
        ),
        Lane("remembers", "Checkpointer", "Each turn goes on from the state that the last one saved.", build),
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
