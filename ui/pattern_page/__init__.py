"""A pattern's page: the form that runs it, and the tabs below its lanes."""

from ui.pattern_page.run_form import Starter
from ui.pattern_page.tabs import Dock, draw_tabs, tab_names

__all__ = [
    "Dock",
    "Starter",
    "draw_tabs",
    "tab_names",
]
