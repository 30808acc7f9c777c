"""Buttons' actions: each is done once for each drawing that offered it, and why it was refused is shown.

A callback can't draw. What the lab refuses its action for is stored by it and drawn by the script run that follows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any
from urllib.parse import parse_qs

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lab.errors import InvalidInput, LabError
from ui.common.text import literal

OFFERED = "actions_offered"
LED_TO = "actions_led_to"
DRAWING = "actions_drawing"
LOCK = "actions_lock"
ADDRESS = ("thread", "checkpoint")
"""What of the address an action may change, and what tells a drawing from the one before it."""

_mount = st.components.v2.component("lab_presses", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))


def guard() -> None:
    """Begin a drawing of the page, and let the browser hold back the second press of a double click."""
    _follow_presses()
    st.session_state[DRAWING] = st.session_state.get(DRAWING, 0) + 1
    with st.container(key="presses"):
        _mount(key="guard", data={"drawing": st.session_state[DRAWING]})


@dataclass(frozen=True, slots=True)
class ActionErrors:
    """Why the last action of a part of the page was refused, by field; that of the action as a whole has no name."""

    part: str
    subject: str = ""
    """What the part shows, such as a thread's id; what was refused about another subject isn't shown."""

    def by_field(self) -> Mapping[str, str]:
        """Return the messages that concern a field of the part's form."""
        return {name: message for name, message in self._stored().items() if name}

    def draw(self) -> None:
        """Draw why the last action as a whole was refused, if it was."""
        if message := self._stored().get(""):
            draw_refusal(message)

    def store(self, error: LabError) -> None:
        """Store an error for the next drawing."""
        messages = error.fields if isinstance(error, InvalidInput) else {"": str(error)}
        st.session_state[self._key] = (self.subject, messages)

    def clear(self) -> None:
        """Remove what is stored."""
        st.session_state.pop(self._key, None)

    @property
    def _key(self) -> str:
        return f"{self.part}_errors"

    def _stored(self) -> Mapping[str, str]:
        subject, messages = st.session_state.get(self._key, ("", {}))
        return messages if subject == self.subject else {}


def draw_refusal(message: object) -> None:
    """Draw why something was refused."""
    st.warning(literal(message, 1000), icon=":material/error:")


@contextmanager
def refusal_drawn() -> Iterator[None]:
    """Draw at once what a block is refused for, instead of its rest."""
    try:
        yield
    except LabError as error:
        draw_refusal(error)


def action_button(
    label: str,
    *,
    key: str,
    errors: ActionErrors,
    on_click: Callable[..., Any],
    args: Sequence[Any] = (),
    in_form: bool = False,
    **widget: Any,
) -> None:
    """Draw a button whose action is done once for each drawing, and whose errors the next one shows.

    The browser sends a press with the address of the page on which it was made. A press that comes when the offer
    is taken, or from a page that an action has changed since, belongs to the one before it and does nothing more.
    """
    _state(OFFERED)[key] = _address()
    button = st.form_submit_button if in_form else st.button
    button(label, key=key, on_click=take_press, args=(key, errors, on_click, *args), **widget)


def _follow_presses() -> None:
    # A press that cuts the drawing of the one before it short is joined with it: Streamlit calls back for one of them
    # only, and the page has the address from before both.
    with uninterrupted():
        for key, address in _state(LED_TO).items():
            if st.session_state.get(key):
                _lead_to(address)


def take_press(key: str, errors: ActionErrors, act: Callable[..., Any], *args: Any) -> None:
    """Do the action that is offered on a button, and store what it's refused for."""
    with uninterrupted():
        try:
            if is_taken(key):
                _attempt(errors, act, *args)
        finally:
            _state(LED_TO)[key] = _own_address()


def _attempt(errors: ActionErrors, act: Callable[..., Any], *args: Any) -> None:
    errors.clear()
    try:
        act(*args)
    except LabError as error:
        errors.store(error)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let what a press does be done whole and be known before the next press of the session is looked at.

    The next press starts a script in a thread of its own, and has the one before it ended at its next look at the
    session's state; what was half done then could neither be finished nor be taken back.
    """
    context = get_script_run_ctx()
    assert context
    assert context.script_requests
    with st.session_state.setdefault(LOCK, RLock()):
        end_or_begin_anew = context.script_requests.on_scriptrunner_yield
        context.script_requests.on_scriptrunner_yield = _not_now  # type: ignore[method-assign]  # for this script alone
        try:
            yield
        finally:
            context.script_requests.on_scriptrunner_yield = end_or_begin_anew  # type: ignore[method-assign]  # as before


def _not_now() -> None:
    return None


def is_taken(key: str) -> bool:
    """Take what was offered on a button; False where a press before this one has, and then its result is shown."""
    offered = _state(OFFERED).pop(key, None)
    if offered == _address():
        return True
    _lead_to(offered or _state(LED_TO).get(key, {}))
    if offered is not None:
        _state(OFFERED)[key] = offered
    return False


def _address() -> dict[str, str]:
    return {name: st.query_params[name] for name in ADDRESS if name in st.query_params}


def _own_address() -> dict[str, str]:
    """Return the address as this script has left it.

    The script of the next press may have begun beside it, and then `st.query_params` holds the address which that press
    came with.
    """
    context = get_script_run_ctx()
    assert context
    given = parse_qs(context.query_string, keep_blank_values=True)
    return {name: given[name][-1] for name in ADDRESS if name in given}


def _lead_to(address: dict[str, str]) -> None:
    for name in ADDRESS:
        if name in address:
            st.query_params[name] = address[name]
        else:
            st.query_params.pop(name, None)


def _state(name: str) -> dict[str, dict[str, str]]:
    state: dict[str, dict[str, str]] = st.session_state.setdefault(name, {})
    return state
