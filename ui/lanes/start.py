"""Start all lanes of a pattern on the same input: what a visitor gave, or the sample."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from graphs.pattern import Breakpoints, Pattern
from lab.jsonable import Json
from lab.lab import Lab
from lab.workspace import Workspace
from ui.common import ActionErrors, action_button, model_choice, the_lab

SAMPLE = "time-travel"
"""The pattern that shows the most in under a minute: three lanes write at once, and each then has a way back."""


def start_lanes(pattern: Pattern, visitor: Workspace, values: Mapping[str, Json], breakpoints: Breakpoints) -> str:
    """Start a pattern's lanes as one run and return the id of the first lane's thread."""
    chosen = model_choice()
    session = Lab.new_session()
    started = [
        visitor.start(
            pattern.slug,
            lane.key,
            values,
            session=session,
            model=chosen.model,
            pace=chosen.pace,
            breakpoints=breakpoints,
        )
        for lane in pattern.lanes
    ]
    return started[0].thread_id


def start_sample(visitor: Workspace) -> str:
    """Start the sample and return the id of its first lane's thread; its page then shows the example chosen."""
    pattern = the_lab().graphs.offered(SAMPLE)
    st.session_state[f"{SAMPLE}_example"] = 0
    example = pattern.examples[0]
    return start_lanes(pattern, visitor, example.input, example.breakpoints)


def sample_button(label: str, *, on_click: Callable[..., Any], args: Sequence[Any], **widget: Any) -> None:
    """Draw the button that runs the sample, and why it was refused."""
    errors = ActionErrors("sample")
    errors.draw()
    action_button(
        label, icon=":material/play_arrow:", key="sample_run", errors=errors, on_click=on_click, args=args, **widget
    )
