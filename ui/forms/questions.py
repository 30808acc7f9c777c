"""The form of a question: the fields of its answer, or the review of tool calls, and the answer that it holds."""

from collections.abc import Mapping, Sequence

import streamlit as st

from lab.errors import InvalidInput
from lab.history import Question, answer_fields
from lab.jsonable import Json
from lab.state import Fault, sentence
from ui.common import literal
from ui.forms.drafts import Place, drafts
from ui.forms.json_form import ask, values_in_form
from ui.forms.review_form import draw_review, review_in_form


def ask_question(question: Question, key: str, values: Mapping[str, Json], wrong: Mapping[str, str]) -> None:
    """Draw what asks for an answer, begun with `values`; `wrong` has messages by field or part.

    A review isn't for inside `st.form`, because what is asked for depends on what is chosen.
    """
    if question.review is not None:
        draw_review(question.review, key, values, wrong)
        return
    _unchecked_notice(question)
    ask(answer_fields(question)[0], key, values, wrong)


def ask_with_draft(
    question: Question, key: str, place: Place, values: Mapping[str, Json], wrong: Mapping[str, str]
) -> None:
    """Draw what asks for an answer, begun with what was typed there before a reload, else with `values`."""
    draft = draft_of(key, place, question)
    ask_question(question, key, values if draft is None else draft, wrong)
    now = _draft(question, key)
    # What nobody has touched is no draft, and leaves the next reload its own values to begin with. What somebody else
    # typed in this tab is still in the form, and no draft of this person either.
    untouched = st.session_state.setdefault(f"{key}|untouched|{place[1]}", now)
    if now != untouched or (draft is not None and drafts().get(place) != draft):
        drafts().put(place, now)


def draft_of(key: str, place: Place, question: Question) -> Mapping[str, Json] | None:
    """Return what was typed in a form before this session first drew it; None where nothing was."""
    # No field of a form has such a name.
    begun = f"{key}|begun|{place[1]}"
    if begun not in st.session_state:
        drafts().take_over(place, question.node)
        st.session_state[begun] = drafts().get(place)
    draft: Mapping[str, Json] | None = st.session_state[begun]
    return draft


def carry_drafts(questions: Sequence[Question], places: Sequence[Place]) -> None:
    """Keep what was typed for questions whose nodes are about to ask again; of a node that asks several, nothing."""
    nodes = [question.node for question in questions]
    for question, place in zip(questions, places, strict=True):
        if nodes.count(question.node) == 1:
            drafts().carry(place, question.node)


def _draft(question: Question, key: str) -> Mapping[str, Json]:
    """Return what the form has, in the shape that it begins with."""
    if question.review is None:
        return values_in_form(answer_fields(question)[0], key)
    typed: Mapping[str, Json] | None = review_in_form(question.review, key)
    return typed or {}


def _unchecked_notice(question: Question) -> None:
    """Draw why the fields of a question's schema aren't asked for."""
    if question.unusable:
        why = literal(f"The schema that came with this question isn't used: {question.unusable}. ", 500)
        st.caption(f"{why} Your answer goes to the node as it is, unchecked.")


def answer_in_form(question: Question, key: str) -> Json:
    """Return the answer that a question's form holds; raises InvalidInput where nothing is chosen or typed."""
    if question.review is not None:
        return review_in_form(question.review, key)
    fields, simple = answer_fields(question)
    given = values_in_form(fields, key)
    if not simple:
        return given
    (field,) = fields
    answer = given.get("answer")
    if answer is None and (field.kind == "choice" or not field.optional):
        raise InvalidInput({"answer": sentence(Fault("empty"), field.title, tuple(field.labels.values()))})
    return answer
