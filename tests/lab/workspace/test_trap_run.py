"""A trap beside its cure: each costs what its pattern says, counted on the same example, and the cure costs nothing."""

import pytest

from graphs.catalogue import CATALOGUE, find
from graphs.pattern import Lane, Pattern
from lab.lab import Lab
from lab.workspace import TrapRun

TRAPS = [
    pytest.param(pattern, lane, id=f"{pattern.slug}-{lane.key}")
    for pattern in CATALOGUE
    for lane in pattern.lanes
    if lane.trap
]


@pytest.mark.parametrize(("pattern", "lane"), TRAPS)
def test_a_trap_costs_something_and_its_cure_nothing(sqlite_lab: Lab, pattern: Pattern, lane: Lane) -> None:
    workspace = sqlite_lab.workspace("tests")
    run = TrapRun(workspace, pattern, lane)
    session = run.start(pace=0)
    run.start_cure(session, pace=0)
    while run.go_on(session, pace=0):
        for thread in run.threads(session):
            workspace.wait(thread.thread_id, 60)

    assert {thread.lane for thread in run.threads(session)} == {run.trap.key, run.cure.key}
    counts = run.counts(session)
    assert counts[run.trap.key] > 0
    assert counts[run.cure.key] == 0


@pytest.mark.parametrize(("pattern", "lane"), TRAPS)
def test_the_cure_of_a_trap_is_a_lane_of_the_pattern_that_is_none_itself(pattern: Pattern, lane: Lane) -> None:
    assert lane.harm is not None
    assert not pattern.lane(lane.harm.cure).trap


def test_a_trap_that_isnt_at_its_end_has_no_count(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("tests")
    pattern = find("swallowed-interrupt")
    run = TrapRun(workspace, pattern, pattern.lanes[0])
    session = run.start(pace=0)
    run.start_cure(session, pace=0)
    for thread in run.threads(session):
        workspace.wait(thread.thread_id, 60)

    assert set(run.counts(session)) == {"swallowed"}


def test_a_sound_lane_is_no_trap(sqlite_lab: Lab) -> None:
    pattern = find("swallowed-interrupt")
    with pytest.raises(ValueError, match="no trap"):
        TrapRun(sqlite_lab.workspace("tests"), pattern, pattern.lanes[1])
