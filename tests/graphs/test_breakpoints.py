"""Breakpoints: where the visitor pauses doesn't change the sum, and what they inject does."""

import pytest

from graphs.human.breakpoints import LIMIT
from graphs.human.breakpoints_demo import PATTERN
from graphs.pattern import Breakpoints, Edit, Example, Go
from lab.errors import InvalidInput, StaleAnswer
from lab.jsonable import Json
from lab.lab import Lab
from tests.support.example_player import Play, begun, ended

STRAIGHT, INJECTED, STEP_BY_STEP, CHANGED_FIRST, TWICE, LEFT = range(6)
NODES = ("a", "b", "c")


@pytest.mark.parametrize(
    ("example", "value", "history"),
    [
        (STRAIGHT, 6, ["a: 5 -> 10", "b: 10 -> 20", "c: 20 -> 6"]),
        (INJECTED, 33, ["a: 5 -> 10", "b: 10 -> 20", "c: 100 -> 33"]),
        (STEP_BY_STEP, 11, ["a: 12 -> 24", "b: 24 -> 34", "c: 34 -> 11"]),
        (CHANGED_FIRST, -2, ["a: -7 -> -14", "b: -14 -> -4", "c: -4 -> -2"]),
        (TWICE, 10, ["a: 5 -> 10", "b: 1000000 -> 1000010", "c: 30 -> 10"]),
    ],
)
def test_the_value_goes_through_the_three_steps(play: Play, example: int, value: int, history: list[str]) -> None:
    played = play("breakpoints", "steps", example)

    assert (played.status, played.error) == ("finished", None)
    assert (played.values["value"], played.values["history"]) == (value, history)


@pytest.mark.parametrize("example", [STRAIGHT, INJECTED, STEP_BY_STEP, CHANGED_FIRST, TWICE])
def test_every_step_runs_once_whatever_the_pauses(play: Play, example: int) -> None:
    assert play("breakpoints", "steps", example).visited == list(NODES)


def test_the_step_after_a_pause_left_standing_never_runs(play: Play) -> None:
    played = play("breakpoints", "steps", LEFT)

    assert played.status == "resumable"
    assert played.values["value"] == 20
    assert "c" not in played.visited


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("side", ["before", "after"])
def test_any_node_can_be_paused_at_on_either_side(play: Play, node: str, side: str) -> None:
    breakpoints = Breakpoints(before=(node,)) if side == "before" else Breakpoints(after=(node,))
    done = NODES[: NODES.index(node) + (side == "after")]
    played = play("breakpoints", "steps", Example("paused", {"value": 5}, {}, breakpoints))

    assert played.visited == list(done)
    assert played.status == ("finished" if done == NODES else "resumable")


@pytest.mark.parametrize("node", NODES)
def test_a_pause_without_an_edit_changes_nothing(play: Play, node: str) -> None:
    paused = Example("paused", {"value": 5}, {"steps": (Go(),)}, Breakpoints(before=(node,)))

    assert play("breakpoints", "steps", paused).values == play("breakpoints", "steps", STRAIGHT).values


def test_an_injected_value_doesnt_run_a_step_by_itself(play: Play) -> None:
    edited = Example("edited", {"value": 5}, {"steps": (Edit({"value": 100}),)}, Breakpoints(after=("b",)))
    played = play("breakpoints", "steps", edited)

    assert played.values["value"] == 100
    assert played.visited == ["a", "b"]


OUTCOMES = {
    ("steps", STRAIGHT): "5 became 6",
    ("steps", INJECTED): "5 became 33, with 100 put in by hand",
    ("steps", STEP_BY_STEP): "12 became 11",
    ("steps", CHANGED_FIRST): "5 became -2, with -7 put in by hand",
    ("steps", TWICE): "5 became 10, with 2 values put in by hand",
    ("steps", LEFT): "",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_became_of_the_number_and_what_was_put_in(play: Play, lane: str, example: int) -> None:
    played = play("breakpoints", lane, example)
    edits = [step.values["value"] for step in PATTERN.examples[example].steps.get(lane, ()) if isinstance(step, Edit)]

    assert played.outcome == OUTCOMES[lane, example]
    assert ("by hand" in played.outcome) == bool(edits)
    assert played.status == ("finished" if played.outcome else "resumable")


@pytest.mark.parametrize("value", [LIMIT + 1, 1.5, "twelve", None])
def test_a_value_that_doesnt_fit_is_refused_at_its_field_and_the_pause_stays(sqlite_lab: Lab, value: Json) -> None:
    workspace = sqlite_lab.workspace("w")
    thread_id = begun(workspace, "breakpoints", "steps", PATTERN.examples[LEFT]).thread.thread_id
    with pytest.raises(InvalidInput) as refused:
        workspace.edit(thread_id, {"value": value})

    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    assert list(refused.value.fields) == ["value"]
    assert (snapshot.values["value"], snapshot.next) == (20, ("c",))


def test_whoever_comes_late_to_a_pause_changes_nothing(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("w")
    thread_id = begun(workspace, "breakpoints", "steps", PATTERN.examples[STEP_BY_STEP]).thread.thread_id
    shown = workspace.history.snapshot(thread_id)
    assert shown is not None
    workspace.proceed(thread_id, shown.checkpoint_id, pace=0)
    ended(workspace, thread_id)

    for late in (workspace.proceed, lambda ident, head: workspace.edit(ident, {"value": 1}, head)):
        with pytest.raises(StaleAnswer):
            late(thread_id, shown.checkpoint_id)
    now = workspace.history.snapshot(thread_id)
    assert now is not None
    # The first of its three pauses; without pauses of its own the run that went on came to the end.
    assert (shown.next, now.values["value"], now.next) == (("a",), 11, ())
