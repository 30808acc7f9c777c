"""What is below the lanes for the chosen one: checkpoints, timeline, events and code."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from lab.errors import UnknownCheckpoint
from lab.events import Event, Tokens
from lab.history import Snapshot
from lab.listing import Row
from lab.view import Reopened
from lab.workspace import Workspace
from ui.diagram import diagram
from ui.lane import LanePane
from ui.source import file_of
from ui.text import literal, safe, shown
from ui.timeline import timeline

TABS = ("Checkpoints", "Timeline", "Events", "Code")
PAGE = 50
"""Checkpoints on one page of the table."""
NEWEST = 200
"""Events that the table shows."""


def tabs(workspace: Workspace, panes: Sequence[LanePane], chosen: LanePane) -> None:
    """Draws the tabs; only the open one costs anything."""
    drawn = st.tabs(list(TABS), key="tab", on_change="rerun", bind="query-params")
    for title, tab in zip(TABS, drawn, strict=True):
        if tab.open:
            with tab:
                _fill(title, workspace, panes, chosen)


def _fill(title: str, workspace: Workspace, panes: Sequence[LanePane], chosen: LanePane) -> None:
    if title == "Code":
        _code(chosen)
    elif chosen.thread is None:
        st.info(f"Run the pattern to fill this tab. {EMPTY[title]}", icon=":material/play_arrow:")
    elif title == "Checkpoints":
        _checkpoints(workspace, chosen, chosen.thread.thread_id)
    elif title == "Timeline":
        _timeline(panes)
    else:
        _events(workspace, chosen.thread.thread_id)


EMPTY = {
    "Checkpoints": "It lists every checkpoint of the thread and shows the state in the one you select.",
    "Timeline": "It shows all lanes' steps as bars on one time axis.",
    "Events": "It lists what the run told, as it came.",
}


def _checkpoints(workspace: Workspace, pane: LanePane, thread_id: str) -> None:
    if not pane.lane.remembers:
        st.info("This lane has no checkpointer: nothing was saved, so there is no history.", icon=":material/info:")
        return
    total = workspace.count(thread_id)
    if total == 0:
        st.info("The thread has no checkpoint.", icon=":material/info:")
        return
    pages = -(-total // PAGE)
    page = int(st.pagination(pages, default=pages, key=f"page_{thread_id}") or pages) if pages > 1 else 1
    rows = workspace.history(thread_id, limit=PAGE, offset=(page - 1) * PAGE).rows
    left, right = st.columns([3, 2], gap="medium")
    with left:
        selected = _table(thread_id, rows)
    with right:
        _state(workspace, thread_id, selected)


def _table(thread_id: str, rows: Sequence[Row]) -> str:
    """Draws the page of rows and gives the selected one's id, the newest one's where none is selected."""
    ids = [row.checkpoint_id for row in rows]
    asked = st.query_params.get("checkpoint")
    event: Any = st.dataframe(
        _frame(rows),
        key=f"checkpoints_{thread_id}_{ids[0]}",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        selection_default=_selection(ids, asked),
        alt=f"Checkpoints, oldest first: {len(rows)} rows",
        height=min(38 + 35 * len(rows), 460),
    )
    picked: list[int] = event["selection"]["rows"]
    if picked and picked[0] < len(ids):
        st.query_params["checkpoint"] = ids[picked[0]]
        return ids[picked[0]]
    if asked in ids:
        st.query_params.pop("checkpoint", None)
    return ids[-1]


def _selection(ids: Sequence[str], asked: str | None) -> Any:
    return {"selection": {"rows": [ids.index(asked)], "columns": [], "cells": []}} if asked in ids else None


def _frame(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Step": [row.step for row in rows],
            "Source": [row.source for row in rows],
            "Wrote": [", ".join(one.key for one in row.changed) for row in rows],
            "Time": [datetime.fromtimestamp(row.at, UTC).strftime("%H:%M:%S.%f")[:-3] for row in rows],
            "Checkpoint": [row.checkpoint_id for row in rows],
        }
    )


def _state(workspace: Workspace, thread_id: str, checkpoint_id: str) -> None:
    try:
        snapshot = workspace.snapshot(thread_id, checkpoint_id)
    except UnknownCheckpoint as error:
        st.warning(literal(error), icon=":material/error:")
        return
    if snapshot is None:
        return
    ahead = ", ".join(f"`{name}`" for name in snapshot.next) or "nothing, the end"
    st.markdown(f"**State after step {snapshot.step}** · runs next: {ahead}")
    _values(snapshot)


def _values(snapshot: Snapshot) -> None:
    if snapshot.values:
        st.json(safe(snapshot.values), expanded=1)
    else:
        st.caption("The state is empty here; the input is written by the next step.")
    for question in snapshot.questions:
        st.caption(f"asked by {question.node}")
        st.json(safe(question.value), expanded=1)
    for node, error in snapshot.errors.items():
        st.caption(f"failed: {node}")
        st.text(shown(error, 2000))


def _timeline(panes: Sequence[LanePane]) -> None:
    lanes = [(pane.lane.title, pane.view.steps) for pane in panes if pane.view is not None]
    drawn = timeline(lanes)
    if not drawn:
        st.info("No step has run yet.", icon=":material/info:")
        return
    diagram(drawn, key="timeline")
    st.caption("All lanes begin at the same zero. A dashed frame is a failed attempt, a dotted line a wait.")


def _events(workspace: Workspace, thread_id: str) -> None:
    events = workspace.events(thread_id)
    if not events:
        st.info("This process has no events of the thread.", icon=":material/info:")
        return
    newest = events[-NEWEST:]
    st.caption(f"{len(events)} events" + (f", the newest {NEWEST} shown" if len(events) > NEWEST else ""))
    st.dataframe(
        pd.DataFrame([_event(event) for event in newest]),
        hide_index=True,
        key=f"events_{thread_id}",
        alt=f"Events of the thread: {len(newest)} rows",
    )


def _event(event: Event) -> Mapping[str, Any]:
    told = event._asdict()
    number, at, path = told.pop("no"), told.pop("at"), told.pop("path", ())
    rest = ", ".join(f"{key}={value!r}" for key, value in told.items() if value)
    return {
        "No.": number,
        "Time": datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3],
        "Event": type(event).__name__,
        "Where": " › ".join(path),
        "What": shown(event.text if isinstance(event, Tokens) else rest, 500),
    }


def _code(pane: LanePane) -> None:
    if pane.view is not None and pane.view.runs:
        st.markdown("**The calls just made**")
        made = [(run.started, run.calls) for run in pane.view.runs if run.calls]
        made += [(item.at, item.calls) for item in pane.view.items if isinstance(item, Reopened)]
        calls = [calls for _, calls in sorted(made)[-3:]]
        st.code(shown("\n\n".join(calls)), language="python", wrap_lines=True)
    st.markdown("**The pattern, as it runs**")
    st.code(file_of(pane.lane), language="python", line_numbers=True)
