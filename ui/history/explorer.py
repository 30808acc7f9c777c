"""A thread's history: tree, slider and table of its checkpoints, and the tabs of the selected one."""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from graphs.catalogue import find
from lab.errors import LabError
from lab.history import Branch, Mark, Tree
from lab.threads import Thread
from lab.workspace import Workspace
from ui.common import Looked, Place, is_changed, literal, look_at, note_drawn, read_place, set_value
from ui.history.detail import draw_detail
from ui.history.table import draw_history_table
from ui.history.tree import draw_checkpoint_tree

SIDE = 440
"""Pixels that the table and what is selected in it need each to stand side by side."""


def draw_explorer(workspace: Workspace, thread: Thread) -> None:
    """Draw the history of a thread that has one."""
    if not find(thread.pattern).lane(thread.lane).remembers:
        st.info("This lane has no checkpointer: nothing was saved, so there is no history.", icon=":material/info:")
        return
    tree = workspace.history.tree(thread.thread_id)
    if tree.head is None:
        st.info("The thread has no checkpoint.", icon=":material/info:")
        return
    at = _at(tree)
    # A subgraph's checkpoint stands under the step that called it.
    own = _own(workspace, thread, at)
    looked = Looked(workspace, thread, tree, at, own)
    _tree(thread, tree, own)
    # Above the table, whose height depends on its page, the slider stays where the pointer is.
    _slider(workspace, thread, tree, own)
    with st.grid(2, min_column_width=SIDE, gap=24) as grid:
        with grid.cell():
            row = draw_history_table(looked)
        with grid.cell():
            draw_detail(looked, row)


def _at(tree: Tree) -> Place:
    """Return the place of the address; one that isn't in this thread is told of and left."""
    asked = read_place()
    assert tree.head is not None
    if asked is None:
        return Place(tree.head)
    if not asked.namespace and asked.checkpoint_id not in tree.marks:
        st.warning(
            f"The thread has no checkpoint '{literal(asked.checkpoint_id, 60)}'; its newest one is shown. "
            "It may have been pruned, or the link is another thread's.",
            icon=":material/link_off:",
        )
        return Place(tree.head)
    return asked


def _own(workspace: Workspace, thread: Thread, at: Place) -> str:
    caller = workspace.history.caller(thread.thread_id, at.checkpoint_id, at.namespace) if at.namespace else None
    return caller or at.checkpoint_id


def _tree(thread: Thread, tree: Tree, own: str) -> None:
    key = f"opened_{thread.thread_id}"
    opened: set[str] = st.session_state.setdefault(key, set())
    selected = own if own in tree.marks else None
    pick = draw_checkpoint_tree(tree, key=thread.thread_id, selected=selected, opened=opened, height=300)
    if pick is None:
        return
    if pick.fold:
        opened ^= {pick.id}
    else:
        look_at(Place(pick.id))
    st.rerun()


def _slider(workspace: Workspace, thread: Thread, tree: Tree, own: str) -> None:
    """Draw the slider over the branch that is looked at, from the root to its end."""
    if own not in tree.marks:
        return
    branch, way = _along(thread, tree, own)
    if len(way) < 2:
        return
    key = f"slider_{thread.thread_id}"
    # Along a branch each checkpoint is a step after the one before it, also an edit and a replay.
    first = way[0].step
    set_value(key, first + [mark.checkpoint_id for mark in way].index(own))
    st.slider(
        f"Step on {literal(branch.name, 60)}",
        first,
        first + len(way) - 1,
        key=key,
        format="step %d",
        help="Drag, or press the arrow keys: the graph, the chat and the state follow.",
        on_change=_slid,
        args=(workspace, thread.thread_id, branch.own[0].checkpoint_id, key),
    )
    note_drawn(key)


def _along(thread: Thread, tree: Tree, own: str) -> tuple[Branch, Sequence[Mark]]:
    """Give the branch that the slider goes along, with its way from the root.

    At a checkpoint that branches share it stays the one on which somebody came there, so that there's a way back.
    """
    key = f"along_{thread.thread_id}"
    begins: str = st.session_state.get(key, "")
    branch = tree.branch_of(own)
    if begins in tree.marks and begins != branch.own[0].checkpoint_id:
        before = tree.branch_of(begins)
        way = tree.path(before.number)
        if any(mark.checkpoint_id == own for mark in way):
            return before, way
    st.session_state[key] = branch.own[0].checkpoint_id
    return branch, tree.path(branch.number)


def _slid(workspace: Workspace, thread_id: str, begins: str, key: str) -> None:
    """Look at the step that the slider was moved to, on the branch that begins with a checkpoint."""
    if not is_changed(key):
        return
    # A thread or a branch that is gone by now is told of by the page itself.
    with suppress(LabError):
        tree = workspace.history.tree(thread_id)
        way = tree.path(tree.branch_of(begins).number) if begins in tree.marks else ()
        number = st.session_state[key] - way[0].step if way else 0
        if 0 <= number < len(way):
            look_at(Place(way[number].checkpoint_id))
