"""Retry: which errors are retried, how often, after which waits, and what is never tried again."""

import pytest
from langgraph.types import RetryPolicy

from graphs.figures import States
from graphs.pattern import Example
from graphs.resilience.retry import RETRY
from graphs.resilience.retry_demo import PATTERN
from graphs.world import RateLimited, Rejected
from lab.lab import Lab
from tests.support.example_player import Play
from tests.support.scripted_clock import ScriptedClock

SLUG = PATTERN.slug
LOST, WELL, LIMITED, REJECTED, DOWN = range(5)

OUTCOMES = {
    ("none", LOST): "250.00 EUR are 292.50 USD, after 3 calls",
    ("backoff", LOST): "250.00 EUR are 292.50 USD, after 3 calls",
    ("none", WELL): "99.50 EUR are 86.56 GBP, after 1 call",
    ("backoff", WELL): "99.50 EUR are 86.56 GBP, after 1 call",
    ("none", LIMITED): "1,200.00 EUR are 1,128.00 CHF, after 2 calls",
    ("backoff", LIMITED): "1,200.00 EUR are 1,128.00 CHF, after 2 calls",
    ("none", REJECTED): "No rate, stopped by an error",
    ("backoff", REJECTED): "No rate, stopped by an error",
    ("none", DOWN): "No rate, stopped by an error",
    ("backoff", DOWN): "No rate, stopped by an error",
}


def failing(failures: int, failure: str, currency: str = "USD") -> Example:
    given = {"euros": 100, "currency": currency, "failures": failures, "failure": failure, "seconds": 0}
    return Example("failing", given)


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_it_came_to_and_after_how_many_calls(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]


@pytest.mark.parametrize("failure", ["connection lost", "timeout", "rate limit"])
@pytest.mark.parametrize("failures", [0, 1, 2, 3])
def test_what_may_pass_is_tried_again_up_to_the_limit(play: Play, sqlite_lab: Lab, failure: str, failures: int) -> None:
    played = play(SLUG, "backoff", failing(failures, failure))

    assert (played.status, played.values["calls"]) == ("finished", failures + 1)
    assert sqlite_lab.world(played.thread_id).faults.calls("rates") == failures + 1


@pytest.mark.parametrize(
    ("lane", "failures", "failure", "calls", "error"),
    [
        ("none", 1, "connection lost", 1, ConnectionError),
        ("none", 1, "timeout", 1, TimeoutError),
        ("backoff", 4, "timeout", 4, TimeoutError),
        ("backoff", 4, "rate limit", 4, RateLimited),
        ("backoff", 1, "rejected", 1, Rejected),
    ],
)
def test_what_will_not_pass_and_what_did_not_fails_with_its_own_error(
    play: Play, sqlite_lab: Lab, lane: str, failures: int, failure: str, calls: int, error: type[Exception]
) -> None:
    played = play(SLUG, lane, failing(failures, failure))

    assert (played.status, played.failed_node) == ("resumable", "rate")
    assert error.__name__ in str(played.error)
    assert sqlite_lab.world(played.thread_id).faults.calls("rates") == calls


def test_the_waits_double_and_each_has_up_to_a_second_more(play: Play, waits: ScriptedClock) -> None:
    play(SLUG, "backoff", failing(3, "connection lost"))
    # The library waits outside of the node.
    slept = waits.waits[""]

    assert [base <= wait <= base + 1 for base, wait in zip((0.2, 0.4, 0.8), slept, strict=True)] == [True] * 3
    assert len({round(wait - base, 6) for base, wait in zip((0.2, 0.4, 0.8), slept, strict=True)}) == 3


def test_no_retry_waits_for_nobody(play: Play, waits: ScriptedClock) -> None:
    play(SLUG, "none", failing(3, "connection lost"))

    assert waits.waits[""] == []


def test_the_librarys_default_would_leave_a_timeout_and_retry_a_rejection() -> None:
    retried = RetryPolicy().retry_on
    assert callable(retried)
    assert [retried(error) for error in (ConnectionError(), TimeoutError(), Rejected())] == [True, False, True]
    assert RETRY.retry_on == (ConnectionError, TimeoutError, RateLimited)


def test_the_figures_count_attempts_failures_and_waits(play: Play, sqlite_lab: Lab) -> None:
    view = sqlite_lab.workspace("tests").view(play(SLUG, "backoff", DOWN).thread_id)
    view.catch_up()
    figures = PATTERN.lane("backoff").figures
    assert figures is not None
    values = [one.value for one in figures(view) if not isinstance(one, States)]

    assert values[:2] == ["4 of 4", "4"]
    assert values[2].count(" s") == 3


def test_an_amount_and_a_currency_of_the_visitors_own_change_the_answer(play: Play) -> None:
    assert play(SLUG, "backoff", failing(0, "timeout", " pln ")).values["answer"] == "100.00 EUR are 426.00 PLN"
