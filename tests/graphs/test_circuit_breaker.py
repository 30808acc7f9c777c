"""Circuit breaker: it opens, tries and closes by the library's rules, and an open one lets no call through."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import pytest

from graphs.figures import States
from graphs.pattern import Example
from graphs.resilience.circuit_breaker import MOST, OPEN, PAUSE
from graphs.resilience.circuit_breaker_demo import PATTERN
from lab.lab import Lab
from lab.workspace import StateEdit
from tests.support.example_player import Play, Played, before, ended
from tests.support.scripted_clock import ScriptedClock

SLUG = PATTERN.slug
BACK, SLOW, LIMITED, DOWN, UNKNOWN = range(5)
LANES = ("without", "with")
SPARED = ["spared"] * 3
"""Calls that come while the circuit is open: the fourth one comes after its time, and tries."""

OUTCOMES = {
    ("without", BACK): "12 calls, all of them reached the service, 3 failed",
    ("with", BACK): "12 calls, 9 reached the service, 3 failed, 3 spared",
    ("without", SLOW): "12 calls, all of them reached the service, 4 failed",
    ("with", SLOW): "12 calls, 4 reached the service, 4 failed, 8 spared",
    ("without", LIMITED): "12 calls, all of them reached the service, 1 failed",
    ("with", LIMITED): "12 calls, 9 reached the service, 1 failed, 3 spared",
    ("without", DOWN): "12 calls, all of them reached the service, 12 failed",
    ("with", DOWN): "12 calls, 5 reached the service, 5 failed, 7 spared",
    ("without", UNKNOWN): "5 calls, all of them reached the service, 0 failed",
    ("with", UNKNOWN): "5 calls, all of them reached the service, 0 failed",
}


def came(played: Played) -> list[str]:
    return [call["came"] for call in played.values["calls"]]


def circuits(played: Played) -> list[str]:
    return [state for state, _ in groupby(["closed", *(data["circuit"] for _, data in played.custom)])]


def reached(lab: Lab, played: Played) -> int:
    """Count the calls at the service itself."""
    return lab.world(played.thread_id).faults.calls("stock")


def calls(failures: int, failure: str, number: int = 12, seconds: float = 0.1) -> Example:
    items = ", ".join(["lamp"] * number)
    return Example("calls", {"items": items, "failures": failures, "failure": failure, "seconds": seconds})


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_how_many_calls_reached_the_service(
    play: Play, sqlite_lab: Lab, lane: str, example: int
) -> None:
    played = play(SLUG, lane, example)

    assert (played.status, played.outcome) == ("finished", OUTCOMES[lane, example])
    assert reached(sqlite_lab, played) == len(came(played)) - came(played).count("spared")


@pytest.mark.parametrize(("failure", "threshold"), [("connection lost", 3), ("timeout", 2), ("rate limit", 1)])
def test_each_kind_of_failure_opens_at_its_own_threshold_and_spares_until_its_time_is_over(
    play: Play, sqlite_lab: Lab, failure: str, threshold: int
) -> None:
    played = play(SLUG, "with", calls(threshold, failure, threshold + 5))

    assert came(played) == ["failed"] * threshold + SPARED + ["answered"] * 2
    assert circuits(played) == ["closed", "open", "half-open", "closed"]
    assert reached(sqlite_lab, played) == threshold + 2


@pytest.mark.parametrize(("failure", "threshold"), [("connection lost", 3), ("timeout", 2), ("rate limit", 1)])
def test_a_try_that_fails_opens_again_for_as_long(play: Play, failure: str, threshold: int) -> None:
    played = play(SLUG, "with", calls(threshold + 1, failure, threshold + 8))

    assert came(played) == ["failed"] * threshold + SPARED + ["failed"] + SPARED + ["answered"]
    assert circuits(played) == ["closed", "open", "half-open", "open", "half-open", "closed"]


@pytest.mark.parametrize(("failure", "failures"), [("connection lost", 2), ("timeout", 1), ("rate limit", 0)])
def test_fewer_failures_than_its_threshold_leave_the_circuit_closed(play: Play, failure: str, failures: int) -> None:
    played = play(SLUG, "with", calls(failures, failure, 6))

    assert came(played) == ["failed"] * failures + ["answered"] * (6 - failures)
    assert circuits(played) == ["closed"]


def test_a_rejected_call_is_an_answer_and_opens_nothing(play: Play) -> None:
    played = play(SLUG, "with", UNKNOWN)

    assert came(played) == ["answered", "rejected", "rejected", "rejected", "answered"]
    assert circuits(played) == ["closed"]


def test_without_a_breaker_everybody_waits_for_every_call(play: Play, waits: ScriptedClock) -> None:
    without, guarded = (play(SLUG, lane, calls(20, "timeout", 6, 1.0)) for lane in LANES)

    assert waits.waits[without.thread_id] == [1.0, *[PAUSE, 1.0] * 5]
    assert waits.waits[guarded.thread_id] == [1.0, PAUSE, 1.0, PAUSE, PAUSE, PAUSE, PAUSE, 1.0]
    assert [call["seconds"] for call in guarded.values["calls"] if call["came"] == "spared"] == pytest.approx(
        [0, 0, 0], abs=0.2
    )
    assert 3 * PAUSE < OPEN < 4 * PAUSE


def test_an_item_of_the_visitors_own_changes_the_report(play: Play) -> None:
    given: dict[str, Any] = {"failures": 0, "failure": "timeout", "seconds": 0}
    reports = [
        play(SLUG, "with", Example("own", {"items": items, **given})).values["report"] for items in ("Rug", "sofa,")
    ]

    assert reports == ["rug: 25 in stock", "sofa: 1 in stock"]


@pytest.mark.parametrize("items", [" , ", ",".join(["lamp"] * (MOST + 1))])
def test_no_items_or_too_many_are_refused_with_the_remedy(play: Play, items: str) -> None:
    given = {"items": items, "failures": 0, "failure": "timeout", "seconds": 0}
    played = play(SLUG, "with", Example("own", given))

    assert played.failed_node == "call"
    assert "separated by commas" in str(played.error)
    assert played.outcome == "Stopped by an error after 0 calls"


def test_the_figures_show_the_circuit_the_calls_spared_and_the_time_saved(
    play: Play, sqlite_lab: Lab, waits: ScriptedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a busy machine takes for a call is none of the service's time.
    monkeypatch.setattr("lab.engine.Engine.now", lambda _: waits.now().timestamp())
    shown = {}
    for lane in PATTERN.lanes:
        view = sqlite_lab.workspace("tests").view(play(SLUG, lane.key, DOWN).thread_id)
        view.catch_up()
        assert lane.figures is not None
        shown[lane.key] = {
            one.name: one.current if isinstance(one, States) else one.value for one in lane.figures(view)
        }

    assert shown["without"] == {"Reached": "12", "Failed": "12", "Waited": "2.4 s"}
    counts = {"Reached": "5", "Failed": "5", "Spared": "7"}
    assert shown["with"] == {"Circuit": "open", **counts, "Waited": "1.0 s", "Saved": "1.4 s"}


def test_a_replay_that_meets_an_open_circuit_shows_it_open(play: Play, sqlite_lab: Lab) -> None:
    workspace, thread_id = sqlite_lab.workspace("tests"), play(SLUG, "with", calls(0, "timeout", 2)).thread_id
    row = sqlite_lab.world(thread_id).circuits.storage("stock")
    row.state, row.opened_at = "open", datetime.now(UTC) + timedelta(hours=1)
    workspace.travel.replay(thread_id, before(workspace, thread_id, "call"), pace=0, confirmed=True)
    ended(workspace, thread_id)
    view, tell = workspace.view(thread_id), PATTERN.lane("with").figures
    view.catch_up()
    assert tell is not None

    assert [one.current for one in tell(view) if isinstance(one, States)] == ["open"]


@pytest.mark.parametrize("lane", LANES)
def test_a_list_that_an_edit_makes_shorter_than_the_calls_made_ends_with_those(
    play: Play, sqlite_lab: Lab, lane: str
) -> None:
    workspace, thread_id = sqlite_lab.workspace("tests"), play(SLUG, lane, UNKNOWN).thread_id
    rows = workspace.history.page(thread_id, limit=200).rows
    place = next(row.checkpoint_id for row in reversed(rows) if row.next == ("call",))
    workspace.travel.fork(thread_id, place, StateEdit({"items": "lamp"}, {}), run=True, pace=0)
    ended(workspace, thread_id)

    assert workspace.history.status(thread_id) == "finished"
    assert workspace.history.outcome(thread_id) == "4 calls, all of them reached the service, 0 failed"
