"""Retry, as the lab shows it: texts, examples and outcomes."""

from collections.abc import Mapping, Sequence

from graphs.figures import Figure, Happened, States
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Go, Json, Lane, Pattern
from graphs.resilience.retry import RETRY, build_backoff, build_none
from graphs.script import by_instruction


def _outcome(ended: Ended) -> str:
    if ended.failed or "answer" not in ended.values:
        return "No rate, stopped by an error"
    return f"{ended.values['answer']}, after {counted(ended.values['calls'], 'call')}"


def _figures(most: int, happened: Happened) -> Sequence[Figure | States]:
    steps = [step for step in happened.steps if step.path[-1] == "rate"]
    failed = sum(len(step.failed_attempts) for step in steps)
    tries = failed + sum(step.status in ("running", "done") for step in steps)
    waits = [end - begin for step in steps for begin, end in step.waits]
    return (
        Figure("Attempts", f"{tries} of {most}" if most > 1 else str(tries)),
        Figure("Failed", str(failed), alarming=failed > 0),
        Figure("Waits", ", ".join(f"{wait:.1f} s" for wait in waits) or "none"),
    )


def _none(happened: Happened) -> Sequence[Figure | States]:
    return _figures(1, happened)


def _backoff(happened: Happened) -> Sequence[Figure | States]:
    return _figures(RETRY.max_attempts, happened)


def _input(euros: float, currency: str, failures: int, failure: str) -> Mapping[str, Json]:
    return {"euros": euros, "currency": currency, "failures": failures, "failure": failure, "seconds": 0.15}


PATTERN = Pattern(
    slug="retry",
    title="Retry with backoff",
    family=Family.RESILIENCE,
    summary="A service fails for a while: one node gives up at once, the other is tried again after growing waits.",
    watch=(
        "The tab Timeline draws each failed attempt as a dashed frame and each wait as a dotted line with its length.",
        "The waits double, from 0.2 seconds on, and to each the library adds up to a second at random.",
        "Lost connections, timeouts and rate limits may pass, and are retried; what is rejected fails at once.",
        "After the fourth attempt the error goes on as if there were no policy, and the thread can be retried by hand.",
        "*No retry* needs a person for what *Backoff with jitter* does by itself.",
    ),
    sources=("AP", "HN 4"),
    lanes=(
        Lane(
            "none", "No retry", "Ends at the first error, whatever it is.", build_none, outcome=_outcome, figures=_none
        ),
        Lane(
            "backoff",
            "Backoff with jitter",
            "Tries the node up to four times, after growing waits, where the error may pass.",
            build_backoff,
            outcome=_outcome,
            figures=_backoff,
        ),
    ),
    examples=(
        Example("Two lost connections", _input(250, "USD", 2, "connection lost"), {"none": (Go(), Go())}, unhappy=True),
        Example("Nothing fails", _input(99.5, "gbp", 0, "connection lost")),
        Example("A rate limit, then through", _input(1200, "CHF", 1, "rate limit"), {"none": (Go(),)}, unhappy=True),
        Example("Rejected, so no retry helps", _input(40, "GOLD", 0, "rejected"), unhappy=True),
        Example("Down for longer than it's tried", _input(75, "SEK", 9, "timeout"), unhappy=True),
    ),
    script=by_instruction({}),
)
