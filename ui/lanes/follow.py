"""The loop at the end of a page that follows its runs and redraws what is new."""

from collections.abc import Callable, Sequence

import streamlit as st

from ui.lanes.pace import PACE
from ui.lanes.pane import LanePane


def follow_runs(panes: Sequence[LanePane], meanwhile: Callable[[], None] | None = None) -> None:
    """Follow the panes' runs; as soon as one has ended the whole page is drawn again, with what it asks.

    What is to be done `meanwhile` is called at every look, also where nothing runs.
    """
    following = [pane for pane in panes if pane.status == "running"]
    if not following and meanwhile is None:
        return
    with PACE.following():
        while True:
            ended = [pane.update() for pane in following]
            if any(ended):
                st.rerun()
            if meanwhile is not None:
                meanwhile()
            PACE.rest()
