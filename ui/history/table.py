"""The table of a thread's checkpoints: filtered, paged, subgraphs under the step that called them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from lab.checkpoints import KeyChange
from lab.errors import LabError
from lab.history import Page, Row
from ui.common import (
    Looked,
    Place,
    clock_times,
    is_changed,
    literal,
    look_at,
    node_name,
    note_drawn,
    rows_digest,
    safe,
    zone_name,
)
from ui.graph import node_names
from ui.history.filters import Filters, draw_filters
from ui.history.table_keys import listen_for_keys

PAGE = 12
"""Checkpoints on one page; rows of subgraphs come with those that they belong to."""
HEIGHT = 460
"""Pixels of the table, with its head; what is more scrolls."""
DAY = len("2026-01-02 03:04:05")
"""Characters from which on a time tells its day."""
SIGNS = {"set": "set", "same": "same", "appended": "+", "removed": "−", "changed": "~"}
"""How a change is told; the last three stand before a number of items."""
FIRST = "Step"


def draw_history_table(looked: Looked) -> Row | None:
    """Draw the filters, a page of rows and the pages' numbers, and return the row that is looked at, if it's there."""
    thread_id, tree = looked.thread.thread_id, looked.tree
    above = st.container(horizontal=True, vertical_alignment="center", key=f"above_{thread_id}")
    with above:
        filters = draw_filters(thread_id, tree, node_names(looked.thread.pattern, looked.thread.lane))
    # A place that's new has its own page open; from there one turns the pages until the next place.
    key = f"page_{thread_id}_{abs(hash(filters.only))}_{looked.at}"
    turned = st.session_state.get(key)
    page = _page(looked, filters, (int(turned or 1) - 1) * PAGE, at=None if turned else looked.own)
    of = f"{page.matching:,} of " if page.matching < page.total else ""
    above.caption(f"{of}{page.total:,} checkpoint{'s' * (page.total != 1)}", width="content")
    if not page.matching:
        st.info("No checkpoint fits these filters. Loosen one of them.", icon=":material/filter_alt_off:")
        return None
    rows = list(_flat(page.rows, inner=filters.inner))
    places = [Place(row.checkpoint_id, row.namespace) for row in rows]
    at = places.index(looked.at) if looked.at in places else None
    within = f"steps_{thread_id}"
    with st.container(key=within):
        _frame(thread_id, rows, places, at, branched=len(tree.branches) > 1)
    listen_for_keys(within, places, at, _neighbours(looked, filters, page))
    pages = -(-page.matching // PAGE)
    with st.container(horizontal=True, vertical_alignment="center"):
        if pages > 1:
            st.pagination(pages, key=key, default=page.offset // PAGE + 1)
        st.caption(f"All times in {literal(zone_name())}", width="content")
    return None if at is None else rows[at]


def _page(looked: Looked, filters: Filters, offset: int, at: str | None = None) -> Page:
    return looked.workspace.history.page(
        looked.thread.thread_id, filters.only, limit=PAGE, offset=offset, at=at, tree=looked.tree
    )


def _flat(rows: Sequence[Row], *, inner: bool) -> Iterator[Row]:
    for row in rows:
        yield row
        if inner:
            # Subgraphs at work side by side save in turn; each one's rows stand together.
            begun = {one.namespace: one.checkpoint_id for one in reversed(row.inner)}
            yield from sorted(row.inner, key=lambda one: (begun[one.namespace], one.checkpoint_id))


def _neighbours(looked: Looked, filters: Filters, page: Page) -> dict[str, Callable[[], Place | None]]:
    """Return how to look up the rows beyond the edges of a page, where there are any."""
    beyond: dict[str, Callable[[], Place | None]] = {}
    if page.offset:
        beyond["before"] = partial(_row_at, looked, filters, page.offset - PAGE, -1)
    if page.offset + PAGE < page.matching:
        beyond["after"] = partial(_row_at, looked, filters, page.offset + PAGE, 0)
    return beyond


def _row_at(looked: Looked, filters: Filters, offset: int, number: int) -> Place | None:
    # A thread that is gone by now is told of by the page itself.
    with suppress(LabError):
        rows = list(_flat(_page(looked, filters, offset).rows, inner=filters.inner))
        if rows:
            return Place(rows[number].checkpoint_id, rows[number].namespace)
    return None


def _frame(thread_id: str, rows: Sequence[Row], places: Sequence[Place], at: int | None, *, branched: bool) -> None:
    key = f"rows_{thread_id}_{rows_digest(places)}"
    selected: Any = st.session_state.get(key)
    cells = selected["selection"]["cells"] if selected else []
    # A cell of the selected row is where the table's own keys begin and where the focus shows.
    shown = [] if at is None else [cell for cell in cells if cell[0] == at] or [(at, FIRST)]
    wanted = {"rows": [] if at is None else [at], "columns": [], "cells": shown}
    if selected is None or selected["selection"] != wanted:
        st.session_state[key] = {"selection": wanted}
    times = clock_times(row.at for row in rows)
    frame = pd.DataFrame([_line(row, time) for row, time in zip(rows, times, strict=True)])
    frame["Took"] = frame["Took"].astype(float)
    inner = any(row.namespace for row in rows)
    empty = [name for name in ("Asked", "Error") if not frame[name].any()]
    st.dataframe(
        frame.drop(columns=[*empty, *([] if branched else ["Branch"])]),
        key=key,
        hide_index=True,
        on_select=partial(_picked, key, places, at),
        # A press on any cell of a row selects the row.
        selection_mode=["single-row", "single-cell"],
        # All pages are as high as a full one, so that what stands below stays where it is.
        height=HEIGHT,
        alt=f"Checkpoints in the order of writing: {len(rows)} rows; arrow keys select",
        placeholder="",
        column_config={
            FIRST: st.column_config.TextColumn(
                pinned=True, width=130 if inner else 55, alignment=None if inner else "right"
            ),
            "Ran": st.column_config.TextColumn(width=110),
            "Changed": st.column_config.TextColumn(width=175),
            "Next": st.column_config.TextColumn(width=95),
            "Asked": st.column_config.TextColumn(width=120),
            "Error": st.column_config.TextColumn(width=120),
            "Branch": st.column_config.TextColumn(width=100),
            "Time": st.column_config.TextColumn(width=105 if len(times[0]) < DAY else 185),
            "Took": st.column_config.NumberColumn("Took, s", format="%.3f", width=75),
            "Size": st.column_config.NumberColumn(format="bytes", width=75),
            "Source": st.column_config.TextColumn(width=65),
        },
    )
    note_drawn(key)


def _picked(key: str, places: Sequence[Place], at: int | None) -> None:
    if not is_changed(key):
        return
    selection = st.session_state[key]["selection"]
    picked = [*(row for row, _ in selection["cells"]), *selection["rows"]]
    # A second click on a row takes its selection away; the place stays, for something is always shown.
    row = next((row for row in picked if row != at and row < len(places)), None)
    if row is not None:
        look_at(places[row])


def _line(row: Row, time: str) -> dict[str, Any]:
    cells: dict[str, Any] = safe(
        {
            FIRST: _step(row),
            "Ran": _ran(row),
            "Changed": ", ".join(change_text(change) for change in row.changed),
            "Next": _next(row),
            "Asked": " | ".join(row.asked),
            "Error": " | ".join(row.errors),
            "Branch": row.branch,
            "Time": time,
            "Took": row.took,
            "Size": row.size,
            "Source": row.source if row.readable else "can't be read",
        },
        400,
    )
    return cells


def _next(row: Row) -> str:
    following = ", ".join(node_name(name) for name in row.next if name != "__start__")
    return following or ("input" if row.next else "end")


def _step(row: Row) -> str:
    """Return the step's number; one of a subgraph stands under its node's name."""
    graph = row.namespace.rpartition("|")[2].partition(":")[0]
    return f"{row.step} ↳ {node_name(graph)}" if graph else str(row.step)


def ran_by(row: Row) -> tuple[str, ...]:
    """Return the nodes that ran, or as which an edit was written, as visitors know them."""
    return tuple("the input" if name == "__start__" else node_name(name) for name in row.ran)


def ran_names(row: Row) -> str:
    """Return the nodes that ran in a line, each with how often."""
    names = ran_by(row)
    counts = {name: names.count(name) for name in names}
    return ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in counts.items())


def _ran(row: Row) -> str:
    text = ran_names(row)
    return f"as {text}" if text and row.source == "update" else text


def change_text(change: KeyChange) -> str:
    """Tell in a word what a step did to a key."""
    sign = SIGNS[change.how]
    return (
        f"{change.key} {sign}{change.items}"
        if change.items
        else f"{change.key} {sign if sign.isalpha() else change.how}"
    )
