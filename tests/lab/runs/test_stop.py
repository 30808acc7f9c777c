"""Stop: it cuts a token stream at once, ends other work at the next boundary, and loses nothing that was done."""

import time
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langgraph.graph import START
from langgraph.types import RetryPolicy

from graphs.pattern import Build
from lab.events import AttemptFailed, NodeEnded
from tests.support.toy_patterns import (
    Hold,
    OpenLab,
    begin,
    chain,
    done,
    end,
    fan,
    graph,
    lane,
    names,
    ran,
    speaker,
    toy,
    wait_for_tokens,
)

WORDS = 200
PACE = 5.0
REST = WORDS / PACE
"""Seconds that an answer of the model takes."""


def after_some_work(count: list[str]) -> Build:
    def build(model: BaseChatModel) -> Any:
        return chain(a=done("a", count), say=speaker("say", count)(model), z=done("z", count))(model)

    return build


def test_a_stop_cuts_a_token_stream_long_before_its_end(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(after_some_work([])))).workspace("w")
    thread_id = begin(workspace, pace=PACE)
    wait_for_tokens(workspace, thread_id)
    began = time.monotonic()

    assert workspace.stop(thread_id) is True
    assert end(workspace, thread_id)[1:3] == ("stopped", "")
    assert time.monotonic() - began < REST / 10
    assert workspace.history.status(thread_id) == "resumable"


def test_going_on_after_a_stop_repeats_only_the_node_that_was_cut(open_toys: OpenLab) -> None:
    count = list[str]()
    workspace = open_toys(toy(lane(after_some_work(count)))).workspace("w")
    thread_id = begin(workspace, pace=PACE)
    wait_for_tokens(workspace, thread_id)
    workspace.stop(thread_id)
    end(workspace, thread_id)
    assert (count, names(workspace, thread_id)) == (["a", "say"], ["a"])
    workspace.proceed(thread_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert count == ["a", "say", "say", "z"]
    assert names(workspace, thread_id) == ["a", f"say {WORDS}", "z"]


def test_a_stopped_node_is_no_failed_one(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(after_some_work([])))).workspace("w")
    thread_id = begin(workspace, pace=PACE)
    wait_for_tokens(workspace, thread_id)
    workspace.stop(thread_id)
    end(workspace, thread_id)
    events = workspace.events(thread_id)
    view = workspace.view(thread_id)
    view.catch_up()

    assert not any(isinstance(event, AttemptFailed) for event in events)
    assert not any(isinstance(event, NodeEnded) and event.error for event in events)
    assert [(step.path[-1], step.status) for step in view.steps] == [("a", "done"), ("say", "stopped")]


def test_a_stop_is_not_logged_as_an_error(open_toys: OpenLab, caplog: pytest.LogCaptureFixture) -> None:
    workspace = open_toys(toy(lane(after_some_work([])))).workspace("w")
    thread_id = begin(workspace, pace=PACE)
    wait_for_tokens(workspace, thread_id)
    workspace.stop(thread_id)
    end(workspace, thread_id)

    assert caplog.messages == []


def test_a_stop_of_a_node_without_a_model_waits_for_it_and_starts_no_further_one(open_toys: OpenLab) -> None:
    hold, count = Hold(), list[str]()

    def slow(_: Any) -> dict[str, Any]:
        hold()
        return {"done": ["slow"]}

    workspace = open_toys(toy(lane(chain(slow=slow, z=done("z", count))))).workspace("w")
    thread_id = begin(workspace)
    hold.reached()
    workspace.stop(thread_id)
    assert workspace.history.status(thread_id) == "running"
    hold.let_go.set()

    assert end(workspace, thread_id).outcome == "stopped"
    assert (count, names(workspace, thread_id)) == ([], ["slow"])
    workspace.proceed(thread_id)
    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["slow", "z"]


