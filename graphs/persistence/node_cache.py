"""Node cache: the same questions, answered anew each time, or taken from a cache until they are too old.

Watch the steps and the figures. In *CachePolicy* a question that was answered less than two seconds ago costs no call:
the library finds what the node wrote then, and writes it once more. After a longer wait the entry has expired.
"""

import operator
import re
import time
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.cache.memory import InMemoryCache
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import CachePolicy, Checkpointer, Command, Send
from pydantic import Field
from typing_extensions import TypedDict

from graphs.world import World

ANSWER = "Answer the question about LangGraph in one sentence of about fifteen words."
LONGEST, MOST = 5.0, 20  # seconds of a wait, and lines of a run


class InvalidLines(ValueError):
    """Raised when there are too few lines or too many, or when a wait is too long."""


class Input(TypedDict):
    """What the visitor gives."""

    lines: Annotated[
        str,
        Field(title="Questions, one a line; a line like 'wait 2.5' waits as many seconds"),
        Field(min_length=1, max_length=2000, json_schema_extra={"multiline": True}),
    ]


class Asked(TypedDict):
    """All that the node gets that answers; its key is made of the question alone."""

    question: str
    begun: float


class Answer(Asked):
    """What the node writes that answers; from the cache it comes as it was then."""

    text: str
    at: float
    seconds: float


class State(Input):
    """When the run began, how many lines are done, and the answers."""

    begun: float
    done: Annotated[int, Field(ge=0)]
    answers: Annotated[list[Answer], operator.add]


def same(question: str) -> str:
    """Return what two questions have in common that differ in case, blanks and the marks at their end alone."""
    words = " ".join(question.lower().split())
    return words.rstrip(" .?!") or words


def key_of(state: Asked) -> str:
    """Return the key of an answer: whatever it depends on has to be in it; of nothing, where the graph is drawn."""
    return same(state.get("question", ""))


def take(state: State) -> Command[Literal["answer", "rest", "__end__"]]:
    """Take the next line and send it to where it belongs."""
    lines = [line.strip() for line in state["lines"].splitlines() if line.strip()]
    if not 1 <= len(lines) <= MOST:
        raise InvalidLines(f"There are {len(lines)} lines. A run takes 1 to {MOST}. Give as many.")
    done, begun = state.get("done", 0), state.get("begun", time.time())
    if done >= len(lines):
        return Command(goto="__end__")
    goto: Any = "rest" if seconds_of(lines[done]) else Send("answer", Asked(question=lines[done], begun=begun))
    return Command(update={"begun": begun, "done": done + 1}, goto=goto)


def rest(state: State, runtime: Runtime[World]) -> None:
    """Let time pass, which is all that an entry needs to expire; none where there is no such line, after an edit."""
    lines = [line for line in state["lines"].splitlines() if line.strip()]
    runtime.context.wait(sum(map(seconds_of, lines[state["done"] - 1 : state["done"]])))


def seconds_of(line: str) -> float:
    """Return for how long a line says to wait, 0 where it's a question."""
    wait = re.fullmatch(r"\s*wait\s+(\d+(?:\.\d+)?)\s*", line, re.IGNORECASE)
    if wait and float(wait[1]) > LONGEST:
        raise InvalidLines(f"'{line.strip()}' is too long. A wait takes at most {LONGEST:g} seconds. Shorten it.")
    return float(wait[1]) if wait else 0.0


def _answering(model: BaseChatModel, policy: CachePolicy[Any] | None) -> StateGraph[State, World, Input, State]:
    def answer(state: Asked) -> dict[str, Any]:
        at = time.time()
        text = model.invoke([SystemMessage(ANSWER), HumanMessage(state["question"])]).text
        return {"answers": [Answer(**state, text=text, at=at, seconds=time.time() - at)]}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("take", take)
        .add_node("answer", answer, cache_policy=policy)
        .add_node("rest", rest)
        .add_edge(START, "take")
        .add_edge("answer", "take")
        .add_edge("rest", "take")
    )


def build_without(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the graph whose node answers each time."""
    return _answering(model, None)


def build_cached(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the graph whose node is asked only for what isn't in the cache, where an answer is good for two seconds."""
    return _answering(model, CachePolicy(key_func=key_of, ttl=2))


def compile_with_cache(graph: StateGraph[Any, Any, Any, Any], checkpointer: Checkpointer) -> Any:
    """Compile with the cache; without one the policy is passed over, and nobody says so."""
    return graph.compile(checkpointer=checkpointer, cache=InMemoryCache())
