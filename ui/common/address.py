"""The selected checkpoint in the page's address, so that a link shows the same."""

from dataclasses import dataclass

import streamlit as st

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
    asked = st.query_params.get(name)
    if not asked:
        return None
    ident, _, namespace = asked.partition("@")
    return Place(ident, namespace)


def look_at(place: Place | None, name: str = CHECKPOINT_PARAMETER) -> None:
    """Put a place in the address; None takes it out."""
    if place is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != str(place):
        st.query_params[name] = str(place)
