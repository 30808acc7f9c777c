"""Noticing what another tab or process does to the threads on show, while this tab follows no run of them."""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from lab.errors import LabError
from lab.workspace import Workspace

SECONDS = 1.5
"""Between two looks."""


def watch(workspace: Workspace, thread_ids: Sequence[str], before: tuple[object, ...]) -> None:
    """Look again and again whether the threads still have the stamp of `before`, and draw the page anew if not.

    It's drawn last on a page that follows no run. What is typed stays: a field keeps it over a new drawing.
    """
    if thread_ids:
        _look(workspace, tuple(thread_ids), before)


@st.fragment(run_every=SECONDS)
def _look(workspace: Workspace, thread_ids: tuple[str, ...], before: tuple[object, ...]) -> None:
    # What can't be read now is told of by the page, where there's more to be said of it.
    with suppress(LabError):
        if workspace.stamp(thread_ids) != before:
            st.rerun()
