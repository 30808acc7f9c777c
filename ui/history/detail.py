"""What stands beside the table: which checkpoint is on show, what came of going back, and the checkpoint's tabs."""

import streamlit as st

from lab.errors import LabError
from lab.history import Row, Snapshot
from ui.common import STATE_SECTION, Looked, clock_times, code, draw_refusal, literal, node_path, nodes_as_code, seconds
from ui.history.table import ran_names
from ui.history.table_keys import DETAIL_HEAD
from ui.history.tabs import views
from ui.history.travel_notice import travel_notice

WROTE = {"input": "the input", "fork": "a replay begins here", "update": "edited"}
"""What wrote a checkpoint where no node did."""


def draw_detail(looked: Looked, row: Row | None) -> None:
    """Draw the checkpoint that is looked at; `row` is the table's, where the table has it."""
    # Always there, so that what follows stays the same element of the page.
    with st.container(key="done_here"):
        travel_notice(looked)
    try:
        snapshot = looked.workspace.history.snapshot(
            looked.thread.thread_id, looked.at.checkpoint_id, looked.at.namespace
        )
    except LabError as error:
        draw_refusal(error)
        return
    if snapshot is None:
        return
    with st.container(key=STATE_SECTION, gap="small"):
        with st.container(key=DETAIL_HEAD, gap=None):
            st.markdown(f"**{_title(looked, snapshot)}**")
            st.caption(_about(row or _row(looked)))
        views(looked, snapshot)


def _title(looked: Looked, snapshot: Snapshot) -> str:
    mark = looked.tree.marks.get(looked.at.checkpoint_id)
    inside = f"In {code(node_path(looked.at.path))}, after" if looked.at.namespace else "After"
    ahead = nodes_as_code(name for name in snapshot.next if name != "__start__")
    following = f"{ahead} runs next" if ahead else "the input comes next" if snapshot.next else "the end"
    named = f" · {literal(mark.label, 60)}" if mark is not None and mark.label else ""
    return f"{inside} step {snapshot.step}{named}: {following}"


def _row(looked: Looked) -> Row | None:
    """Read the row of a checkpoint that the table's filters or page leave out."""
    for row in looked.workspace.history.rows(looked.thread.thread_id, [looked.own], looked.tree):
        for one in (row, *row.inner):
            if (one.checkpoint_id, one.namespace) == (looked.at.checkpoint_id, looked.at.namespace):
                return one
    return None


def _about(row: Row | None) -> str:
    """Tell in a line what wrote a checkpoint, on which branch and when."""
    if row is None:
        return ""
    ran = literal(ran_names(row), 200)
    wrote = WROTE.get(row.source, "") if row.source != "loop" else f"{ran} ran" if ran else ""
    if row.source == "update" and ran:
        wrote = f"edited as {ran}"
    (at,) = clock_times([row.at], "seconds")
    took = "" if row.took is None else f"took {seconds(row.took)}"
    return " · ".join(part for part in (wrote, literal(row.branch, 60), literal(at), took) if part)
