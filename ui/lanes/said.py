"""The chat bubble of a visitor's input, answer or edit, and of an answer that the lab itself gave."""

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


def draw_said(item: Said, thread: Thread) -> None:
    """Draw what a bubble holds."""
    if item.kind in ("resume", "reanswer"):
        if item.expired:
            st.caption("Nobody answered by the deadline, so the lab did")
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
    for answer in said if isinstance(said, list) else [said]:
        if isinstance(answer, dict) and "text" in answer:
            yield str(answer.get("question", "")), str(answer["text"])
        else:
            yield "", value_text(answer)
