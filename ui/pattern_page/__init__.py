"""A pattern's page: the form that runs it, the play of its examples, and the tabs below its lanes."""

from ui.pattern_page.panels import panel_of
from ui.pattern_page.play import Play
from ui.pattern_page.play_bar import draw_play_bar
from ui.pattern_page.play_state import start_play
from ui.pattern_page.run_form import Starter
from ui.pattern_page.tabs import Dock, draw_tabs, tab_names

__all__ = [
    "Dock",
    "Play",
    "Starter",
    "draw_play_bar",
    "draw_tabs",
    "panel_of",
    "start_play",
    "tab_names",
]
