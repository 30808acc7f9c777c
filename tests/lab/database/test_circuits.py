"""Circuit breakers of a thread: what the library's breakers of several processes share, on every kind of database."""

import pytest
from pybreaker import CircuitBreaker, CircuitBreakerError

from lab.lab import Lab
from tests.support.scripted_clock import ScriptedClock
from tests.support.toy_patterns import OpenLab, ran, two_steps


@pytest.fixture
def lab(open_anywhere: OpenLab) -> Lab:
    return open_anywhere(two_steps())


@pytest.fixture
def thread(lab: Lab) -> str:
    return ran(lab.workspace("w"))


def fails() -> None:
    raise ConnectionError


def breaker(lab: Lab, thread_id: str, name: str = "bank") -> CircuitBreaker:
    """Make a breaker as each call does, from what is stored alone."""
    storage = lab.world(thread_id).circuits.storage(name)
    return CircuitBreaker(2, 1.0, state_storage=storage, throw_new_error_on_trip=False)


def fail(lab: Lab, thread_id: str, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(ConnectionError):
            breaker(lab, thread_id).call(fails)


def test_failures_add_up_over_breakers_made_anew_and_open_all_of_them(lab: Lab, thread: str) -> None:
    fail(lab, thread, 2)

    assert breaker(lab, thread).current_state == "open"
    with pytest.raises(CircuitBreakerError):
        breaker(lab, thread).call(fails)


def test_a_success_begins_the_count_anew(lab: Lab, thread: str) -> None:
    fail(lab, thread)
    breaker(lab, thread).call(str)
    fail(lab, thread)

    assert (breaker(lab, thread).current_state, breaker(lab, thread).fail_counter) == ("closed", 1)


def test_an_open_breaker_lets_one_call_try_after_its_time_and_closes_on_its_success(
    lab: Lab, thread: str, waits: ScriptedClock
) -> None:
    fail(lab, thread, 2)
    waits.sleep(1.0)

    assert breaker(lab, thread).call(str) == ""
    assert breaker(lab, thread).current_state == "closed"


def test_an_open_breaker_opens_again_where_the_try_fails(lab: Lab, thread: str, waits: ScriptedClock) -> None:
    fail(lab, thread, 2)
    waits.sleep(1.0)
    fail(lab, thread)

    assert breaker(lab, thread).current_state == "open"


def test_breakers_of_another_name_are_others(lab: Lab, thread: str) -> None:
    fail(lab, thread, 2)

    assert breaker(lab, thread, "stock").current_state == "closed"


def test_a_deleted_thread_takes_its_breakers_along(lab: Lab, thread: str) -> None:
    fail(lab, thread)
    lab.workspace("w").threads.delete(thread)

    assert breaker(lab, thread).fail_counter == 0
