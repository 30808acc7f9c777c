"""A run that has just begun gets a moment to end before its page is drawn, and no other one does."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from lab.events import EventLog, NodeStarted, RunEnded, RunStarted, ThreadView, Tokens
from ui.lanes import open_views, thread_views
from ui.lanes.thread_views import FIRST_WORDS, LOOK, SHORT_RUN

STARTED = 1000.0


class Waits:
    """A workspace of one thread, whose clock goes by what is waited for, and not otherwise."""

    def __init__(self) -> None:
        self.log = EventLog()
        self.now = STARTED
        self.waited = 0.0
        self.here = True
        """Whether the run is one of this process."""
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens at each wait."""

    def view(self, _: str) -> ThreadView:
        return ThreadView(self.log)

    def wait(self, _: str, timeout: float) -> bool:
        if not self.here:
            return True
        self.now += timeout
        self.waited += timeout
        self.meanwhile()
        return not self.log.open_run

    def opened(self) -> ThreadView:
        stand_ins: Any = self, {"lane": SimpleNamespace(thread_id="thread")}
        return open_views(*stand_ins)["lane"]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    workspace = Waits()
    clock: Any = SimpleNamespace(time=lambda: workspace.now, monotonic=lambda: workspace.now)
    monkeypatch.setattr(thread_views, "time", clock)
    workspace.log.append(RunStarted("run", "start", "offline", None, "", at=STARTED))
    workspace.log.append(NodeStarted(("node",), "task", at=STARTED))
    return workspace


def test_a_run_that_ends_within_the_moment_has_ended_when_its_page_is_drawn(waits: Waits) -> None:
    waits.meanwhile = lambda: waits.log.append(RunEnded("run", "finished", "", at=waits.now))
    view = waits.opened()

    assert (view.running, view.version, waits.waited) == (False, 3, LOOK)


def test_a_run_that_goes_on_is_shown_after_the_moment(waits: Waits) -> None:
    assert waits.opened().running
    assert waits.waited == pytest.approx(SHORT_RUN, abs=LOOK)


def test_a_run_that_has_been_going_on_for_longer_is_shown_at_once(waits: Waits) -> None:
    waits.now += SHORT_RUN

    assert waits.opened().running
    assert waits.waited == 0


def test_a_run_that_another_process_does_is_shown_at_once(waits: Waits) -> None:
    waits.here = False

    assert waits.opened().running


def test_a_model_that_goes_on_speaking_is_shown_soon_after_its_first_word(waits: Waits) -> None:
    waits.log.append(Tokens(("node",), "message", 0, "First", tool=False, at=STARTED))
    (message,) = waits.opened().messages

    assert message.text == "First"
    assert waits.waited == pytest.approx(FIRST_WORDS, abs=LOOK * 1.5)


def test_a_run_that_a_clock_of_another_machine_has_begun_later_is_waited_for_no_longer(waits: Waits) -> None:
    waits.now -= 3600

    assert waits.opened().running
    assert waits.waited == pytest.approx(SHORT_RUN, abs=LOOK)


def test_a_thread_without_a_run_is_shown_at_once(waits: Waits) -> None:
    waits.log = EventLog()

    assert not waits.opened().running
    assert waits.waited == 0
