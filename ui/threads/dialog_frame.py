"""What all dialogs about threads share: which one is open, what its action did, and the buttons that confirm."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import streamlit as st

from lab.threads import TITLE, Thread
from ui.common import ActionErrors, counted, literal, refusal_drawn, uninterrupted

_OPEN = "threads_open"
_NOTICE = "threads_notice"

NAMED = 6
"""Threads that are named in a sentence; the rest is counted."""

RECORD = "What people decided stays on the page *Decisions*."
"""Said wherever threads or their branches are deleted."""

LIST_ERRORS = ActionErrors("threads")
"""Why the last action of the list, without a dialog, was refused."""


def open_dialog(action: str, *thread_ids: str) -> None:
    """Open a dialog about threads with the page's next drawing."""
    st.session_state[_OPEN] = (action, thread_ids)


def open_action() -> tuple[str, tuple[str, ...]]:
    """Return which dialog is open and about which threads; empty where none is."""
    action, thread_ids = st.session_state.get(_OPEN, ("", ()))
    return action, thread_ids


def is_open() -> bool:
    """Tell whether a dialog is open."""
    return _OPEN in st.session_state


def close_dialog() -> None:
    """Leave the open dialog away from the page's next drawing."""
    st.session_state.pop(_OPEN, None)


def say(text: str, thread_id: str = "", refusals: Sequence[str] = ()) -> None:
    """Store what the last action did, and what it couldn't do, for the page's next drawing.

    The texts are Markdown; the thread is linked.
    """
    st.session_state[_NOTICE] = (text, thread_id, tuple(refusals))


def draw_notice() -> str:
    """Draw once what the last action did, or why it was refused, and return the thread that it made."""
    text, thread_id, refusals = st.session_state.pop(_NOTICE, ("", "", ()))
    if text:
        st.success(text, icon=":material/check_circle:")
    for refusal in refusals:
        st.warning(refusal, icon=":material/error:")
    LIST_ERRORS.draw()
    LIST_ERRORS.clear()
    return str(thread_id)


def dialog(title: str, **options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that draws a dialog with what it's refused for, and closes it once its action is done."""

    def decorate(draw: Callable[..., None]) -> Callable[..., None]:
        @st.dialog(title, on_dismiss=close_dialog, **options)
        @refusal_drawn()
        @wraps(draw)
        def drawn(*args: Any) -> None:
            if not is_open():
                st.rerun()
            draw(*args)

        return drawn

    return decorate


def act_once(doing: str, act: Callable[[], None]) -> None:
    """Do what the dialog is for, once however often its button is pressed, and close it; `act` says what it did."""
    with st.spinner(doing):
        with uninterrupted():
            if is_open():
                act()
                close_dialog()
        st.rerun()


def draw_confirmation(key: str, label: str, *, able: bool = True) -> bool:
    """Draw the button that destroys and the one that doesn't; return whether the first was pressed."""
    with st.container(horizontal=True):
        sure = st.button(label, type="primary", icon=":material/delete:", disabled=not able, key=f"{key}_do")
        if st.button("Cancel", key=f"{key}_cancel"):
            close_dialog()
            st.rerun()
        return sure


def name_threads(threads: Sequence[Thread]) -> str:
    """Return the threads' titles as Markdown, the rest of many counted only."""
    titles = [f"**{literal(thread.title, TITLE)}**" for thread in threads[:NAMED]]
    more = len(threads) - NAMED
    return join_words([*titles, *([counted(more, "other")] if more > 0 else [])])


def join_words(parts: Sequence[str]) -> str:
    """Return an enumeration in words."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
