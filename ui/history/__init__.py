"""A thread's history: tree, table, and the tabs of a checkpoint."""

from ui.history.diff_view import draw_changes
from ui.history.explorer import draw_explorer
from ui.history.folding import Folded, fold
from ui.history.fork_tab import preview_edit
from ui.history.tabs import VIEWS
from ui.history.thread_ends import MOST_COMPARED, draw_thread_ends
from ui.history.travel_actions import confirm_effects, draw_ahead
from ui.history.tree import tree_html

__all__ = [
    "MOST_COMPARED",
    "VIEWS",
    "Folded",
    "confirm_effects",
    "draw_ahead",
    "draw_changes",
    "draw_explorer",
    "draw_thread_ends",
    "fold",
    "preview_edit",
    "tree_html",
]
