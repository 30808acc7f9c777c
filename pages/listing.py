"""Shared by the pages that list: the filter by pattern, and the numbers of a list's pages."""

from typing import Literal

import streamlit as st

from pages.thread_rows import TITLES


def pattern_filter(name: str, *, width: int | Literal["stretch"] = "stretch") -> str | None:
    """Draw the filter of the list of this name, which the address holds, and return the pattern that it leaves."""
    chosen = st.selectbox(
        "Pattern",
        ["", *TITLES],
        format_func=lambda slug: TITLES.get(slug, "All patterns"),
        key=f"{name}_pattern",
        bind="query-params",
        on_change=show_first_page,
        args=(name,),
        width=width,
    )
    return chosen or None


def show_first_page(name: str) -> None:
    """Turn to the first page of the list of this name, where its filters leave other rows."""
    st.session_state[f"{name}_page"] = 1


def page_number(name: str, pages: int) -> int:
    """Draw the numbers of the pages of the list of this name, where there are several, and return the one on show."""
    if pages < 2:
        return 1
    # Whoever deletes the last row of the last page wants the one before it, not the first.
    key = f"{name}_page"
    if st.session_state.get(key, 1) > pages:
        st.session_state[key] = pages
    return st.pagination(pages, key=key, bind="query-params")
