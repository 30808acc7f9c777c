"""The list of threads: its table, the dialogs of its actions, and the form that prunes."""

from ui.threads.dialog_frame import LIST_ERRORS, draw_notice, is_open, name_threads, open_dialog, say
from ui.threads.dialogs import draw_dialog, draw_thread_menu
from ui.threads.selection import deselect, find_selected
from ui.threads.table import ThreadLine, draw_thread_table, take_way

__all__ = [
    "LIST_ERRORS",
    "ThreadLine",
    "deselect",
    "draw_dialog",
    "draw_notice",
    "draw_thread_menu",
    "draw_thread_table",
    "find_selected",
    "is_open",
    "name_threads",
    "open_dialog",
    "say",
    "take_way",
]
