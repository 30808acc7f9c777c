"""What a session knows of a play; how far it has come is read from the threads alone."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import streamlit as st

from graphs.pattern import Pattern
from lab.workspace import Workspace
from ui.lanes import start_example


@dataclass(frozen=True, slots=True)
class PlayState:
    """A play of one tab."""

    example: int
    session: str
    """That of the threads which play."""
    paused: bool = False
    shown: str = ""
    """Tells the step on show from others; empty where the next one begins to be shown."""
    due: float = 0.0
    """When the step on show is done."""
    last: str = ""
    """The lane in which something was done last."""
    over: str = ""
    """Why the play has ended; empty while it goes on."""


def read_play(pattern: Pattern) -> PlayState | None:
    """Return the play of a pattern's page, None where there is none."""
    saved = st.session_state.get(_key(pattern))
    return PlayState(**saved) if saved is not None else None


def begin_play(pattern: Pattern, number: int, session: str) -> None:
    """Let a pattern's page play an example in the threads of a session."""
    st.session_state[_key(pattern)] = asdict(PlayState(number, session))


def change_play(pattern: Pattern, **fields: Any) -> PlayState | None:
    """Change what is known of a play and return it; None where a press has ended it meanwhile."""
    state = read_play(pattern)
    if state is None:
        return None
    state = replace(state, **fields)
    st.session_state[_key(pattern)] = asdict(state)
    return state


def end_play(pattern: Pattern) -> None:
    """Leave the page to the person; what runs goes on."""
    st.session_state.pop(_key(pattern), None)


def start_play(pattern: Pattern, visitor: Workspace, number: int) -> str:
    """Start an example and let its page play it; return the thread that the page's address names."""
    first = start_example(pattern, visitor, number)
    begin_play(pattern, number, first.session)
    return first.thread_id


def _key(pattern: Pattern) -> str:
    return f"{pattern.slug}_play_state"
