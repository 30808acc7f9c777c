"""The tab "State": graph, chat and state of a thread as they were at a checkpoint."""

import json
from collections.abc import Mapping

import streamlit as st

from lab.history import Snapshot, question_text
from lab.jsonable import Json
from ui.common import LIMIT, Looked, code, literal, node_name, safe, shown
from ui.graph import NodeState, Phase, draw_diagram, graph_shape, state_markup, width

NARROW = 190
"""Pixels of a graph up to which it stands beside the state; a wider one comes after it."""
SAID = 6
"""Messages of the state that are shown as a chat; the others are in the state."""
OPEN = 400
"""Characters of a value that are shown without being unfolded."""
LINE = 70
"""Characters of a value that stands on one line with its name."""


def draw_state(looked: Looked, snapshot: Snapshot) -> None:
    """Draw the graph, the chat and the state."""
    thread = looked.thread
    _stops(snapshot)
    if width(thread.pattern, thread.lane) <= NARROW:
        with st.container(horizontal=True, gap="medium"):
            with st.container(width=NARROW):
                _graph(looked, snapshot)
            with st.container(gap="small"):
                _state(looked, snapshot)
                _chat(snapshot)
    else:
        _state(looked, snapshot)
        _chat(snapshot)
        _graph(looked, snapshot)
    _ways_out(looked, snapshot)


def _graph(looked: Looked, snapshot: Snapshot) -> None:
    thread = looked.thread
    drawn = graph_shape(thread.pattern, thread.lane)
    key = f"then_{thread.thread_id}"
    with st.container(key=key):
        draw_diagram(drawn, key=key)
        states = _states([node.id for node in drawn.nodes], looked, snapshot)
        st.markdown(state_markup(key, states), unsafe_allow_html=True)


def _states(names: list[str], looked: Looked, snapshot: Snapshot) -> dict[str, NodeState]:
    inside = looked.at.checkpoint_id if looked.at.namespace else None
    visits = looked.workspace.history.visits(looked.thread.thread_id, looked.own, looked.tree, inside)
    asked = {question.node for question in snapshot.questions}
    states: dict[str, NodeState] = {}
    for name in names:
        *path, last = name.split(":")
        if last == "__start__":
            phase = Phase.DONE if not path or visits.get(":".join(path)) else Phase.PENDING
        elif last == "__end__":
            phase = Phase.DONE if tuple(path) == looked.at.path and not snapshot.next else Phase.PENDING
        elif tuple(path) == looked.at.path and last in snapshot.next:
            phase = Phase.FAILED if last in snapshot.errors else Phase.WAITING if last in asked else Phase.PAUSED
        else:
            phase = Phase.DONE if visits.get(name) else Phase.PENDING
        states[name] = NodeState(phase, max(visits.get(name, 0), 1))
    return states


def _stops(snapshot: Snapshot) -> None:
    """Draw what was asked here and what failed."""
    for question in snapshot.questions:
        with st.container(border=True):
            st.markdown(f":material/front_hand: {code(node_name(question.node))} asked here")
            st.text(shown(question_text(question.value), 2000))
    for node, error in snapshot.errors.items():
        st.error(f"{literal(node_name(node), 60)} failed here: {literal(error, 1000)}", icon=":material/error:")


def _chat(snapshot: Snapshot) -> None:
    said = [
        message
        for value in snapshot.values.values()
        if isinstance(value, list)
        for message in value
        if isinstance(message, dict) and "role" in message and isinstance(_said_text(message), str)
    ]
    if len(said) > SAID:
        st.caption(f"The newest {SAID} of {len(said):,} messages")
    with st.container(height=360 if len(said) > 3 else "content", border=False, key="then_chat"):
        for message in said[-SAID:]:
            person = message["role"] in ("human", "user")
            icon = ":material/person:" if person else ":material/smart_toy:"
            with st.chat_message("user" if person else "assistant", avatar=icon):
                st.text(shown(_said_text(message), 2000))


def _said_text(message: Mapping[str, Json]) -> Json:
    """Give a message's text; a message that is still a dict has it as its content."""
    return message.get("text", message.get("content"))


def _state(looked: Looked, snapshot: Snapshot) -> None:
    if not snapshot.values:
        st.caption("The state is empty here; the input is written by the next step.")
    # The state of a subgraph has a schema of its own, which only its values tell of.
    types = {} if looked.at.namespace else looked.workspace.history.types(looked.thread.thread_id)
    for name, value in snapshot.values.items():
        _value(name, value, types.get(name) or type(value).__name__)


def _ways_out(looked: Looked, snapshot: Snapshot) -> None:
    """Draw what takes the state out of the page."""
    whole = json.dumps(snapshot.values, ensure_ascii=False, indent=2)
    with st.container(horizontal=True):
        st.download_button(
            "Download as JSON",
            whole.encode("utf-8", "replace"),
            file_name=f"{looked.thread.pattern}-step-{snapshot.step}.json",
            mime="application/json",
            icon=":material/download:",
            key=f"download_{looked.thread.thread_id}",
            on_click="ignore",
        )
        copy = st.popover(
            "Copy", icon=":material/content_copy:", key=f"copy_{looked.thread.thread_id}", on_change="rerun"
        )
        # A state can be long, and is sent a second time only to who opens it.
        if copy.open:
            cut = f" It has the first {LIMIT:,} characters, the download has all." if len(whole) > LIMIT else ""
            copy.caption(f"The button at the right of the text copies it.{cut}")
            copy.code(shown(whole), language="json", height=300)
        with st.popover("Link", icon=":material/link:", key=f"link_{looked.thread.thread_id}"):
            st.caption("This checkpoint, also once the thread has gone on.")
            page = str(st.context.url or "").partition("?")[0]
            st.code(f"{page}?thread={looked.thread.thread_id}&lane={looked.thread.lane}&checkpoint={looked.at}", None)
    st.caption(f"Checkpoint {looked.at.checkpoint_id}")


def _value(name: str, value: Json, kind: str) -> None:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    label = f"**{literal(name, 80)}** · {literal(kind, 160)}{_length(value)}"
    if len(text) <= LINE and not isinstance(value, (dict, list)) and "\n" not in text:
        with st.container(horizontal=True, gap="small"):
            st.markdown(label, width="content")
            st.text(_line(value), width="content")
        return
    if len(text) <= OPEN:
        with st.container(gap="xsmall"):
            st.markdown(label)
            _drawn(value)
        return
    with st.expander(f"{label} · {len(text):,} characters"):
        _drawn(value)


def _drawn(value: Json) -> None:
    if isinstance(value, (dict, list)):
        if value:
            st.json(safe(value), expanded=1)
    else:
        st.text(shown(value))


def _line(value: Json) -> str:
    if value is None or value == "":
        return "–"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else shown(value)


def _length(value: Json) -> str:
    return f" · {len(value):,} inside" if isinstance(value, (dict, list)) else ""
