"""The page Threads: this workspace's threads with status, size, link and menu."""

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from graphs.catalogue import CATALOGUE
from lab.checkpoints import StorageSize, ThreadSize
from lab.errors import UnknownThread, Unreadable
from lab.threads import TITLE, Thread
from lab.workspace import Workspace
from pages.gallery import PAGES
from ui.common import LANES, action_button, counted, is_known, literal, sized, stamp, the_lab, workspace, zone_name
from ui.lanes import BADGES, watch_others
from ui.threads import LIST_ERRORS, draw_dialog, draw_notice, draw_thread_menu, is_open, open_dialog, say

SHOWN = 20
"""Threads of one page."""

TITLES = {pattern.slug: pattern.title for pattern in CATALOGUE}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a thread stands, as its badge says it."""

    label: str
    icon: str
    color: Any
    reason: str = ""
    """Why it can't be told."""


def render() -> None:
    """Draw the threads, the last used first."""
    st.title("Threads", anchor=False)
    st.markdown("Every run is kept as a thread. Open one to see it as it stands and to go on where it stopped.")
    visitor = workspace()
    _top(visitor)
    _news(visitor)
    if visitor.threads.page(limit=0).total:
        _thread_list(visitor)
    else:
        st.info("No thread yet. Open a pattern from the gallery and run it, or import a file.", icon=":material/info:")
        _watch(visitor, ())
    draw_dialog(visitor)


def _watch(visitor: Workspace, threads: Sequence[Thread]) -> None:
    """Follow what other tabs and processes do to the threads on show, unless a dialog about one of them is open."""
    look = partial(_stamp, visitor, [thread.thread_id for thread in threads])
    if not is_open():
        watch_others(look, look())


def _stamp(visitor: Workspace, thread_ids: Sequence[str]) -> object:
    return visitor.threads.page(limit=0).total, visitor.threads.newest(limit=1), visitor.history.stamp(thread_ids)


def _top(visitor: Workspace) -> None:
    """Draw what all threads take, and what concerns no single one."""
    size = visitor.threads.storage()
    free = f", {sized(size.free)} of it free" if size.free else ""
    with st.container(horizontal=True, vertical_alignment="center", key="threads_top"):
        st.button("Import", icon=":material/upload:", key="threads_import", on_click=open_dialog, args=("import",))
        if the_lab().storage.kind == "sqlite" and visitor.near:
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
    return "" if visitor.near or not size.free else ", which only a browser on the lab's own machine can give back"


def _compact(visitor: Workspace) -> None:
    say(f"Compacted: {sized(visitor.threads.compact())} were given back to the disk.")


def _news(visitor: Workspace) -> None:
    made = draw_notice()
    # It may be gone again by now.
    with suppress(UnknownThread):
        if made:
            _link(visitor.threads.find(made), "Open it", icon=":material/arrow_forward:")


