"""What the library does silently to a run that goes back or goes on, each shown on a bare graph, and the lab's guard.

Where a test of the bare graph fails after an update of LangGraph, the trap is gone and its guard can be thought over.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langgraph.types import Command

from graphs.pattern import Breakpoints, Build, Rewind
from graphs.persistence.time_travel import go_on, rewind
from lab.errors import NothingToContinue, NotPossible, StaleAnswer, ThreadBusy, UnknownCheckpoint, UnknownThread
from lab.workspace import StateEdit, Workspace
from tests.support.toy_patterns import (
    Hold,
    OpenLab,
    State,
    bare,
    before,
    begin,
    chain,
    done,
    end,
    everywhere,
    fan,
    head,
    lane,
    names,
    ran,
    saved,
    toy,
)

MADE_UP = "1f000000-0000-6000-8000-000000000000"
GIVEN = {"n": 1, "done": [], "crash": ""}


class Fails:
    """A fan of two nodes, one of which fails at first, once what the other wrote has been saved."""

    def __init__(self) -> None:
        self.count = list[str]()
        self._saved = threading.Event()

    def build(self) -> Build:
        return fan(good=done("good", self.count), bad=self._at_second_try)

    def watch(self, saver: Any, patch: pytest.MonkeyPatch) -> None:
        """Listen to what the saver saves."""
        put_writes = saver.put_writes

        def put(config: Any, writes: Any, *rest: Any) -> None:
            put_writes(config, writes, *rest)
            if ("done", ["good"]) in writes:
                self._saved.set()

        patch.setattr(saver, "put_writes", put)

    def _at_second_try(self, _: State) -> dict[str, Any]:
        self.count.append("bad")
        if self.count.count("bad") == 1:
            assert self._saved.wait(10), "the other node's result wasn't saved"
            raise LookupError("not yet")
        return {"done": ["bad"]}


def test_bare_to_go_on_by_a_checkpoints_id_runs_finished_siblings_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fails = Fails()
    graph, config = bare(fails.build())
    fails.watch(graph.checkpointer, monkeypatch)
    with pytest.raises(LookupError):
        graph.invoke(GIVEN, config)
    graph.invoke(None, graph.get_state(config).config)

    assert sorted(fails.count) == ["bad", "bad", "good", "good"]


@everywhere
@pytest.mark.parametrize("shown", [False, True])
def test_to_go_on_runs_only_what_failed_even_from_the_checkpoint_that_was_shown(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch, shown: bool
) -> None:
    fails = Fails()
    lab = open_toys(toy(lane(fails.build())))
    fails.watch(lab.storage.saver, monkeypatch)
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    workspace.proceed(thread_id, head(workspace, thread_id).checkpoint_id if shown else None)

    assert end(workspace, thread_id).outcome == "finished"
    assert sorted(fails.count) == ["bad", "bad", "good"]
    assert sorted(names(workspace, thread_id)) == ["bad", "good", "join"]


def test_an_edit_is_refused_where_a_finished_node_waits_for_one_that_failed(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = Fails()
    lab = open_toys(toy(lane(fails.build())))
    fails.watch(lab.storage.saver, monkeypatch)
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    with pytest.raises(NotPossible, match="good, bad isn't over"):
        workspace.edit(thread_id, {"n": 2})
    workspace.proceed(thread_id)
    end(workspace, thread_id)

    assert (sorted(fails.count), sorted(names(workspace, thread_id))) == (
        ["bad", "bad", "good"],
        ["bad", "good", "join"],
    )


def cut_off(saver: Any, patch: pytest.MonkeyPatch) -> None:
    """Let nothing be saved of step 1 but what its nodes wrote, as a kill in that moment would."""
    put = saver.put

    def dies(config: Any, checkpoint: Any, metadata: Any, versions: Any) -> Any:
        if metadata["step"] == 1:
            raise ConnectionAbortedError
        return put(config, checkpoint, metadata, versions)

    patch.setattr(saver, "put", dies)


def test_bare_nothing_is_next_though_work_is_left() -> None:
    graph, config = bare(chain(a=done("a"), b=done("b")))
    with pytest.MonkeyPatch.context() as patch:
        cut_off(graph.checkpointer, patch)
        with pytest.raises(ConnectionAbortedError):
            graph.invoke(GIVEN, config, durability="sync")
    left = graph.get_state(config)

    assert (left.next, [task.name for task in left.tasks]) == ((), ["a"])
    assert graph.invoke(None, config)["done"] == ["a", "b"]


@everywhere
def test_a_thread_with_work_left_and_nothing_next_is_resumable_and_is_finished_by_going_on(open_toys: OpenLab) -> None:
    count = list[str]()
    lab = open_toys(toy(lane(chain(a=done("a", count), b=done("b", count)))))
    workspace = lab.workspace("w")
    with pytest.MonkeyPatch.context() as patch:
        cut_off(lab.storage.saver, patch)
        thread_id = ran(workspace)
    assert head(workspace, thread_id).next == ()

    assert workspace.history.status(thread_id) == "resumable"
    with pytest.raises(NotPossible, match="isn't over"):
        workspace.edit(thread_id, {"n": 2})
    workspace.proceed(thread_id)
    assert end(workspace, thread_id).outcome == "finished"
    assert (names(workspace, thread_id), count, workspace.history.status(thread_id)) == (
        ["a", "b"],
        ["a", "b"],
        "finished",
    )


def test_bare_a_second_run_forks_the_thread_and_hides_the_first_ones_result() -> None:
    hold = Hold()

    def slow(state: State) -> dict[str, Any]:
        if state["n"] == 1:
            hold()
        return {"done": [str(state["n"])]}

    graph, config = bare(chain(slow=slow))
    first = threading.Thread(target=graph.invoke, args=(GIVEN, config))
    first.start()
    hold.reached()
    graph.invoke({**GIVEN, "n": 2}, config)
    hold.let_go.set()
    first.join(10)
    ends = [found for found in graph.get_state_history(config) if not found.next and not found.tasks]

    assert [found.values["done"] for found in ends] == [["1"], ["2"]]
    assert len({found.parent_config["configurable"]["checkpoint_id"] for found in ends}) == 2


BACK: dict[str, Callable[[Workspace, str, str], object]] = {
    "replay": lambda workspace, thread, at: workspace.travel.replay(thread, at),
    "fork": lambda workspace, thread, at: workspace.travel.fork(thread, at, StateEdit({"n": 2}, {})),
    "reanswer": lambda workspace, thread, at: workspace.travel.reanswer(thread, at, {"some": "answer"}),
    "what_if": lambda workspace, thread, at: workspace.travel.what_if(thread, at, StateEdit({"n": 2}, {})),
    "rewind": lambda workspace, thread, at: workspace.travel.rewind(thread, at),
}
LOOK: dict[str, Callable[[Workspace, str, str], object]] = {
    "snapshot": lambda workspace, thread, at: workspace.history.snapshot(thread, at),
    "values": lambda workspace, thread, at: workspace.history.values(thread, at),
    "diff after": lambda workspace, thread, at: workspace.history.diff(thread, None, at),
    "diff before": lambda workspace, thread, at: workspace.history.diff(thread, at, saved(workspace, thread)[0]),
    "ahead": lambda workspace, thread, at: workspace.travel.ahead(thread, at),
    "preview": lambda workspace, thread, at: workspace.travel.preview(thread, at, StateEdit({"n": 2}, {})),
}


@pytest.mark.parametrize("back", BACK)
def test_no_way_back_is_open_while_the_thread_runs(open_toys: OpenLab, back: str) -> None:
    hold = Hold()
    build = chain(a=done("a"), b=lambda _: hold())
    workspace = open_toys(toy(lane(build, travel=Rewind(rewind, go_on)))).workspace("w")
    thread_id = begin(workspace)
    hold.reached()
    there = saved(workspace, thread_id)
    with pytest.raises(ThreadBusy):
        BACK[back](workspace, thread_id, there[-1])
    left = saved(workspace, thread_id)
    hold.let_go.set()

    assert left == there
    assert end(workspace, thread_id).outcome == "finished"
    assert len(workspace.history.tree(thread_id).branches) == 1


def test_of_many_ways_back_taken_at_once_one_is_gone(open_toys: OpenLab) -> None:
    hold = Hold()
    workspace = open_toys(toy(lane(chain(a=done("a"), b=lambda _: hold())))).workspace("w")
    thread_id = ran(workspace, breakpoints=Breakpoints(before=("b",)))
    there = before(workspace, thread_id, "b")

    def replay(_: int) -> str:
        try:
            workspace.travel.replay(thread_id, there)
        except ThreadBusy:
            return "busy"
        return "gone"

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(replay, range(8)))
    hold.let_go.set()
    end(workspace, thread_id)

    assert sorted(told) == ["busy"] * 7 + ["gone"]


def test_bare_an_answer_for_an_unknown_thread_runs_the_graph_and_for_a_finished_one_does_nothing() -> None:
    count = list[str]()
    graph, config = bare(chain(a=done("a", count)))
    graph.invoke(Command(resume="yes"), config)
    assert count == ["a"]
    kept = len(list(graph.get_state_history(config)))
    graph.invoke(Command(resume="yes"), config)

    assert (count, len(list(graph.get_state_history(config)))) == (["a"], kept)


def test_an_answer_for_an_unknown_or_a_finished_thread_is_refused(open_toys: OpenLab) -> None:
    count = list[str]()
    workspace = open_toys(toy(lane(chain(a=done("a", count))))).workspace("w")
    with pytest.raises(UnknownThread):
        workspace.resume(MADE_UP, {"some": "answer"}, MADE_UP)
    assert count == []
    thread_id = ran(workspace)
    newest = saved(workspace, thread_id)[-1]
    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, {"some": "answer"}, newest)
    with pytest.raises(StaleAnswer):
        workspace.travel.reanswer(thread_id, newest, {"some": "answer"})
    with pytest.raises(NothingToContinue):
        workspace.proceed(thread_id)
    assert (count, saved(workspace, thread_id)[-1]) == (["a"], newest)


def test_bare_a_made_up_checkpoint_is_empty_and_input_there_begins_a_second_root() -> None:
    graph, config = bare(chain(a=done("a")))
    graph.invoke(GIVEN, config)
    nowhere = {"configurable": {"thread_id": "t", "checkpoint_id": MADE_UP}}
    assert (graph.get_state(nowhere).values, graph.get_state(nowhere).next) == ({}, ())
    graph.invoke(GIVEN, nowhere)
    roots = [found for found in graph.get_state_history(config) if found.metadata["step"] == -1]

    assert len(roots) == 2


@everywhere
@pytest.mark.parametrize("act", [*LOOK, *BACK])
def test_a_checkpoint_that_the_thread_does_not_have_is_refused_and_begins_nothing(open_toys: OpenLab, act: str) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a")), travel=Rewind(rewind, go_on)))).workspace("w")
    thread_id, other = ran(workspace), ran(workspace)
    there, events = saved(workspace, thread_id), workspace.events(thread_id)
    for made_up in (MADE_UP, "", "made-up", "\x00", "x" * 10_000, saved(workspace, other)[1], there[1].upper()):
        with pytest.raises(UnknownCheckpoint) as refused:
            (LOOK | BACK)[act](workspace, thread_id, made_up)
        assert len(str(refused.value)) < 300

    assert (saved(workspace, thread_id), workspace.events(thread_id)) == (there, events)
    assert workspace.history.status(thread_id) == "finished"
