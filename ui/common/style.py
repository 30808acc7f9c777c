"""The few rules of CSS that Streamlit's theme has no setting for."""

from pathlib import Path

import streamlit as st

RULES = f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"


def apply_style() -> None:
    """Write the rules into the page."""
    # An `html` element of nothing but a style takes up no room; it's written once and never replaced.
    st.html(RULES)
