"""Stop while a real model is asked: told at once, heard wherever the call waits, and never taken for a failure."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langgraph.types import RetryPolicy

from graphs.pattern import Build
from lab.events import AttemptFailed, NodeEnded, NodeStarted, RunEnded, RunStopping
from lab.workspace import Workspace
from tests.support.openai_server import HOST, Answer, OpenAIServer, Silence, Text, broken, rate_limited
from tests.support.polling import until
from tests.support.toy_patterns import Hold, OpenLab, begin, chain, done, end, fan, graph, lane, names, speaker, toy
from ui.graph import shape_of
from ui.lanes import BADGES, LanePane

SOON = 2.0
"""Seconds within which a stop ends a run; the client itself would wait for half a minute."""


def asking(build: Build, open_toys: OpenLab, url: str, retries: int = 2) -> Workspace:
    given = {"openai_base_url": url, "openai_api_key": "sk-0123456789", "openai_retries": retries}
    return open_toys(toy(lane(build)), **given).workspace("w")


def speaking(model: BaseChatModel) -> Any:
    return chain(a=done("a"), say=speaker("say")(model), z=done("z"))(model)


def stopped_soon(workspace: Workspace, thread_id: str) -> None:
    """Stop the run and check that it ended as stopped, in time, and that nothing is called a failure."""
    began = time.monotonic()
    assert workspace.stop(thread_id)
    ended = end(workspace, thread_id)
    took = time.monotonic() - began
    events = workspace.events(thread_id)

    assert ended[1:3] == ("stopped", "")
    assert took < SOON
    assert not any(isinstance(event, AttemptFailed) for event in events)
    assert not any(isinstance(event, NodeEnded) and event.error for event in events)


@pytest.mark.parametrize("open_toys", ["memory"], indirect=True)
def test_a_stop_cuts_a_call_whose_answer_has_not_begun(open_toys: OpenLab, openai_server: OpenAIServer) -> None:
    openai_server.answer(Silence())
    workspace = asking(speaking, open_toys, openai_server.url)
    thread_id = begin(workspace, model="openai")
    until(lambda: bool(openai_server.received))
    stopped_soon(workspace, thread_id)

    assert openai_server.wait_for_hang_up()
    assert len(openai_server.received) == 1
    assert (workspace.history.status(thread_id), names(workspace, thread_id)) == ("resumable", ["a"])
    openai_server.answer(Text("at last"))
    workspace.proceed(thread_id)
    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["a", "say 2", "z"]


@pytest.mark.parametrize("open_toys", ["memory"], indirect=True)
def test_a_stop_cuts_a_stream_that_has_come_to_a_halt(open_toys: OpenLab, openai_server: OpenAIServer) -> None:
    openai_server.answer(Text("one two three", pace=60))
    workspace = asking(speaking, open_toys, openai_server.url)
    thread_id = begin(workspace, model="openai")
    until(lambda: bool(openai_server.received))
    stopped_soon(workspace, thread_id)


@pytest.mark.parametrize("open_toys", ["memory"], indirect=True)
@pytest.mark.parametrize("trouble", [rate_limited(30), broken()], ids=["told to wait", "waits by itself"])
def test_a_stop_cuts_the_wait_for_the_clients_next_try(
    open_toys: OpenLab, openai_server: OpenAIServer, trouble: Answer
) -> None:
    openai_server.answer(trouble)
    workspace = asking(speaking, open_toys, openai_server.url, retries=6)
    thread_id = begin(workspace, model="openai")
    until(lambda: bool(openai_server.received))
    stopped_soon(workspace, thread_id)
    asked = len(openai_server.received)

    assert asked < 4
    assert names(workspace, thread_id) == ["a"]


@pytest.mark.parametrize("open_toys", ["memory"], indirect=True)
def test_a_stop_cuts_a_connection_that_is_never_made(open_toys: OpenLab) -> None:
    with socket.socket() as full:
        full.bind((HOST, 0))
        full.listen(0)
        address = full.getsockname()
        # What a server does that takes no more: further connections are neither taken nor refused.
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        workspace = asking(speaking, open_toys, f"http://{HOST}:{address[1]}/v1")
        thread_id = begin(workspace, model="openai")
        until(lambda: any(begun(workspace, thread_id, "say")))
        stopped_soon(workspace, thread_id)
        for one in waiting:
            one.close()


def begun(workspace: Workspace, thread_id: str, node: str) -> Iterator[bool]:
    return (event.path == (node,) for event in workspace.events(thread_id) if isinstance(event, NodeStarted))


@pytest.mark.parametrize("open_toys", ["memory"], indirect=True)
def test_a_stop_cuts_what_nodes_side_by_side_await_too(open_toys: OpenLab, openai_server: OpenAIServer) -> None:
    def build(model: BaseChatModel) -> Any:
        def awaiting(_: Any) -> dict[str, Any]:
            return {"done": [asyncio.run(model.ainvoke("say")).text]}

        return fan(awaits=awaiting, says=speaker("say")(model))(model)

    openai_server.answer(Silence())
    workspace = asking(build, open_toys, openai_server.url)
    thread_id = begin(workspace, model="openai")
    until(lambda: len(openai_server.received) == 2)
    stopped_soon(workspace, thread_id)


@pytest.mark.parametrize("open_toys", ["memory"], indirect=True)
def test_a_node_that_puts_the_stop_in_words_of_its_own_has_not_failed(
    open_toys: OpenLab, openai_server: OpenAIServer
) -> None:
    def build(model: BaseChatModel) -> Any:
        def wrapping(_: Any) -> dict[str, Any]:
            try:
                return {"done": [model.invoke("say").text]}
            except Exception as error:
                raise LookupError("the model is no help") from error

        return chain(wraps=wrapping)(model)

    openai_server.answer(Silence())
    workspace = asking(build, open_toys, openai_server.url)
    thread_id = begin(workspace, model="openai")
    until(lambda: bool(openai_server.received))
    workspace.stop(thread_id)

    assert end(workspace, thread_id)[1:3] == ("stopped", "")


@pytest.mark.parametrize("open_toys", ["memory"], indirect=True)
def test_no_retry_takes_a_stop_for_a_failure(open_toys: OpenLab, openai_server: OpenAIServer) -> None:
    def build(model: BaseChatModel) -> Any:
        policy = RetryPolicy(max_attempts=3, initial_interval=0.01, retry_on=lambda _: True)
        made = graph().add_node("say", speaker("say")(model), retry_policy=policy)
        return made.add_edge("__start__", "say")

    openai_server.answer(Silence())
    workspace = asking(build, open_toys, openai_server.url)
    thread_id = begin(workspace, model="openai")
    until(lambda: bool(openai_server.received))
    stopped_soon(workspace, thread_id)

    assert len(openai_server.received) == 1


def test_a_stop_is_told_at_once_to_every_reader_and_once_only(open_toys: OpenLab) -> None:
    hold = Hold()
    workspace = open_toys(toy(lane(chain(slow=lambda _: hold())))).workspace("w")
    thread_id = begin(workspace)
    hold.reached()
    views = [workspace.view(thread_id), workspace.view(thread_id)]
    assert [view.stopping for view in views if view.catch_up()] == [False, False]
    for _ in range(3):
        assert workspace.stop(thread_id)
    told = [view.stopping for view in views if view.catch_up()]
    hold.let_go.set()
    end(workspace, thread_id)
    stops = [event for event in workspace.events(thread_id) if isinstance(event, RunStopping | RunEnded)]

    assert told == [True, True]
    assert [view.stopping for view in views if view.catch_up()] == [False, False]
    assert [type(event) for event in stops] == [RunStopping, RunEnded]
    assert len({event.run_id for event in stops}) == 1


def test_a_run_that_was_never_stopped_is_never_called_stopping(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"))), turns=True)).workspace("w")
    thread_id = begin(workspace)
    end(workspace, thread_id)
    assert workspace.stop(thread_id) is False

    assert not any(isinstance(event, RunStopping) for event in workspace.events(thread_id))


@pytest.mark.parametrize("open_toys", ["memory"], indirect=True)
def test_a_call_that_was_left_leaves_no_thread_behind(open_toys: OpenLab, openai_server: OpenAIServer) -> None:
    def calls() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name == "model-call"}

    before = calls()
    openai_server.answer(Silence())
    workspace = asking(speaking, open_toys, openai_server.url)
    thread_id = begin(workspace, model="openai")
    until(lambda: bool(openai_server.received))
    assert len(calls() - before) == 1
    stopped_soon(workspace, thread_id)

    until(lambda: not calls() - before)


def test_the_lane_says_that_it_is_stopping_until_it_has_stopped(open_toys: OpenLab) -> None:
    hold = Hold()
    lab = open_toys(toy(lane(chain(slow=lambda _: hold(), z=done("z")))))
    workspace = lab.workspace("w")
    thread_id = begin(workspace)
    hold.reached()

    def outcome() -> str:
        shape = shape_of(lab.graphs.drawing("toy", "only"))
        thread, view = workspace.threads.find(thread_id), workspace.view(thread_id)
        pane = LanePane(workspace, lab.graphs.pattern("toy").lanes[0], thread, view, shape, "key")
        view.catch_up()
        return pane.outcome

    before = outcome()
    workspace.stop(thread_id)
    during = outcome()
    hold.let_go.set()
    end(workspace, thread_id)

    assert [before, during, outcome()] == ["running", "stopping", "stopped"]
    assert "stopping" in BADGES
