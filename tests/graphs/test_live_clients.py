"""Live clients: the report that the run writes, and one numbering of its events over a failure and a retry."""

from dataclasses import replace

import pytest

from graphs.outcome import Ended
from graphs.pattern import Example
from graphs.streaming.live_clients_demo import PATTERN
from lab.events import RunEnded
from lab.lab import Lab
from tests.support.example_player import Play, begun
from tests.support.labs import quiet

SLUG, LANE = PATTERN.slug, "run"
FOUR, SINGLE, BROKEN = range(3)


@pytest.mark.parametrize(("example", "paragraphs"), [(FOUR, 4), (SINGLE, 1), (BROKEN, 3)])
def test_the_report_has_as_many_paragraphs_as_were_asked_for_and_none_twice(
    play: Play, example: int, paragraphs: int
) -> None:
    played = play(SLUG, LANE, example)

    assert len(played.values["paragraphs"]) == paragraphs
    assert played.values["words"] == sum(len(one.split()) for one in played.values["paragraphs"])
    assert played.visited.count("count") == 1


def test_a_failure_keeps_the_paragraphs_before_it_and_the_retry_writes_only_the_rest(sqlite_lab: Lab) -> None:
    playing = begun(sqlite_lab.workspace("tests"), SLUG, LANE, PATTERN.examples[BROKEN])
    thread_id = playing.thread.thread_id
    snapshot = playing.workspace.history.snapshot(thread_id)
    assert snapshot is not None
    assert len(snapshot.values["paragraphs"]) == 1

    playing.take_next()
    view = playing.workspace.view(thread_id)
    view.catch_up()

    assert [run.outcome for run in view.runs] == ["failed", "finished"]
    assert len(view.messages) == 4


def test_the_events_of_a_run_and_of_its_retry_have_one_numbering_without_a_gap(play: Play, sqlite_lab: Lab) -> None:
    thread_id = play(SLUG, LANE, BROKEN).thread_id
    events = sqlite_lab.workspace("tests").events(thread_id)

    assert [event.no for event in events] == list(range(1, len(events) + 1))
    assert sum(isinstance(event, RunEnded) for event in events) == 2


def test_the_report_depends_on_the_topic(play: Play) -> None:
    reports = {
        play(SLUG, LANE, Example("t", {"topic": topic, "parts": 1, "breaks_at": 0})).answers[0]
        for topic in ("The dredger", "The pier")
    }

    assert len(reports) == 2


OUTCOMES = {
    (LANE, FOUR): "A report of 4 paragraphs and 213 words",
    (LANE, SINGLE): "A report of 1 paragraph and 53 words",
    (LANE, BROKEN): "A report of 3 paragraphs and 161 words",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_how_long_the_report_is(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]


def test_the_outcome_of_a_report_that_broke_off_says_how_far_it_came() -> None:
    told = PATTERN.lanes[0].outcome
    assert told is not None
    assert told(Ended({"paragraphs": ["One."]}, failed=True)) == "1 paragraph written, then stopped by an error"


def test_a_model_that_says_nothing_is_a_failure_that_says_so() -> None:
    lab = Lab(quiet("memory"), patterns=[replace(PATTERN, script=lambda _: " ")])
    workspace = lab.workspace("tests")
    thread_id = workspace.start(SLUG, LANE, PATTERN.examples[SINGLE].input).thread_id
    assert workspace.wait(thread_id, 60)
    view = workspace.view(thread_id)
    view.catch_up()

    assert [step.error[:38] for step in view.steps] == ["NoParagraph: The model said nothing. A"]
    assert workspace.history.outcome(thread_id) == "0 paragraphs written, then stopped by an error"
    lab.close()
