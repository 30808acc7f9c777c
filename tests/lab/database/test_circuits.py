"""Circuit breakers of a thread: what the library's breakers of several processes share, on every kind of database."""

import random
from collections.abc import Callable

import pytest
from pybreaker import STATE_CLOSED, CircuitBreaker, CircuitBreakerError, CircuitBreakerStorage, CircuitMemoryStorage

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


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_the_state_is_that_of_a_breaker_of_the_librarys_own_storage(
    lab: Lab, thread: str, waits: ScriptedClock, seed: int
) -> None:
    chance, own = random.Random(seed), CircuitMemoryStorage(STATE_CLOSED)
    seen = set()
    for _ in range(40):
        call, wait = chance.choice((fails, fails, str)), chance.choice((0.0, 0.4, 1.0))
        waits.sleep(wait)
        ends = [end(storage, call) for storage in (own, lab.world(thread).circuits.storage("bank"))]
        states = [
            (storage.state, storage.counter, storage.success_counter)
            for storage in (own, lab.world(thread).circuits.storage("bank"))
        ]
        assert ends[0] == ends[1]
        assert states[0] == states[1]
        seen.add(states[0][0])

    assert seen == {"closed", "open", "half-open"}


def end(storage: CircuitBreakerStorage, call: Callable[[], object]) -> str:
    """Call through a breaker that two successes close; return what came of it."""
    try:
        CircuitBreaker(2, 1.0, 2, state_storage=storage, throw_new_error_on_trip=False).call(call)
    except (ConnectionError, CircuitBreakerError) as error:
        return type(error).__name__
    return "went well"
