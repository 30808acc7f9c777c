"""The sidebar of every page: the menu with its search, and which model answers at what pace."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import streamlit as st

from graphs.search import is_api_name, search
from ui.common import (
    PACES,
    PERSON_PARAMETER,
    acting_person,
    base_path,
    code,
    counted,
    last_thread_query,
    literal,
    login_configured,
    model_name,
    the_lab,
)

STORAGE_TEXTS = {
    "sqlite": "Threads are kept in a SQLite file.",
    "memory": "Threads are kept in memory and end with the server.",
    "postgresql": "Threads are kept in PostgreSQL.",
}
NO_MATCH = (
    "No pattern matches. Search for a shorter word, or for a name of LangGraph's API as code writes it, "
    "such as `interrupt` or `Send`."
)
INBOX = "inbox"
"""The path of the page beside whose link its count stands."""
_mount_count = st.components.v2.component(
    "lab_inbox_count",
    js=Path(__file__).with_name("inbox_count.js").read_text(encoding="utf-8"),
    # Its colours are those of the page's own style sheet.
    isolate_styles=False,
)
_mount = st.components.v2.component("lab_sidebar", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))

OPENED, LISTED = "menu_opened", "menu_listed"
"""The families that the visitor has opened, which stay open where others fold, and those of them when the page was
listed first: what a fold begins with mustn't change under it."""


def draw_menu(home: Sequence[Any], families: Mapping[str, Sequence[Any]], current: Any) -> None:
    """Draw the way to every page: what a search finds, or else the patterns folded under their families."""
    with st.sidebar, st.container(gap=None, key="menu"):
        with st.container(key="sidebar_fold"):
            _mount(key="fold")
        _links(home)
        query = st.text_input(
            "Search patterns",
            placeholder="Search patterns",
            type="search",
            live=True,
            icon=":material/search:",
            label_visibility="collapsed",
            key="menu_search",
        )
        if query and query.strip():
            st.session_state.pop(LISTED, None)
            _matches(query, families)
        else:
            _list(families, current)


def _matches(query: str, families: Mapping[str, Sequence[Any]]) -> None:
    pages = {page.url_path: page for group in families.values() for page in group}
    matches = search(query)
    if not matches:
        st.caption(NO_MATCH)
        return
    uses = f" whose code uses {code(query.strip())}" if is_api_name(query) else ""
    st.caption(f"{counted(len(matches), 'pattern')}{uses}")
    _links([pages[pattern.slug] for pattern in matches])


def _list(families: Mapping[str, Sequence[Any]], current: Any) -> None:
    opened: set[str] = st.session_state.setdefault(OPENED, set())
    where, before = st.session_state.get(LISTED, (None, frozenset()))
    if where != current.url_path:
        before = frozenset(opened)
        st.session_state[LISTED] = (current.url_path, before)
    for family, pages in families.items():
        here = current in pages
        # That of the current page is another widget, so that leaving the page folds what only the page had opened.
        key = f"menu_{family}_here" if here else f"menu_{family}"
        fold = st.expander(family, here or family in before, type="compact", key=key, on_change="rerun")
        if fold.open and not here:
            opened.add(family)
        elif not fold.open:
            opened.discard(family)
        # The links of fifty patterns are drawn only where they're seen.
        if fold.open:
            with fold, st.container(gap=None):
                _links(pages)


def _links(pages: Sequence[Any]) -> None:
    for page in pages:
        with _beside_count() if page.url_path == INBOX else nullcontext():
            st.page_link(page, icon=page.icon or None, width="stretch", query_params=last_thread_query(page.url_path))


@contextmanager
def _beside_count() -> Iterator[None]:
    """Draw beside what the block draws how much waits, which the browser is told of by itself."""
    with st.container(horizontal=True, gap=None, vertical_alignment="center", key="inbox_link"):
        yield
        with st.container(key="inbox_count", width="content"):
            _mount_count(key="inbox_count_mount", data={"path": f"{base_path()}/api/inbox"}, width="content")


def draw_sidebar() -> None:
    """Draw the settings that hold for all pages."""
    lab = the_lab()
    with st.sidebar, st.container(gap="small", key="settings"):
        _draw_person()
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
            st.caption(STORAGE_TEXTS[lab.storage.kind])
        else:
            with st.expander("Model: offline script", type="compact"):
                st.caption("Set OPENAI_API_KEY or OPENAI_BASE_URL to choose a real one.")
                st.caption(STORAGE_TEXTS[lab.storage.kind])
        st.select_slider("Pace of the offline model", _paces(), value=_own_pace(), key="pace", persist_state="session")


def _draw_person() -> None:
    """Draw as whom the visitor acts: to choose, or who has signed in."""
    with st.container(gap=None, key="acting"):
        if login_configured():
            _draw_signed_in()
        else:
            names = [person.name for person in the_lab().people.people()]
            # The address has it, so that two tabs are two people and a reload changes nobody.
            st.selectbox("Acting as", names, key=PERSON_PARAMETER, bind="query-params", persist_state="session")
        person = acting_person()
        if person.name:
            roles = ", ".join(person.roles) or "no role"
            st.caption(literal(f"{person.position}: {roles}" if person.position else roles, 200))


def _draw_signed_in() -> None:
    signed_in = bool(st.user.is_logged_in)
    name = literal(acting_person().name, 80) if signed_in else ""
    st.markdown(f":material/person: {name or 'Nobody has signed in.'}")
    if signed_in:
        st.button("Sign out", key="sign_out", on_click=st.logout)
    else:
        st.button("Sign in", key="sign_in", on_click=st.login)


def _paces() -> list[str]:
    known = list(PACES)
    return known if _own_pace() in known else [_own_pace(), *known]


def _own_pace() -> str:
    """Name the pace of the settings."""
    pace = the_lab().settings.pace
    return next((name for name, value in PACES.items() if value == pace), "As set")
