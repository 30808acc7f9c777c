"""What every form of an answer says of its question's schema, and the answer that it holds."""

import streamlit as st

from lab.errors import InvalidInput
from lab.history import Question, answer_fields
from lab.jsonable import Json
from lab.state import Fault, sentence
from ui.common import literal
from ui.forms.json_form import values_in_form


def unchecked_notice(question: Question) -> None:
    """Draw why the fields of a question's schema aren't asked for."""
    if question.unusable:
        why = literal(f"The schema that came with this question isn't used: {question.unusable}. ", 500)
        st.caption(f"{why} Your answer goes to the node as it is, unchecked.")


def answer_in_form(question: Question, key: str) -> Json:
    """Return the answer that a question's form holds; raises InvalidInput where nothing is chosen or typed."""
    fields, simple = answer_fields(question)
    given = values_in_form(fields, key)
    if not simple:
        return given
    (field,) = fields
    answer = given.get("answer")
    if answer is None and (field.kind == "choice" or not field.optional):
        raise InvalidInput({"answer": sentence(Fault("empty"), field.title, tuple(field.labels.values()))})
    return answer
