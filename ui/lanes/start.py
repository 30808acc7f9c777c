"""Start an example of a pattern in all its lanes, and the button that starts the sample."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from graphs.pattern import Pattern
from lab.threads import Thread
from lab.workspace import ExamplePlayer, Workspace
from ui.common import ActionErrors, action_button, look_at, run_options, the_lab

SAMPLE = "time-travel"
"""The pattern that shows the most in under a minute: three lanes write at once, and each then has a way back."""


def start_example(pattern: Pattern, visitor: Workspace, number: int) -> Thread:
    """Start an example, which its page then shows as the chosen one, and return the first lane's thread."""
    first = ExamplePlayer(visitor, pattern, pattern.examples[number]).start(**run_options())[0]
    chosen = f"{pattern.slug}_example"
    if st.session_state.get(chosen, 0) != number:
        st.session_state[chosen] = number
    look_at(None)
    return first


def start_sample(visitor: Workspace) -> str:
    """Start the sample and return the id of its first lane's thread."""
    return start_example(the_lab().graphs.offered(SAMPLE), visitor, 0).thread_id


def sample_button(label: str, *, on_click: Callable[..., Any], args: Sequence[Any], **widget: Any) -> None:
    """Draw the button that runs the sample, and why it was refused."""
    errors = ActionErrors("sample")
    errors.draw()
    action_button(
        label, icon=":material/play_arrow:", key="sample_run", errors=errors, on_click=on_click, args=args, **widget
    )