def _thread_list(visitor: Workspace) -> None:
    """Draw the filters and the page of the threads that they leave."""
    with st.container(horizontal=True, key="threads_filters"):
        text = st.text_input(
            "Title or id",
            placeholder="All titles",
            key="threads_text",
            bind="query-params",
            on_change=_first_page,
            icon=":material/search:",
        )
        pattern = st.selectbox(
            "Pattern",
            ["", *TITLES],
            format_func=lambda slug: TITLES.get(slug, "All patterns"),
            key="threads_pattern",
            bind="query-params",
            on_change=_first_page,
        )
    chosen: Any = {"pattern": pattern or None, "text": text or ""}
    total = visitor.threads.page(**chosen, limit=0).total
    rows = st.container(key="threads_rows")
    number = _page_number(-(-total // SHOWN))
    with rows:
        if not total:
            st.info("No thread matches. Search for a shorter text, or in all patterns.", icon=":material/search_off:")
        threads = visitor.threads.page(**chosen, limit=SHOWN, offset=(number - 1) * SHOWN).threads
        sizes = visitor.threads.sizes([thread.thread_id for thread in threads])
        for together in _by_run(threads):
            with _frame(together):
                for thread in together:
                    _row(thread, _standing(visitor, thread), sizes[thread.thread_id], alone=len(together) == 1)
    st.caption(f"{counted(total, 'thread')} · times in {literal(zone_name())}")
    _watch(visitor, threads)


def _by_run(threads: Sequence[Thread]) -> list[list[Thread]]:
    """Gather the threads that one click started, where the last used one of them stands."""
    runs: dict[str, list[Thread]] = {}
    for thread in threads:
        runs.setdefault(thread.session, []).append(thread)
    for together in runs.values():
        order = [key for slug, key in LANES if slug == together[0].pattern]
        together.sort(key=lambda thread: order.index(thread.lane) if thread.lane in order else len(order))
    return list(runs.values())


def _frame(together: Sequence[Thread]) -> Any:
    """Draw a frame around the lanes of one run; a thread that was started alone needs none."""
    first = together[0]
    if len(together) == 1:
        return nullcontext()
    frame = st.container(border=True, gap="small", key=f"run_{first.session}")
    pattern = literal(TITLES.get(first.pattern, first.pattern))
    frame.caption(f"{pattern} · {counted(len(together), 'lane')} of one run · {stamp(first.created)}")
    return frame


def _first_page() -> None:
    st.session_state["threads_page"] = 1


def _page_number(pages: int) -> int:
    if pages < 2:
        return 1
    # Whoever deletes the last thread of the last page wants the one before it, not the first.
    if st.session_state.get("threads_page", 1) > pages:
        st.session_state["threads_page"] = pages
    return st.pagination(pages, key="threads_page", bind="query-params")


def _standing(visitor: Workspace, thread: Thread) -> Standing:
    if not is_known(thread):
        return Standing(
            "Unknown pattern",
            ":material/help:",
            "gray",
            "This version doesn't have its pattern or lane. Open it with the version that made it, or delete it.",
        )
    try:
        status = visitor.history.status(thread.thread_id)
    except Unreadable as error:
        return Standing(*BADGES["unreadable"], str(error))
    if status == "resumable":
        return Standing("Can go on", *BADGES["paused"][1:])
    return Standing(*BADGES[status])


def _row(thread: Thread, standing: Standing, size: ThreadSize, *, alone: bool) -> None:
    lane = literal(LANES.get((thread.pattern, thread.lane), thread.lane))
    details = [
        *([f"{literal(TITLES.get(thread.pattern, thread.pattern))} › {lane}"] if alone else []),
        *([counted(size.checkpoints, "checkpoint"), sized(size.bytes)] if size.checkpoints else []),
        stamp(thread.updated),
        thread.thread_id[:8],
    ]
    with st.container(horizontal=True, vertical_alignment="center", border=alone, key=f"row_{thread.thread_id}"):
        with st.container(gap=None, key=f"about_{thread.thread_id}"):
            _link(thread, literal(thread.title, TITLE) if alone else f"{literal(thread.title, TITLE)} · {lane}")
            st.caption(" · ".join(details))
            if standing.reason:
                st.caption(literal(standing.reason, 1000))
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.badge(standing.label, icon=standing.icon, color=standing.color)
            if is_known(thread) and size.checkpoints:
                address = {"thread": thread.thread_id}
                st.page_link(PAGES["explorer"], label="History", query_params=address, width="content")
            draw_thread_menu(thread, saved=size.checkpoints > 0, known=is_known(thread))


def _link(thread: Thread, label: str, **how: Any) -> None:
    """Draw the way to a thread, or its title alone where this version has no page for it."""
    if not is_known(thread):
        st.markdown(label)
        return
    address = {"thread": thread.thread_id, "lane": thread.lane}
    st.page_link(PAGES[thread.pattern], label=label, query_params=address, width="content", **how)
