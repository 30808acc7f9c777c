"""A lane: its head, graph, chat and steps, and the cards that ask."""

from ui.lanes.card import draw_card
from ui.lanes.example_steps import in_one_press, in_words, who_acts
from ui.lanes.failures import inside, killed, reason
from ui.lanes.follow import follow_runs
from ui.lanes.pane import BADGES, LanePane
from ui.lanes.panel import LanePanel
from ui.lanes.stage import draw_stage
from ui.lanes.start import SAMPLE, sample_button, start_example, start_sample
from ui.lanes.thread_views import open_views
from ui.lanes.watch import SECONDS, watch_others

__all__ = [
    "BADGES",
    "SAMPLE",
    "SECONDS",
    "LanePane",
    "LanePanel",
    "draw_card",
    "draw_stage",
    "follow_runs",
    "in_one_press",
    "in_words",
    "inside",
    "killed",
    "open_views",
    "reason",
    "sample_button",
    "start_example",
    "start_sample",
    "watch_others",
    "who_acts",
]
