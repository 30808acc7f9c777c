"""The page Explorer: any thread's history."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from graphs.catalogue import find
from graphs.pattern import Breakpoints
from lab.errors import LabError, UnknownLane, UnknownThread
from lab.events import ThreadView
from lab.threads import Thread
from lab.workspace import Workspace
from pages.gallery import PAGES
from ui.common import (
    LANE_SECTION,
    draw_refusal,
    is_changed,
    is_known,
    literal,
    note_drawn,
    set_value,
    shown,
    take_scroll_ahead,
    workspace,
)
from ui.graph import graph_shape
from ui.history import draw_explorer
from ui.lanes import (
    BADGES,
    LanePane,
    draw_card,
    follow_runs,
    open_views,
    sample_button,
    start_sample,
    watch_others,
)

OFFERED = 200
"""Threads that the list offers, the last used ones; any other one opens by its link."""


def render() -> None:
    """Draw the choice of a thread and its history."""
    st.title("Explorer", anchor=False)
    st.markdown("Every checkpoint of every thread: look, compare, go back, and go on from there on a new branch.")
    visitor = workspace()
    threads = [thread for thread in visitor.threads.newest(limit=OFFERED) if is_known(thread)]
    asked = _asked(visitor)
    if asked is not None and asked not in threads:
        threads.insert(0, asked)
    if not threads:
        st.info(
            "No thread yet. Open a pattern from the gallery and run it, or run a sample here.", icon=":material/info:"
        )
        sample_button("Run a sample", on_click=start_sample, args=(visitor,), type="primary")
        return
    thread = _chosen(threads, asked)
    look = partial(visitor.history.stamp, [thread.thread_id])
    try:
        view = open_views(visitor, {thread.lane: thread})[thread.lane]
        stamp = look()
        pane = _now(visitor, thread, view)
        draw_explorer(visitor, thread)
    except LabError as error:
        draw_refusal(error)
        return
    if pane.status != "running":
        watch_others(look, stamp)
    follow_runs([pane])


def _now(visitor: Workspace, thread: Thread, view: ThreadView) -> LanePane:
    """Draw the lane as it stands now, folded, so that the history below stays where it is."""
    pattern = find(thread.pattern)
    lane = pattern.lane(thread.lane)
    pane = LanePane(visitor, lane, thread, view, graph_shape(pattern.slug, lane.key), f"explorer_{thread.thread_id}")
    label, icon, _ = BADGES[pane.outcome]
    key = f"now_{thread.thread_id}"
    # Under its next label it's another element, which would be folded anew.
    st.session_state[key] = take_scroll_ahead(LANE_SECTION) or st.session_state.get(key, False)
    stands = st.container(key=LANE_SECTION).expander(
        f"The thread as it stands now: {label}",
        icon=icon,
        key=key,
        on_change="rerun",
    )
    if stands.open or pane.status == "running":
        with stands:
            pane.draw(lambda drawn: draw_card(drawn, pattern, visitor, Breakpoints))
            if pane.status == "running":
                st.button("Stop", icon=":material/stop:", key="explorer_stop", on_click=_stop, args=(visitor, thread))
    return pane


def _stop(visitor: Workspace, thread: Thread) -> None:
    # One that was deleted meanwhile has nothing left to stop.
    with suppress(UnknownThread):
        visitor.stop(thread.thread_id)


def _asked(visitor: Workspace) -> Thread | None:
    asked = st.query_params.get("thread")
    if not asked:
        return None
    try:
        thread = visitor.threads.find(asked)
        if not is_known(thread):
            raise UnknownLane(thread.pattern, thread.lane)
        return thread
    except (UnknownThread, UnknownLane) as error:
        st.warning(f"{literal(error, 1000)} The last used thread is shown.", icon=":material/link_off:")
        return None


def _chosen(threads: Sequence[Thread], asked: Thread | None) -> Thread:
    by_id = {thread.thread_id: thread for thread in threads}
    # A lane without a checkpointer has no history to explore.
    first = next((thread for thread in threads if _remembers(thread)), threads[0])
    set_value("explorer_thread", (asked or first).thread_id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ident = st.selectbox(
            "Thread",
            list(by_id),
            key="explorer_thread",
            format_func=lambda one: _name(by_id[one]),
            on_change=_turn_to,
        )
        note_drawn("explorer_thread")
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


def _remembers(thread: Thread) -> bool:
    return find(thread.pattern).lane(thread.lane).remembers


def _turn_to() -> None:
    if not is_changed("explorer_thread"):
        return
    # What was looked at belongs to the thread before.
    for name in ("checkpoint", "against", "other", "left", "right"):
        st.query_params.pop(name, None)
    st.query_params["thread"] = st.session_state["explorer_thread"]


def _name(thread: Thread) -> str:
    pattern = find(thread.pattern)
    return f"{pattern.title} · {pattern.lane(thread.lane).title} · {shown(thread.title, 60)} · {thread.thread_id[:8]}"
