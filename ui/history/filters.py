"""The filters of the table of checkpoints, folded behind a button that says how many of them are set."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from lab.history import Only, Tree
from ui.common import shown

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
    with st.popover(label, icon=":material/filter_alt:", key=f"filters_{thread_id}"):
        node = st.selectbox("Node", ["", *nodes], format_func=lambda name: name or "any", key=f"node_{thread_id}")
        source = st.selectbox(
            "Source", ["", *SOURCES], format_func=lambda name: name or "any", key=f"source_{thread_id}"
        )
        branch = st.selectbox(
            "Branch",
            [0, *names],
            format_func=lambda one: shown(names[one], 60) if one in names else "all",
            key=f"branch_{thread_id}",
        )
        text = st.text_input("Search the changes", key=f"text_{thread_id}", placeholder="text of a changed value")
        with st.container(horizontal=True):
            errors = st.toggle("Errors", key=f"errors_{thread_id}")
            asked = st.toggle("Questions", key=f"asked_{thread_id}")
            inner = st.toggle("Subgraphs", value=True, key=f"inner_{thread_id}")
    return Filters(Only(node or "", source or "", branch or 0, errors, asked, (text or "").strip()), inner)


def _set(thread_id: str) -> int:
    """Count the filters that leave rows out."""
    narrowing = ("node", "source", "branch", "text", "errors", "asked")
    number = sum(bool(st.session_state.get(f"{name}_{thread_id}")) for name in narrowing)
    return number + (not st.session_state.get(f"inner_{thread_id}", True))
