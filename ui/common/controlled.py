"""Widgets that show what the address says: the page sets their value, and a callback asks whether the visitor did."""

from collections.abc import Iterable
from typing import Any
from zlib import crc32

import streamlit as st


def set_value(key: str, value: Any) -> None:
    """Give a widget its value before it's drawn."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def note_drawn(key: str) -> None:
    """Note the value that the widget was just drawn with."""
    st.session_state[f"{key}_drawn"] = st.session_state[key]


def is_changed(key: str) -> bool:
    """Tell whether the widget holds something else than it was drawn with.

    A drawing that is cut short after `set_value` makes Streamlit take the browser's value, which is the one
    of the drawing before, for a change by the visitor, and call the callback of that drawing. It does so as well where
    a later drawing has no such widget any more, and with it no value.
    """
    return key in st.session_state and bool(st.session_state[key] != st.session_state.get(f"{key}_drawn"))


def rows_digest(parts: Iterable[object]) -> str:
    """Name the rows of a table in its key, so that a selected row's number always means the same row."""
    return f"{crc32(chr(0).join(map(str, parts)).encode()):08x}"
