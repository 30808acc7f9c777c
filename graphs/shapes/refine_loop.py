"""Refine loop: a notice is written, checked by rules, and refined until it keeps them all, or until it's enough.

Watch the attempts in the tab *Channels*: what was wrong with each, and which words came and went. Where the rules
contradict each other, *Up to a limit* stops and says why; *Without a limit* goes round until the library stops it.
"""

import difflib
import operator
import re
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from pydantic import Field
from typing_extensions import TypedDict

WRITE = "Write a short notice about what the person tells you. Answer with the notice alone."
REFINE = "Rewrite the notice so that the first problem is gone. Change as little as you can. Answer with it alone."


class Input(TypedDict):
    """What the visitor gives."""

    about: Annotated[str, Field(title="What the notice is about", min_length=1, max_length=300)]
    needed: Annotated[str, Field(title="Words or phrases that it needs, separated by commas", max_length=200)]
    banned: Annotated[str, Field(title="Words or phrases that it may not have", max_length=200)]
    most: Annotated[int, Field(title="Words at most", ge=1, le=60)]
    limit: Annotated[int, Field(title="Attempts at most", ge=1, le=10)]


class Attempt(TypedDict):
    """One pass of the loop."""

    text: str
    problems: list[str]
    changed: str
    """The words that came and those that went, since the attempt before."""


class State(Input):
    """The newest notice, what is wrong with it, what changed in it, and all attempts."""

    notice: str
    problems: list[str]
    changed: str
    tries: Annotated[list[Attempt], operator.add]
    stopped: str
    """Why the loop ended."""


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return re.findall(r"[^\W_][\w'-]*[+#]*", text.lower())


def place_of(phrase: str) -> re.Pattern[str]:
    """Return what finds a word or a phrase, such as 'old mill' or 'C++', where it isn't a part of a longer word."""
    begin = r"(?<!\w)(?<!\w['-])" if re.match(r"\w", phrase) else ""
    end = r"(?![\w+#]|['-]\w)" if re.search(r"\w$", phrase) else ""
    return re.compile(begin + r"\s+".join(map(re.escape, phrase.split())) + end, re.IGNORECASE)


def find_problems(state: State) -> list[str]:
    """Check the notice by the rules, each with a sentence where it's broken."""
    notice, words = state["notice"], words_of(state["notice"])
    needed, banned = ([one.strip().lower() for one in state[key].split(",")] for key in ("needed", "banned"))
    problems = ["It's empty."] if not words else []
    problems += [f"It lacks '{one}'." for one in needed if one and not place_of(one).search(notice)]
    problems += [f"It has '{one}'." for one in banned if one and place_of(one).search(notice)]
    if len(words) > state["most"]:
        problems.append(f"It has {len(words)} words, and at most {state['most']} are allowed.")
    return problems


def check(state: State) -> dict[str, Any]:
    """Note what is wrong with the notice and what changed since the last attempt."""
    problems, earlier = find_problems(state), state["tries"]
    before = words_of(earlier[-1]["text"]) if earlier else []
    signs = [line for line in difflib.ndiff(before, words_of(state["notice"])) if line[0] in "+-"] if earlier else []
    attempt = Attempt(text=state["notice"], problems=problems, changed=", ".join(signs))
    return {"problems": problems, "changed": attempt["changed"], "tries": [attempt]}


def finish(state: State) -> dict[str, Any]:
    """Say why the loop ended."""
    count = len(state["tries"])
    return {"stopped": f"limit of {count} reached" if state["problems"] else f"all rules kept after {count}"}


def _notice(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    def write(state: State) -> dict[str, Any]:
        return {"notice": model.invoke([SystemMessage(WRITE), HumanMessage(state["about"])]).text.strip()}

    def refine(state: State) -> dict[str, Any]:
        asked = f"{state['notice']}\n\nProblems:\n" + "\n".join(state["problems"])
        return {"notice": model.invoke([SystemMessage(REFINE), HumanMessage(asked)]).text.strip()}

    return (
        StateGraph(State, input_schema=Input)
        .add_node("write", write)
        .add_node("check", check)
        .add_node("refine", refine)
        .add_node("finish", finish)
        .add_edge(START, "write")
        .add_edge("write", "check")
        .add_edge("refine", "check")
        .add_edge("finish", END)
    )


def build_unlimited(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the trap: the loop ends when all rules are kept, and in no other way."""

    def follow(state: State) -> Literal["refine", "finish"]:
        return "refine" if state["problems"] else "finish"

    return _notice(model).add_conditional_edges("check", follow)


def build_limited(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the cure: the loop ends when all rules are kept, or after as many attempts as are allowed."""

    def follow(state: State) -> Literal["refine", "finish"]:
        return "refine" if state["problems"] and len(state["tries"]) < state["limit"] else "finish"

    return _notice(model).add_conditional_edges("check", follow)