def test_a_stop_during_the_last_node_leaves_a_thread_that_can_go_on_or_is_finished(open_toys: OpenLab) -> None:
    hold = Hold()
    workspace = open_toys(toy(lane(chain(last=lambda _: hold())))).workspace("w")
    thread_id = begin(workspace)
    hold.reached()
    workspace.stop(thread_id)
    hold.let_go.set()

    assert (end(workspace, thread_id).outcome, workspace.history.status(thread_id)) == ("finished", "finished")


def test_a_stop_cuts_all_nodes_that_speak_side_by_side(open_toys: OpenLab) -> None:
    def build(model: BaseChatModel) -> Any:
        return fan(**{name: speaker(name)(model) for name in ("a", "b", "c")})(model)

    workspace = open_toys(toy(lane(build))).workspace("w")
    thread_id = begin(workspace, pace=PACE)
    wait_for_tokens(workspace, thread_id, messages=3)
    began = time.monotonic()
    workspace.stop(thread_id)
    assert end(workspace, thread_id).outcome == "stopped"
    assert time.monotonic() - began < REST / 10
    workspace.proceed(thread_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert sorted(names(workspace, thread_id)) == sorted([*(f"{name} {WORDS}" for name in "abc"), "join"])


def test_a_sibling_that_was_done_before_the_stop_does_not_run_again(open_toys: OpenLab) -> None:
    count = list[str]()

    def build(model: BaseChatModel) -> Any:
        return fan(quick=done("quick", count), say=speaker("say", count)(model))(model)

    workspace = open_toys(toy(lane(build))).workspace("w")
    thread_id = begin(workspace, pace=PACE)
    wait_for_tokens(workspace, thread_id)
    workspace.stop(thread_id)
    end(workspace, thread_id)
    workspace.proceed(thread_id)
    end(workspace, thread_id)

    assert sorted(count) == ["quick", "say", "say"]
    assert sorted(names(workspace, thread_id)) == ["join", "quick", f"say {WORDS}"]


def test_neither_a_retry_nor_an_error_handler_takes_a_stop_for_a_failure(open_toys: OpenLab) -> None:
    count = list[str]()

    def build(model: BaseChatModel) -> Any:
        return (
            graph()
            .add_node(
                "say",
                speaker("say", count)(model),
                retry_policy=RetryPolicy(max_attempts=3, initial_interval=0.01, retry_on=lambda _: True),
                error_handler=done("handled", count),
            )
            .add_edge(START, "say")
        )

    workspace = open_toys(toy(lane(build))).workspace("w")
    thread_id = begin(workspace, pace=PACE)
    wait_for_tokens(workspace, thread_id)
    workspace.stop(thread_id)

    assert end(workspace, thread_id).outcome == "stopped"
    assert count == ["say"]


def test_a_stop_inside_a_subgraph_cuts_it_too(open_toys: OpenLab) -> None:
    def build(model: BaseChatModel) -> Any:
        inner = graph().add_node("say", speaker("say")(model)).add_edge(START, "say").compile()
        return graph().add_node("inner", inner).add_edge(START, "inner")

    workspace = open_toys(toy(lane(build))).workspace("w")
    thread_id = begin(workspace, pace=PACE)
    wait_for_tokens(workspace, thread_id)
    began = time.monotonic()
    workspace.stop(thread_id)

    assert end(workspace, thread_id).outcome == "stopped"
    assert time.monotonic() - began < REST / 10
    workspace.proceed(thread_id)
    assert end(workspace, thread_id).outcome == "finished"


def test_a_lane_without_a_checkpointer_can_be_stopped(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(after_some_work([]), remembers=False))).workspace("w")
    thread_id = begin(workspace, pace=PACE)
    wait_for_tokens(workspace, thread_id)
    workspace.stop(thread_id)

    assert end(workspace, thread_id).outcome == "stopped"


@pytest.mark.parametrize("times", [1, 2])
def test_a_stop_where_nothing_runs_says_so(open_toys: OpenLab, times: int) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"))))).workspace("w")
    thread_id = ran(workspace)

    assert [workspace.stop(thread_id) for _ in range(times)] == [False] * times
    assert workspace.history.status(thread_id) == "finished"
