"""Circuit breaker, as the lab shows it: texts, examples and outcomes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from graphs.figures import Figure, Happened, States
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern
from graphs.resilience.circuit_breaker import build_with, build_without
from graphs.script import by_instruction


def _outcome(ended: Ended) -> str:
    calls = ended.values.get("calls", ())
    if ended.failed:
        return f"Stopped by an error after {counted(len(calls), 'call')}"
    came = Counter(call["came"] for call in calls)
    reached = len(calls) - came["spared"]
    asked = "all of them reached" if not came["spared"] else f"{reached} reached"
    spared = f", {came['spared']} spared" if came["spared"] else ""
    return f"{counted(len(calls), 'call')}, {asked} the service, {came['failed']} failed{spared}"


def _calls(happened: Happened) -> list[dict[str, Any]]:
    return [call for step in happened.steps for call in (step.wrote or {}).get("calls", ())]


def _without(happened: Happened) -> Sequence[Figure | States]:
    calls = _calls(happened)
    failed = sum(call["came"] == "failed" for call in calls)
    return (
        Figure("Reached", str(len(calls))),
        Figure("Failed", str(failed), alarming=failed > 0),
        Figure("Waited", f"{sum(call['seconds'] for call in calls):.1f} s"),
    )


def _with(happened: Happened) -> Sequence[Figure | States]:
    states = [data["circuit"] for step in happened.steps for data in step.progress]
    calls = _calls(happened)
    reached = [call for call in calls if call["came"] != "spared"]
    failed = [call["seconds"] for call in reached if call["came"] == "failed"]
    spared = len(calls) - len(reached)
    saved = spared * sum(failed) / len(failed) if failed else 0.0
    return (
        States("Circuit", ("closed", "open", "half-open"), states[-1] if states else "closed"),
        Figure("Reached", str(len(reached))),
        Figure("Failed", str(len(failed)), alarming=bool(failed)),
        Figure("Spared", str(spared)),
        Figure("Waited", f"{sum(call['seconds'] for call in reached):.1f} s"),
        Figure("Saved", f"{saved:.1f} s"),
    )


def _input(items: str, failures: int, failure: str, seconds: float) -> dict[str, object]:
    return {"items": items, "failures": failures, "failure": failure, "seconds": seconds}


_DOZEN = "lamp, chair, desk, shelf, sofa, rug, clock, mirror, lamp, chair, desk, rug"

PATTERN = Pattern(
    slug="circuit-breaker",
    title="Circuit breaker",
    family=Family.RESILIENCE,
    summary="A service fails for a while: every caller waits for it, or a breaker spares it most of the calls.",
    watch=(
        "Three lost connections in a row open the circuit, or two timeouts, or a single rate limit.",
        "While it's open no call reaches the service, and nobody waits for an answer that won't come.",
        "After 0.7 seconds it's half open: one call may try, and closes the circuit or opens it again.",
        "An item that the service doesn't know is no failure: the service works, and the circuit stays closed.",
        "What the breaker knows is in the database, so that the breaker of a later call or process knows it too.",
    ),
    sources=("AP", "AP ex. 1"),
    lanes=(
        Lane(
            "without",
            "Without a breaker",
            "Sends every call to the service, be it down or not.",
            build_without,
            outcome=_outcome,
            figures=_without,
        ),
        Lane(
            "with",
            "With a breaker",
            "Calls the service through a breaker, which counts failures in a row.",
            build_with,
            outcome=_outcome,
            figures=_with,
        ),
    ),
    examples=(
        Example("Down for three calls, then back", _input(_DOZEN, 3, "connection lost", 0.2)),
        Example("Slow, and no answer in time", _input(_DOZEN, 4, "timeout", 0.4), unhappy=True),
        Example("Told to slow down", _input(_DOZEN, 1, "rate limit", 0.1)),
        Example("Down to the end", _input(_DOZEN, 20, "connection lost", 0.2), unhappy=True),
        Example(
            "Healthy, with items that nobody knows", _input("lamp, unicorn, dragon, griffin, rug", 0, "timeout", 0.1)
        ),
    ),
    script=by_instruction({}),
)
