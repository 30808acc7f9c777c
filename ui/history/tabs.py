"""The tabs below the history: state, changes and diff of a checkpoint, and the ways to run from it."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lab.history import Snapshot
from ui.common import Looked, refusal_drawn
from ui.history.branches_tab import draw_branches
from ui.history.diff_tab import draw_diff
from ui.history.diff_view import draw_changes
from ui.history.fork_tab import draw_fork
from ui.history.reanswer_tab import draw_reanswer
from ui.history.replay_tab import draw_replay
from ui.history.state_tab import draw_state

View = Callable[[Looked, Snapshot], None]


READ = ("State", "Changed here", "Diff")
"""What is only read has a place that ends with the table beside it and scrolls; a form is as long as it is."""
HEIGHT = 380
"""Pixels of that place."""


def views(looked: Looked, snapshot: Snapshot) -> None:
    """Draw the tabs about the checkpoint; only the open one costs anything."""
    drawn = st.tabs(list(VIEWS), key="view", on_change="rerun", bind="query-params")
    for title, tab in zip(VIEWS, drawn, strict=True):
        if tab.open:
            with tab:
                if looked.running:
                    # The script goes on while a run is followed, and would leave what was drawn here before in its
                    # place, with buttons that look as if they could be pressed; an element there takes it away.
                    st.empty()
                with _room(title):
                    _view(title, looked, snapshot)


def _room(title: str) -> DeltaGenerator:
    return st.container(height=HEIGHT, border=False, key="reading") if title in READ else st.container()


def _view(title: str, looked: Looked, snapshot: Snapshot) -> None:
    with refusal_drawn():
        VIEWS[title](looked, snapshot)


def _changed(looked: Looked, snapshot: Snapshot) -> None:
    if looked.at.namespace:
        st.info("Changes are shown for the thread's own steps; look at the step that called this subgraph.")
        return
    differences = looked.workspace.history.diff(looked.thread.thread_id, snapshot.parent_id, snapshot.checkpoint_id)
    if snapshot.parent_id is None:
        st.caption("The first checkpoint of the thread, against nothing.")
    draw_changes(differences)


VIEWS: dict[str, View] = {
    "State": draw_state,
    "Changed here": _changed,
    "Diff": draw_diff,
    "Edit and fork": draw_fork,
    "Replay": draw_replay,
    "Answer again": draw_reanswer,
    "Compare branches": draw_branches,
}
