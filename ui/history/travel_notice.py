"""Result of the last fork, replay or other answer, with a button to resume the new branch."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from lab.errors import LabError
from lab.history import Mark, Snapshot
from ui.common import LANE_SECTION, Looked, bring_into_view, literal, look_at, nodes_as_code, read_place, run_options
from ui.history.travel_actions import travel_button

STEPS_READ = 200
"""Steps of the new branch that are looked through for what ran."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, such as "Replayed from step 3", and the thread's head before it."""

    what: str
    head: str | None


def travelled(looked: Looked, done: Done) -> None:
    """Keep what was done in a thread, to be told until somebody looks at another checkpoint."""
    st.session_state[_key(looked)] = (done, str(read_place() or ""))


def travel_notice(looked: Looked) -> None:
    """Draw what was done last and what came of it."""
    done, at = st.session_state.get(_key(looked), (None, ""))
    if done is None or looked.tree.head is None:
        return
    if at != str(read_place() or ""):
        del st.session_state[_key(looked)]
        return
    branch = looked.tree.branch_of(looked.tree.head)
    new = [mark for mark in branch.own if done.head is None or mark.checkpoint_id > done.head]
    with st.container(border=True, key=f"did_{looked.thread.thread_id}"):
        name = literal(branch.name, 80)
        if looked.running:
            st.markdown(f":material/history: **{done.what}.** The new branch **{name}** is running; its lane shows it.")
            _buttons(looked, None)
            return
        head = _head(looked)
        st.markdown(
            f":material/history: **{done.what}.** {_ran(looked, new)} The new branch is **{name}**. {_stands(head)}"
        )
        _buttons(looked, head)


def _ran(looked: Looked, new: Sequence[Mark]) -> str:
    ids = [mark.checkpoint_id for mark in new[:STEPS_READ]]
    rows = looked.workspace.history.rows(looked.thread.thread_id, ids, looked.tree)
    ran = [name for row in rows if row.source == "loop" for name in row.ran]
    return f"Ran: {nodes_as_code(ran)}." if ran else "Nothing has run yet."


def _head(looked: Looked) -> Snapshot | None:
    try:
        return looked.workspace.history.snapshot(looked.thread.thread_id)
    except LabError:
        # The page says of an unreadable checkpoint why it is, where it draws its state.
        return None


def _stands(head: Snapshot | None) -> str:
    if head is None:
        return ""
    if head.errors:
        return f"It failed in {nodes_as_code(head.errors)}."
    if head.questions:
        return "It waits for an answer on its lane's card."
    return f"It's paused before {nodes_as_code(head.next)}." if head.next else "It has reached its end."


def _buttons(looked: Looked, head: Snapshot | None) -> None:
    thread_id = looked.thread.thread_id
    with st.container(horizontal=True):
        if head is not None and head.next and not head.questions:
            travel_button(
                "Retry" if head.errors else "Resume",
                type="primary",
                icon=":material/play_arrow:",
                key=f"did_continue_{thread_id}",
                thread_id=thread_id,
                on_click=_go_on,
                args=(looked, head.checkpoint_id),
            )
        st.button(
            "Show its lane",
            icon=":material/arrow_upward:",
            key=f"did_show_{thread_id}",
            on_click=bring_into_view,
            args=(LANE_SECTION,),
        )


def _go_on(looked: Looked, checkpoint_id: str) -> None:
    looked.workspace.proceed(looked.thread.thread_id, checkpoint_id, **run_options())
    look_at(None)
    travelled(looked, Done("Resumed", checkpoint_id))


def _key(looked: Looked) -> str:
    return f"travel_done_{looked.thread.thread_id}"
