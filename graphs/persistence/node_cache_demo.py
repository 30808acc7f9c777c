"""Node cache, as the lab shows it: texts, examples, figures, outcomes and offline answers."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from langchain_core.messages import BaseMessage

from graphs.figures import Figure, Happened
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern
from graphs.persistence.node_cache import ANSWER, build_cached, build_without, compile_with_cache, same
from graphs.script import by_instruction

KNOWN = {
    "checkpoint": "A checkpoint is the state as it was saved after a superstep, with what runs next.",
    "thread": "A thread is a row of checkpoints under one id, such as one conversation of one person.",
    "reducer": "A reducer is the function that joins what a channel holds with what a node writes.",
    "superstep": "A superstep is one round in which all nodes run that have something to do.",
    "interrupt": "An interrupt stops a node with a question, and the answer lets it run from its top.",
}


def _answered(question: str, _: Sequence[BaseMessage]) -> str:
    words = re.findall(r"[\w'-]+", question.lower())
    known = next((KNOWN[word.rstrip("s")] for word in words if word.rstrip("s") in KNOWN), "")
    return known or f"My notes have nothing about {' '.join(words[-3:])}, so please ask me about something else."


def _outcome(ended: Ended) -> str:
    answers = ended.values.get("answers", [])
    # Each call has its own time, which an answer from the cache repeats, and that of the run for which it was made.
    calls = len({answer["at"] for answer in answers if answer["begun"] == ended.values["begun"]})
    line = f"{counted(len(answers), 'answer')} by {counted(calls, 'call')}"
    if ended.failed:
        return f"{line}, stopped by an error"
    return f"{line}, {len(answers) - calls} from the cache" if calls < len(answers) else line


def _answers(happened: Happened) -> list[tuple[dict[str, Any], bool]]:
    return [(answer, step.cached) for step in happened.steps for answer in (step.wrote or {}).get("answers", ())]


def _figures(caches: bool, happened: Happened) -> Sequence[Figure]:
    seen: set[str] = set()
    hits, misses, expired, took, saved = 0, 0, 0, 0.0, 0.0
    for answer, cached in _answers(happened):
        question = same(answer["question"])
        if cached:
            hits, saved = hits + 1, saved + answer["seconds"]
        else:
            misses, took = misses + 1, took + answer["seconds"]
            expired += caches and question in seen
        seen.add(question)
    return (
        Figure("Hits", str(hits)),
        Figure("Misses", str(misses)),
        Figure("Expired", str(expired)),
        Figure("Took", f"{took:.1f} s"),
        Figure("Saved", f"{saved:.1f} s"),
    )


PATTERN = Pattern(
    slug="node-cache",
    title="Node cache",
    family=Family.PERSISTENCE,
    summary="Questions that come again are answered anew, or taken from a cache for as long as their answers are good.",
    watch=(
        "A step from the cache says so and takes no time: no token comes, and the state gets the answer all the same.",
        "In *CachePolicy* a question that differs in case and marks alone is the same one: its key says what counts.",
        "After a wait of more than two seconds an entry has expired: the next such question is a miss.",
        "The cache belongs to the graph and not to the thread: run again at once, and another thread gets its hits.",
        "The lab compiles a graph for each visitor here, as what one of them asked isn't for the others to see.",
        "Whatever an answer depends on has to be in the key, or somebody gets an answer to another question.",
        "A policy alone does nothing: without a cache the graph compiles and runs, and answers everything anew.",
    ),
    sources=("AP caching",),
    lanes=(
        Lane(
            "without",
            "No cache",
            "Asks the model for each line, whether or not it has been asked before.",
            build_without,
            outcome=_outcome,
            figures=partial(_figures, False),
        ),
        Lane(
            "cached",
            "CachePolicy",
            "Has a key and a time to live for what the node writes, and a cache in the compiled graph.",
            build_cached,
            compile=compile_with_cache,
            outcome=_outcome,
            figures=partial(_figures, True),
        ),
    ),
    examples=(
        Example(
            "Some questions come again",
            {
                "lines": "What is a checkpoint?\nWhat is a reducer?\nWhat is a checkpoint?\nwhat is a REDUCER\n"
                "What is a checkpoint?"
            },
        ),
        Example(
            "An answer gets too old",
            {
                "lines": "What is a thread?\nWhat is a thread?\nwait 2.5\nWhat is a thread?\nWhat is a thread?",
            },
        ),
        Example("All are different", {"lines": "What is a thread?\nWhat is a superstep?\nWhat is an interrupt?"}),
        Example("A wait that is too long", {"lines": "What is a thread?\nwait 60"}, unhappy=True),
    ),
    script=by_instruction({ANSWER: _answered}),
)
