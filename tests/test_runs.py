"""Runs: they go on by themselves, one a thread at a time, and their failures are results."""

import threading
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel

from graphs.pattern import Breakpoints
from lab.errors import InvalidInput, NothingToContinue, NotPossible, StaleAnswer, ThreadBusy, WorkLeft
from lab.events import AttemptFailed, Event, NodeEnded, NodeStarted, RunEnded, RunStarted
from tests.toys import (
    GIVEN,
    Hold,
    OpenLab,
    State,
    begin,
    chain,
    done,
    end,
    fan,
    followed,
    graph,
    lane,
    names,
    pieces,
    ran,
    speaker,
    toy,
)


def broken(_: State) -> dict[str, Any]:
    raise LookupError("no such shelf")


def test_a_run_goes_on_without_any_reader(open_toys: OpenLab) -> None:
    finished = threading.Event()

    def last(_: State) -> dict[str, Any]:
        finished.set()
        return {"done": ["last"]}

    workspace = open_toys(toy(lane(chain(first=done("first"), last=last)))).workspace("w")
    begin(workspace)

    assert finished.wait(30)


def test_starting_a_run_does_not_wait_for_its_nodes(open_toys: OpenLab) -> None:
    hold = Hold()
    workspace = open_toys(toy(lane(chain(node=lambda _: hold())))).workspace("w")
    thread_id = begin(workspace)
    hold.reached()

    assert workspace.status(thread_id) == "running"
    hold.let_go.set()
    assert end(workspace, thread_id).outcome == "finished"


def test_a_reader_in_the_middle_of_a_run_gets_the_rest_in_order(open_toys: OpenLab) -> None:
    hold = Hold()
    nodes = {"a": done("a"), "b": lambda _: hold(), "c": done("c")}
    workspace = open_toys(toy(lane(chain(**nodes)))).workspace("w")
    thread_id = begin(workspace)
    hold.reached()
    early = workspace.events(thread_id)
    hold.let_go.set()
    end(workspace, thread_id)
    everything = workspace.events(thread_id)

    assert [*early, *workspace.events(thread_id, early[-1].no)] == everything
    assert [event.no for event in everything] == list(range(1, len(everything) + 1))


def test_every_reader_sees_the_same_from_any_number(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), b=done("b"))))).workspace("w")
    thread_id = ran(workspace)
    everything = workspace.events(thread_id)

    for number in range(len(everything) + 1):
        assert workspace.events(thread_id, number) == everything[number:]


def test_a_run_tells_its_nodes_between_its_beginning_and_its_end(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), b=done("b"))))).workspace("w")
    events = workspace.events(ran(workspace))
    nodes = [(type(event), event.path) for event in events if isinstance(event, NodeStarted | NodeEnded)]

    assert nodes == [(NodeStarted, ("a",)), (NodeEnded, ("a",)), (NodeStarted, ("b",)), (NodeEnded, ("b",))]
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunEnded)
    assert events[0].run_id == events[-1].run_id


def test_tokens_come_while_the_model_speaks_and_add_up_to_the_answer(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(lambda model: chain(say=speaker("say")(model))(model)), words=5)).workspace("w")
    tokens = pieces(followed(workspace, begin(workspace, pace=20)))

    assert len(tokens) > 1
    assert "".join(event.text for event in tokens) == "word0 word1 word2 word3 word4"
    assert len({event.message_id for event in tokens}) == 1


def test_tokens_that_nobody_read_in_time_are_told_at_once(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(lambda model: chain(say=speaker("say")(model))(model)), words=5)).workspace("w")
    tokens = pieces(workspace.events(ran(workspace)))

    assert [event.text for event in tokens] == ["word0 word1 word2 word3 word4"]


