"""The threads that a pattern's page shows, from the address and the session."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from graphs.pattern import Pattern
from lab.errors import UnknownLane, UnknownThread
from lab.threads import Thread
from lab.workspace import Workspace
from ui.common.address import look_at
from ui.common.context import is_known


@dataclass(frozen=True, slots=True)
class ShownThreads:
    """The threads on show, by lane; none before the first run."""

    threads: Mapping[str, Thread]
    problem: str = ""
    """Why the thread of the address can't be shown."""


def current_threads(pattern: Pattern, workspace: Workspace) -> ShownThreads:
    """Return the threads that the address names."""
    asked = st.query_params.get("thread")
    if not asked:
        return ShownThreads({})
    try:
        thread = workspace.threads.find(asked)
    except UnknownThread as error:
        return ShownThreads({}, str(error))
    if thread.pattern != pattern.slug:
        return ShownThreads(
            {}, f"Thread {asked[:8]} belongs to another pattern, '{thread.pattern}'. Open it from the page Threads."
        )
    if not is_known(thread):
        return ShownThreads({}, str(UnknownLane(thread.pattern, thread.lane)))
    show_thread(pattern, thread.thread_id)
    together = filter(is_known, workspace.threads.newest(session=thread.session))
    return ShownThreads({one.lane: one for one in together})


def last_thread_query(slug: str) -> dict[str, str]:
    """Give what a link to a pattern's page adds to its address to show what that page showed before.

    The page itself never adds it: the browser would keep two addresses of one view, and Back would lead to the
    first, which leads forward again.
    """
    thread_id = st.session_state.get(_key(slug))
    return {"thread": thread_id} if thread_id else {}


def show_thread(pattern: Pattern, thread_id: str) -> None:
    """Put a thread in the address and keep it for the way back to this page."""
    st.session_state[_key(pattern.slug)] = thread_id
    if st.query_params.get("thread") != thread_id:
        st.query_params["thread"] = thread_id


def forget_thread(pattern: Pattern) -> None:
    """Take the thread out of the address; it stays in the list of threads."""
    st.session_state.pop(_key(pattern.slug), None)
    st.query_params.pop("thread", None)
    look_at(None)


def _key(slug: str) -> str:
    return f"{slug}_thread"


def forget_deleted(thread: Thread) -> None:
    """Let go of a thread that was deleted, so that its pattern's page doesn't miss it."""
    key = _key(thread.pattern)
    if st.session_state.get(key) == thread.thread_id:
        del st.session_state[key]
