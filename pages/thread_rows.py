"""The rows of the page Threads, in frames or in a table, and what is done with those that are selected."""

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st

from graphs.catalogue import CATALOGUE
from lab.checkpoints import ThreadSize
from lab.errors import UnknownThread, Unreadable
from lab.threads import TITLE, Thread
from lab.workspace import Workspace
from pages.gallery import PAGES
from ui.common import LANES, counted, is_known, literal, sized, stamp
from ui.history import MOST_COMPARED
from ui.lanes import BADGES
from ui.threads import (
    ThreadLine,
    deselect,
    draw_thread_menu,
    draw_thread_table,
    find_selected,
    name_threads,
    open_dialog,
    take_way,
)

TITLES = {pattern.slug: pattern.title for pattern in CATALOGUE}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a thread stands, as its badge says it."""

    label: str
    icon: str
    color: Any
    reason: str = ""
    """Why it can't be told."""


def draw_frames(visitor: Workspace, threads: Sequence[Thread]) -> None:
    """Draw a frame for each thread, and one around the lanes of one run."""
    sizes = visitor.threads.sizes([thread.thread_id for thread in threads])
    for together in _by_run(threads):
        with _frame(together):
            for thread in together:
                _row(thread, _standing(visitor, thread), sizes[thread.thread_id], alone=len(together) == 1)


def draw_table(visitor: Workspace, threads: Sequence[Thread]) -> None:
    """Draw the threads in a table, and above it what can be done with those that are selected in it."""
    sizes = visitor.threads.sizes([thread.thread_id for thread in threads])
    standings = {thread.thread_id: _standing(visitor, thread) for thread in threads}
    above = st.container(horizontal=True, vertical_alignment="center", key="threads_selection")
    if threads:
        draw_thread_table(
            [
                _line(thread, number, len(together), standings[thread.thread_id], sizes[thread.thread_id])
                for together in _by_run(threads)
                for number, thread in enumerate(together)
            ]
        )
    for thread in threads:
        if reason := standings[thread.thread_id].reason:
            st.caption(f"**{literal(thread.title, TITLE)}** · {thread.thread_id[:8]}: {literal(reason, 1000)}")
    with above:
        _selection(visitor, threads)
    if way := take_way():
        _lead(visitor, *way)


def _line(thread: Thread, number: int, lanes: int, standing: Standing, size: ThreadSize) -> ThreadLine:
    sign = "┌" if number == 0 else "└" if number == lanes - 1 else "├"
    return ThreadLine(
        thread,
        f"{sign} {number + 1} of {lanes}" if lanes > 1 else "",
        TITLES.get(thread.pattern, thread.pattern),
        LANES.get((thread.pattern, thread.lane), thread.lane),
        standing.label,
        size,
        is_known(thread),
    )


def _selection(visitor: Workspace, listed: Sequence[Thread]) -> None:
    """Draw what is selected, also on other pages, and what can be done with it."""
    threads = find_selected(visitor, listed)
    if len(threads) == 1:
        _selected_alone(visitor, threads[0])
    else:
        # Without a selection too, or the table would move away from under the first press on it.
        _selected_together(threads)
    if not threads:
        return
    st.button("Clear the selection", type="tertiary", key="threads_deselect", on_click=deselect)
    if hidden := [thread for thread in threads if thread not in listed]:
        st.caption(f"Not in the rows below: {name_threads(hidden)}", width="content")


def _selected_alone(visitor: Workspace, thread: Thread) -> None:
    size = visitor.threads.sizes([thread.thread_id])[thread.thread_id]
    draw_link(thread, literal(thread.title, TITLE), icon=":material/arrow_forward:")
    _history_link(thread, size)
    draw_thread_menu(thread, saved=size.checkpoints > 0, known=is_known(thread))


def _selected_together(threads: Sequence[Thread]) -> None:
    if threads:
        st.markdown(f"**{counted(len(threads), 'thread')} selected**", width="content")
    ids = [thread.thread_id for thread in threads]
    why = _not_comparable(threads)
    for action, label, icon in (
        ("compare", "Compare", ":material/compare_arrows:"),
        ("export", "Export", ":material/download:"),
        ("delete", "Delete", ":material/delete:"),
    ):
        st.button(
            label,
            icon=icon,
            disabled=not threads or (action == "compare" and bool(why)),
            key=f"threads_{action}",
            on_click=open_dialog,
            args=(action, *ids),
        )
    if why or not threads:
        st.caption(why or "Select rows to do this with their threads.", width="content")


def _not_comparable(threads: Sequence[Thread]) -> str:
    """Return why these threads can't be compared; empty where they can."""
    if len({thread.pattern for thread in threads}) > 1:
        return "Threads are compared with others of their pattern."
    if len(threads) > MOST_COMPARED:
        return f"At most {MOST_COMPARED} threads are compared at once."
    return "" if all(map(is_known, threads)) else "This version doesn't have their pattern or lane."


def _lead(visitor: Workspace, where: str, thread_id: str) -> None:
    """Turn to a thread's page, or to its history."""
    # One that was deleted meanwhile is no longer in the rows that are drawn now.
    with suppress(UnknownThread):
        thread = visitor.threads.find(thread_id)
        page = PAGES["explorer" if where == "history" else thread.pattern]
        st.switch_page(page, query_params=_address(thread) if where == "open" else {"thread": thread_id})


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
            draw_link(thread, literal(thread.title, TITLE) if alone else f"{literal(thread.title, TITLE)} · {lane}")
            st.caption(" · ".join(details))
            if standing.reason:
                st.caption(literal(standing.reason, 1000))
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.badge(standing.label, icon=standing.icon, color=standing.color)
            _history_link(thread, size)
            draw_thread_menu(thread, saved=size.checkpoints > 0, known=is_known(thread))


def draw_link(thread: Thread, label: str, **how: Any) -> None:
    """Draw the way to a thread, or its title alone where this version has no page for it."""
    if not is_known(thread):
        st.markdown(label)
        return
    st.page_link(PAGES[thread.pattern], label=label, query_params=_address(thread), width="content", **how)


def _history_link(thread: Thread, size: ThreadSize) -> None:
    if is_known(thread) and size.checkpoints:
        address = {"thread": thread.thread_id}
        st.page_link(PAGES["explorer"], label="History", query_params=address, width="content")


def _address(thread: Thread) -> dict[str, str]:
    return {"thread": thread.thread_id, "lane": thread.lane}
