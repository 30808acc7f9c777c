"""The tab "Replay": run again from an earlier checkpoint, as it is."""

import streamlit as st

from lab.history import Snapshot
from ui.common import Looked, look_at, run_options
from ui.history.travel_actions import (
    can_travel,
    draw_ahead,
    draw_label_field,
    travel_button,
    travel_errors,
    typed_label,
)
from ui.history.travel_notice import Done, travelled


def draw_replay(looked: Looked, snapshot: Snapshot) -> None:
    """Draw what would run again from here, and the button that lets it."""
    if not can_travel(looked):
        return
    thread_id = looked.thread.thread_id
    if not snapshot.next:
        st.info("This is an end: nothing runs after it. Select an earlier checkpoint.", icon=":material/info:")
        return
    draw_ahead(looked.workspace.travel.ahead(thread_id, snapshot.checkpoint_id))
    draw_label_field(thread_id)
    travel_errors(thread_id).draw()
    travel_button(
        "Replay from here",
        type="primary",
        icon=":material/replay:",
        key=f"replay_{thread_id}",
        thread_id=thread_id,
        on_click=_replay,
        args=(looked, snapshot),
    )


def _replay(looked: Looked, snapshot: Snapshot) -> None:
    thread_id = looked.thread.thread_id
    looked.workspace.travel.replay(thread_id, snapshot.checkpoint_id, label=typed_label(thread_id), **run_options())
    look_at(None)
    travelled(looked, Done(f"Replayed from step {snapshot.step}", looked.tree.head))
