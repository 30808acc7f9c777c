"""Customer service, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Mapping, Sequence

from langchain_core.messages import BaseMessage

from graphs.figures import Figure, Happened, States
from graphs.outcome import Ended, counted, times
from graphs.pattern import Example, Family, Go, Json, Lane, Pattern, Reply
from graphs.resilience.customer_service import KINDS, SORT, WRITE, build
from graphs.script import by_instruction

SIGNS = {
    "refund": r"\b(?:refund|money|return\w*)\b",
    "delivery": r"\b(?:deliver\w*|parcel|arrive\w*|where)\b",
    "warranty": r"\b(?:warranty|broken|broke|flicker\w*)\b",
}
REPLIES = {
    "refund": "send it with the label in the parcel, and you have your money within three days",
    "delivery": "the parcel takes two to four days, and a mail tells you when it's near",
    "warranty": "we gladly replace it, for every lamp has a warranty of two years",
    "other": "we have read your words, and somebody of our shop comes back to you today",
}


def _sort(message: str, _: Sequence[BaseMessage]) -> str:
    return next((kind for kind in KINDS if re.search(SIGNS[kind], message, re.IGNORECASE)), "other")


def _write(asked: str, _: Sequence[BaseMessage]) -> str:
    about = dict(line.split(": ", 1) for line in asked.splitlines()[:3])
    reply = REPLIES.get(about["About"], REPLIES["other"])
    return f"Hello {about['Customer']}, thank you for writing. About your {about['Last order']}: {reply}."


def _outcome(ended: Ended) -> str:
    asked = f", a person was asked {times(len(ended.questions))}" if ended.questions else ""
    if ended.failed or not ended.outbox:
        return "No reply sent, stopped by an error"
    return f"{counted(len(ended.outbox), 'reply', 'replies')} sent, written by {ended.values['written_by']}{asked}"


def _figures(happened: Happened) -> Sequence[Figure | States]:
    circuits = [data["circuit"] for step in happened.steps for data in step.progress]
    look_ups = [step for step in happened.steps if step.path[-1] == "look_up"]
    failed = [attempt for step in look_ups for attempt in step.failed_attempts]
    kills = sum(attempt.error.startswith("The process") for step in happened.steps for attempt in step.failed_attempts)
    tries = len(failed) + sum(step.status in ("running", "done") for step in look_ups)
    asked = sum(step.path[-1] == "ask_person" for step in happened.steps)
    return (
        States("Circuit", ("closed", "open", "half-open"), circuits[-1] if circuits else "closed"),
        Figure("Attempts", str(tries)),
        Figure("Failed", str(len(failed)), alarming=bool(failed)),
        Figure("Person asked", str(asked)),
        Figure("Kills", str(kills), alarming=kills > 0),
    )


def _input(
    customer: str, message: str, failures: int = 0, failure: str = "connection lost", crash: str = "never"
) -> Mapping[str, Json]:
    return {"customer": customer, "message": message, "failures": failures, "failure": failure, "crash": crash}


_TRY = Reply({"decision": "try again"}, person="Sam")


def _says(text: str) -> Reply:
    return Reply({"decision": "answer", "text": text}, person="Sam")


PATTERN = Pattern(
    slug="customer-service",
    title="Customer service",
    family=Family.RESILIENCE,
    summary="One request meets all of it: retries, an open circuit, a person, checkpoints and a killed process.",
    watch=(
        "Failures are retried until the third one in a row opens the circuit; then a person is asked.",
        "The person answers in the model's place, or lets it be tried again, once the circuit lets a call through.",
        "A customer whom the records don't have is no failure: nothing is retried, and the person is asked at once.",
        "After a kill the request goes on from its last checkpoint, and the customer gets one mail.",
        "An empty answer of a model isn't sent: the person is asked for one.",
    ),
    sources=("AP practical example",),
    lanes=(
        Lane(
            "request",
            "Request",
            "Retries behind a circuit breaker, and asks a person where that doesn't help.",
            build,
            outcome=_outcome,
            figures=_figures,
        ),
    ),
    examples=(
        Example("Two lost connections, then through", _input("C-100", "Where is my parcel?", 2)),
        Example(
            "Everything at once",
            _input("C-101", "My floor lamp flickers. Is there a warranty?", 3, "timeout", "after-looking-up"),
            {"request": (_TRY, Go())},
            unhappy=True,
        ),
        Example("All is well", _input("C-102", "I want my money back.")),
        Example(
            "The circuit opens, and a person tries again",
            _input("C-100", "When will my lamps arrive?", 3),
            {"request": (_TRY,)},
            unhappy=True,
        ),
        Example(
            "The records are down, and a person answers",
            _input("C-102", "Do you sell candles?", 9, "rate limit"),
            {"request": (_says("Hello Mia, we don't, but the shop next to ours does."),)},
            unhappy=True,
        ),
        Example(
            "Nobody knows the customer",
            _input("C-999", "My lamp is broken."),
            {"request": (_says("Please tell us your customer's number."),)},
            unhappy=True,
        ),
    ),
    script=by_instruction({SORT: _sort, WRITE: _write}),
    tables=("outbox",),
    crash_field="crash",
)
