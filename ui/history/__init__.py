"""A thread's history to travel in: tree, table, and what can be done from a checkpoint."""

from ui.history.diff_view import changes
from ui.history.explorer import draw_explorer
from ui.history.travel_actions import notice

__all__ = [
    "changes",
    "draw_explorer",
    "notice",
]
