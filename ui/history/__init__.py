"""A thread's history to travel in: tree, table, and what can be done from a checkpoint."""

from ui.history.diff_view import changes
from ui.history.explorer import draw_explorer
from ui.history.folding import Folded, fold
from ui.history.tabs import VIEWS
from ui.history.travel_actions import notice
from ui.history.tree import draw

__all__ = [
    "VIEWS",
    "Folded",
    "changes",
    "draw",
    "draw_explorer",
    "fold",
    "notice",
]
