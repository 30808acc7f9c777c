"""A lane: its head, graph, chat and steps, and the cards that ask."""

from ui.lanes.card import draw_card
from ui.lanes.example_steps import in_words
from ui.lanes.follow import follow_runs
from ui.lanes.pane import BADGES, LanePane
from ui.lanes.watch import watch_others

__all__ = [
    "BADGES",
    "LanePane",
    "draw_card",
    "follow_runs",
    "in_words",
    "watch_others",
]
