"""What all ways of going on from an earlier checkpoint share: whether they may, what they announce, how they go."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from lab.threads import BRANCH
from lab.workspace import Ahead
from ui.common import Looked, choice, code, code_counted, literal, refusals
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


def attempt(thread_id: str, act: Callable[[], None]) -> None:
    """Do a thing and keep what went wrong with it for the next drawing."""
    wrong = refusals(act)
    if not wrong:
        # The next branch is another one.
        st.session_state[f"label_{thread_id}"] = ""
    st.session_state[f"travel_wrong_{thread_id}"] = (st.session_state.get("view"), wrong)


def complaints(thread_id: str) -> Mapping[str, str]:
    """Return what went wrong with the last try in this view, by field."""
    return {name: message for name, message in _wrong(thread_id).items() if name not in ("", BRANCH)}


def complaint(thread_id: str) -> None:
    """Draw why the last try in this view wasn't done."""
    message = _wrong(thread_id).get("")
    if message:
        st.warning(literal(message, 1000), icon=":material/error:")


def _wrong(thread_id: str) -> Mapping[str, str]:
    found: tuple[str | None, Mapping[str, str]] = st.session_state.get(f"travel_wrong_{thread_id}", (None, {}))
    return found[1] if found[0] == st.session_state.get("view") else {}


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
    if message := _wrong(thread_id).get(BRANCH):
        complain(message)


def label_of(thread_id: str) -> str:
    """Return the name that is typed there now."""
    return str(st.session_state.get(f"label_{thread_id}") or "")
