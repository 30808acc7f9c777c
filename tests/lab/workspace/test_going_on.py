"""Going on: what a failure, a pause or a limit leaves behind, and what there is nothing to go on with."""

from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel

from graphs.pattern import Breakpoints
from lab.errors import NothingToContinue, NotPossible, StaleAnswer, WorkLeft
from lab.events import AttemptFailed, Event, NodeEnded
from tests.support.toy_patterns import (
    GIVEN,
    Hold,
    OpenLab,
    State,
    begin,
    broken,
    chain,
    done,
    end,
    fan,
    graph,
    lane,
    names,
    ran,
    toy,
)


def test_a_finished_thread_has_nothing_to_go_on_with(open_toys: OpenLab) -> None:
    count = list[str]()
    workspace = open_toys(toy(lane(chain(a=done("a", count))))).workspace("w")
    thread_id = ran(workspace)
    with pytest.raises(NothingToContinue):
        workspace.proceed(thread_id)

    assert count == ["a"]


def test_a_failing_node_is_a_result_with_class_and_text(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), b=broken)))).workspace("w")
    thread_id = ran(workspace)
    events = workspace.events(thread_id)
    (failed,) = [event for event in events if isinstance(event, NodeEnded) and event.error]
    (attempt,) = [event for event in events if isinstance(event, AttemptFailed)]

    assert failed.path == attempt.path == ("b",)
    assert failed.error == attempt.error == "LookupError: no such shelf"
    assert end(workspace, thread_id)[1:3] == ("failed", "LookupError: no such shelf")


def test_a_thread_stays_usable_after_a_failure(open_toys: OpenLab) -> None:
    tries, count = list[str](), list[str]()

    def at_second_try(_: State) -> dict[str, Any]:
        tries.append("b")
        if len(tries) == 1:
            raise LookupError("not yet")
        return {"done": ["b"]}

    workspace = open_toys(toy(lane(chain(a=done("a", count), b=at_second_try)))).workspace("w")
    thread_id = ran(workspace)
    assert workspace.history.status(thread_id) == "resumable"
    workspace.proceed(thread_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert (count, names(workspace, thread_id)) == (["a"], ["a", "b"])


def test_a_node_that_wants_to_end_the_process_only_ends_its_run(open_toys: OpenLab) -> None:
    def leave(_: State) -> dict[str, Any]:
        raise SystemExit(3)

    workspace = open_toys(toy(lane(chain(a=leave)))).workspace("w")

    assert end(workspace, begin(workspace)).outcome == "failed"


def test_new_input_is_refused_while_a_thread_has_work_left(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), b=broken)), turns=True)).workspace("w")
    thread_id = ran(workspace)
    rows = len(workspace.history.page(thread_id).rows)
    with pytest.raises(WorkLeft):
        workspace.turn(thread_id, GIVEN)

    assert len(workspace.history.page(thread_id).rows) == rows
    assert workspace.history.status(thread_id) == "resumable"


def test_a_loop_without_an_end_stops_at_the_limit_and_says_so(open_toys: OpenLab) -> None:
    def build(_: BaseChatModel) -> Any:
        return graph().add_node("round", done("round")).add_edge("__start__", "round").add_edge("round", "round")

    workspace = open_toys(toy(lane(build)), recursion_limit=7).workspace("w")
    thread_id = ran(workspace)
    ended = end(workspace, thread_id)

    assert ended.outcome == "failed"
    assert "limit of 7 supersteps" in ended.error
    assert "LAB_RECURSION_LIMIT" in ended.error
    assert workspace.history.status(thread_id) == "resumable"
    assert names(workspace, thread_id) == ["round"] * 7


def test_a_lane_without_a_checkpointer_has_nothing_to_go_on_from(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), b=broken), remembers=False))).workspace("w")
    thread_id = ran(workspace)

    with pytest.raises(NotPossible, match="no checkpointer"):
        workspace.proceed(thread_id)
    with pytest.raises(NotPossible, match="no checkpointer"):
        workspace.edit(thread_id, {"n": 2})
    assert workspace.history.snapshot(thread_id) is None
    assert workspace.history.page(thread_id).rows == ()
    assert workspace.history.pending(thread_id) == ()


def test_a_pause_before_a_node_keeps_it_from_running_until_told_to(open_toys: OpenLab) -> None:
    count = list[str]()
    workspace = open_toys(toy(lane(chain(a=done("a", count), b=done("b", count))))).workspace("w")
    pause = Breakpoints(before=("b",))
    thread_id = ran(workspace, breakpoints=pause)
    assert (end(workspace, thread_id).outcome, count) == ("paused", ["a"])
    workspace.proceed(thread_id)

    assert (end(workspace, thread_id).outcome, count) == ("finished", ["a", "b"])


def test_going_on_from_a_checkpoint_that_is_no_longer_the_head_is_refused(open_toys: OpenLab) -> None:
    count = list[str]()
    nodes = {name: done(name, count) for name in ("a", "b", "c")}
    workspace = open_toys(toy(lane(chain(**nodes)))).workspace("w")
    pause = Breakpoints(before=("b", "c"))
    thread_id = ran(workspace, breakpoints=pause)
    shown = workspace.history.snapshot(thread_id)
    assert shown is not None
    workspace.proceed(thread_id, shown.checkpoint_id, breakpoints=pause)
    end(workspace, thread_id)
    with pytest.raises(StaleAnswer):
        workspace.proceed(thread_id, shown.checkpoint_id)

    assert count == ["a", "b"]


def test_a_bare_continue_is_refused_on_a_thread_that_never_saved_anything(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a")))))
    thread = lab.threads.create("w", "toy", "only", lab.new_session(), "empty", "offline")
    with pytest.raises(NothingToContinue):
        lab.workspace("w").proceed(thread.thread_id)

    assert lab.workspace("w").history.status(thread.thread_id) == "new"


def test_a_node_that_finished_beside_a_failure_isnt_told_as_running_again(open_toys: OpenLab) -> None:
    hold, tries = Hold(), list[int]()

    def fails_once(_: Any) -> dict[str, Any]:
        tries.append(1)
        if len(tries) == 1:
            hold()
            raise ValueError("once")
        return {"done": ["b"]}

    workspace = open_toys(toy(lane(fan(a=done("a"), b=fails_once)))).workspace("w")
    thread_id = begin(workspace)
    hold.reached()
    seen: list[Event] = []
    while not any(isinstance(event, NodeEnded) for event in seen):
        seen += workspace.events(thread_id, seen[-1].no if seen else 0, 30.0)
    hold.let_go.set()
    end(workspace, thread_id)
    workspace.proceed(thread_id)
    end(workspace, thread_id)
    view = workspace.view(thread_id)
    view.catch_up()

    assert {step.path[-1]: (step.status, len(step.spans)) for step in view.steps} == {
        "a": ("done", 1),
        "b": ("done", 2),
        "join": ("done", 1),
    }
