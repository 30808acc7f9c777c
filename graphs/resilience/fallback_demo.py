"""Fallback, as the lab shows it: texts, examples, outcomes and offline answers."""

from collections.abc import Mapping, Sequence

from langchain_core.messages import BaseMessage

from graphs.figures import Figure, Happened, States
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Json, Lane, Pattern
from graphs.resilience.fallback import ANSWER, build_alone, build_fallback
from graphs.script import by_instruction

SOURCES = ("model", "faq", "handbook")
NAMES = {"model": "model", "faq": "list of common questions", "handbook": "handbook"}


def _answer(question: str, _: Sequence[BaseMessage]) -> str:
    topic = " ".join(question.strip(" ?!.").split()[-3:])
    return f"Gladly: about {topic} our shop can help you. Just tell us which lamp it is."


def _outcome(ended: Ended) -> str:
    source = ended.values.get("source", "")
    if ended.failed or not source:
        return "No answer, stopped by an error"
    errors = len(ended.values.get("errors", ()))
    if source == "none":
        return f"No answer: all {counted(errors, 'source')} failed"
    before = f", after {counted(errors, 'source')} failed" if errors else ""
    return f"Answered by the {NAMES[source]}{before}"


def _figures(happened: Happened) -> Sequence[Figure | States]:
    answered = [step for step in happened.steps if step.path[-1] in (*SOURCES, "give_up") and step.status != "failed"]
    current = answered[-1].path[-1] if answered else ""
    failed = sum(len(step.failed_attempts) for step in happened.steps)
    return (
        States("Source", SOURCES, current),
        Figure("Failed attempts", str(failed), alarming=failed > 0),
    )


def _input(question: str, down: int, failure: str) -> Mapping[str, Json]:
    return {"question": question, "down": down, "failure": failure}


PATTERN = Pattern(
    slug="fallback",
    title="Fallback",
    family=Family.RESILIENCE,
    summary="The model is asked first, then a list of common questions, then a handbook, then a clear error is told.",
    watch=(
        "The error handler of a node runs once the node's retries are spent, and gets the error that was left.",
        "Where the handler goes replaces the node's own edge: nothing that failed is shown as an answer.",
        "A source that is up and knows nothing is passed over like one that is down.",
        "The state has the error of each source that gave no answer, in the order in which they were asked.",
        "*Without a fallback* ends at the first error, and the thread can be retried by hand.",
    ),
    sources=("AP",),
    lanes=(
        Lane("fails", "Without a fallback", "Has the model alone.", build_alone, outcome=_outcome, figures=_figures),
        Lane(
            "falls-back",
            "Fallback by error handler",
            "Goes on to the next source where one fails.",
            build_fallback,
            outcome=_outcome,
            figures=_figures,
        ),
    ),
    examples=(
        Example("The model is down", _input("How long does delivery take?", 1, "connection lost"), unhappy=True),
        Example("All sources work", _input("Which lamp suits a small kitchen?", 0, "timeout")),
        Example("Only the handbook knows", _input("Do you repair old chandeliers?", 1, "rate limit"), unhappy=True),
        Example("Model and list are down", _input("What about the warranty?", 2, "timeout"), unhappy=True),
        Example("All sources are down", _input("Which bulbs fit?", 3, "rejected"), unhappy=True),
    ),
    script=by_instruction({ANSWER: _answer}),
)
