"""A pattern's page: the form that runs it, and the tabs below its lanes."""

from ui.pattern_page.compare_threads import draw_thread_comparison
from ui.pattern_page.costs import draw_costs
from ui.pattern_page.run_form import Starter
from ui.pattern_page.tabs import TABS, draw_tabs

__all__ = [
    "TABS",
    "Starter",
    "draw_costs",
    "draw_tabs",
    "draw_thread_comparison",
]
