"""The event log: numbered, in order, bounded, and the same for every reader."""

import threading
import time
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.events import Event, EventLog, Message, NodeStarted, Progress, StreamingMessage, ThreadView, Tokens
from lab.events.types import Skipped


def started(task: str) -> Event:
    return NodeStarted(("node",), task)


def tokens(message: str, offset: int, text: str, *, tool: bool = False) -> Event:
    return Tokens(("node",), message, offset, text, tool)


def filled(*events: Event, limit: int = 100) -> EventLog:
    log = EventLog(limit)
    for event in events:
        log.append(event)
    return log


def test_events_are_numbered_from_one_without_a_gap() -> None:
    log = filled(*(started(str(number)) for number in range(5)))

    assert [event.no for event in log.after(0)] == [1, 2, 3, 4, 5]
    assert log.last == 5


def test_an_event_happened_when_it_was_appended_unless_it_says_when() -> None:
    before = time.time()
    log = filled(started("now"), NodeStarted(("node",), "then", at=7.0))
    now, then = (event.at for event in log.after(0))

    assert before <= now <= time.time()
    assert then == 7.0


def test_an_event_of_another_log_gets_a_number_of_this_one() -> None:
    log = filled(NodeStarted(("node",), "a", no=9, at=7.0))

    assert log.after(0) == [NodeStarted(("node",), "a", no=1, at=7.0)]


@pytest.mark.parametrize("number", range(7))
def test_a_reader_gets_all_past_its_number_and_nothing_before(number: int) -> None:
    log = filled(*(started(str(number)) for number in range(5)))

    assert [event.no for event in log.after(number)] == list(range(number + 1, 6))


def test_reading_takes_nothing_away_from_a_second_reader() -> None:
    log = filled(started("a"), started("b"))

    assert log.after(0) == log.after(0)
    assert len(log.after(0)) == 2


def test_a_reader_with_no_time_to_wait_gets_an_empty_list_at_once() -> None:
    assert EventLog().after(0) == []


def test_a_reader_that_waits_is_woken_by_the_event() -> None:
    log, got = EventLog(), list[Event]()
    reader = threading.Thread(target=lambda: got.extend(log.after(0, 30)))
    reader.start()
    log.append(started("a"))
    reader.join(10)

    assert [event.no for event in got] == [1]


def test_waiting_ends_empty_where_nothing_happens() -> None:
    assert filled(started("a")).after(1, 0.01) == []


def test_a_log_over_its_limit_tells_up_to_where_events_are_gone() -> None:
    log = filled(*(started(str(number)) for number in range(50)), limit=10)
    first, *rest = log.after(0)

    assert isinstance(first, Skipped)
    assert [event.no for event in rest] == list(range(first.dropped + 1, 51))


def test_a_reader_past_the_gap_is_not_told_of_it() -> None:
    log = filled(*(started(str(number)) for number in range(50)), limit=10)

    assert [event.no for event in log.after(48)] == [49, 50]


@pytest.mark.parametrize("interleaved", [1, 3])
def test_a_log_never_holds_more_than_its_limit(interleaved: int) -> None:
    log = EventLog(10)
    for number in range(200):
        log.append(tokens(f"m{number % interleaved}", number // interleaved, "x"))
        assert len(log.after(0)) <= 10


def test_tokens_of_one_message_are_merged_before_anything_is_dropped() -> None:
    log = filled(started("a"), *(tokens("m", number, "x") for number in range(500)), started("b"), limit=10)

    assert not any(isinstance(event, Skipped) for event in log.after(0))
    assert "".join(event.text for event in log.after(0) if isinstance(event, Tokens)) == "x" * 500


def test_a_tool_call_is_not_merged_with_the_words_of_the_same_message() -> None:
    log = filled(*(tokens("m", number // 2, "ab"[number % 2], tool=bool(number % 2)) for number in range(8)), limit=7)

    assert all(len(set(event.text)) == 1 for event in log.after(0) if isinstance(event, Tokens))


Act = tuple[Literal["token", "progress", "read"], int, str]
ACTS = st.lists(
    st.tuples(st.sampled_from(["token", "token", "token", "progress", "read"]), st.integers(0, 2), st.text(max_size=3)),
    max_size=80,
)


@settings(deadline=None, max_examples=300)
@given(acts=ACTS, limit=st.integers(4, 12), voices=st.integers(1, 3))
def test_no_reader_at_any_position_loses_a_character_without_being_told(
    acts: list[Act], limit: int, voices: int
) -> None:
    log = EventLog(limit)
    readers = [ThreadView(log) for _ in range(3)]
    said: dict[str, str] = {}
    for kind, which, text in acts:
        if kind == "read":
            readers[which].catch_up()
        elif kind == "progress":
            log.append(Progress((), None))
        else:
            message = f"m{which % voices}"
            log.append(tokens(message, len(said.get(message, "")), text))
            said[message] = said.get(message, "") + text
    for reader in readers:
        reader.catch_up()
        assert reader.version == log.last
        if not reader.dropped:
            assert {item.key: item.text for item in reader.items if isinstance(item, Message)} == said


@settings(deadline=None, max_examples=200)
@given(
    texts=st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=60), limit=st.integers(4, 8), data=st.data()
)
def test_a_reader_inside_a_merged_range_puts_it_in_the_same_place(
    texts: list[str], limit: int, data: st.DataObject
) -> None:
    log, offset = EventLog(limit), 0
    reader = ThreadView(log)
    leaves = data.draw(st.integers(0, len(texts)))
    for number, text in enumerate(texts):
        log.append(tokens("m", offset, text))
        offset += len(text)
        if number < leaves:
            reader.catch_up()
    reader.catch_up()

    assert reader.dropped == 0
    assert [item.text for item in reader.items if isinstance(item, Message)] == ["".join(texts)]


def growing() -> StreamingMessage:
    return StreamingMessage(("say",), "m1", tool=False)


def test_pieces_become_one_event_before_whatever_happens_next() -> None:
    log, message = EventLog(), growing()
    for piece in ("one ", "two"):
        log.say(message, piece)
    log.append(Progress(("say",), {}))
    log.say(message, " three")

    told = [(type(event), event.no, getattr(event, "text", "")) for event in log.after(0)]
    assert told == [(Tokens, 1, "one two"), (Progress, 2, ""), (Tokens, 3, " three")]


def test_a_waiting_reader_is_woken_by_a_piece() -> None:
    log, message, found = EventLog(), growing(), list[str]()

    def read() -> None:
        found.extend(event.text for event in log.after(0, 30.0) if isinstance(event, Tokens))

    reader = threading.Thread(target=read)
    reader.start()
    log.say(message, "now")
    reader.join(30)

    assert found == ["now"]


def test_no_piece_is_lost_or_told_twice_while_a_reader_reads_along() -> None:
    log, message, read = EventLog(), growing(), list[Tokens]()
    done = threading.Event()

    def follow() -> None:
        while not done.is_set() or (read[-1].no if read else 0) < log.last:
            read.extend(event for event in log.after(read[-1].no if read else 0, 0.01) if isinstance(event, Tokens))

    reader = threading.Thread(target=follow)
    reader.start()
    for number in range(3000):
        log.say(message, f"{number} ")
    done.set()
    reader.join(30)

    assert "".join(event.text for event in read) == "".join(f"{number} " for number in range(3000))
    assert [event.offset for event in read[1:]] == [event.offset + len(event.text) for event in read[:-1]]
