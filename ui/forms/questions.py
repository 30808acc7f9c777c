"""What every form of an answer says of its question's schema."""

import streamlit as st

from lab.history import Question
from ui.common import literal


def unchecked_notice(question: Question) -> None:
    """Draw why the fields of a question's schema aren't asked for."""
    if question.unusable:
        why = literal(f"The schema that came with this question isn't used: {question.unusable}. ", 500)
        st.caption(f"{why} Your answer goes to the node as it is, unchecked.")
