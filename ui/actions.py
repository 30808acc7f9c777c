"""Doing what a button says once for each time that a drawing of the page offered it, however often it's pressed."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

OFFERED = "actions_offered"
LED_TO = "actions_led_to"
DRAWING = "actions_drawing"
ADDRESS = ("thread", "checkpoint")
"""What of the address an action may change, and what tells a drawing from the one before it."""

_mount = st.components.v2.component("lab_presses", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))


def guard() -> None:
    """Begin a drawing of the page, and let the browser hold back the second press of a double click."""
    st.session_state[DRAWING] = st.session_state.get(DRAWING, 0) + 1
    with st.container(key="presses"):
        _mount(key="guard", data={"drawing": st.session_state[DRAWING]})


def once(key: str, act: Callable[[], Any]) -> Callable[[], None]:
    """Offer an action on the button of this key; the callback that this returns takes the offer.

    The browser sends a press with the address of the page on which it was made. A press that comes when the offer
    is taken, or from a page that an action has changed since, belongs to the one before it and does nothing more.
    """
    offer(key)
    return partial(_take, key, act)


def offer(key: str) -> None:
    """Offer what a button does, where its press is read from what it returns instead of by a callback."""
    _state(OFFERED)[key] = _address()


def _take(key: str, act: Callable[[], Any]) -> None:
    if is_taken(key):
        try:
            act()
        finally:
            # The next press may cut this script short while it acts; it's led to what was done until then.
            _state(LED_TO)[key] = _address()


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


def _lead_to(address: dict[str, str]) -> None:
    for name in ADDRESS:
        if name in address:
            st.query_params[name] = address[name]
        else:
            st.query_params.pop(name, None)


def _state(name: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = st.session_state.setdefault(name, {})
    return found
