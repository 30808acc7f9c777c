"""What a lane's redrawing sends: what is new, and nothing that stands there already."""

from typing import Any

import pytest
from streamlit.delta_generator import DeltaGenerator

from lab.events import (
    CheckpointSaved,
    Event,
    EventLog,
    NodeEnded,
    NodeStarted,
    RunStarted,
    RunStopping,
    ThreadView,
    Tokens,
)
from tests.support.toy_patterns import OpenLab, chain, done, lane, ran, toy
from ui.graph import shape_of
from ui.lanes import LanePane

BEGUN = (RunStarted("run", "start", "offline", None, ""), NodeStarted(("first",), "task"))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Provide the kinds of the elements that are sent."""
    kinds: list[str] = []
    enqueue = DeltaGenerator._enqueue

    def heard(self: DeltaGenerator, kind: str, *args: Any, **more: Any) -> DeltaGenerator:
        kinds.append(kind)
        return enqueue(self, kind, *args, **more)

    monkeypatch.setattr(DeltaGenerator, "_enqueue", heard)
    return kinds


@pytest.fixture
def log() -> EventLog:
    """Provide the log of a run that has begun its first node."""
    begun = EventLog()
    for event in BEGUN:
        begun.append(event)
    return begun


@pytest.fixture
def pane(open_toys: OpenLab, log: EventLog) -> LanePane:
    """Provide a drawn lane that follows the log."""
    lab = open_toys(toy(lane(chain(first=done("first"), last=done("last")))))
    workspace = lab.workspace("w")
    thread = workspace.threads.find(ran(workspace))
    shape = shape_of(lab.graphs.drawing("toy", "only"))
    drawn = LanePane(workspace, lab.graphs.pattern("toy").lanes[0], thread, ThreadView(log), shape, "key")
    drawn.status, drawn.snapshot, drawn.came_out = "running", None, ""
    drawn.draw(lambda _: None)
    return drawn


def say(log: EventLog, offset: int, text: str) -> None:
    log.append(Tokens(("first",), "message", offset, text, tool=False))


def updated(pane: LanePane, sent: list[str]) -> list[str]:
    sent.clear()
    pane.update()
    return list(sent)


def test_a_word_more_sends_the_text_that_it_belongs_to_and_nothing_else(
    pane: LanePane, log: EventLog, sent: list[str]
) -> None:
    say(log, 0, "One ")
    pane.update()
    say(log, 4, "two ")
    assert updated(pane, sent) == ["text"]


def test_no_news_send_nothing(pane: LanePane, sent: list[str]) -> None:
    assert updated(pane, sent) == []


def test_what_changes_nothing_in_the_head_sends_nothing(pane: LanePane, log: EventLog, sent: list[str]) -> None:
    log.append(CheckpointSaved((), "checkpoint", 0, "loop", ("first",)))
    assert updated(pane, sent) == []


@pytest.mark.parametrize(
    ("event", "elements"),
    [
        # The colours of the graph, the names beside the status, and the new step.
        (NodeStarted(("last",), "other"), {"markdown", "empty"}),
        # The badge that says so is drawn as Markdown.
        (RunStopping("run"), {"markdown"}),
        (NodeEnded(("first",), "task", None, "", (), False, False), {"markdown"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_changes_the_head_is_sent(
    pane: LanePane, log: EventLog, sent: list[str], event: Event, elements: set[str]
) -> None:
    log.append(event)
    assert set(updated(pane, sent)) == elements
