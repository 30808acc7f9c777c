"""A thread's history to travel in: tree, slider, table, and the checkpoint that is looked at."""

import streamlit as st

from graphs.catalogue import find
from lab.errors import LabError
from lab.history import Snapshot
from lab.threads import Thread
from lab.tree import Mark, Tree
from lab.workspace import Workspace
from ui import place
from ui.catalogue import node_names, shape
from ui.checkpoint import views
from ui.diagram import NodeState, Phase, diagram, now
from ui.history_table import history_table
from ui.place import Looked, Place
from ui.text import literal, shown
from ui.tree import checkpoint_tree

SAID = 12
"""Messages of the state that are shown beside the graph; the others are in the state below."""


def explorer(workspace: Workspace, thread: Thread) -> None:
    """Draws the history of a thread that has one."""
    if not find(thread.pattern).lane(thread.lane).remembers:
        st.info("This lane has no checkpointer: nothing was saved, so there is no history.", icon=":material/info:")
        return
    grown = workspace.tree(thread.thread_id)
    if grown.head is None:
        st.info("The thread has no checkpoint.", icon=":material/info:")
        return
    at = _at(grown)
    _tree(thread, grown, at)
    _slider(thread, grown, at)
    looked = Looked(workspace, thread, grown, at, workspace.status(thread.thread_id))
    try:
        snapshot = workspace.snapshot(thread.thread_id, at.checkpoint_id, at.namespace)
    except LabError as error:
        snapshot = None
        st.warning(literal(error, 1000), icon=":material/error:")
    if snapshot is not None:
        _then(looked, snapshot)
    history_table(workspace, thread.thread_id, grown, node_names(thread.pattern, thread.lane), at)
    if snapshot is not None:
        views(looked, snapshot)


def _at(grown: Tree) -> Place:
    """Gives the place of the address; one that isn't in this thread is told of and left."""
    asked = place.read()
    assert grown.head is not None
    if asked is None:
        return Place(grown.head)
    if not asked.namespace and asked.checkpoint_id not in grown.marks:
        st.warning(
            f"The thread has no checkpoint '{literal(asked.checkpoint_id, 60)}'; its newest one is shown. "
            "It may have been pruned, or the link is another thread's.",
            icon=":material/link_off:",
        )
        return Place(grown.head)
    return asked


def _tree(thread: Thread, grown: Tree, at: Place) -> None:
    key = f"opened_{thread.thread_id}"
    opened: set[str] = st.session_state.setdefault(key, set())
    selected = at.checkpoint_id if at.checkpoint_id in grown.marks else None
    pick = checkpoint_tree(grown, key=thread.thread_id, selected=selected, opened=opened, height=300)
    if pick is None:
        return
    if pick.fold:
        opened ^= {pick.id}
    else:
        place.look_at(Place(pick.id))
    st.rerun()


def _slider(thread: Thread, grown: Tree, at: Place) -> None:
    """Draws the slider over the branch that is looked at, from the root to its end."""
    if at.checkpoint_id not in grown.marks:
        return
    branch = grown.branch_of(at.checkpoint_id)
    way = grown.path(branch.number)
    if len(way) < 2:
        return
    ids = [mark.checkpoint_id for mark in way]
    key = f"slider_{thread.thread_id}_{branch.number}"
    st.session_state[key] = ids.index(at.checkpoint_id)
    st.slider(
        f"Checkpoint on {literal(branch.name, 60)}",
        0,
        len(way) - 1,
        key=key,
        format=f"%d of {len(way) - 1}",
        help="Drag, or press the arrow keys: the graph, the chat and the state follow.",
        on_change=lambda: place.look_at(Place(ids[st.session_state[key]])),
    )


def _then(looked: Looked, snapshot: Snapshot) -> None:
    """Draws the graph and the chat as they were then."""
    thread = looked.thread
    with st.grid(2, min_column_width=340, gap="medium") as grid:
        with grid.cell(), st.container(key=f"then_{thread.thread_id}"):
            st.markdown(f"**{_title(looked.grown.marks.get(looked.at.checkpoint_id), snapshot)}**")
            drawn = shape(thread.pattern, thread.lane)
            key = f"then_{thread.thread_id}"
            diagram(drawn, key=key)
            names = [node.id for node in drawn.nodes]
            states = _states(names, looked, snapshot)
            st.markdown(now(key, states), unsafe_allow_html=True)
        with grid.cell():
            _chat(snapshot)


def _title(mark: Mark | None, snapshot: Snapshot) -> str:
    ahead = ", ".join(f"`{name}`" for name in snapshot.next if name != "__start__")
    following = f"{ahead} runs next" if ahead else "the input comes next" if snapshot.next else "the end"
    named = f" · {literal(mark.label, 60)}" if mark is not None and mark.label else ""
    return f"After step {snapshot.step}{named}: {following}"


def _states(names: list[str], looked: Looked, snapshot: Snapshot) -> dict[str, NodeState]:
    visits: dict[str, int] = {}
    if not looked.at.namespace:
        visits = dict(looked.workspace.visits(looked.thread.thread_id, looked.at.checkpoint_id))
    asked = {question.node for question in snapshot.questions}
    states: dict[str, NodeState] = {}
    for name in names:
        top = name.partition(":")[0]
        phase = Phase.DONE if visits.get(top) or top == "__start__" else Phase.PENDING
        if top in snapshot.next and top != "__start__":
            phase = Phase.FAILED if top in snapshot.errors else Phase.WAITING if top in asked else Phase.PAUSED
        if top == "__end__":
            phase = Phase.PENDING if snapshot.next else Phase.DONE
        states[name] = NodeState(phase, max(visits.get(top, 0), 1))
    return states


def _chat(snapshot: Snapshot) -> None:
    said = [
        message
        for value in snapshot.values.values()
        if isinstance(value, list)
        for message in value
        if isinstance(message, dict) and message.keys() >= {"role", "text"}
    ]
    for question in snapshot.questions:
        with st.container(border=True):
            st.markdown(f":material/front_hand: `{literal(question.node, 60)}` asked here")
            value = question.value
            st.text(shown(value.get("question", value) if isinstance(value, dict) else value, 2000))
    for node, error in snapshot.errors.items():
        st.error(f"{literal(node, 60)} failed here: {literal(error, 1000)}", icon=":material/error:")
    if not said:
        st.caption("The state holds no messages at this point.")
        return
    if len(said) > SAID:
        st.caption(f"The newest {SAID} of {len(said):,} messages")
    with st.container(height=360 if len(said) > 3 else "content", border=False, key="then_chat"):
        for message in said[-SAID:]:
            person = message["role"] in ("human", "user")
            icon = ":material/person:" if person else ":material/smart_toy:"
            with st.chat_message("user" if person else "assistant", avatar=icon):
                st.text(shown(message["text"], 2000))
