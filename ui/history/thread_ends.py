"""Threads of one pattern side by side: where each stands, its state, and what differs."""

from collections.abc import Mapping, Sequence

import streamlit as st

from lab.errors import LabError
from lab.history import Snapshot
from lab.state import equal_values
from lab.threads import Thread
from lab.workspace import Workspace
from ui.common import LANES, draw_refusal, literal, shown
from ui.history.diff_view import draw_changes
from ui.history.end_states import brief_text, end_text, literal_frame

MOST_COMPARED = 6
"""Threads that stand beside each other."""


def draw_thread_ends(visitor: Workspace, threads: Sequence[Thread]) -> None:
    """Draw the newest states of threads of one pattern, and what differs between two of them."""
    ends = _read(visitor, threads)
    if len(ends) < 2:
        st.info("Fewer than two of these threads have a state to compare.", icon=":material/info:")
        return
    names = {thread.thread_id: _name(number, thread) for number, thread in enumerate(threads)}
    columns = {names[thread_id]: end for thread_id, end in ends.items()}
    lines: list[Mapping[str, str]] = [
        {"": "stands at", **{name: end_text(end) for name, end in columns.items()}, "Same": ""},
        *(_line(field, columns) for field in dict.fromkeys(name for end in columns.values() for name in end.values)),
    ]
    frame = literal_frame(lines).rename(columns={name: literal(name, 150) for name in columns})
    st.table(frame, hide_index=True, alt=f"The newest states of {len(ends)} threads: {len(lines)} rows")
    one, other = _pair(list(ends), names)
    if one == other:
        st.info("Choose two different threads.", icon=":material/info:")
        return
    st.markdown("**What differs, from the first to the second**")
    draw_changes(visitor.history.diff(one, ends[one].checkpoint_id, ends[other].checkpoint_id, other))


def _read(visitor: Workspace, threads: Sequence[Thread]) -> dict[str, Snapshot]:
    """Return each thread's newest state, and draw why there is none."""
    ends: dict[str, Snapshot] = {}
    for thread in threads:
        try:
            end = visitor.history.snapshot(thread.thread_id)
        except LabError as error:
            draw_refusal(f"{thread.title}: {error}")
            continue
        if end is None:
            draw_refusal(f"{thread.title}: nothing is saved of it to compare. Choose another thread.")
        else:
            ends[thread.thread_id] = end
    return ends


def _name(number: int, thread: Thread) -> str:
    # Titles may be equal; letters aren't.
    lane = LANES.get((thread.pattern, thread.lane), thread.lane)
    return f"{chr(ord('A') + number)}: {shown(thread.title, 60)} · {lane}"


def _line(field: str, ends: Mapping[str, Snapshot]) -> dict[str, str]:
    values = [end.values.get(field) for end in ends.values()]
    same = all(equal_values(values[0], value) for value in values[1:])
    texts = {name: brief_text(end.values.get(field)) for name, end in ends.items()}
    return {"": field, **texts, "Same": "same" if same else "≠"}


def _pair(ids: Sequence[str], names: Mapping[str, str]) -> tuple[str, str]:
    if len(ids) == 2:
        return ids[0], ids[1]
    with st.container(horizontal=True):
        one = st.selectbox("From", ids, format_func=names.__getitem__, key="threads_from")
        other = st.selectbox("To", ids, index=1, format_func=names.__getitem__, key="threads_to")
    return str(one), str(other)
