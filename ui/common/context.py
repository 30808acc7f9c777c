"""The page's lab, the visitor's workspace, and the model and pace chosen in the sidebar."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from graphs.catalogue import CATALOGUE
from lab.lab import Lab, open_lab
from lab.threads import Thread
from lab.types import ModelName
from lab.workspace import Workspace
from lab.workspace_cookie import COOKIE, NEAR, Visitors


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model answers, and how fast the offline one does."""

    model: ModelName
    pace: float


PACES = {"Slow": 8.0, "Natural": 30.0, "Fast": 120.0, "At once": 0.0}
"""Words a second of the offline model."""


def the_lab() -> Lab:
    """Return the process's lab."""
    return open_lab()


def workspace() -> Workspace:
    """Return this visitor's workspace; without its cookie the page says what is missing and end."""
    lab = the_lab()
    visitors = Visitors(lab.secret, lab.settings.workspaces)
    name = visitors.read(st.context.cookies.get(COOKIE))
    if name is None:
        st.error(
            "This browser sent no workspace cookie, so the lab can't tell whose threads to show. "
            "Allow cookies for this address and load the page again.",
            icon=":material/cookie_off:",
        )
        st.stop()
    return lab.workspace(name, near=visitors.is_near(st.context.headers.get(NEAR)))


def model_choice() -> ModelChoice:
    """Return what the sidebar says."""
    state: Any = st.session_state
    model: ModelName = "openai" if state.get("model") == "openai" and the_lab().settings.real_model else "offline"
    return ModelChoice(model, PACES.get(str(state.get("pace", "")), the_lab().settings.pace))


def model_name(model: str) -> str:
    """Say which model that is, in words."""
    return f"{the_lab().settings.openai_model} (real)" if model == "openai" else "offline script"


LANES = {(pattern.slug, lane.key): lane.title for pattern in CATALOGUE for lane in pattern.lanes}
"""The titles of all lanes of this version, by their patterns' slugs and their keys."""


def is_known(thread: Thread) -> bool:
    """Return whether a thread's pattern and lane are in this version."""
    return (thread.pattern, thread.lane) in LANES
