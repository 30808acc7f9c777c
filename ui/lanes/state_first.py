"""The form beside a question that changes the state first, after which the question is asked again."""

from collections.abc import Mapping

import streamlit as st

from ui.common import ActionErrors, action_button, draw_refusal, look_at
from ui.forms import StateForm, carry_drafts
from ui.history import draw_ahead, draw_changes, preview_edit
from ui.lanes.answer_card import Card


def state_first(card: Card) -> None:
    """Draw the switch to all fields of the state at the checkpoint that waits, and what an edit of them leads to."""
    at = card.snapshot.checkpoint_id
    # A state of many fields is drawn only where it's wanted.
    if not st.toggle("Change the state first", key=f"{card.key}_{at}_first"):
        return
    form = _form(card)
    made, wrong = preview_edit(card.workspace, card.thread_id, at, form.edit())
    with st.container(border=True, key=f"{card.key}_first_form"):
        st.caption(
            "The question is asked again with the changed state. The checkpoint stays as it is; what you change "
            "becomes a branch that begins here."
        )
        form.draw({**_errors(card).by_field(), **wrong})
        _errors(card).draw()
        if made is not None:
            draw_changes(made.changes)
        elif message := wrong.get(""):
            draw_refusal(message)
        draw_ahead(card.workspace.travel.ahead(card.thread_id, at))
        action_button(
            "Save and ask again",
            icon=":material/call_split:",
            key=f"{card.key}_first_save",
            errors=_errors(card),
            on_click=_ask_again,
            args=(card,),
        )


def _form(card: Card) -> StateForm:
    at = card.snapshot.checkpoint_id
    values: Mapping[str, object] = card.workspace.history.values(card.thread_id, at)
    return StateForm(card.workspace.history.fields(card.thread_id), values, f"{card.key}_{at}_first_state")


def _errors(card: Card) -> ActionErrors:
    return ActionErrors(f"{card.key}_first", card.thread_id)


def _ask_again(card: Card) -> None:
    at, asked = card.snapshot.checkpoint_id, card.snapshot.questions
    card.workspace.travel.fork(card.thread_id, at, _form(card).edit(), run=True, **card.how())
    carry_drafts(asked, [card.place(question) for question in asked])
    look_at(None)
