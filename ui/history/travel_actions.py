"""What all ways of going on from an earlier checkpoint share: whether they may, what they announce, how they go."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from lab.threads import BRANCH
from lab.workspace import Ahead
from ui.common import ActionErrors, Looked, action_button, choice, code, code_counted, literal
from ui.forms import complain


def possible(looked: Looked) -> bool:
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


def going() -> dict[str, Any]:
    """Return the model and pace that the sidebar says."""
    chosen = choice()
    return {"model": chosen.model, "pace": chosen.pace}


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


def notice(ahead: Ahead) -> None:
    """Say which nodes run again and what they do outside the state."""
    first = names(ahead.next) or "the input"
    later = f" After that may run: {names(ahead.later)}." if ahead.later else ""
    st.markdown(f"**Runs again, for real:** {first}.{later} Nothing before this checkpoint runs again.")
    effects(ahead)
    if not ahead.effects:
        st.caption("None of these nodes declares an effect outside the state.")


def effects(ahead: Ahead) -> None:
    """Warn of what the nodes ahead do outside the state."""
    for name, told in ahead.effects.items():
        st.warning(
            f"{code(name)} acts outside the state: {literal(', '.join(told), 200)}. "
            "Running it again may do so once more.",
            icon=":material/warning:",
        )


def names(nodes: tuple[str, ...]) -> str:
    """Return nodes' names as code."""
    return code_counted(nodes)


def label(thread_id: str) -> None:
    """Draw the field for the name of the branch to be made."""
    st.text_input(
        BRANCH,
        key=f"label_{thread_id}",
        placeholder="for example: without discount",
        help="Names the branch in the tree, and the table's filter finds it.",
    )
    if message := travel_errors(thread_id).by_field().get(BRANCH):
        complain(message)


def label_of(thread_id: str) -> str:
    """Return the name that is typed there now."""
    return str(st.session_state.get(f"label_{thread_id}") or "")
