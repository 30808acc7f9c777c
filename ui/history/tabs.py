"""What can be seen of a checkpoint and done from it: state, changes, differences, edits, replays, other answers."""

from collections.abc import Callable

import streamlit as st

from lab.history import Snapshot
from ui.common import Looked, refusal_drawn
from ui.history import branches_tab as compare
from ui.history import diff_tab as diff_pair
from ui.history import fork_tab as travel
from ui.history import reanswer_tab as reanswer
from ui.history import state_tab as moment
from ui.history.diff_view import changes

View = Callable[[Looked, Snapshot], None]


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
                with st.container():
                    _view(title, looked, snapshot)


def _view(title: str, looked: Looked, snapshot: Snapshot) -> None:
    with refusal_drawn():
        VIEWS[title](looked, snapshot)


def _changed(looked: Looked, snapshot: Snapshot) -> None:
    if looked.at.namespace:
        st.info("Changes are shown for the thread's own steps; look at the step that called this subgraph.")
        return
    found = looked.workspace.history.diff(looked.thread.thread_id, snapshot.parent_id, snapshot.checkpoint_id)
    if snapshot.parent_id is None:
        st.caption("The first checkpoint of the thread, against nothing.")
    changes(found)


VIEWS: dict[str, View] = {
    "State": moment.draw,
    "Changed here": _changed,
    "Diff": diff_pair.draw,
    "Edit and fork": travel.edit_and_fork,
    "Replay": travel.replay,
    "Answer again": reanswer.answer_again,
    "Compare branches": compare.draw,
}
