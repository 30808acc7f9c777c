"""Shared parts of the fork, replay and re-answer tabs."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from lab.threads import BRANCH
from lab.workspace import Ahead
from ui.common import ActionErrors, Looked, action_button, code, literal, node_name, nodes_as_code
from ui.forms import complain


def can_travel(looked: Looked) -> bool:
    """Return whether one can go on from here, and say why where not."""
    if looked.running:
        st.info("The thread is running. Wait for its end or stop it, then go back.", icon=":material/info:")
        return False
    if looked.at.namespace:
        st.info(
            "A subgraph runs as a whole: select the step of the thread that called it to go back there.",
            icon=":material/info:",
        )
        return False
    return True


def travel_errors(thread_id: str) -> ActionErrors:
    """Return the errors of the last action in the open tab."""
    return ActionErrors(f"travel_{thread_id}", str(st.session_state.get("view", "")))


def travel_button(
    label: str, *, key: str, thread_id: str, on_click: Callable[..., Any], args: Sequence[Any], **widget: Any
) -> None:
    """Draw a button whose action makes a branch or continues one."""
    action_button(
        label,
        key=key,
        errors=travel_errors(thread_id),
        on_click=_travel,
        args=(thread_id, on_click, *args),
        **widget,
    )


def _travel(thread_id: str, act: Callable[..., Any], *args: Any) -> None:
    act(*args)
    # The next branch is another one.
    st.session_state[f"label_{thread_id}"] = ""


def draw_ahead(ahead: Ahead) -> None:
    """Say which nodes run again and what they do outside the state."""
    first = nodes_as_code(ahead.next) or "the input"
    later = f" After that may run: {nodes_as_code(ahead.later)}." if ahead.later else ""
    st.markdown(f"**Runs again, for real:** {first}.{later} Nothing before this checkpoint runs again.")
    draw_effects(ahead)
    if not ahead.effects:
        st.caption("None of these nodes declares an effect outside the state.")


def draw_effects(ahead: Ahead) -> None:
    """Warn of what the nodes ahead do outside the state."""
    for name, acts in ahead.effects.items():
        st.warning(
            f"{code(node_name(name))} acts outside the state: {literal(', '.join(acts), 200)}. "
            "Running it again may do so once more.",
            icon=":material/warning:",
        )


def confirm_effects(ahead: Ahead, key: str) -> bool:
    """Ask to confirm what acts outside the state again; return whether it may run, as where nothing does."""
    if not ahead.effects:
        return True
    return st.checkbox(
        "Do it again, for real",
        key=key,
        help="What these nodes do outside the state is done once more, and no way back undoes it.",
    )


def draw_label_field(thread_id: str) -> None:
    """Draw the field for the name of the branch to be made."""
    st.text_input(
        BRANCH,
        key=f"label_{thread_id}",
        placeholder="for example: without discount",
        help="Names the branch in the tree, and the table's filter finds it.",
    )
    if message := travel_errors(thread_id).by_field().get(BRANCH):
        complain(message)


def typed_label(thread_id: str) -> str:
    """Return the name that is typed there now."""
    return str(st.session_state.get(f"label_{thread_id}") or "")
