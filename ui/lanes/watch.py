"""Redraw the page when another tab or process changes what it shows, while this tab follows no run."""

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from lab.errors import LabError

SECONDS = 1.5
"""Between two looks."""


def watch_others(look: Callable[[], object], before: object) -> None:
    """Look again and again whether `look` gives something else than `before`, and draw the page anew if it does.

    It's drawn last on a page that follows no run. What is typed stays: a field keeps it over a new drawing.
    """
    _look(look, before, [True])


@st.fragment(run_every=SECONDS)
def _look(look: Callable[[], object], before: object, drawn_now: list[bool]) -> None:
    if drawn_now:
        # The page itself has just looked.
        drawn_now.clear()
        return
    # What can't be read now is told of by the page, where there's more to be said of it.
    with suppress(LabError):
        if look() != before:
            st.rerun()
