"""The timeline: each failed attempt is a frame, and each wait between two tries a line with its length."""

from lab.events import Attempt, StepView
from ui.pattern_page.timeline import draw_timeline

FRAME, LINE = 'stroke-dasharray="3 2"', 'stroke-dasharray="2 3"'


def tried(*failures: tuple[float, float], again: tuple[float, ...], end: float, status: str = "done") -> StepView:
    step = StepView("1", ("rate",), status, started=0.0, ended=end, spans=[(0.0, end)])  # type: ignore[arg-type]
    step.failed_attempts = [Attempt(begun, failed, "ConnectionError") for begun, failed in failures]
    step.tried_again = [*again]
    return step


def test_failed_attempts_and_the_waits_between_them_are_drawn_with_their_length() -> None:
    step = tried((0.0, 0.1), (0.6, 0.7), again=(0.6, 1.9), end=2.0)
    drawn = draw_timeline([("Backoff", [step])])

    assert step.waits == [(0.1, 0.6), (0.7, 1.9)]
    assert (drawn.count(FRAME), drawn.count(LINE)) == (2, 2)
    assert "rate: done, 2.00 s, 2 failed of 3 attempts" in drawn
    assert {f">{length}<" in drawn for length in ("500 ms", "1.20 s", "2.00 s · 3 attempts")} == {True}
    # A bar for each failed attempt below its frame, and one for the try that went well.
    assert drawn.count("<rect") == 5


def test_a_step_that_failed_for_good_waits_no_more_after_its_last_attempt() -> None:
    drawn = draw_timeline([("Backoff", [tried((0.0, 0.1), (0.6, 0.7), again=(0.6,), end=0.7, status="failed")])])

    assert (drawn.count(FRAME), drawn.count(LINE)) == (2, 1)
    assert "2 failed of 2 attempts" in drawn


def test_a_step_that_was_tried_once_says_nothing_of_attempts() -> None:
    drawn = draw_timeline([("Once", [tried((0.0, 0.1), again=(), end=0.1, status="failed")])])

    assert (drawn.count(FRAME), drawn.count(LINE)) == (1, 0)
    assert "100 ms<" in drawn
