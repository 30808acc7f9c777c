"""The page Gallery: every pattern by family, with search and filters, and one thing to press first."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import streamlit as st

from graphs.catalogue import CATALOGUE
from graphs.marks import Mark, marks_of
from graphs.pattern import Family, Pattern
from graphs.search import search
from lab.workspace import Workspace
from ui.common import SCREEN, bring_into_view, counted, last_thread_query, the_lab, workspace
from ui.graph import graph_shape, outline_svg
from ui.lanes import SAMPLE, sample_button
from ui.pattern_page import start_play

PAGES: dict[str, Any] = {}
"""The registered pages by their path, which a pattern's slug is too; the router fills it."""

ICONS = {
    Mark.ASKS: ":material/person_raised_hand:",
    Mark.TRAP: ":material/warning:",
    Mark.TRAVEL: ":material/history:",
    Mark.CRASH: ":material/power_off:",
    Mark.TURNS: ":material/forum:",
    Mark.POSTGRESQL: ":material/database:",
}
STARTED = "sample_started"
"""The thread whose page is to be opened, in the session."""


def render() -> None:
    """Draw one card a pattern that the filters leave."""
    if started := st.session_state.pop(STARTED, None):
        st.switch_page(PAGES[SAMPLE], query_params={"thread": started})
    st.title("LangGraph Pattern Lab", anchor=False)
    st.markdown(
        "Workflow patterns of LangGraph, running: tokens stream, the graph lights up, every step is a checkpoint. "
        "Most patterns run beside an alternative on the same input. No key and no network are needed."
    )
    first = st.container(key="gallery_first")
    matches, beside_filters = _filtered()
    for family, patterns in groupby(matches, key=lambda pattern: pattern.family):
        st.header(str(family), anchor=False, divider=False)
        with st.grid(columns="auto", min_column_width=310, key=f"family_{family.name}"):
            for pattern in patterns:
                _card(pattern)
    # Without a workspace the page ends here, and all else is drawn.
    visitor = workspace()
    _offer_sample(visitor, first, beside_filters)


def _offer_sample(visitor: Workspace, first: Any, beside_filters: Any) -> None:
    """Draw what runs the sample: first where nothing has run yet, and small afterwards."""
    new = visitor.threads.page(limit=0).total == 0
    place = beside_filters
    if new:
        says, place = first.container(border=True).columns([3, 1], vertical_alignment="center")
        says.markdown(
            "**New here?** Watch one story being written in three lanes at once, and each of them taken back in time. "
            "It plays by itself in less than a minute, and you can take over at any moment."
        )
    title = the_lab().graphs.offered(SAMPLE).title.lower()
    with place:
        sample_button(
            f"See {title} run",
            on_click=_start,
            args=(visitor,),
            type="primary" if new else "secondary",
            width="stretch" if new else "content",
        )


def _start(visitor: Workspace) -> None:
    st.session_state[STARTED] = start_play(the_lab().graphs.offered(SAMPLE), visitor, 0)
    bring_into_view(SCREEN)


def _filtered() -> tuple[Sequence[Pattern], Any]:
    """Draw the filters, which the address holds; return the patterns that they leave, and a place beside them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        query = st.text_input(
            "Search patterns by a word or by a name of the API",
            placeholder="Search by a word, or by a name of the API such as interrupt",
            type="search",
            live=True,
            icon=":material/search:",
            label_visibility="collapsed",
            key="search",
            bind="query-params",
        )
        family = st.selectbox(
            "Family",
            ["", *map(str, Family)],
            format_func=lambda name: name or "All families",
            label_visibility="collapsed",
            key="family",
            bind="query-params",
            width=270,
        )
        place = st.container(width="content")
    wanted = st.pills(
        "Show only what",
        [str(mark) for mark in Mark],
        selection_mode="multi",
        label_visibility="collapsed",
        key="has",
        bind="query-params",
    )
    slugs = {pattern.slug for pattern in search(query or "")}
    matches = [
        pattern
        for pattern in CATALOGUE
        if pattern.slug in slugs and family in ("", pattern.family) and set(wanted or ()) <= set(marks_of(pattern))
    ]
    if not matches:
        st.info(
            "No pattern matches all of this. Search for a shorter word, choose all families, or take a mark away.",
            icon=":material/search_off:",
        )
    elif len(matches) < len(CATALOGUE):
        st.caption(f"{len(matches)} of {counted(len(CATALOGUE), 'pattern')}")
    return matches, place


def _card(pattern: Pattern) -> None:
    lanes = the_lab().graphs.offered(pattern.slug).lanes
    with st.container(border=True, height="stretch", horizontal=True, wrap=False, key=f"card_{pattern.slug}"):
        # `st.html` shows no SVG.
        st.markdown(_picture(pattern), unsafe_allow_html=True, width=96)
        with st.container(gap="small"):
            st.page_link(
                PAGES[pattern.slug], label=f"**{pattern.title}**", query_params=last_thread_query(pattern.slug)
            )
            st.markdown(pattern.summary)
            marks = [f":material/view_column: {counted(len(lanes), 'lane')}"]
            marks += [f"{ICONS[mark]} {mark}" for mark in marks_of(pattern)]
            # A badge keeps its icon and its words on one line.
            st.markdown(" ".join(f":gray-badge[{mark}]" for mark in marks))


def _picture(pattern: Pattern) -> str:
    """Return the picture of the lane with the most to see, of those that show no mistake where there are some."""
    sound = [lane for lane in pattern.lanes if not lane.trap] or pattern.lanes
    return outline_svg(max((graph_shape(pattern.slug, lane.key) for lane in sound), key=lambda shape: len(shape.edges)))
