"""The threads that are selected in the table, kept over pages, filters and redraws."""

from collections.abc import Collection, Sequence
from contextlib import suppress

import streamlit as st

from lab.errors import UnknownThread
from lab.threads import Thread
from lab.workspace import Workspace

_SELECTED = "threads_selected"
_CHANGES = "threads_selection_changes"


def selected_ids() -> tuple[str, ...]:
    """Return the ids of the selected threads, in the order of selecting."""
    return tuple(st.session_state.get(_SELECTED, ()))


def changes_made() -> int:
    """Return how often the selection was changed by other means than the table, which then is to be drawn anew."""
    return int(st.session_state.get(_CHANGES, 0))


def note_rows(listed: Sequence[str], marked: Collection[str]) -> None:
    """Store which of the listed threads are marked; what is selected elsewhere stays."""
    others = [one for one in selected_ids() if one not in listed or one in marked]
    _store([*others, *(one for one in listed if one in marked and one not in others)])


def deselect(thread_ids: Collection[str] | None = None) -> None:
    """Take threads out of the selection, or all of them."""
    st.session_state[_CHANGES] = changes_made() + 1
    _store([] if thread_ids is None else [one for one in selected_ids() if one not in thread_ids])


def find_selected(visitor: Workspace, listed: Sequence[Thread]) -> list[Thread]:
    """Return the selected threads; one that was deleted meanwhile is selected no more."""
    known = {thread.thread_id: thread for thread in listed}
    threads = []
    for thread_id in selected_ids():
        with suppress(UnknownThread):
            threads.append(known.get(thread_id) or visitor.threads.find(thread_id))
    _store([thread.thread_id for thread in threads])
    return threads


def _store(thread_ids: Sequence[str]) -> None:
    st.session_state[_SELECTED] = list(thread_ids)
