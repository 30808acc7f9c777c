"""What a person gave a lane, in a bubble: the input, an answer or an edit, by the titles of its fields."""

from collections.abc import Iterator

import streamlit as st

from lab.events import Said
from lab.jsonable import Json
from lab.state import value_text, values_text
from lab.threads import Thread
from ui.common import literal, shown
from ui.graph import lane_input_fields, lane_state_fields

LONGEST = 4000
"""Characters of what was given that a bubble shows."""


def draw(item: Said, thread: Thread) -> None:
    """Draw what a bubble holds."""
    if item.kind in ("resume", "reanswer"):
        answers = list(_answers(item.values))
        for question, text in answers:
            if len(answers) > 1:
                st.caption(literal(question))
            st.text(shown(text, LONGEST))
        return
    edit = item.kind == "edit"
    if edit:
        st.caption("wrote to the state")
    fields = (lane_state_fields if edit else lane_input_fields)(thread.pattern, thread.lane)
    known = isinstance(item.values, dict)
    given = values_text(item.values, fields, titled=edit) if known else value_text(item.values)
    st.text(shown(given, LONGEST))


def _answers(said: Json) -> Iterator[tuple[str, str]]:
    """Give each question and its answer as text."""
    for found in said if isinstance(said, list) else [said]:
        if isinstance(found, dict) and "text" in found:
            yield str(found.get("question", "")), str(found["text"])
        else:
            yield "", value_text(found)