def test_a_second_run_on_a_busy_thread_is_refused_and_forks_nothing(open_toys: OpenLab) -> None:
    hold, count = Hold(), list[str]()
    nodes = {"a": done("a", count), "b": lambda _: hold(), "c": done("c", count)}
    workspace = open_toys(toy(lane(chain(**nodes)), turns=True)).workspace("w")
    thread_id = begin(workspace)
    hold.reached()
    with pytest.raises(ThreadBusy, match="One run a thread"):
        workspace.turn(thread_id, GIVEN)
    with pytest.raises(ThreadBusy):
        workspace.proceed(thread_id)
    with pytest.raises(ThreadBusy):
        workspace.edit(thread_id, {"n": 5})
    hold.let_go.set()
    end(workspace, thread_id)
    rows = workspace.history(thread_id).rows

    assert count == ["a", "c"]
    assert len([event for event in workspace.events(thread_id) if isinstance(event, RunStarted)]) == 1
    assert [row.parent_id for row in rows] == [None, *(row.checkpoint_id for row in rows[:-1])]


def test_whoever_reads_the_end_of_a_run_can_start_the_next_at_once(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"))), turns=True)).workspace("w")
    thread_id, seen = begin(workspace), 0
    for _ in range(20):
        events: list[Event] = []
        while not (events and isinstance(events[-1], RunEnded)):
            events = workspace.events(thread_id, seen, 30)
            seen = events[-1].no
        workspace.turn(thread_id, GIVEN)
    end(workspace, thread_id)

    assert names(workspace, thread_id) == ["a"] * 21


def test_two_threads_run_at_the_same_time(open_toys: OpenLab) -> None:
    meeting = threading.Barrier(2)
    workspace = open_toys(toy(lane(chain(meet=lambda _: meeting.wait(30) * 0 or {})))).workspace("w")
    one, other = begin(workspace), begin(workspace)

    assert [end(workspace, thread_id).outcome for thread_id in (one, other)] == ["finished"] * 2


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
    assert end(workspace, thread_id)[3:] == ("failed", "LookupError: no such shelf")


def test_a_thread_stays_usable_after_a_failure(open_toys: OpenLab) -> None:
    tries, count = list[str](), list[str]()

    def at_second_try(_: State) -> dict[str, Any]:
        tries.append("b")
        if len(tries) == 1:
            raise LookupError("not yet")
        return {"done": ["b"]}

    workspace = open_toys(toy(lane(chain(a=done("a", count), b=at_second_try)))).workspace("w")
    thread_id = ran(workspace)
    assert workspace.status(thread_id) == "resumable"
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
    rows = len(workspace.history(thread_id).rows)
    with pytest.raises(WorkLeft):
        workspace.turn(thread_id, GIVEN)

    assert len(workspace.history(thread_id).rows) == rows
    assert workspace.status(thread_id) == "resumable"


def test_a_loop_without_an_end_stops_at_the_limit_and_says_so(open_toys: OpenLab) -> None:
    def build(_: BaseChatModel) -> Any:
        return graph().add_node("round", done("round")).add_edge("__start__", "round").add_edge("round", "round")

    workspace = open_toys(toy(lane(build)), recursion_limit=7).workspace("w")
    thread_id = ran(workspace)
    ended = end(workspace, thread_id)

    assert ended.outcome == "failed"
    assert "limit of 7 supersteps" in ended.error
    assert "LAB_RECURSION_LIMIT" in ended.error
    assert workspace.status(thread_id) == "resumable"
    assert names(workspace, thread_id) == ["round"] * 7


@pytest.mark.parametrize("limit", [1, 2])
def test_as_many_nodes_work_at_once_as_the_limit_allows_and_no_more(open_toys: OpenLab, limit: int) -> None:
    hold = Hold()
    workers = {f"w{number}": lambda _: hold() for number in range(4)}
    workspace = open_toys(toy(lane(fan(**workers))), max_concurrency=limit).workspace("w")
    thread_id = begin(workspace)
    for _ in range(limit):
        hold.reached()

    assert not hold.entered.acquire(timeout=0.2)
    hold.let_go.set()
    assert end(workspace, thread_id).outcome == "finished"


def test_a_lane_without_a_checkpointer_has_nothing_to_go_on_from(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), b=broken), remembers=False))).workspace("w")
    thread_id = ran(workspace)

    with pytest.raises(NotPossible, match="no checkpointer"):
        workspace.proceed(thread_id)
    with pytest.raises(NotPossible, match="no checkpointer"):
        workspace.edit(thread_id, {"n": 2})
    assert workspace.snapshot(thread_id) is None
    assert workspace.history(thread_id).rows == ()
    assert workspace.pending(thread_id) == ()


