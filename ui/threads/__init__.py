"""The list of threads: the dialogs of its actions, and the form that prunes."""

from ui.threads.dialogs import LIST_ERRORS, draw_dialog, draw_notice, draw_thread_menu, is_open, open_dialog, say

__all__ = [
    "LIST_ERRORS",
    "draw_dialog",
    "draw_notice",
    "draw_thread_menu",
    "is_open",
    "open_dialog",
    "say",
]
