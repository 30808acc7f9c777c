"""Threads outlive the lab that made them, and are told as they were."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langgraph.graph import START, MessagesState, StateGraph

from graphs.pattern import Pattern
from graphs.world import World
from lab.errors import StaleAnswer
from lab.events import Message, ThreadView
from lab.history.snapshots import reason
from lab.lab import Lab
from lab.models import explain
from lab.workspace import Workspace
from tests.support.asking_nodes import asks
from tests.support.labs import quiet
from tests.support.toy_patterns import State, broken, chain, done, end, fan, lane, names, ran, toy, two_steps


class Reopen:
    """Opens labs on one file, one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, *patterns: Pattern) -> Lab:
        return Lab(quiet(str(self._path)), patterns=patterns)


@pytest.fixture
def reopen(tmp_path: Path) -> Reopen:
    return Reopen(tmp_path / "lab.sqlite")


def over_a_restart(reopen: Reopen, pattern: Pattern) -> tuple[str, Workspace, Lab]:
    """Run a thread in one lab, close it and return the thread in another lab on the same file."""
    first = reopen(pattern)
    thread_id = ran(first.workspace("w"))
    first.close()
    second = reopen(pattern)
    return thread_id, second.workspace("w"), second


def viewed(workspace: Workspace, thread_id: str) -> ThreadView:
    view = workspace.view(thread_id)
    view.catch_up()
    return view


KINDS: dict[str, tuple[Callable[[], Pattern], str]] = {
    "finished": (two_steps, "finished"),
    "waiting": (lambda: toy(lane(chain(a=done("a"), ask=asks("ask")))), "waiting"),
    "failed": (lambda: toy(lane(chain(a=done("a"), b=broken))), "resumable"),
    "parallel": (lambda: toy(lane(fan(a=asks("a"), b=asks("b")))), "waiting"),
}


@pytest.mark.parametrize(("make", "status"), KINDS.values(), ids=KINDS)
def test_a_thread_stands_after_a_restart_as_it_stood_before(
    reopen: Reopen, make: Callable[[], Pattern], status: str
) -> None:
    first = reopen(make())
    thread_id = ran(first.workspace("w"))
    before = first.workspace("w")
    was = (
        before.threads.newest(),
        before.history.status(thread_id),
        before.history.snapshot(thread_id),
        before.history.page(thread_id).rows,
    )
    steps = [(step.path, step.status, step.wrote, step.error, step.asked) for step in viewed(before, thread_id).steps]
    first.close()
    second = reopen(make())
    after = second.workspace("w")

    assert (
        after.threads.newest(),
        after.history.status(thread_id),
        after.history.snapshot(thread_id),
        after.history.page(thread_id).rows,
    ) == was
    assert was[1] == status
    again = viewed(after, thread_id)
    assert [(step.path, step.status, step.wrote, step.error, step.asked) for step in again.steps] == steps
    assert not again.running
    second.close()


def test_a_node_that_wrote_nothing_is_told_after_a_restart_too(reopen: Reopen) -> None:
    thread_id, workspace, lab = over_a_restart(reopen, toy(lane(chain(silent=lambda _: None, a=done("a")))))

    assert [step.path for step in viewed(workspace, thread_id).steps] == [("silent",), ("a",)]
    lab.close()


def test_a_failure_that_was_overcome_is_not_told_as_one_after_a_restart(reopen: Reopen) -> None:
    tries = list[str]()

    def at_second_try(_: State) -> None:
        tries.append("b")
        if len(tries) == 1:
            raise LookupError("not yet")

    pattern = toy(lane(chain(ask=asks("ask"), b=at_second_try)))
    first = reopen(pattern)
    workspace = first.workspace("w")
    thread_id = ran(workspace)
    asked = workspace.history.snapshot(thread_id)
    assert asked is not None
    workspace.resume(thread_id, {asked.questions[0].id: 1}, asked.checkpoint_id)
    assert end(workspace, thread_id).outcome == "failed"
    workspace.proceed(thread_id)
    end(workspace, thread_id)
    first.close()
    second = reopen(pattern)
    again = viewed(second.workspace("w"), thread_id)

    assert [(step.status, step.error) for step in again.steps] == [("done", ""), ("done", "")]
    assert again.runs[-1].outcome == "finished"
    second.close()


