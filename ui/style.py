"""The few rules of CSS that Streamlit's theme has no setting for."""

import streamlit as st

RULES = """
<style>
[class*="st-key-trap_"] { border-left: 4px solid var(--st-orange-text-color, #b45309); }
[class*="st-key-stream_"] [data-testid="stText"] { overflow-wrap: anywhere; }
[data-testid="stText"] { white-space: pre-wrap; overflow-wrap: anywhere; font-family: inherit; }
.stMainBlockContainer { padding-top: 3rem; }
</style>
"""


def style() -> None:
    """Writes the rules into the page."""
    st.markdown(RULES, unsafe_allow_html=True)
