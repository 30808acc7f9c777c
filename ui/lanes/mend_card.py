"""The card of a lane whose newest state can't be read: what is wrong with it, and a fork from the checkpoint before."""

import streamlit as st

from graphs.pattern import Lane
from lab.workspace import Damage
from ui.common import action_button, code, literal, look_at, node_name
from ui.forms import StateForm
from ui.lanes.answer_card import Buttons, draw_note
from ui.lanes.example_steps import Filled


def mend_card(buttons: Buttons, lane: Lane, filled: Filled, problem: str) -> None:
    """Draw what is wrong by field, and the fields to write anew; the problem alone where no parent can be read."""
    damage = buttons.workspace.travel.damage(buttons.thread_id)
    if damage is None:
        st.warning(literal(problem, 1000), icon=":material/broken_image:")
        return
    form = _form(buttons, lane, damage, filled)
    with st.container(border=True, key=f"{buttons.key}_mend_card"):
        st.markdown(":material/healing: **Recover by a fork from the parent**")
        st.markdown(f"{_wrote(damage)} Write a valid value to its parent, and go on from there.")
        draw_note(filled)
        form.draw(buttons.errors.by_field())
        action_button(
            "Fork from the parent and run",
            icon=":material/call_split:",
            type="primary",
            key=f"{buttons.key}_back",
            errors=buttons.errors,
            on_click=_mend,
            args=(buttons, form),
        )


def _form(buttons: Buttons, lane: Lane, damage: Damage, filled: Filled) -> StateForm:
    names = set(lane.edits) & damage.reasons.keys() or set(lane.edits)
    fields = [field for field in buttons.workspace.history.fields(buttons.thread_id) if field.name in names]
    values = buttons.workspace.history.values(buttons.thread_id, damage.parent_id)
    return StateForm(fields, values, f"{buttons.key}_{damage.parent_id}", filled.values)


def _wrote(damage: Damage) -> str:
    who = f"{code(node_name(damage.node))} wrote" if damage.node else "the input has"
    wrong = "; ".join(f"{code(name)}: {literal(reason)}" for name, reason in damage.reasons.items())
    return f"Nobody can read this thread: {who} {wrong}." if wrong else f"Nobody can read what {who}."


def _mend(buttons: Buttons, form: StateForm) -> None:
    buttons.workspace.travel.mend(buttons.thread_id, form.edit().values, **buttons.how())
    look_at(None)
