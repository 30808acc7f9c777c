"""The newest threads of a pattern side by side, by the fields of their states that it wants compared."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from graphs.pattern import Lane, Pattern
from lab.errors import Unreadable
from lab.history import Row
from lab.threads import Thread
from lab.workspace import Workspace
from ui.common import clock_times, literal, look_at, rows_digest, safe, show_thread, zone_name
from ui.graph import lane_state_fields

THREADS = 6
"""Threads of each lane."""
ENDS = 3
"""Ends of one thread; each way back adds one."""


def draw_thread_comparison(pattern: Pattern, visitor: Workspace) -> None:
    """Draw a row for each end of each lane's newest threads; one that's picked is shown in the lanes."""
    newest = visitor.threads.newest(pattern=pattern.slug, limit=2 * THREADS * len(pattern.lanes))
    lines = [
        (thread, line)
        for lane in pattern.lanes
        for thread in _oldest_first([one for one in newest if one.lane == lane.key][:THREADS])
        for line in _lines(pattern, lane, thread, visitor)
    ]
    if not lines:
        st.info("Run the pattern to fill this tab. It compares the ends of its newest threads.", icon=":material/info:")
        return
    st.caption(f"Select a row to show its thread in the lanes. Threads by when they began, in {literal(zone_name())}.")
    threads = tuple(thread.thread_id for thread, _ in lines)
    began = clock_times((thread.created for thread, _ in lines), "seconds")
    frame = pd.DataFrame(safe([line | {"Thread": at} for (_, line), at in zip(lines, began, strict=True)], 200))
    key = f"{pattern.slug}_beside_{rows_digest(threads)}"
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        on_select=partial(_picked, pattern, key, threads),
        selection_mode="single-row",
        alt=f"Ends of the newest threads: {len(lines)} rows",
        column_config={name: st.column_config.TextColumn(alignment="right") for name in _number_titles(pattern)},
    )


def _number_titles(pattern: Pattern) -> set[str]:
    """Return the titles of the compared fields that are numbers, whose texts stand to the right."""
    fields = (field for lane in pattern.lanes for field in lane_state_fields(pattern.slug, lane.key))
    return {field.title for field in fields if field.name in pattern.compares and field.kind in ("integer", "number")}


def _oldest_first(threads: Sequence[Thread]) -> Sequence[Thread]:
    return sorted(threads, key=lambda thread: thread.created)


def _lines(pattern: Pattern, lane: Lane, thread: Thread, visitor: Workspace) -> Iterator[dict[str, Any]]:
    if visitor.history.status(thread.thread_id) == "running":
        return
    titles = {field.name: field.title for field in lane_state_fields(pattern.slug, lane.key)}
    rows = visitor.history.page(thread.thread_id, limit=200).rows
    for row in ([row for row in rows if not row.next] or list(rows[-1:]))[-ENDS:]:
        # A thread that can't be read is told of where it's opened.
        with suppress(Unreadable):
            values = visitor.history.values(thread.thread_id, row.checkpoint_id)
            fields = {titles[name]: _cell(values.get(name)) for name in pattern.compares}
            yield {"Lane": lane.title, "Thread": "", "Branch": _branch(row), **fields}


def _branch(row: Row) -> str:
    return row.branch if not row.next else f"{row.branch}, not at its end"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _picked(pattern: Pattern, key: str, threads: Sequence[str]) -> None:
    rows: Sequence[int] = st.session_state[key]["selection"]["rows"]
    if rows and rows[0] < len(threads):
        look_at(None)
        show_thread(pattern, threads[rows[0]])
