"""The socket that tells a client a thread's events: each once and in order, wherever it was cut off."""

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from api import thread_events
from api.thread_events import PATH
from graphs.catalogue import find
from lab.errors import StorageUnavailable
from lab.events import Event, EventLog, NodeStarted, Progress, StreamingMessage
from lab.lab import Lab
from lab.workspace import Workspace
from lab.workspace_cookie import COOKIE, LOCAL
from tests.support.api_clients import admitted
from tests.support.example_player import begun

CLIENTS = find("live-clients")
SINGLE = 1
Read = Callable[..., Sequence[Event]]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def looking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_events, "SECONDS", 0.002)


def ran(workspace: Workspace, example: int = SINGLE) -> str:
    """Run an example and return its thread."""
    return begun(workspace, CLIENTS.slug, "run", CLIENTS.examples[example]).thread.thread_id


def address(thread_id: str, after: int | str = 0) -> str:
    return f"{PATH.format(thread_id=thread_id)}?after={after}"


def read(client: TestClient, thread_id: str, after: int, until: int) -> list[dict[str, Any]]:
    """Read as a client does that is cut off once it has the event of a number: what came with it is lost to it."""
    events: list[dict[str, Any]] = []
    with client.websocket_connect(address(thread_id, after)) as socket:
        while not events or events[-1]["no"] < until:
            message = socket.receive_json()
            assert message["after"] == (events[-1]["no"] if events else after)
            events += message["events"]
    return [event for event in events if event["no"] <= until]


def first_after(client: TestClient, thread_id: str, after: int, at: float | str) -> int:
    """Return the number past which the first message tells."""
    with client.websocket_connect(f"{address(thread_id, after)}&at={at}") as socket:
        return int(socket.receive_json()["after"])


def failing(error: Exception, first: int = 1) -> Read:
    """Return a read of a thread's events that fails from a call on."""
    events, calls = Workspace.events, itertools.count(1)

    def fail(workspace: Workspace, thread_id: str, after: int = 0) -> Sequence[Event]:
        if next(calls) >= first:
            raise error
        return events(workspace, thread_id, after)

    return fail


def numbers(events: Sequence[dict[str, Any]]) -> list[int]:
    return [event["no"] for event in events]


def test_a_client_gets_every_event_of_a_thread_in_order_as_the_log_has_it(lab: Lab, client: TestClient) -> None:
    workspace = admitted(lab, client)
    thread_id = ran(workspace)
    events = workspace.events(thread_id)
    got = read(client, thread_id, 0, events[-1].no)

    assert numbers(got) == [event.no for event in events]
    assert [(one["event"], one["at"]) for one in got] == [(type(event).__name__, event.at) for event in events]


@pytest.fixture
def thread(lab: Lab, client: TestClient) -> tuple[str, list[int]]:
    """Provide a thread whose run has ended, and the numbers of its events."""
    workspace = admitted(lab, client)
    thread_id = ran(workspace, 2)
    return thread_id, [event.no for event in workspace.events(thread_id)]


@QUICK
@given(cuts=st.lists(st.integers(0, 10_000), max_size=6))
def test_a_client_that_is_cut_off_at_any_events_and_comes_back_has_every_event_once_and_in_order(
    client: TestClient, thread: tuple[str, list[int]], cuts: list[int]
) -> None:
    thread_id, known = thread
    got: list[dict[str, Any]] = []
    for place in [*sorted(cut % len(known) for cut in cuts), len(known) - 1]:
        last = got[-1]["no"] if got else 0
        if known[place] > last:
            got += read(client, thread_id, last, known[place])

    assert numbers(got) == known


STEPS = st.lists(st.one_of(st.sampled_from(["event", "a ", "b "]), st.floats(0, 1)), min_size=1, max_size=25)
"""What happens in a run: an event, a piece of a text, or a client that reads a share of what it hasn't read yet."""


@QUICK
@given(steps=STEPS)
def test_also_while_the_run_goes_on_and_tells_more_whether_the_client_is_there_or_not(
    lab: Lab, client: TestClient, thread: tuple[str, list[int]], steps: list[str | float]
) -> None:
    thread_id, _ = thread
    (log,) = lab.runs.logs.of_thread(thread_id)
    first, got, said = log.last, list[dict[str, Any]](), ""
    growing = StreamingMessage(("write",), f"message after {first}", tool=False)
    for step in [*steps, 1.0]:
        last = got[-1]["no"] if got else first
        if isinstance(step, str):
            if step == "event":
                log.append(Progress(("write",), {"last": last}))
            else:
                log.say(growing, step)
                said += step
        elif (until := last + round(step * (log.last - last))) > last:
            got += read(client, thread_id, last, until)

    assert numbers(got) == list(range(first + 1, log.last + 1))
    assert "".join(one["text"] for one in got if one["event"] == "Tokens") == said


