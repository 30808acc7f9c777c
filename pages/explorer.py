"""The explorer: the history of any thread of this workspace, to travel in."""

from collections.abc import Sequence

import streamlit as st

from graphs.catalogue import CATALOGUE, find
from lab.errors import LabError, UnknownThread
from lab.threads import Thread
from lab.workspace import Workspace
from pages.gallery import PAGES
from ui.access import workspace
from ui.explorer import explorer
from ui.text import literal, shown

OFFERED = 200
"""Threads that the list offers, the last used ones; any other one opens by its link."""


def render() -> None:
    """Draws the choice of a thread and its history."""
    st.title("Explorer", anchor=False)
    st.markdown("Every checkpoint of every thread: look, compare, go back, and go on from there on a new branch.")
    visitor = workspace()
    threads = [thread for thread in visitor.threads(limit=OFFERED) if _is_known(thread)]
    asked = _asked(visitor)
    if asked is not None and asked not in threads:
        threads.insert(0, asked)
    if not threads:
        st.info("No thread yet. Open a pattern from the gallery and run it.", icon=":material/info:")
        return
    thread = _chosen(threads, asked)
    try:
        explorer(visitor, thread)
    except LabError as error:
        st.warning(literal(error, 1000), icon=":material/error:")


def _is_known(thread: Thread) -> bool:
    return any(
        (pattern.slug, lane.key) == (thread.pattern, thread.lane) for pattern in CATALOGUE for lane in pattern.lanes
    )


def _asked(visitor: Workspace) -> Thread | None:
    asked = st.query_params.get("thread")
    if not asked:
        return None
    try:
        return visitor.thread(asked)
    except UnknownThread as error:
        st.warning(f"{literal(error)} The last used thread is shown.", icon=":material/link_off:")
        return None


def _chosen(threads: Sequence[Thread], asked: Thread | None) -> Thread:
    by_id = {thread.thread_id: thread for thread in threads}
    st.session_state["explorer_thread"] = (asked or threads[0]).thread_id
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ident = st.selectbox(
            "Thread",
            list(by_id),
            key="explorer_thread",
            format_func=lambda one: _name(by_id[one]),
            on_change=_turn_to,
        )
        thread = by_id[str(ident)]
        st.page_link(
            PAGES[thread.pattern],
            label="Open on its pattern's page",
            icon=":material/open_in_new:",
            query_params={"thread": thread.thread_id, "lane": thread.lane},
            width="content",
        )
    if st.query_params.get("thread") != thread.thread_id:
        st.query_params["thread"] = thread.thread_id
    return thread


def _turn_to() -> None:
    # What was looked at belongs to the thread before.
    for name in ("checkpoint", "against", "other", "left", "right"):
        st.query_params.pop(name, None)
    st.query_params["thread"] = st.session_state["explorer_thread"]


def _name(thread: Thread) -> str:
    pattern = find(thread.pattern)
    return f"{pattern.title} · {pattern.lane(thread.lane).title} · {shown(thread.title, 60)} · {thread.thread_id[:8]}"
