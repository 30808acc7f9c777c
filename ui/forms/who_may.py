"""Who may answer a question: said on its card, with the way to act as one of them."""

from collections.abc import Iterator, Sequence

import streamlit as st

from lab.history import Question
from lab.workspace import Rules, refusal, rules_of, who_may
from ui.common import ActionErrors, act_as, acting_person, action_button, literal, login_configured, the_lab

OFFERED_PEOPLE = 4
"""Persons as whom a card offers to act."""


def own_questions(asked: Sequence[Question]) -> Sequence[Question]:
    """Return the questions that the acting person may answer, or all where there is none."""
    person = acting_person()
    return [question for question in asked if refusal(question, person) is None] or asked


def draw_who_may(question: Question, key: str, errors: ActionErrors, *, in_form: bool) -> None:
    """Draw for whom a question is and, where that isn't the acting person, why not and who else could answer."""
    rules, person = rules_of(question.value), acting_person()
    if not rules.who:
        return
    st.caption(f":material/badge: {literal(' · '.join(_said(rules)), 400)}")
    why = refusal(question, person)
    if why is None:
        return
    with st.container(key=f"{key}_refused", gap="small"):
        st.warning(literal(why, 1000), icon=":material/badge:")
        if login_configured():
            return
        with st.container(horizontal=True):
            for number, other in enumerate(who_may(question, the_lab().people.people())[:OFFERED_PEOPLE]):
                action_button(
                    f"Act as {literal(other.name, 80)}",
                    icon=":material/person:",
                    key=f"{key}_as_{number}",
                    in_form=in_form,
                    errors=errors,
                    on_click=act_as,
                    args=(other.name,),
                )


def _said(rules: Rules) -> Iterator[str]:
    if rules.person or rules.role:
        yield f"For {f'{rules.person} alone' if rules.person else f'the role {rules.role}'}"
    if len(rules.turns) > 1:
        yield f"turns: {', then '.join(rules.turns)}"
    if rules.requested_by:
        yield f"requested by {rules.requested_by}"
    if rules.decided_by:
        yield f"decided before: {', '.join(rules.decided_by)}"
