"""The page of a pattern: its form, its lanes side by side, and the tabs of the chosen lane."""

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from graphs.pattern import Lane, Pattern
from lab.threads import Thread
from lab.workspace import Workspace
from ui.common import LANE_SECTION, business_row, current_threads, literal, model_name, safe, the_lab, workspace
from ui.graph import graph_shape, node_names
from ui.lanes import LanePane, draw_card, follow_runs, in_words, watch_others
from ui.pattern_page import Starter, draw_costs, draw_tabs, draw_thread_comparison

NARROWEST = 290
"""Pixels below which lanes go under each other instead of side by side."""


def render(pattern: Pattern) -> None:
    """Draw the page of a pattern and then follows its runs."""
    visitor = workspace()
    pattern = the_lab().graphs.offered(pattern.slug)
    shown = current_threads(pattern, visitor)
    look = partial(visitor.history.stamp, [thread.thread_id for thread in shown.threads.values()])
    stamp = look()
    _head(pattern)
    if shown.problem:
        st.warning(f"{literal(shown.problem)} This page starts empty.", icon=":material/link_off:")
    panes = [_pane(pattern, lane, visitor, shown.threads.get(lane.key)) for lane in pattern.lanes]
    # What runs is read once, so that the buttons and the loop that follows the runs agree.
    running = [pane.thread for pane in panes if pane.thread is not None and pane.status == "running"]
    at_work = [pane.thread for pane in panes if pane.thread is not None and pane.status in ("running", "elsewhere")]
    starter = Starter(pattern, visitor, shown.threads, at_work)
    with st.grid(2, min_column_width=400, gap="medium") as top:
        with top.cell():
            starter.draw(node_names(pattern.slug, pattern.lanes[0].key))
        with top.cell():
            _watch(pattern)
    _lanes(pattern, visitor, panes, starter)
    _tables(pattern, visitor, shown.threads)
    draw_costs(visitor, panes)
    draw_thread_comparison(pattern, visitor)
    draw_tabs(visitor, panes, _chosen(pattern, panes))
    if shown.threads and not running:
        watch_others(look, stamp)
    follow_runs(panes)


def _head(pattern: Pattern) -> None:
    st.title(pattern.title, anchor=False)
    st.markdown(pattern.summary)


def _watch(pattern: Pattern) -> None:
    st.markdown(":material/visibility: **What to watch**")
    st.markdown("\n".join(f"- {line}" for line in pattern.watch))
    example = pattern.examples[int(st.session_state.get(f"{pattern.slug}_example", 0) or 0)]
    if lines := in_words(pattern, example):
        st.markdown(":material/checklist: **In this example**, after the start")
        st.markdown("\n".join(f"- {line}" for line in lines))


def _pane(pattern: Pattern, lane: Lane, visitor: Workspace, thread: Thread | None) -> LanePane:
    return LanePane(visitor, lane, thread, graph_shape(pattern.slug, lane.key), f"{pattern.slug}_{lane.key}")


def _lanes(pattern: Pattern, visitor: Workspace, panes: Sequence[LanePane], starter: Starter) -> None:
    models = {model_name(pane.thread.model) for pane in panes if pane.thread is not None}
    if models:
        st.caption(f"Answered by: {', '.join(sorted(models))}")
    with st.container(key=LANE_SECTION), st.grid(len(panes), min_column_width=NARROWEST, border=True) as grid:
        for pane in panes:
            with grid.cell(), st.container(key=f"lane_{pane.key}"):
                pane.draw(lambda drawn: draw_card(drawn, pattern, visitor, starter.pauses))


def _tables(pattern: Pattern, visitor: Workspace, threads: Mapping[str, Thread]) -> None:
    if not threads:
        return
    titles = {threads[lane.key].thread_id: lane.title for lane in pattern.lanes if lane.key in threads}
    for table in pattern.tables:
        rows = visitor.threads.business(table, list(titles))
        st.header(table.capitalize(), anchor=False)
        if not rows:
            st.caption(f"The {table} has no row of these threads.")
            continue
        lines = [business_row(titles[row["thread_id"]], row) for row in rows]
        st.dataframe(pd.DataFrame(safe(lines)), hide_index=True, alt=f"Rows of the {table}: {len(rows)}")


def _chosen(pattern: Pattern, panes: Sequence[LanePane]) -> LanePane:
    if len(panes) == 1:
        return panes[0]
    keys = [pane.lane.key for pane in panes]
    st.space("small")
    asked = st.query_params.get("lane")
    # A lane without a checkpointer has no history to look into.
    first = next((pane.lane.key for pane in panes if pane.lane.remembers), keys[0])
    # Not bound to the address, which would then hold the title instead of the key.
    key = st.segmented_control(
        "Look into lane",
        keys,
        default=asked if asked in keys else first,
        required=True,
        format_func=lambda key: pattern.lane(key).title,
        key=f"{pattern.slug}_lane",
    )
    if key != (asked or first):
        st.query_params["lane"] = str(key)
    return next((pane for pane in panes if pane.lane.key == key), panes[0])
