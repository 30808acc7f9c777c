"""The list of threads of this workspace, each with its status and the way back to it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from graphs.catalogue import CATALOGUE, find
from lab.threads import Thread
from pages.gallery import PAGES
from ui.access import workspace
from ui.lane import BADGES
from ui.text import literal

SHOWN = 100


def render() -> None:
    """Draws the threads, the last used first."""
    st.title("Threads", anchor=False)
    visitor = workspace()
    threads = visitor.threads(limit=SHOWN)
    if not threads:
        st.info("No thread yet. Open a pattern from the gallery and run it.", icon=":material/info:")
        return
    st.markdown("Every run is kept as a thread. Open one to see it as it stands and to go on where it stopped.")
    known = [thread for thread in threads if _is_known(thread)]
    for thread in known:
        _row(thread, _status(visitor.status(thread.thread_id)))
    if len(known) < len(threads):
        st.caption(f"Threads of patterns that this version doesn't have: {len(threads) - len(known)}.")


def _is_known(thread: Thread) -> bool:
    return any(
        (pattern.slug, lane.key) == (thread.pattern, thread.lane) for pattern in CATALOGUE for lane in pattern.lanes
    )


def _status(status: str) -> Sequence[str]:
    label, icon, color = BADGES["paused" if status == "resumable" else status]
    return ("Can go on" if status == "resumable" else label), icon, color


def _row(thread: Thread, badge: Sequence[str]) -> None:
    pattern = find(thread.pattern)
    with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"row_{thread.thread_id}"):
        st.page_link(
            PAGES[thread.pattern],
            label=f"**{pattern.title}** · {pattern.lane(thread.lane).title}",
            query_params={"thread": thread.thread_id, "lane": thread.lane},
            width="content",
        )
        st.markdown(literal(thread.title, 120), width="stretch")
        label, icon, color = badge
        st.badge(label, icon=icon, color=color)  # type: ignore[arg-type]  # a colour name out of our own table
        st.caption(datetime.fromtimestamp(thread.updated, UTC).strftime("%Y-%m-%d %H:%M UTC"), width="content")
