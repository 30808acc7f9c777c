"""The page Gallery: every pattern by family."""

from itertools import groupby
from typing import Any

import streamlit as st

from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern
from ui.common import last_thread_query, the_lab

PAGES: dict[str, Any] = {}
"""The registered pages by their path, which a pattern's slug is too; the router fills it."""


def render() -> None:
    """Draw one card a pattern."""
    st.title("LangGraph Pattern Lab", anchor=False)
    st.markdown(
        "Workflow patterns of LangGraph, running: tokens stream, the graph lights up, every step is a checkpoint. "
        "Most patterns run beside an alternative on the same input. No key and no network are needed."
    )
    for family, patterns in groupby(CATALOGUE, key=lambda pattern: pattern.family):
        st.header(str(family), anchor=False, divider=False)
        with st.grid(columns="auto", min_column_width=300, key=f"family_{family.name}"):
            for pattern in patterns:
                _card(pattern)


def _card(pattern: Pattern) -> None:
    with st.container(border=True, height="stretch", key=f"card_{pattern.slug}"):
        st.page_link(PAGES[pattern.slug], label=f"**{pattern.title}**", query_params=last_thread_query(pattern.slug))
        st.markdown(pattern.summary)
        lanes = " · ".join(lane.title for lane in the_lab().graphs.offered(pattern.slug).lanes)
        st.caption(lanes)
