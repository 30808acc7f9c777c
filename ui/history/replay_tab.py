"""The tab "Replay": run again from an earlier checkpoint, as it is."""

import streamlit as st

from lab.history import Snapshot
from ui.common import Looked, look_at, run_options
from ui.history.travel_actions import (
    can_travel,
    confirm_effects,
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
    ahead = looked.workspace.travel.ahead(thread_id, snapshot.checkpoint_id)
    draw_ahead(ahead)
    draw_label_field(thread_id)
    travel_errors(thread_id).draw()
    # Each replay has a head of its own, so what was confirmed for one isn't for the next.
    confirmed = confirm_effects(ahead, f"confirm_{thread_id}_{snapshot.checkpoint_id}_{looked.tree.head}")
    travel_button(
        "Replay from here",
        type="primary",
        icon=":material/replay:",
        key=f"replay_{thread_id}",
        thread_id=thread_id,
        on_click=_replay,
        args=(looked, snapshot, confirmed),
        disabled=not confirmed,
    )


def _replay(looked: Looked, snapshot: Snapshot, confirmed: bool) -> None:
    thread_id, label = looked.thread.thread_id, typed_label(looked.thread.thread_id)
    looked.workspace.travel.replay(thread_id, snapshot.checkpoint_id, label=label, confirmed=confirmed, **run_options())
    look_at(None)
    travelled(looked, Done(f"Replayed from step {snapshot.step}", looked.tree.head))
