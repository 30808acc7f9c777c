"""The threads that a pattern's page shows: which they are, kept in the address and over a change of page."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from graphs.pattern import Pattern
from lab.errors import LabError, UnknownThread
from lab.threads import Thread
from lab.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Shown:
    """The threads on show, by lane; none before the first run."""

    threads: Mapping[str, Thread]
    problem: str = ""
    """Why the thread of the address can't be shown."""


def current(pattern: Pattern, workspace: Workspace) -> Shown:
    """Gives the threads that the address names, or those that this page showed before."""
    asked = st.query_params.get("thread") or st.session_state.get(_key(pattern))
    if not asked:
        return Shown({})
    try:
        thread = workspace.thread(asked)
    except UnknownThread as error:
        return Shown({}, str(error))
    if thread.pattern != pattern.slug:
        return Shown({}, f"Thread {asked[:8]} is of the pattern '{thread.pattern}', not of this page's.")
    show(pattern, thread.thread_id)
    return Shown({found.lane: found for found in workspace.threads(session=thread.session)})


def show(pattern: Pattern, thread_id: str) -> None:
    """Puts a thread in the address and keeps it for the way back to this page."""
    st.session_state[_key(pattern)] = thread_id
    if st.query_params.get("thread") != thread_id:
        st.query_params["thread"] = thread_id


def forget(pattern: Pattern) -> None:
    """Takes the thread out of the address; it stays in the list of threads."""
    st.session_state.pop(_key(pattern), None)
    for name in ("thread", "checkpoint"):
        st.query_params.pop(name, None)


def _key(pattern: Pattern) -> str:
    return f"{pattern.slug}_thread"


def complain(pattern: Pattern, error: LabError | None) -> None:
    """Keeps what went wrong with the page's last action for its next drawing."""
    st.session_state[f"{pattern.slug}_problem"] = error


def complaint(pattern: Pattern) -> LabError | None:
    """Gives what went wrong with the page's last action."""
    found: LabError | None = st.session_state.get(f"{pattern.slug}_problem")
    return found


def dismiss(thread: Thread) -> None:
    """Lets go of a thread that was deleted, so that its pattern's page doesn't miss it."""
    key = f"{thread.pattern}_thread"
    if st.session_state.get(key) == thread.thread_id:
        del st.session_state[key]
