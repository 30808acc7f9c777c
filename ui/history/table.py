"""The table of a thread's checkpoints: filtered, paged, subgraphs under the step that called them."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from lab.checkpoints import KeyChange
from lab.history import Only, Page, Row, Tree
from lab.workspace import Workspace
from ui.common import Place, clock_times, is_changed, literal, look_at, note_drawn, rows_digest, safe, shown, zone_name

PAGE = 12
"""Checkpoints on one page; rows of subgraphs come with those that they belong to."""
HEIGHT = 460
"""Pixels of the table, with its head; what is more scrolls."""
DAY = len("2026-01-02 03:04:05")
"""Characters from which on a time tells its day."""
SOURCES = ("input", "loop", "update", "fork")
SIGNS = {"set": "set", "same": "same", "appended": "+", "removed": "−", "changed": "~"}
"""How a change is told; the last three stand before a number of items."""


def draw_history_table(workspace: Workspace, thread_id: str, tree: Tree, nodes: Sequence[str], shown: Place) -> None:
    """Draw the filters, a page of rows and the pages' numbers; a row that's picked goes into the address."""
    only = _filters(thread_id, tree, nodes)
    # A place that's new has its own page open; from there one turns the pages until the next place.
    key = f"page_{thread_id}_{abs(hash(only))}_{shown}"
    turned = st.session_state.get(key)
    offset = (int(turned or 1) - 1) * PAGE
    at = None if turned else shown.checkpoint_id
    page = workspace.history.page(thread_id, only, limit=PAGE, offset=offset, at=at, tree=tree)
    if not page.matching:
        st.info("No checkpoint fits these filters. Loosen one of them.", icon=":material/filter_alt_off:")
        return
    rows = list(_flat(page.rows, inner=bool(st.session_state.get(f"inner_{thread_id}", True))))
    branched = len(tree.branches) > 1
    _frame(thread_id, rows, shown, branched=branched, paged=page.matching > PAGE)
    _pages(key, page)


def _filters(thread_id: str, tree: Tree, nodes: Sequence[str]) -> Only:
    names = {branch.number: branch.name for branch in tree.branches}
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"filters_{thread_id}"):
        node = st.selectbox("Node", ["", *nodes], format_func=lambda name: name or "any", key=f"node_{thread_id}")
        source = st.selectbox(
            "Source", ["", *SOURCES], format_func=lambda name: name or "any", key=f"source_{thread_id}"
        )
        branch = st.selectbox(
            "Branch",
            [0, *names],
            format_func=lambda one: shown(names[one], 60) if one in names else "all",
            key=f"branch_{thread_id}",
        )
        text = st.text_input("Search the changes", key=f"text_{thread_id}", placeholder="text of a changed value")
        errors = st.toggle("Errors", key=f"errors_{thread_id}")
        asked = st.toggle("Questions", key=f"asked_{thread_id}")
        st.toggle("Subgraphs", value=True, key=f"inner_{thread_id}")
    return Only(node or "", source or "", branch or 0, errors, asked, (text or "").strip())


def _flat(rows: Sequence[Row], *, inner: bool) -> Iterator[Row]:
    for row in rows:
        yield row
        if inner:
            # Subgraphs at work side by side save in turn; each one's rows stand together.
            begun = {one.namespace: one.checkpoint_id for one in reversed(row.inner)}
            yield from sorted(row.inner, key=lambda one: (begun[one.namespace], one.checkpoint_id))


def _frame(thread_id: str, rows: Sequence[Row], shown: Place, *, branched: bool, paged: bool) -> None:
    places = tuple(Place(row.checkpoint_id, row.namespace) for row in rows)
    key = f"rows_{thread_id}_{rows_digest(places)}"
    at = [places.index(shown)] if shown in places else []
    selected: Any = st.session_state.get(key)
    if selected is None or list(selected["selection"]["rows"]) != at:
        st.session_state[key] = {"selection": {"rows": at, "columns": [], "cells": []}}
    times = clock_times(row.at for row in rows)
    frame = pd.DataFrame([_line(row, at) for row, at in zip(rows, times, strict=True)])
    frame["Took"] = frame["Took"].astype(float)
    inner = any(row.namespace for row in rows)
    empty = [name for name in ("Asked", "Error") if not frame[name].any()]
    st.dataframe(
        frame.drop(columns=[*empty, *([] if branched else ["Branch"])]),
        key=key,
        hide_index=True,
        on_select=partial(_picked, key, places),
        selection_mode="single-row",
        # All pages are as high as a full one, so that what stands below stays where it is.
        height=HEIGHT if paged else min(38 + 35 * len(rows), HEIGHT),
        alt=f"Checkpoints in the order of writing: {len(rows)} rows",
        placeholder="",
        column_config={
            "Step": st.column_config.TextColumn(
                pinned=True, width=150 if inner else 60, alignment=None if inner else "right"
            ),
            "Source": st.column_config.TextColumn(width=65),
            "Ran": st.column_config.TextColumn(width=100),
            "Changed": st.column_config.TextColumn(width=230),
            "Next": st.column_config.TextColumn(width=95),
            "Asked": st.column_config.TextColumn(width=120),
            "Error": st.column_config.TextColumn(width=120),
            "Branch": st.column_config.TextColumn(width=100),
            "Time": st.column_config.TextColumn(width=105 if len(times[0]) < DAY else 185),
            "Took": st.column_config.NumberColumn("Took, s", format="%.3f", width=75),
            "Size": st.column_config.NumberColumn(format="bytes", width=75),
        },
    )
    note_drawn(key)


def _picked(key: str, places: Sequence[Place]) -> None:
    if not is_changed(key):
        return
    rows: Sequence[int] = st.session_state[key]["selection"]["rows"]
    # A second click on a row takes its selection away; the place stays, for something is always shown.
    if rows and rows[0] < len(places):
        look_at(places[rows[0]])


def _line(row: Row, time: str) -> dict[str, Any]:
    cells: dict[str, Any] = safe(
        {
            "Step": _step(row),
            "Source": row.source if row.readable else "can't be read",
            "Ran": _ran(row),
            "Changed": ", ".join(change_text(change) for change in row.changed),
            "Next": ", ".join(name for name in row.next if name != "__start__") or ("end" if not row.next else "input"),
            "Asked": " | ".join(row.asked),
            "Error": " | ".join(row.errors),
            "Branch": row.branch,
            "Time": time,
            "Took": row.took,
            "Size": row.size,
        },
        400,
    )
    return cells


def _step(row: Row) -> str:
    """Return the step's number; one of a subgraph stands under its node's name."""
    graph = row.namespace.rpartition("|")[2].partition(":")[0]
    return f"{row.step} ↳ {graph}" if graph else str(row.step)


def ran_by(row: Row) -> tuple[str, ...]:
    """Return the nodes that ran, or as which an edit was written, as visitors know them."""
    return tuple("the input" if name == "__start__" else name for name in row.ran)


def _ran(row: Row) -> str:
    names = ran_by(row)
    counts = {name: names.count(name) for name in names}
    text = ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in counts.items())
    return f"as {text}" if text and row.source == "update" else text


def change_text(change: KeyChange) -> str:
    """Tell in a word what a step did to a key."""
    sign = SIGNS[change.how]
    return (
        f"{change.key} {sign}{change.items}"
        if change.items
        else f"{change.key} {sign if sign.isalpha() else change.how}"
    )


def _pages(key: str, page: Page) -> None:
    pages = -(-page.matching // PAGE)
    of = f"{page.matching:,} of " if page.matching < page.total else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        if pages > 1:
            st.pagination(pages, key=key, default=page.offset // PAGE + 1)
        count = f"{of}{page.total:,} checkpoint{'s' * (page.total != 1)}"
        st.caption(f"{count} · times in {literal(zone_name())}", width="content")
