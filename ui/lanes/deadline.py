"""The line of a question that says until when it's to be answered, and what becomes of it after that."""

from pathlib import Path

import streamlit as st

from lab.history import Expiry, Question, answer_text, expiry_of, urgency_of
from ui.common import clock_times, literal, shown, the_lab

_mount = st.components.v2.component(
    "lab_deadline",
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def draw_deadline(question: Question, expiry: Expiry | None, key: str) -> None:
    """Draw a question's deadline, whose seconds the browser counts down by itself; nothing where it has none.

    `expiry` is what becomes of it after that, None where it stays open.
    """
    due = urgency_of(question.value).due
    if due is None:
        return
    left = due - the_lab().now()
    # The card names the zone where it says since when it waits.
    (clock,) = clock_times([due], "seconds")
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"{key}_deadline"):
        if left > 0:
            st.markdown(f":material/timer: **Answer by {clock}**", width="content")
            _mount(key=f"{key}_countdown", data={"left": left}, width="content", height="content")
        else:
            st.markdown(f":material/timer_off: **The deadline passed at {clock}**")
    st.caption(_after(question, expiry, passed=left <= 0))


def _after(question: Question, expiry: Expiry | None, *, passed: bool) -> str:
    """Say what becomes of a question after its deadline."""
    if expiry is None:
        return f"Nothing {'has happened' if passed else 'happens then'} by itself: a later answer still counts."
    answer = "; ".join(answer_text(question, expiry.answer).splitlines()).rstrip(".")
    when = "So the lab answers by itself" if passed else "If nobody answers by then, the lab does"
    return f"{when}: {literal(shown(answer, 200))}. A later answer is refused."


def details_drawn(question: Question) -> frozenset[str]:
    """Return the keys of a question's payload of which the line tells."""
    drawn = {"deadline"} if urgency_of(question.value).due is not None else set()
    return frozenset(drawn | ({"on_expiry"} if expiry_of(question) is not None else set()))