def test_two_clients_of_one_run_get_the_same_at_whatever_place_each_of_them_is(lab: Lab, client: TestClient) -> None:
    workspace = admitted(lab, client)
    thread_id = ran(workspace)
    (log,) = lab.runs.logs.of_thread(thread_id)
    with (
        client.websocket_connect(address(thread_id, 0)) as one,
        client.websocket_connect(address(thread_id, log.last)) as other,
    ):
        before = one.receive_json()["events"]
        for number in range(3):
            log.append(NodeStarted(("write",), f"task {number}"))
            news = [socket.receive_json()["events"] for socket in (one, other)]
            assert numbers(news[0]) == numbers(news[1]) == [before[-1]["no"] + 1 + number]


def streaming(lab: Lab, workspace: Workspace) -> tuple[str, EventLog, Callable[[str], None]]:
    """Return a thread, its log, which soon joins the pieces of a message, and what says a piece of one."""
    thread_id = ran(workspace)
    (log,) = lab.runs.logs.of_thread(thread_id)
    log._limit = log.last + 20
    return thread_id, log, partial(log.say, StreamingMessage(("write",), "message", tool=False))


def test_what_was_joined_while_a_client_was_away_stands_in_its_place_and_no_text_comes_twice(
    lab: Lab, client: TestClient
) -> None:
    thread_id, log, say = streaming(lab, admitted(lab, client))
    first = log.last
    for number in range(10):
        say(f"{number} ")
        assert log.last == first + number + 1
    got = read(client, thread_id, first, first + 6)
    for number in range(10, 60):
        say(f"{number} ")
        assert log.last == first + number + 1
    got += read(client, thread_id, first + 6, first + 60)
    text = ""
    for event in got:
        assert event["offset"] <= len(text)
        text = text[: event["offset"]] + event["text"]

    assert numbers(got) == sorted(set(numbers(got)))
    assert len(got) < 60
    assert text == "".join(f"{number} " for number in range(60))


def test_a_client_that_names_a_number_past_the_end_of_the_log_gets_it_from_its_beginning(
    lab: Lab, client: TestClient
) -> None:
    workspace = admitted(lab, client)
    thread_id = ran(workspace)
    with client.websocket_connect(address(thread_id, 100_000)) as socket:
        message = socket.receive_json()

    assert (message["after"], message["events"][0]["no"]) == (0, 1)


@pytest.mark.parametrize("behind", [0, 2])
def test_a_client_whose_place_can_not_be_read_just_now_is_sent_away_and_goes_on_from_its_number_once_it_can(
    lab: Lab, client: TestClient, monkeypatch: pytest.MonkeyPatch, behind: int
) -> None:
    workspace = admitted(lab, client)
    thread_id = ran(workspace)
    (log,) = lab.runs.logs.of_thread(thread_id)
    last = log.last

    with monkeypatch.context() as broken:
        broken.setattr(Workspace, "events", failing(StorageUnavailable("The database is locked.")))
        with (
            client.websocket_connect(address(thread_id, last - behind)) as socket,
            pytest.raises(WebSocketDisconnect) as closed,
        ):
            socket.receive_json()
    log.append(Progress(("write",), "news"))

    assert closed.value.code == thread_events.LATER
    assert numbers(read(client, thread_id, last - behind, last + 1)) == list(range(last - behind + 1, last + 2))


