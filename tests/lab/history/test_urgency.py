"""Urgency: what a payload says of priority, role and deadline; what isn't understood stays a text."""

from typing import Any

import pytest

from lab.history import Urgency, urgency_of


@pytest.mark.parametrize(
    ("payload", "urgency"),
    [
        ("a text", Urgency()),
        ({"question": "Pay?"}, Urgency()),
        ({"priority": "high", "role": "manager"}, Urgency("high", "manager")),
        ({"priority": "before lunch", "role": ["a", "b"]}, Urgency("before lunch", "a, b")),
        ({"priority": 3, "role": None}, Urgency("3", "")),
        ({"deadline": "1970-01-02T00:00:00"}, Urgency(deadline="1970-01-02T00:00:00", due=86_400.0)),
        ({"deadline": "1970-01-02T01:00:00+01:00"}, Urgency(deadline="1970-01-02T01:00:00+01:00", due=86_400.0)),
        ({"deadline": "next week"}, Urgency(deadline="next week")),
        ({"priority": "a\nb" + "c" * 200}, Urgency("a b" + "c" * 77)),
    ],
)
def test_a_payload_says_how_urgent_it_is(payload: Any, urgency: Urgency) -> None:
    assert urgency_of(payload) == urgency


NO_TIMES = [float("nan"), float("inf"), -1, 1e300, True, [], "0001-01-01", "", "soon"]
TOO_LATE = ["9999-12-31T23:59:59", "9999-01-01T00:00:00+00:00", 253_402_300_799]
RANKED = [("high", 0), ("HIGH", 0), ("normal", 1), ("", 1), ("odd", 1), ("low", 2)]


@pytest.mark.parametrize("deadline", [*NO_TIMES, *TOO_LATE])
def test_a_deadline_that_is_no_time_to_wait_for_orders_nothing(deadline: Any) -> None:
    assert urgency_of({"deadline": deadline}).due is None


@pytest.mark.parametrize(("priority", "rank"), RANKED)
def test_a_priority_has_a_rank(priority: str, rank: int) -> None:
    assert urgency_of({"priority": priority}).rank == rank
