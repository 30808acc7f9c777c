"""What can be seen of a checkpoint and done from it: state, changes, differences, edits, replays, other answers."""

import json
from collections.abc import Callable

import streamlit as st

from lab.errors import LabError
from lab.history import Snapshot
from lab.plain import Plain
from ui import compare, diff_pair, travel
from ui.diff import changes
from ui.place import Looked
from ui.text import literal, safe, shown

OPEN = 400
"""Characters of a value that are shown without being unfolded."""

View = Callable[[Looked, Snapshot], None]


def views(looked: Looked, snapshot: Snapshot) -> None:
    """Draws the tabs about the checkpoint; only the open one costs anything."""
    drawn = st.tabs(list(VIEWS), key="view", on_change="rerun", bind="query-params")
    for title, tab in zip(VIEWS, drawn, strict=True):
        if tab.open:
            with tab:
                try:
                    VIEWS[title](looked, snapshot)
                except LabError as error:
                    st.warning(literal(error, 1000), icon=":material/error:")


def _state(looked: Looked, snapshot: Snapshot) -> None:
    if not snapshot.values:
        st.caption("The state is empty here; the input is written by the next step.")
    for name, value in snapshot.values.items():
        _value(name, value)
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
        with st.popover("Copy", icon=":material/content_copy:", key=f"copy_{looked.thread.thread_id}"):
            st.caption("The button at the right of the text copies it.")
            st.code(shown(whole), language="json", height=300)
    st.caption(f"Checkpoint {looked.at.checkpoint_id}")


def _value(name: str, value: Plain) -> None:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    label = f"**{literal(name, 80)}** · {_type(value)}"
    if len(text) <= OPEN:
        with st.container(gap="xsmall", key=f"value_{abs(hash(name))}"):
            st.markdown(label)
            _drawn(value)
        return
    with st.expander(f"{label} · {len(text):,} characters"):
        _drawn(value)


def _drawn(value: Plain) -> None:
    if isinstance(value, (dict, list)) and value:
        st.json(safe(value), expanded=1)
    else:
        st.text(shown(value) if value != "" else "empty")


def _type(value: Plain) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes or no"
        case int():
            return "whole number"
        case float():
            return "number"
        case str():
            return "text"
        case list():
            return f"list of {len(value):,}"
        case _:
            return f"fields: {len(value):,}"


def _changed(looked: Looked, snapshot: Snapshot) -> None:
    if looked.at.namespace:
        st.info("Changes are shown for the thread's own steps; look at the step that called this subgraph.")
        return
    found = looked.workspace.diff(looked.thread.thread_id, snapshot.parent_id, snapshot.checkpoint_id)
    if snapshot.parent_id is None:
        st.caption("The first checkpoint of the thread, against nothing.")
    changes(found)


VIEWS: dict[str, View] = {
    "State": _state,
    "Changed here": _changed,
    "Diff": diff_pair.draw,
    "Edit and fork": travel.edit_and_fork,
    "Replay": travel.replay,
    "Answer again": travel.answer_again,
    "Compare branches": compare.draw,
}
