"""The card below a lane's steps, chosen by the thread's status."""

from collections.abc import Callable

import streamlit as st

from graphs.pattern import Breakpoints, Edit, Example, Mend, Pattern, Reply, WayBack
from lab.workspace import Workspace, example_of, upcoming
from ui.common import literal
from ui.graph import node_names
from ui.lanes.answer_card import (
    UNBEGUN,
    Buttons,
    Card,
    accepted_card,
    pause_card,
    restart_card,
    retry_card,
)
from ui.lanes.example_steps import filled
from ui.lanes.mend_card import mend_card
from ui.lanes.pane import LanePane
from ui.lanes.question_card import question_card
from ui.lanes.travel_card import travel_card


def draw_card(pane: LanePane, pattern: Pattern, visitor: Workspace, pauses: Callable[[], Breakpoints]) -> None:
    """Draw what the lane asks for, if it does."""
    if pane.thread is None:
        st.caption("Run the pattern: what its nodes say and write appears here.")
        return
    buttons = Buttons(pane.key, visitor, pane.thread.thread_id, pauses)
    # Also where the lane asks for nothing by now.
    buttons.errors.draw()
    if pane.outcome == "forgotten":
        st.caption("This lane starts from nothing: what you send next is all that it will know.")
    elif pane.status == "new" and pane.lane.remembers:
        restart_card(buttons)
    if pane.status == "elsewhere":
        where = literal(visitor.history.elsewhere(pane.thread.thread_id), 200)
        st.caption(f"Another process ({where}) works on this thread. What it saves appears here by itself.")
        return
    if pane.problem and isinstance(pane.lane.travel, Mend) and pane.view is not None:
        step = upcoming(pattern, _example(pattern, pane), pane.lane, pane.view)
        mend_card(buttons, pane.lane, filled(_example(pattern, pane), step, WayBack), pane.problem)
        return
    if pane.status == "running" or pane.snapshot is None or pane.view is None:
        return
    if (accepted := visitor.history.accepted(pane.thread.thread_id)) is not None and accepted.kind in UNBEGUN:
        accepted_card(buttons, accepted.kind)
    asked = Card(pane.key, visitor, pane.thread.thread_id, pauses, pane.snapshot)
    example = _example(pattern, pane)
    step = upcoming(pattern, example, pane.lane, pane.view)
    if pane.status == "waiting":
        question_card(asked, filled(example, step, Reply))
    elif pane.outcome == "paused" or (pane.status == "resumable" and pane.lane.edits and not pane.lane.travel):
        steps = node_names(pattern.slug, pane.lane.key) if pattern.choose_breakpoints else ()
        given = filled(example, step, Edit)
        pause_card(asked, pane.lane, steps, pane.outcome, given)
    elif pane.status == "resumable":
        retry_card(asked, failed=pane.outcome == "failed")
    if pane.lane.travel and not isinstance(pane.lane.travel, Mend) and pane.status in ("finished", "resumable"):
        way = filled(example, step, WayBack)
        travel_card(asked, pane.lane, way)


def _example(pattern: Pattern, pane: LanePane) -> Example | None:
    chosen = st.session_state.get(f"{pattern.slug}_example", 0) or 0
    return example_of(pattern, pane.view, int(chosen))