def test_a_client_far_behind_whose_events_can_not_be_read_just_now_is_sent_away_and_not_left_without_them(
    lab: Lab, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = admitted(lab, client)
    thread_id = ran(workspace)
    last = workspace.events(thread_id)[-1].no
    monkeypatch.setattr(Workspace, "events", failing(StorageUnavailable("The database is locked."), first=2))

    with (
        client.websocket_connect(address(thread_id, last - 2)) as socket,
        pytest.raises(WebSocketDisconnect) as closed,
    ):
        socket.receive_json()

    assert closed.value.code == thread_events.LATER


def test_an_error_that_nobody_expected_lets_all_clients_go_and_they_come_again_to_a_feed_that_looks(
    lab: Lab, client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = admitted(lab, client)
    thread_id = ran(workspace)
    (log,) = lab.runs.logs.of_thread(thread_id)
    last = log.last

    with client.websocket_connect(address(thread_id, last)) as one, client.websocket_connect(address(thread_id)) as two:
        two.receive_json()
        with monkeypatch.context() as broken:
            broken.setattr(Workspace, "events", failing(RuntimeError("Nobody expected this.")))
            for socket in (one, two):
                with pytest.raises(WebSocketDisconnect) as closed:
                    socket.receive_json()
                assert closed.value.code == thread_events.BROKEN
        with client.websocket_connect(address(thread_id, last)) as again:
            log.append(Progress(("write",), "news"))
            assert numbers(again.receive_json()["events"]) == [last + 1]

    assert "Nobody expected this." in caplog.text
    assert thread_events._feeds == {}


def test_a_workspace_has_so_many_clients_at_most_and_another_one_is_told_to_come_later(
    lab: Lab, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_events, "SOCKETS", 2)
    workspace = admitted(lab, client)
    one, other = ran(workspace), ran(workspace)

    with client.websocket_connect(address(one)) as first, client.websocket_connect(address(other)) as second:
        with client.websocket_connect(address(one)) as third, pytest.raises(WebSocketDisconnect) as closed:
            third.receive_json()
        assert (closed.value.code, closed.value.reason) == (
            thread_events.LATER,
            "At most 2 clients of a workspace are served at once.",
        )
        first.receive_json()
        second.receive_json()
        visitor = admitted(lab, client)
        read(client, ran(visitor), 0, 1)

    assert thread_events._clients == {}


def test_one_that_leaves_makes_room_for_another(lab: Lab, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_events, "SOCKETS", 1)
    thread_id = ran(admitted(lab, client))
    for _ in range(3):
        read(client, thread_id, 0, 1)

    assert refused(client, "no-such-thread")
    read(client, thread_id, 0, 1)


@pytest.mark.parametrize("said", ["hello", "x" * 100_000])
def test_a_client_that_says_something_is_closed(lab: Lab, client: TestClient, said: str) -> None:
    thread_id = ran(admitted(lab, client))
    with client.websocket_connect(address(thread_id)) as socket:
        socket.receive_json()
        socket.send_text(said)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()

    assert closed.value.code == thread_events.UNASKED
    assert thread_events._feeds == {}


def test_a_client_whose_last_event_is_another_one_by_now_gets_the_log_from_its_beginning(
    lab: Lab, client: TestClient
) -> None:
    workspace = admitted(lab, client)
    thread_id = ran(workspace)
    *_, last, end = workspace.events(thread_id)

    assert first_after(client, thread_id, last.no, last.at - 1) == 0
    assert first_after(client, thread_id, last.no, last.at) == last.no
    assert first_after(client, thread_id, last.no, "now") == last.no
    assert first_after(client, thread_id, 0, end.at) == 0


def test_a_piece_that_was_joined_to_others_while_its_client_was_away_is_still_the_same_to_it(
    lab: Lab, client: TestClient
) -> None:
    workspace = admitted(lab, client)
    thread_id, log, say = streaming(lab, workspace)
    first = log.last
    known = []
    for number in range(60):
        say(f"{number} ")
        known.append(workspace.events(thread_id, first + number)[-1])

    assert len(log.after(first)) < 60
    assert [first_after(client, thread_id, event.no, event.at) for event in known[:-1]] == [
        event.no for event in known[:-1]
    ]


def refused(client: TestClient, thread_id: str, after: int | str = 0) -> bool:
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect(address(thread_id, after)):
        pass
    return closed.value.code == thread_events.REFUSED


def test_the_thread_of_another_workspace_is_refused_as_one_that_does_not_exist(lab: Lab, client: TestClient) -> None:
    foreign = ran(lab.workspace(LOCAL))
    admitted(lab, client)

    assert refused(client, foreign)
    assert refused(client, "no-such-thread")


def test_a_visitor_without_a_cookie_of_ours_is_refused(lab: Lab, client: TestClient) -> None:
    thread_id = ran(lab.workspace(LOCAL))
    assert refused(client, thread_id)
    client.cookies.set(COOKIE, "made-up")
    assert refused(client, thread_id)


def test_the_page_of_another_site_is_refused(lab: Lab, client: TestClient) -> None:
    thread_id = ran(admitted(lab, client))
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(address(thread_id), headers={"origin": "http://evil.example"}),
    ):
        pass


@pytest.mark.parametrize("after", ["-1", "one", "1.5", "", "²", "9" * 40])
def test_a_number_that_is_none_is_refused(lab: Lab, client: TestClient, after: str) -> None:
    assert refused(client, ran(admitted(lab, client)), after)


def test_a_client_of_a_thread_that_is_deleted_is_told_so(
    lab: Lab, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = admitted(lab, client)
    thread_id = ran(workspace)
    with client.websocket_connect(address(thread_id)) as socket:
        socket.receive_json()
        workspace.threads.delete(thread_id)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()

    assert (closed.value.code, closed.value.reason) == (thread_events.REFUSED, "The thread was deleted.")


def test_once_the_last_client_has_left_nobody_looks_for_its_thread_any_more(lab: Lab, client: TestClient) -> None:
    thread_id = ran(admitted(lab, client))
    with client.websocket_connect(address(thread_id)) as one, client.websocket_connect(address(thread_id)) as other:
        one.receive_json()
        other.receive_json()
        assert [feed.clients for feed in thread_events._feeds.values()] == [2]

    assert thread_events._feeds == {}
