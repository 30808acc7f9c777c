"""A lane's figures: how they read, and that they are told anew with each event."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest

from graphs.figures import Figure, Happened, States
from lab.events import EventLog, NodeEnded, NodeStarted, RunEnded, RunStarted, ThreadView, Tokens
from tests.support.toy_patterns import OpenLab, chain, done, lane, ran, toy
from ui.graph import shape_of
from ui.lanes import LanePane
from ui.lanes.figures import figures_markup


def counted(happened: Happened) -> Sequence[Figure | States]:
    ended = sum(step.status == "done" for step in happened.steps)
    words = sum(len(message.text.split()) for message in happened.messages)
    return [Figure("Ended", str(ended)), Figure("Words", str(words))]


@pytest.fixture
def log() -> EventLog:
    return EventLog()


@pytest.fixture
def drawn(open_toys: OpenLab, log: EventLog, monkeypatch: pytest.MonkeyPatch) -> tuple[LanePane, list[str]]:
    """Provide a lane that tells figures of the log, and what stood in their line one after the other."""
    lab = open_toys(toy(lane(chain(first=done("first")), figures=counted)))
    workspace = lab.workspace("w")
    thread = workspace.threads.find(ran(workspace))
    shape = shape_of(lab.graphs.drawing("toy", "only"))
    pane = LanePane(workspace, lab.graphs.pattern("toy").lanes[0], thread, ThreadView(log), shape, "key")
    pane.status, pane.snapshot, pane.came_out = "running", None, ""
    pane.draw(lambda _: None)
    lines: list[str] = []
    monkeypatch.setattr(pane, "_figures", SimpleNamespace(markdown=lines.append))
    return pane, lines


def test_a_figure_reads_as_its_name_and_its_value() -> None:
    assert (
        figures_markup([Figure("Hits", "2"), Figure("Saved", "1.2 s")])
        == "Hits **2** · Saved **1\\.2\N{NO-BREAK SPACE}s**"
    )


def test_the_state_that_something_is_in_has_a_sign_of_its_own() -> None:
    markup = figures_markup([States("Breaker", ("closed", "open"), "open")])
    checked = markup.partition("radio_button_checked")
    assert "open" in checked[2]
    assert "closed" in checked[0]
    assert markup.count("radio_button_checked") == 1


def test_what_a_figure_says_stays_text() -> None:
    assert "](http" not in figures_markup([Figure("[x](http://a)", "<b>**1**", alarming=True)])


def test_figures_are_told_anew_while_a_run_goes_on_also_with_each_token(
    drawn: tuple[LanePane, list[str]], log: EventLog
) -> None:
    pane, lines = drawn
    for event in (
        RunStarted("run", "start", "offline", None, ""),
        NodeStarted(("first",), "task"),
        Tokens(("first",), "message", 0, "One two", tool=False),
        NodeEnded(("first",), "task", None, "", (), False, False),
    ):
        log.append(event)
        pane.update()
    assert lines == ["Ended **0** · Words **2**", "Ended **1** · Words **2**"]


def test_figures_that_stay_as_they_were_arent_sent_again(drawn: tuple[LanePane, list[str]], log: EventLog) -> None:
    pane, lines = drawn
    log.append(RunStarted("run", "start", "offline", None, ""))
    pane.update()
    assert lines == []


def test_a_time_that_passes_is_told_also_while_nothing_happens(
    drawn: tuple[LanePane, list[str]], log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane, lines = drawn
    monkeypatch.setattr(pane, "lane", replace(pane.lane, figures=lambda happened: [Figure("Now", f"{happened.now}")]))
    log.append(RunStarted("run", "start", "offline", None, ""))
    pane.update()
    pane.update()
    assert len(set(lines)) == 2


def test_the_time_of_a_run_that_has_ended_stands_still(log: EventLog) -> None:
    log.append(RunStarted("run", "start", "offline", None, "", at=1.0))
    log.append(RunEnded("run", "finished", "", at=3.0))
    view = ThreadView(log)
    view.catch_up()
    assert view.now == 3.0
