"""Runs: they go on by themselves, one a thread at a time, and tell what happens to whoever reads."""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from sqlalchemy import Connection

from lab.errors import InvalidInput, NotPossible, StorageUnavailable, ThreadBusy, UnknownLane
from lab.events import Event, NodeEnded, NodeStarted, RunEnded, RunStarted
from lab.runs import Stream
from tests.support.toy_patterns import (
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
    lane,
    names,
    pieces,
    ran,
    speaker,
    toy,
)


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

    assert workspace.history.status(thread_id) == "running"
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
    rows = workspace.history.page(thread_id).rows

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


def test_what_all_runs_at_work_have_told_is_saved_in_one_transaction(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = Hold()
    lab = open_toys(toy(lane(chain(held=lambda _: hold()))))
    # Nobody but the test saves what they tell.
    lab.renewal.close()
    workspace = lab.workspace("w")
    threads = [begin(workspace) for _ in range(3)]
    for _ in threads:
        hold.reached()
    begin_one, begun = lab.runs.database.begin, list[str]()

    def counted() -> AbstractContextManager[Connection]:
        begun.append("a transaction")
        return begin_one()

    monkeypatch.setattr(lab.runs.database, "begin", counted)
    lab.runs.catch_up()
    saved = [lab.runs.store.load(thread_id) for thread_id in threads]
    hold.let_go.set()

    assert len(begun) == 1
    assert [type(events[0]) for events in saved] == [RunStarted] * 3


def test_news_that_could_not_be_saved_are_saved_the_next_time(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = Hold()
    lab = open_toys(toy(lane(chain(held=lambda _: hold()))))
    lab.renewal.close()
    workspace = lab.workspace("w")
    threads = [begin(workspace) for _ in range(2)]
    for _ in threads:
        hold.reached()
    store, added = lab.runs.store, list[str]()
    add = store.add

    def full(connection: Connection, thread_id: str, events: Sequence[Event]) -> int:
        added.append(thread_id)
        if len(added) == 2:
            raise StorageUnavailable("the disk is full")
        return add(connection, thread_id, events)

    monkeypatch.setattr(store, "add", full)
    with pytest.raises(StorageUnavailable):
        lab.runs.catch_up()
    assert [store.load(thread_id) for thread_id in threads] == [[], []]

    lab.runs.catch_up()
    saved = [store.load(thread_id) for thread_id in threads]
    hold.let_go.set()

    assert [events[0].no for events in saved] == [1, 1]


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
    assert workspace.threads.newest() == ()


@pytest.mark.parametrize(("slug", "lane_key"), [("toy", "nowhere"), ("nothing", "only"), ("", "")])
def test_a_wrong_pattern_or_lane_is_refused_and_makes_no_thread(open_toys: OpenLab, slug: str, lane_key: str) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"))))).workspace("w")
    with pytest.raises(UnknownLane):
        workspace.start(slug, lane_key, GIVEN)

    assert workspace.threads.newest() == ()


def test_the_real_model_is_refused_where_none_is_configured(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"))))).workspace("w")
    with pytest.raises(NotPossible, match="OPENAI_API_KEY"):
        workspace.start("toy", "only", GIVEN, model="openai")

    assert workspace.threads.newest() == ()


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


def test_a_thread_whose_run_cannot_begin_is_free_again(open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    def untellable(_: Stream) -> str:
        raise TypeError("no code for this")

    lab = open_toys(toy(lane(chain(node=done("node")))))
    workspace = lab.workspace("w")
    monkeypatch.setattr(Stream, "calls", untellable)
    with pytest.raises(TypeError):
        begin(workspace)

    assert lab.runs.running() == set()
    assert lab.claims.own() == {}
