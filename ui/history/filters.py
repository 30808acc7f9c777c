"""The filters of the table of checkpoints, folded behind a button that says how many of them are set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lab.history import Only, Tree
from ui.common import node_name, shown

SOURCES = ("input", "loop", "update", "fork")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which rows the table shows."""

    only: Only
    inner: bool
    """Whether the rows of subgraphs stand under the step that called them."""


def draw_filters(thread_id: str, tree: Tree, nodes: Sequence[str]) -> Filters:
    """Draw the button of the filters, and in what it opens the filters themselves."""
    names = {branch.number: branch.name for branch in tree.branches}
    number = _set(thread_id)
    label = f"Filter · {number} set" if number else "Filter"
    # Seven fields are a tenth of what a drawing of the history costs, so they're drawn only where they're seen.
    fold = st.popover(label, icon=":material/filter_alt:", key=f"filters_{thread_id}", on_change="rerun")
    if fold.open:
        with fold:
            _fields(thread_id, names, nodes)
    node, branch = _value("node", thread_id, ""), _value("branch", thread_id, 0)
    return Filters(
        Only(
            node if node in nodes else "",
            _value("source", thread_id, ""),
            branch if branch in names else 0,
            _value("errors", thread_id, False),
            _value("asked", thread_id, False),
            _value("text", thread_id, "").strip(),
        ),
        _value("inner", thread_id, True),
    )


def _fields(thread_id: str, branches: Mapping[int, str], nodes: Sequence[str]) -> None:
    """Draw the filters; what is set in them holds while they aren't drawn."""
    stays: Any = {"persist_state": "session"}
    st.selectbox("Node", ["", *nodes], format_func=_node_or_any, key=f"node_{thread_id}", **stays)
    st.selectbox("Source", ["", *SOURCES], format_func=_or_any, key=f"source_{thread_id}", **stays)
    st.selectbox(
        "Branch",
        [0, *branches],
        format_func=lambda one: shown(branches[one], 60) if one in branches else "all",
        key=f"branch_{thread_id}",
        **stays,
    )
    st.text_input("Search the changes", key=f"text_{thread_id}", placeholder="text of a changed value", **stays)
    with st.container(horizontal=True):
        st.toggle("Errors", key=f"errors_{thread_id}", **stays)
        st.toggle("Questions", key=f"asked_{thread_id}", **stays)
        st.toggle("Subgraphs", value=True, key=f"inner_{thread_id}", **stays)


def _node_or_any(name: str) -> str:
    return _or_any(node_name(name))


def _or_any(name: str) -> str:
    return name or "any"


def _value(name: str, thread_id: str, default: Any) -> Any:
    value = st.session_state.get(f"{name}_{thread_id}")
    return default if value is None else value


def _set(thread_id: str) -> int:
    """Count the filters that leave rows out."""
    narrowing = ("node", "source", "branch", "text", "errors", "asked")
    number = sum(bool(st.session_state.get(f"{name}_{thread_id}")) for name in narrowing)
    return number + (not st.session_state.get(f"inner_{thread_id}", True))