def test_a_lane_without_a_checkpointer_runs_and_tells_its_events(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a")), remembers=False))).workspace("w")
    thread_id = ran(workspace)

    assert end(workspace, thread_id).outcome == "finished"
    assert [event.wrote for event in workspace.events(thread_id) if isinstance(event, NodeEnded)] == [{"done": ["a"]}]


@pytest.mark.parametrize(
    ("given", "fields"), [({}, {"n"}), ({"n": -1}, {"n"}), ({"n": "many"}, {"n"}), ({"n": None}, {"n"})]
)
def test_input_that_does_not_fit_is_refused_by_field_and_makes_no_thread(
    open_toys: OpenLab, given: dict[str, Any], fields: set[str]
) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"))))).workspace("w")
    with pytest.raises(InvalidInput) as refused:
        workspace.start("toy", "only", given)

    assert set(refused.value.fields) == fields
    assert workspace.threads() == ()


@pytest.mark.parametrize(("slug", "lane_key"), [("toy", "nowhere"), ("nothing", "only"), ("", "")])
def test_a_wrong_pattern_or_lane_is_refused_and_makes_no_thread(open_toys: OpenLab, slug: str, lane_key: str) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"))))).workspace("w")
    with pytest.raises(KeyError):
        workspace.start(slug, lane_key, GIVEN)

    assert workspace.threads() == ()


def test_the_real_model_is_refused_where_none_is_configured(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"))))).workspace("w")
    with pytest.raises(NotPossible, match="OPENAI_API_KEY"):
        workspace.start("toy", "only", GIVEN, model="openai")

    assert workspace.threads() == ()


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
    shown = workspace.snapshot(thread_id)
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

    assert lab.workspace("w").status(thread.thread_id) == "new"


def test_the_run_says_which_model_answers_it(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a"))), turns=True), openai_api_key="sk-none")
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    workspace.turn(thread_id, GIVEN, model="openai")
    end(workspace, thread_id)

    models = [event.model for event in workspace.events(thread_id) if isinstance(event, RunStarted)]
    assert models == ["offline", "openai"]


def test_closing_the_lab_ends_what_runs_at_the_next_boundary(open_toys: OpenLab) -> None:
    hold, count = Hold(), list[str]()
    lab = open_toys(toy(lane(chain(a=lambda _: hold(), b=done("b", count)))))
    begin(lab.workspace("w"))
    hold.reached()
    closing = threading.Thread(target=lab.close)
    closing.start()
    hold.let_go.set()
    closing.join(10)

    assert not closing.is_alive()
    assert count == []


def test_two_lanes_started_together_take_hardly_longer_than_the_slower_of_them(open_toys: OpenLab) -> None:
    def build(model: BaseChatModel) -> Any:
        return chain(say=speaker("say")(model))(model)

    workspace = open_toys(toy(lane(build, "one"), lane(build, "two"), words=24)).workspace("w")
    threads = [begin(workspace, lane_key=key, pace=25) for key in ("one", "two")]
    spans = []
    for thread_id in threads:
        end(workspace, thread_id)
        events = workspace.events(thread_id)
        spans.append((events[0].at, events[-1].at))
    together = max(ended for _, ended in spans) - min(began for began, _ in spans)

    # Both times are of the same run, so that a busy machine changes them alike.
    assert together < 1.25 * max(ended - began for began, ended in spans)


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
