"""The page Threads: this workspace's threads with status, size, link and menu."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st

from lab.checkpoints import StorageSize
from lab.errors import UnknownThread
from lab.threads import Thread
from lab.workspace import Workspace
from pages.listing import page_number, pattern_filter, show_first_page
from pages.thread_rows import draw_frames, draw_link, draw_table
from ui.common import action_button, counted, literal, sized, the_lab, workspace, zone_name
from ui.history import draw_thread_ends
from ui.lanes import sample_button, start_sample, watch_others
from ui.threads import (
    LIST_ERRORS,
    draw_dialog,
    draw_notice,
    is_open,
    open_dialog,
    say,
)

SHOWN = 20
"""Threads of one page."""
FEW = 8
"""Threads of a workspace that each have a frame; more stand in a table."""


def render() -> None:
    """Draw the threads, the last used first."""
    st.title("Threads", anchor=False)
    st.markdown("Every run is kept as a thread. Open one to see it as it stands and to go on where it stopped.")
    visitor = workspace()
    # Read before anything is drawn of it, so that what changes meanwhile is seen by the next look.
    total, newest = _listed(visitor)
    shown: Sequence[str] = ()
    stood: object = visitor.history.stamp(shown)
    _top(visitor)
    _news(visitor)
    if total:
        shown, stood = _thread_list(visitor, in_table=total > FEW)
    else:
        st.info(
            "No thread yet. Open a pattern from the gallery and run it, import a file, or run a sample here.",
            icon=":material/info:",
        )
        sample_button("Run a sample", on_click=start_sample, args=(visitor,), type="primary")
    # A dialog is about a thread as it was when it was opened.
    if not is_open():
        watch_others(partial(_look, visitor, shown), ((total, newest), stood))
    draw_dialog(visitor, draw_thread_ends)


def _look(visitor: Workspace, thread_ids: Sequence[str]) -> object:
    """Return what changes with all that the page shows."""
    return _listed(visitor), visitor.history.stamp(thread_ids)


def _listed(visitor: Workspace) -> tuple[int, Sequence[Thread]]:
    return visitor.threads.page(limit=0).total, visitor.threads.newest(limit=1)


def _top(visitor: Workspace) -> None:
    """Draw what all threads take, and what concerns no single one."""
    size = visitor.threads.storage()
    free = f", {sized(size.free)} of it free" if size.free else ""
    with st.container(horizontal=True, vertical_alignment="center", key="threads_top"):
        st.button("Import", icon=":material/upload:", key="threads_import", on_click=open_dialog, args=("import",))
        if the_lab().storage.kind == "sqlite" and visitor.threads.near:
            action_button(
                "Compact",
                icon=":material/compress:",
                help="Gives the room of what was deleted back to the disk.",
                disabled=not size.free,
                key="threads_compact",
                errors=LIST_ERRORS,
                on_click=_compact,
                args=(visitor,),
            )
        st.caption(f"Database: {sized(size.bytes)}{free}{_only_near(visitor, size)}", width="content")


def _only_near(visitor: Workspace, size: StorageSize) -> str:
    """Return why there is room that this visitor can't give back."""
    return (
        "" if visitor.threads.near or not size.free else ", which only a browser on the lab's own machine can give back"
    )


def _compact(visitor: Workspace) -> None:
    say(f"Compacted: {sized(visitor.threads.compact())} were given back to the disk.")


def _news(visitor: Workspace) -> None:
    made = draw_notice()
    # It may be gone again by now.
    with suppress(UnknownThread):
        if made:
            draw_link(visitor.threads.find(made), "Open it", icon=":material/arrow_forward:")


def _thread_list(visitor: Workspace, *, in_table: bool) -> tuple[Sequence[str], object]:
    """Draw the filters and the page of the threads that they leave; return these and how they stood before that."""
    with st.container(horizontal=True, key="threads_filters"):
        text = st.text_input(
            "Title or id",
            placeholder="All titles",
            key="threads_text",
            bind="query-params",
            on_change=show_first_page,
            args=("threads",),
            icon=":material/search:",
        )
        pattern = pattern_filter("threads")
    chosen: Any = {"pattern": pattern, "text": text or ""}
    total = visitor.threads.page(**chosen, limit=0).total
    rows = st.container(key="threads_rows")
    number = page_number("threads", -(-total // SHOWN))
    with rows:
        if not total:
            st.info("No thread matches. Search for a shorter text, or in all patterns.", icon=":material/search_off:")
        threads = visitor.threads.page(**chosen, limit=SHOWN, offset=(number - 1) * SHOWN).threads
        shown = [thread.thread_id for thread in threads]
        stood: object = visitor.history.stamp(shown)
        if in_table:
            draw_table(visitor, threads)
        else:
            draw_frames(visitor, threads)
    st.caption(f"{counted(total, 'thread')} · times in {literal(zone_name())}")
    return shown, stood
