"""How often pages look for news: all alike, and less often when many look or the process is late."""

from contextlib import ExitStack, suppress

from ui.lanes.pace import HZ, LOOKS, SLOWEST, Pace

FEW, MANY = LOOKS // HZ, LOOKS // 6


def followed(pace: Pace, stack: ExitStack, pages: int) -> None:
    for _ in range(pages):
        stack.enter_context(pace.following())


def test_a_few_pages_look_as_often_as_eyes_can_follow() -> None:
    pace = Pace()
    with ExitStack() as stack:
        followed(pace, stack, FEW)
        assert pace.pause == 1 / HZ


def test_many_pages_share_the_looks_that_the_process_has() -> None:
    pace = Pace()
    with ExitStack() as stack:
        followed(pace, stack, MANY)
        assert pace.pause == MANY / LOOKS
        # What comes just after a look waits no longer than a quarter of a second for the next one.
        assert pace.pause < 0.25


def test_a_page_that_has_left_is_counted_no_longer_whatever_ended_it() -> None:
    pace = Pace()
    for _ in range(MANY):
        with suppress(ValueError), pace.following():
            raise ValueError
    assert pace.pause == 1 / HZ


def test_looks_that_come_late_come_less_often_until_they_come_in_time_again() -> None:
    pace = Pace()
    for _ in range(100):
        pace.note(0.1)
    late = pace.pause
    for _ in range(200):
        pace.note(0.0)
    assert late > 0.3
    assert pace.pause < late / 4


def test_no_page_stands_still_however_late_the_process_is() -> None:
    pace = Pace()
    with ExitStack() as stack:
        followed(pace, stack, 5 * LOOKS)
        for _ in range(100):
            pace.note(10.0)
        assert pace.pause == SLOWEST
