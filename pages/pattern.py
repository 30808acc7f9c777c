"""The page of a pattern: its form, its lanes side by side, and the tabs of the chosen lane."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from graphs.pattern import Lane, Pattern
from lab.events import ThreadView
from lab.threads import Thread
from lab.workspace import Workspace
from ui.common import SCREEN, current_threads, literal, model_choice, model_name, the_lab, workspace
from ui.graph import graph_shape, node_names
from ui.lanes import LanePane, draw_card, draw_stage, follow_runs, in_words, open_views, watch_others
from ui.pattern_page import Dock, Play, Starter, draw_play_bar, draw_tabs, panel_of


def render(pattern: Pattern) -> None:
    """Draw the page of a pattern and then follows its runs."""
    visitor = workspace()
    pattern = the_lab().graphs.offered(pattern.slug)
    shown = current_threads(pattern, visitor)
    views = open_views(visitor, shown.threads)
    look = partial(visitor.history.stamp, [thread.thread_id for thread in shown.threads.values()])
    stamp = look()
    panes = [_pane(pattern, lane, visitor, shown.threads.get(lane.key), views.get(lane.key)) for lane in pattern.lanes]
    # What runs is read once, so that the buttons and the loop that follows the runs agree.
    running = [pane.thread for pane in panes if pane.thread is not None and pane.status == "running"]
    at_work = [pane.thread for pane in panes if pane.thread is not None and pane.status in ("running", "elsewhere")]
    play = Play(pattern, visitor, shown.threads)
    starter = Starter(pattern, visitor, panes, at_work, play)
    with st.container(key=SCREEN, gap="small"):
        _head(pattern, panes)
        if shown.problem:
            st.warning(f"{literal(shown.problem)} This page starts empty.", icon=":material/link_off:")
        starter.draw(node_names(pattern.slug, pattern.lanes[0].key))
        loop_part = draw_play_bar(play)
        draw_stage(panes, lambda drawn: draw_card(drawn, pattern, visitor, starter.pauses))
    draw_tabs(Dock(pattern, visitor, shown.threads, panes, _chosen(pattern, panes)))
    playing = loop_part(follows=bool(running))
    if shown.threads and not running and not playing:
        watch_others(look, stamp)
    follow_runs(panes, playing)


def _head(pattern: Pattern, panes: Sequence[LanePane]) -> None:
    """Draw the title and the summary in one line, with what to watch behind a button."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="page_head"):
        st.title(pattern.title, anchor=False)
        st.markdown(pattern.summary)
        models = {pane.thread.model for pane in panes if pane.thread is not None} or {model_choice().model}
        st.caption(f"Answered by: {', '.join(sorted(map(model_name, models)))}", width="content")
        with st.popover("What to watch", icon=":material/visibility:", type="tertiary", key="watch"):
            example = pattern.examples[int(st.session_state.get(f"{pattern.slug}_example", 0) or 0)]
            parts = [pattern.summary, ":material/visibility: **What to watch**", _listed(pattern.watch)]
            if lines := in_words(pattern, example):
                parts += [":material/checklist: **In this example**, after the start", _listed(lines)]
            st.markdown("\n\n".join(parts))


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _pane(pattern: Pattern, lane: Lane, visitor: Workspace, thread: Thread | None, view: ThreadView | None) -> LanePane:
    key = f"{pattern.slug}_{lane.key}"
    return LanePane(visitor, lane, thread, view, graph_shape(pattern.slug, lane.key), key, panel_of(lane, thread, key))


def _chosen(pattern: Pattern, panes: Sequence[LanePane]) -> LanePane:
    if len(panes) == 1:
        return panes[0]
    keys = [pane.lane.key for pane in panes]
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
