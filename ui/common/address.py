"""The selected checkpoint in the page's address, so that a link shows the same."""

from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lab.history import Tree
from lab.threads import Thread
from lab.workspace import Workspace

CHECKPOINT_PARAMETER = "checkpoint"


def base_path() -> str:
    """Return the path below which the application stands, such as `/lab`; empty at the top."""
    return "/".join(["", *filter(None, st.get_option("server.baseUrlPath").split("/"))])


@dataclass(frozen=True, slots=True)
class Place:
    """A checkpoint of a thread, or of a subgraph that one of its nodes called."""

    checkpoint_id: str
    namespace: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """The names of the nodes that called the subgraph, from the outermost inwards."""
        return tuple(part.partition(":")[0] for part in self.namespace.split("|") if part)

    def __str__(self) -> str:
        return f"{self.checkpoint_id}@{self.namespace}" if self.namespace else self.checkpoint_id


@dataclass(frozen=True, slots=True)
class Looked:
    """A thread and the checkpoint of it that is looked at."""

    workspace: Workspace
    thread: Thread
    tree: Tree
    at: Place
    own: str
    """The thread's own checkpoint that it is or belongs to."""

    @property
    def running(self) -> bool:
        """Whether a run is going on, during which nobody can go back."""
        return self.workspace.history.running(self.thread.thread_id)


def read_place(name: str = CHECKPOINT_PARAMETER) -> Place | None:
    """Return the place that the address names under `name`."""
    before, after = st.session_state.pop(f"{name}_unseen", (None, None))
    if before != after and st.query_params.get(name) == before:
        _name(after, name)
    asked = st.query_params.get(name)
    if not asked:
        return None
    ident, _, namespace = asked.partition("@")
    return Place(ident, namespace)


def look_at(place: Place | None, name: str = CHECKPOINT_PARAMETER) -> None:
    """Put a place in the address; None takes it out."""
    before, after = st.query_params.get(name), None if place is None else str(place)
    if before != after:
        _name(after, name)
        if _draws_a_fragment():
            st.session_state[f"{name}_unseen"] = (before, after)


def _name(place: str | None, name: str) -> None:
    if place is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = place


def _draws_a_fragment() -> bool:
    """Tell whether only a part of the page is drawn in this run of the script.

    A part that is drawn anew by the clock may bring the server what the visitor has just picked, and the drawing of
    the page that was asked for right after it comes with the address of before.
    """
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)
