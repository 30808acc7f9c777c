"""A box of a fixed height for what comes one after the other, which shows its end."""

from typing import Any, Literal

import streamlit as st

HEIGHT = 320
"""Pixels of a box where the page isn't as high as the window leaves; what is more scrolls."""


def stream_box(key: str, gap: Literal["small"] | None) -> Any:
    """Return the container in such a box that takes what comes; a reader who scrolls up stays where they are.

    The browser holds the end by the rules of style for `stream_`. Streamlit's own `autoscroll` loses it where the
    window changes its size to and fro while messages come.
    """
    with st.container(height=HEIGHT, autoscroll=False, border=False, key=f"stream_{key}"):
        return st.container(gap=gap)
