"""Bringing a part of the page into view: once for a link to a checkpoint, and where a button leads."""

from pathlib import Path

import streamlit as st

from ui.common import actions
from ui.common.address import read_place

SCREEN, STATE_SECTION, LANE_SECTION = "screen", "views", "lane_on_show"
"""The keys of containers: the first screen of a pattern's page, the checkpoint on show, and the lane of its thread."""

_ASKED, _AHEAD = "scroll_asked", "scroll_ahead"
_mount = st.components.v2.component("lab_scroll", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))


def bring_into_view(key: str) -> None:
    """Scroll to the container of this key with the page's next drawing."""
    number, _ = st.session_state.get(_ASKED, (0, ""))
    st.session_state[_ASKED] = (number + 1, key)
    st.session_state[_AHEAD] = key


def take_scroll_ahead(key: str) -> bool:
    """Tell once whether the page is about to scroll to the container of this key, which may have to be opened."""
    if st.session_state.get(_AHEAD) != key:
        return False
    del st.session_state[_AHEAD]
    return True


def draw_scroll() -> None:
    """Draw what scrolls; it stands before what it scrolls to, and waits for it."""
    # Who came by a link to a checkpoint would else see the top of the page, far above what the link names.
    if st.session_state.get(actions.DRAWING) == 1 and read_place() is not None:
        bring_into_view(STATE_SECTION)
    number, key = st.session_state.get(_ASKED, (0, ""))
    with st.container(key="scrolls"):
        _mount(key="scroll", data={"number": number, "to": key})
