"""What stays in a log that is full: how things stand, and every message that still streams."""

from typing import Any

from lab.events import (
    Event,
    EventLog,
    Message,
    NodeEnded,
    NodeStarted,
    Progress,
    RunEnded,
    RunStarted,
    StreamingMessage,
    ThreadView,
    Tokens,
)
from lab.events.limits import LARGE, joined, weight
from lab.events.types import Skipped
from tests.support.toy_patterns import OpenLab, chain, done, lane, ran, toy


def begins(run: str = "run") -> Event:
    return RunStarted(run, "start", "", {"n": 1}, "")


def ends(run: str = "run") -> Event:
    return RunEnded(run, "finished", "")


def starts(task: str) -> Event:
    return NodeStarted((task,), task)


def finishes(task: str, wrote: Any = None) -> Event:
    return NodeEnded((task,), task, wrote, "", (), False, False)


def says(message: str, offset: int, text: str) -> Event:
    return Tokens((message,), message, offset, text, False)


def filled(log: EventLog, *events: Event) -> EventLog:
    for event in events:
        log.append(event)
    return log


def test_a_run_of_three_streams_and_many_events_is_still_seen_to_run() -> None:
    log = filled(EventLog(2000), begins(), *(starts(name) for name in "abc"))
    for number in range(30_000):
        log.append(says("abc"[number % 3], number // 3, "x"))
    view = ThreadView(log)
    view.catch_up()

    assert view.running
    assert [message.text for message in view.items if isinstance(message, Message)] == ["x" * 10_000] * 3
    assert {step.status for step in view.steps} == {"running"}


def test_a_run_of_very_many_steps_keeps_its_beginning_and_the_node_at_work() -> None:
    log = filled(EventLog(200), begins())
    for number in range(1000):
        filled(log, starts(f"t{number}"), finishes(f"t{number}"))
    filled(log, starts("last"))
    view = ThreadView(log)
    view.catch_up()

    assert view.running
    assert view.runs[-1].kind == "start"
    assert view.steps[-1].path == ("last",)
    assert view.steps[-1].status == "running"
    assert view.dropped > 0
    assert len(log.after(0)) <= 200


def test_a_node_that_began_long_ago_and_is_still_at_work_stays() -> None:
    log = filled(EventLog(100), begins(), starts("long"))
    for number in range(500):
        log.append(Progress(("long",), number))

    assert [event.task_id for event in log.after(0) if isinstance(event, NodeStarted)] == ["long"]
    assert any(isinstance(event, Skipped) for event in log.after(0))


def test_a_reader_in_the_middle_of_a_message_that_was_joined_across_others_reads_on_without_a_break() -> None:
    log = EventLog(20)
    view = ThreadView(log)
    for number in range(500):
        log.append(says("ab"[number % 2], number // 2, "xy"[number % 2]))
        if number % 7 == 0:
            view.catch_up()
    view.catch_up()

    assert [message.text for message in view.items if isinstance(message, Message)] == ["x" * 250, "y" * 250]


def test_messages_stay_in_the_order_in_which_they_began_when_they_are_joined() -> None:
    log = EventLog(12)
    for number in range(300):
        log.append(says("abc"[number % 3], number // 3, "x"))
    view = ThreadView(log)
    view.catch_up()

    assert [message.key for message in view.items if isinstance(message, Message)] == ["a", "b", "c"]


def test_a_log_is_limited_by_bytes_as_well() -> None:
    log = EventLog(room=200_000)
    for number in range(300):
        filled(log, begins(str(number)), starts(f"t{number}"), finishes(f"t{number}", "x" * 5000), ends(str(number)))

    assert log.bytes <= 200_000
    assert sum(map(weight, log.after(0))) <= 200_000
    assert isinstance(log.after(0)[-1], RunEnded)


def test_a_large_value_is_told_in_short_and_says_where_it_is_whole() -> None:
    log = filled(EventLog(), finishes("t", {"text": "x" * 4_000_000, "rows": list(range(100_000)), "n": 1}))
    (event,) = log.after(0)

    assert isinstance(event, NodeEnded)
    assert weight(event) <= LARGE
    assert event.wrote["n"] == 1
    assert "4,000,000 characters in all" in event.wrote["text"]
    assert event.wrote["rows"][-1] == "… (100,000 entries in all)"


def test_a_value_of_ordinary_size_is_told_whole() -> None:
    wrote = {"text": "x" * 50_000}
    (event,) = filled(EventLog(), finishes("t", wrote)).after(0)

    assert isinstance(event, NodeEnded)
    assert event.wrote == wrote


def test_logs_of_many_threads_take_no_more_than_their_room(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a"), b=lambda _: {"done": ["y" * 50_000]}))))
    lab.runs.logs._room = 400_000
    workspace = lab.workspace("w")
    threads = [ran(workspace) for _ in range(20)]
    held = sum(log.bytes for thread_id in threads for log in lab.runs.logs.of_thread(thread_id))

    assert held <= 500_000
    assert all(isinstance(workspace.events(thread_id)[-1], RunEnded) for thread_id in threads)


def test_the_pieces_of_a_message_are_counted_and_a_join_or_a_late_reader_changes_nothing_of_it() -> None:
    log, growing = EventLog(), StreamingMessage(("say",), "m", tool=False)
    for number in range(40):
        log.say(growing, "word ")
        if number % 7 == 0:
            log.append(starts(str(number)))
    told = log.after(0)
    early, late = EventLog(), EventLog()
    for event in told:
        early.append(event)
    late.load(list(joined(told)))

    for one in (early, late):
        view = ThreadView(one)
        view.catch_up()
        (message,) = (item for item in view.items if isinstance(item, Message))
        assert (message.pieces, message.text) == (40, "word " * 40)