@pytest.mark.parametrize(
    "error", [LookupError(), LookupError("a"), KeyError("a"), ValueError('it\'s "quoted"\n'), ValueError(1, "two")]
)
def test_an_error_is_told_from_a_checkpoint_as_it_was_told_live(error: Exception) -> None:
    assert reason(repr(error)) == explain(error)


def test_messages_are_told_after_a_restart_with_their_text(reopen: Reopen) -> None:
    def build(_: BaseChatModel) -> Any:
        def say(state: MessagesState) -> dict[str, Any]:
            return {"messages": [AIMessage("Good evening.")]}

        made = StateGraph(MessagesState, context_schema=World, input_schema=MessagesState)
        return made.add_node("say", say).add_edge(START, "say")

    first = reopen(toy(lane(build)))
    thread_id = first.workspace("w").start("toy", "only", {"messages": []}).thread_id
    end(first.workspace("w"), thread_id)
    live = [item.text for item in viewed(first.workspace("w"), thread_id).items if isinstance(item, Message)]
    first.close()
    second = reopen(toy(lane(build)))
    told = [item.text for item in viewed(second.workspace("w"), thread_id).items if isinstance(item, Message)]

    assert live == told == ["Good evening."]
    second.close()


def test_a_question_from_before_a_restart_can_be_answered_after_it(reopen: Reopen) -> None:
    count = list[str]()
    pattern = toy(lane(chain(a=done("a", count), ask=asks("ask"), z=done("z"))))
    first = reopen(pattern)
    thread_id = ran(first.workspace("w"))
    shown = first.workspace("w").history.snapshot(thread_id)
    assert shown is not None
    first.close()
    second = reopen(pattern)
    workspace = second.workspace("w")
    workspace.resume(thread_id, {shown.questions[0].id: 7}, shown.checkpoint_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert (names(workspace, thread_id), count) == (["a", "ask=7", "z"], ["a"])
    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, {shown.questions[0].id: 8}, shown.checkpoint_id)
    second.close()


def test_a_failed_thread_goes_on_after_a_restart_without_repeating_what_was_done(reopen: Reopen) -> None:
    count, tries = list[str](), list[str]()

    def at_second_try(_: State) -> dict[str, Any]:
        tries.append("b")
        if len(tries) == 1:
            raise LookupError("not yet")
        return {"done": ["b"]}

    pattern = toy(lane(chain(a=done("a", count), b=at_second_try)))
    thread_id, workspace, lab = over_a_restart(reopen, pattern)
    workspace.proceed(thread_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert (names(workspace, thread_id), count) == (["a", "b"], ["a"])
    lab.close()


def test_a_lane_without_a_checkpointer_shows_what_it_did_after_a_restart_and_has_no_state(reopen: Reopen) -> None:
    thread_id, workspace, lab = over_a_restart(reopen, toy(lane(chain(a=done("a")), remembers=False)))
    view = workspace.view(thread_id)
    view.catch_up()

    assert [thread.thread_id for thread in workspace.threads.newest()] == [thread_id]
    assert workspace.history.status(thread_id) == "finished"
    assert [step.path for step in view.steps] == [("a",)]
    assert workspace.history.snapshot(thread_id) is None
    lab.close()


def test_a_memory_database_is_gone_with_its_lab() -> None:
    first = Lab(quiet("memory"), patterns=[two_steps()])
    ran(first.workspace("w"))
    first.close()
    second = Lab(quiet("memory"), patterns=[two_steps()])

    assert second.workspace("w").threads.newest() == ()
    second.close()
