"""The tab "Answer again": answer a past interrupt differently, on a branch of its own."""

from collections.abc import Sequence

import streamlit as st

from lab.history import Question, Snapshot, answer_text, question_text
from lab.threads import BRANCH
from ui.common import Looked, Place, code, literal, look_at, node_name, run_options, shown
from ui.forms import answer_in_form, ask_question, draw_who_may, own_questions
from ui.history.travel_actions import (
    can_travel,
    draw_ahead,
    draw_label_field,
    travel_button,
    travel_errors,
    typed_label,
)
from ui.history.travel_notice import Done, travelled

QUESTIONS = 6
"""Checkpoints with a question that are offered where the one on show has none."""


def draw_reanswer(looked: Looked, snapshot: Snapshot) -> None:
    """Draw the questions that were asked here, to be answered differently on a branch of its own."""
    if not can_travel(looked):
        return
    if not snapshot.questions:
        _elsewhere(looked)
        return
    if snapshot.checkpoint_id == looked.tree.head and not snapshot.saved_answers:
        st.info(
            "This question hasn't been answered yet. Answer it on the card of the thread as it stands now, above.",
            icon=":material/info:",
        )
        return
    thread_id = looked.thread.thread_id
    st.caption(
        "The question is asked anew and your answer goes to that: an answer sent to the old one would be "
        "passed over, and the old answer used again. The old branch stays."
    )
    draw_ahead(looked.workspace.travel.ahead(thread_id, snapshot.checkpoint_id))
    draw_label_field(thread_id)
    travel_errors(thread_id).draw()
    key = f"again_{thread_id}_{snapshot.checkpoint_id}"
    # What a review asks for depends on what is chosen, which a form would tell too late.
    in_form = not any(question.review for question in snapshot.questions)
    with st.form(key=key) if in_form else st.container(border=True, key=key):
        # What isn't the acting person's to answer is asked again and waits.
        asked = own_questions(snapshot.questions)
        for question in asked:
            _question(thread_id, question, snapshot, alone=len(asked) == 1)
        travel_button(
            "Answer differently",
            type="primary",
            key=f"again_send_{thread_id}",
            thread_id=thread_id,
            in_form=in_form,
            on_click=_answer,
            args=(looked, snapshot, asked),
        )
        for question in asked:
            draw_who_may(question, f"{key}_{question.id}", travel_errors(thread_id), in_form=in_form)


def _elsewhere(looked: Looked) -> None:
    """Lead to the checkpoints at which something was asked."""
    asked = [mark for mark in looked.tree.marks.values() if mark.interrupted]
    if not asked:
        st.info("This thread never asked anything.", icon=":material/info:")
        return
    st.info("Nothing was asked at this checkpoint. The newest ones at which something was:", icon=":material/info:")
    with st.container(horizontal=True):
        for mark in asked[-QUESTIONS:]:
            name = looked.tree.branch_of(mark.checkpoint_id).name
            st.button(
                f"Step {mark.step} · {literal(name, 40)}",
                icon=":material/front_hand:",
                key=f"to_{mark.checkpoint_id}",
                on_click=look_at,
                args=(Place(mark.checkpoint_id),),
            )


def _question(thread_id: str, question: Question, snapshot: Snapshot, *, alone: bool) -> None:
    st.markdown(f":material/front_hand: **{code(node_name(question.node))} asked**")
    st.text(shown(question_text(question.value), 2000))
    if question.id in snapshot.saved_answers:
        failed = f" Then {node_name(question.node)} failed." if question.node in snapshot.errors else ""
        st.text(f"Answered: {shown(answer_text(question, snapshot.saved_answers[question.id]), 2000)}.{failed}")
    wrong = {name: message for name, message in travel_errors(thread_id).by_field().items() if name != BRANCH}
    if not alone:
        place = f"{question.id}."
        wrong = {name.removeprefix(place): text for name, text in wrong.items() if name.startswith(place)}
    ask_question(question, f"again_{thread_id}_{question.id}", {}, wrong)


def _answer(looked: Looked, snapshot: Snapshot, asked: Sequence[Question]) -> None:
    thread_id = looked.thread.thread_id
    answers = {question.id: answer_in_form(question, f"again_{thread_id}_{question.id}") for question in asked}
    looked.workspace.travel.reanswer(
        thread_id, snapshot.checkpoint_id, answers, label=typed_label(thread_id), **run_options()
    )
    look_at(None)
    travelled(looked, Done(f"Answered differently at step {snapshot.step}", looked.tree.head))
