"""The difference of any two checkpoints, of one thread or of two threads of a pattern."""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from lab.errors import UnknownThread
from lab.history import Row, Snapshot
from lab.threads import Thread
from lab.workspace import Workspace
from ui.common import Looked, Place, is_changed, is_known, literal, look_at, note_drawn, read_place, set_value, shown
from ui.history.diff_view import draw_changes

OFFERED = 200
"""Checkpoints of the other side that are offered, the newest ones; any other can be pinned where it's looked at."""


def draw_diff(looked: Looked, snapshot: Snapshot) -> None:
    """Draw what has to be done to the other side's state to get the one that is looked at."""
    if looked.at.namespace:
        st.info("A subgraph's state has keys of its own; select a step of the thread itself to compare it.")
        return
    other, before = _other_side(looked, snapshot)
    if before is None:
        st.info("Choose a checkpoint to compare with.", icon=":material/difference:")
        return
    # The pair reads as a change from the other side to the one that is looked at.
    if other.thread_id == looked.thread.thread_id:
        differences = looked.workspace.history.diff(other.thread_id, before, snapshot.checkpoint_id)
    else:
        differences = looked.workspace.history.diff(
            other.thread_id, before, snapshot.checkpoint_id, looked.thread.thread_id
        )
    draw_changes(differences)


def _other_side(looked: Looked, snapshot: Snapshot) -> tuple[Thread, str | None]:
    threads = _threads(looked.workspace, looked.thread)
    asked_thread = st.query_params.get("other", looked.thread.thread_id)
    asked = read_place("against")
    if asked_thread not in {thread.thread_id for thread in threads}:
        _missing("thread", asked_thread, "this thread")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ids = [thread.thread_id for thread in threads]
        key = f"other_{looked.thread.thread_id}"
        set_value(key, asked_thread if asked_thread in ids else looked.thread.thread_id)
        st.selectbox(
            "From thread",
            ids,
            key=key,
            format_func=lambda one: _name(threads[ids.index(one)], looked.thread),
            on_change=_other_chosen,
            args=(key, looked.thread),
        )
        note_drawn(key)
        other = threads[ids.index(st.session_state[key])]
        rows = _offered(looked, other, asked)
        chosen = _checkpoint(looked, snapshot, other, rows, asked)
        st.button(
            "Pin this checkpoint",
            icon=":material/push_pin:",
            key=f"pin_{looked.thread.thread_id}",
            help="Keeps the checkpoint that is shown as the other side; then select any other one.",
            on_click=_pin,
            args=(looked.thread, Place(snapshot.checkpoint_id)),
        )
    return other, chosen


def _threads(workspace: Workspace, thread: Thread) -> list[Thread]:
    listed = filter(is_known, workspace.threads.newest(pattern=thread.pattern))
    threads = {one.thread_id: one for one in (thread, *listed)}
    # An older one than the list has opens by its link.
    with suppress(UnknownThread):
        asked = workspace.threads.find(st.query_params.get("other", thread.thread_id))
        if asked.pattern == thread.pattern and is_known(asked):
            threads.setdefault(asked.thread_id, asked)
    return list(threads.values())


def _missing(what: str, ident: str, instead: str) -> None:
    st.warning(
        f"There is no {what} '{literal(ident, 60)}' to compare with here; {instead} is taken in its place. "
        "It may have been deleted or pruned, or the link is another workspace's.",
        icon=":material/link_off:",
    )


def _name(thread: Thread, own: Thread) -> str:
    if thread.thread_id == own.thread_id:
        return "this thread"
    return f"{thread.lane} · {shown(thread.title, 50)} · {thread.thread_id[:8]}"


def _other_chosen(key: str, own: Thread) -> None:
    if is_changed(key):
        _turn_to(str(st.session_state[key]), own)


def _turn_to(thread_id: str, own: Thread) -> None:
    look_at(None, "against")
    if thread_id == own.thread_id:
        st.query_params.pop("other", None)
    else:
        st.query_params["other"] = thread_id


def _pin(thread: Thread, pinned: Place) -> None:
    _turn_to(thread.thread_id, thread)
    look_at(pinned, "against")


def _offered(looked: Looked, other: Thread, asked: Place | None) -> Sequence[Row]:
    total = looked.workspace.history.count(other.thread_id)
    rows = looked.workspace.history.page(other.thread_id, limit=OFFERED, offset=max(0, total - OFFERED)).rows
    if asked is not None and all(row.checkpoint_id != asked.checkpoint_id for row in rows):
        rows = (*looked.workspace.history.rows(other.thread_id, [asked.checkpoint_id]), *rows)
    return rows


def _checkpoint(
    looked: Looked, snapshot: Snapshot, other: Thread, rows: Sequence[Row], asked: Place | None
) -> str | None:
    titles = {row.checkpoint_id: f"step {row.step} · {row.source} · {row.branch}" for row in rows}
    if not titles:
        return None
    fallback = snapshot.parent_id if other.thread_id == looked.thread.thread_id else rows[-1].checkpoint_id
    if asked is not None and asked.checkpoint_id not in titles:
        _missing("checkpoint", asked.checkpoint_id, "the one before")
    start = asked.checkpoint_id if asked is not None and asked.checkpoint_id in titles else fallback
    key = f"against_{looked.thread.thread_id}_{other.thread_id}"
    set_value(key, start if start in titles else next(iter(titles)))
    st.selectbox(
        "From checkpoint",
        list(titles),
        key=key,
        format_func=lambda one: shown(titles[one], 120),
        on_change=_against_chosen,
        args=(key,),
    )
    note_drawn(key)
    return str(st.session_state[key])


def _against_chosen(key: str) -> None:
    if is_changed(key):
        look_at(Place(str(st.session_state[key])), "against")
