"""The sidebar of every page: which model answers, at what pace, and where threads are kept."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from ui.common import PACES, last_thread_query, model_name, the_lab

STORAGE_TEXTS = {
    "sqlite": "Threads are kept in a SQLite file.",
    "memory": "Threads are kept in memory and end with the server.",
    "postgresql": "Threads are kept in PostgreSQL.",
}


def draw_menu(home: Sequence[Any], families: Mapping[str, Sequence[Any]]) -> None:
    """Draw the way to every page, patterns under their family."""
    with st.sidebar, st.container(gap=None, key="menu"):
        _links(home)
        for family, pages in families.items():
            st.caption(family)
            _links(pages)


def _links(pages: Sequence[Any]) -> None:
    for page in pages:
        st.page_link(page, icon=page.icon or None, width="stretch", query_params=last_thread_query(page.url_path))


def draw_sidebar() -> None:
    """Draw the settings that hold for all pages."""
    lab = the_lab()
    with st.sidebar:
        st.divider()
        if lab.settings.real_model:
            st.segmented_control(
                "Answering model",
                ["offline", "openai"],
                default="offline",
                required=True,
                format_func=model_name,
                key="model",
                persist_state="session",
            )
        else:
            st.markdown("Answering model: **offline script**")
            st.caption("Set OPENAI_API_KEY or OPENAI_BASE_URL to choose a real one.")
        st.select_slider("Pace of the offline model", _paces(), value=_own_pace(), key="pace", persist_state="session")
        st.caption(STORAGE_TEXTS[lab.storage.kind])


def _paces() -> list[str]:
    known = list(PACES)
    return known if _own_pace() in known else [_own_pace(), *known]


def _own_pace() -> str:
    """Name the pace of the settings."""
    pace = the_lab().settings.pace
    return next((name for name, value in PACES.items() if value == pace), "As set")
