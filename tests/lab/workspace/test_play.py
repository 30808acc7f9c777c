"""Play and a person's own steps come to the same end, whoever does which of them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from graphs.catalogue import CATALOGUE, find
from graphs.pattern import Comparison, Example, Lane, Pattern, Step, Wait
from lab.lab import Lab
from lab.workspace import Workspace, example_of, upcoming
from tests.support.example_player import Playing, begun, ended
from tests.support.labs import quiet
from tests.support.steps_by_hand import by_hand


def longest(pattern: Pattern) -> list[Any]:
    """Return for each lane of a pattern the example with the most steps, unless it kills its process."""
    unkilled = [one for one in pattern.examples if one.input.get(pattern.crash_field, "never") == "never"]
    return [
        pytest.param(pattern, one, max(unkilled, key=lambda example: len(example.steps.get(one.key, ()))))
        for one in pattern.lanes
        if any(example.steps.get(one.key) for example in unkilled)
        and not (one.saver and one.saver.kind == "postgresql")
    ]


LONGEST = [case for pattern in CATALOGUE for case in longest(pattern)]
NAMED = [f"{pattern.slug}-{lane.key}" for pattern, lane, _ in (case.values for case in LONGEST)]
EACH_LANE = pytest.mark.parametrize(
    ("pattern", "lane", "example"),
    LONGEST,
    ids=NAMED,
    # The tests of a lane follow each other, and what play alone comes to with them.
    scope="module",
)


@contextmanager
def in_memory() -> Iterator[Workspace]:
    """Open a workspace for one play, which counts its orders and bookings from one."""
    lab = Lab(quiet("memory"))
    yield lab.workspace("tests")
    lab.close()


@pytest.fixture
def here() -> Iterator[Workspace]:
    """Provide a workspace in memory."""
    with in_memory() as workspace:
        yield workspace


@pytest.fixture(scope="module")
def alone(pattern: Pattern, lane: Lane, example: Example) -> str:
    """Tell what comes of the example where play takes all of its steps."""
    with in_memory() as workspace:
        playing = begun(workspace, pattern.slug, lane.key, example)
        while playing.take_next():
            pass
        return came_to(playing)


def came_to(playing: Playing) -> str:
    """Return what came of a play: how each run ended, which nodes ran, and the state without random ids and times."""
    workspace, ident = playing.workspace, playing.thread.thread_id
    view = workspace.view(ident)
    view.catch_up()
    snapshot = workspace.history.snapshot(ident)
    ends = {
        "runs": [(run.kind, run.outcome) for run in view.runs],
        "ran": [row.ran for row in workspace.history.page(ident, limit=200).rows],
        "stands": workspace.history.status(ident),
        "values": snapshot.values if snapshot else {},
        "wrote": [step.wrote for step in view.steps],
        "booked": len(workspace.threads.business("ledger", [ident])),
        "sent": len(workspace.threads.business("outbox", [ident])),
    }
    drawn = r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b(EXP|ORD)-[0-9A-F]+\b|lc_run--\S+|\d{4}-\d\d-\d\dT[\d:.+]+"
    return re.sub(drawn, "…", json.dumps(ends, indent=1))


@EACH_LANE
def test_steps_done_by_hand_and_the_rest_by_play_come_to_the_same_end_as_play_alone(
    here: Workspace, alone: str, pattern: Pattern, lane: Lane, example: Example
) -> None:
    steps = example.steps[lane.key]
    playing = begun(here, pattern.slug, lane.key, example)
    for step in steps[: (len(steps) + 1) // 2]:
        by_hand(here, playing.thread, step, example)
    while playing.take_next():
        pass

    assert came_to(playing) == alone


@EACH_LANE
def test_a_play_that_stops_in_the_middle_leaves_a_thread_that_is_gone_on_with_by_hand(
    here: Workspace, alone: str, pattern: Pattern, lane: Lane, example: Example
) -> None:
    steps = example.steps[lane.key]
    playing = begun(here, pattern.slug, lane.key, example)
    taken: list[Step] = []
    while len(taken) < len(steps) // 2 and (step := playing.take_next()):
        taken += step.steps
    for one in steps[len(taken) :]:
        by_hand(here, playing.thread, one, example)

    assert came_to(playing) == alone


@EACH_LANE
def test_each_card_is_filled_in_with_what_the_example_does_there(
    here: Workspace, pattern: Pattern, lane: Lane, example: Example
) -> None:
    playing = begun(here, pattern.slug, lane.key, example)
    view = here.view(playing.thread.thread_id)
    for step in example.steps[lane.key]:
        view.catch_up()
        assert example_of(pattern, view, pattern.examples.index(example)) is example
        assert isinstance(step, Comparison | Wait) or upcoming(pattern, example, lane, view) == step
        by_hand(here, playing.thread, step, example)
    view.catch_up()

    assert upcoming(pattern, example, lane, view) is None


def test_another_input_is_no_example_s(here: Workspace) -> None:
    expense = find("expense-approval")
    thread_id = here.start(expense.slug, "dynamic", {"description": "My own", "amount": 500}, pace=0).thread_id
    ended(here, thread_id)
    view = here.view(thread_id)
    view.catch_up()

    assert example_of(expense, view, 1) is None
