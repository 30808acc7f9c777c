"""Cards below a lane: edit the state at a pause, resume, retry or restart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from graphs.pattern import Breakpoints, Lane
from lab.history import Question, Snapshot
from lab.workspace import RunOptions, Workspace
from ui.common import ActionErrors, acting_person, action_button, nodes_as_code, run_options
from ui.forms import StateForm
from ui.lanes.example_steps import Filled

STANDS = {
    "paused": ":material/pause_circle: **Paused before",
    "stopped": ":material/stop_circle: **Stopped before",
    "crashed": ":material/power_off: **Killed before",
    "failed": ":material/error: **Failed in",
}
"""How the form begins that writes values before a thread goes on, by outcome."""


@dataclass(frozen=True, slots=True)
class Buttons:
    """Where a lane's buttons stand and what they may do."""

    key: str
    workspace: Workspace
    thread_id: str
    breakpoints: Callable[[], Breakpoints]
    """The pauses that the visitor has chosen by now."""

    @property
    def errors(self) -> ActionErrors:
        """Why the lane's last action was refused."""
        return ActionErrors(self.key, self.thread_id)

    def how(self) -> RunOptions:
        """Return the model, pace and pauses with which the thread goes on."""
        return {**run_options(), "breakpoints": self.breakpoints()}


@dataclass(frozen=True, slots=True)
class Card(Buttons):
    """Buttons of a lane that has saved something, as it stood then."""

    snapshot: Snapshot

    def place(self, question: Question) -> tuple[str, str, str, str]:
        """Return where what this person types for a question is kept."""
        return self.workspace.name, acting_person().name, self.thread_id, question.id


def proceed(card: Card) -> None:
    """Go on from the thread's head, with the answers given there."""
    card.workspace.proceed(card.thread_id, card.snapshot.checkpoint_id, **card.how())


def draw_note(filled: Filled) -> None:
    """Draw what a form was filled in as."""
    if filled.note:
        st.caption(f":material/edit_note: {filled.note}")


def state_form(
    card: Card, lane: Lane, checkpoint_id: str, filled: Mapping[str, Any], *, known: bool = False
) -> StateForm:
    """Return the form of what a lane lets a visitor write at a checkpoint; with `known`, of what has a value there."""
    fields = [field for field in card.workspace.history.fields(card.thread_id) if field.name in lane.edits]
    values = card.workspace.history.values(card.thread_id, checkpoint_id) if fields else {}
    if known:
        fields = [field for field in fields if field.name in values]
    # A new pause shows the state as it is then, not what was typed at the one before.
    return StateForm(fields, values, f"{card.key}_{checkpoint_id}", filled)


def pause_card(card: Card, lane: Lane, nodes: tuple[str, ...], outcome: str, filled: Filled) -> None:
    """Draw what a thread offers that stopped before its end: values to write, then on."""
    where = nodes_as_code(card.snapshot.next)
    form = state_form(card, lane, card.snapshot.checkpoint_id, filled.values)
    with st.container(key=f"{card.key}_pause_form", border=True):
        st.markdown(f"{STANDS.get(outcome, STANDS['paused'])} {where}**")
        if lane.edits:
            draw_note(filled)
            form.draw(card.errors.by_field())
        with st.container(horizontal=True, key=f"{card.key}_pause_buttons"):
            action_button(
                "Retry" if outcome == "failed" else "Resume",
                type="primary",
                key=f"{card.key}_continue",
                errors=card.errors,
                on_click=_go_on,
                args=(card, form, None),
            )
            if nodes:
                action_button(
                    "Step",
                    icon=":material/skip_next:",
                    help="Run one node and pause after it.",
                    key=f"{card.key}_step",
                    errors=card.errors,
                    on_click=_go_on,
                    args=(card, form, Breakpoints(after=nodes)),
                )


def _go_on(card: Card, form: StateForm, breakpoints: Breakpoints | None) -> None:
    edit, head = form.edit(), card.snapshot.checkpoint_id
    if edit.values:
        head = card.workspace.edit(card.thread_id, edit.values, head, edit.how, person=card.how().get("person", ""))
    how = card.how() if breakpoints is None else {**card.how(), "breakpoints": breakpoints}
    card.workspace.proceed(card.thread_id, head, **how)


def retry_card(card: Card, *, failed: bool) -> None:
    """Draw the button that goes on from the last checkpoint after a stop, a failure or a crash."""
    ahead = nodes_as_code(card.snapshot.next) or "its last step"
    action_button(
        "Retry" if failed else "Resume",
        icon=":material/replay:" if failed else ":material/play_arrow:",
        help=f"Goes on from the last checkpoint: {ahead} runs next, nothing before it runs again.",
        key=f"{card.key}_again",
        errors=card.errors,
        on_click=proceed,
        args=(card,),
    )
    if failed:
        st.markdown(f"The thread stands at its last checkpoint. Retrying runs {ahead}, and nothing before it.")


UNBEGUN = {
    "turn": ("Your message was accepted", "Send it again"),
    "resume": ("Your answer was accepted", "Give the same answer"),
    "reanswer": ("Your new answer was accepted", "Answer again"),
    "replay": ("A replay was accepted", "Replay again"),
    "what-if": ("A run with and without your edit was accepted", "Run both again"),
}
"""By kind of run, what was accepted and the button that carries it out after all."""


def accepted_card(buttons: Buttons, kind: str) -> None:
    """Draw the button that carries out what was accepted and of which nothing was saved."""
    accepted, label = UNBEGUN[kind]
    st.markdown(f"{accepted}, but its run ended before anything of it was saved. The thread stands where it stood.")
    action_button(
        label,
        icon=":material/restart_alt:",
        key=f"{buttons.key}_unbegun",
        errors=buttons.errors,
        on_click=_run_again,
        args=(buttons,),
    )


def restart_card(buttons: Buttons) -> None:
    """Draw the button that starts a thread over of which nothing is saved."""
    st.markdown("Nothing of this run was saved, so there is nothing to go on from.")
    action_button(
        "Restart from the beginning",
        icon=":material/restart_alt:",
        help="Runs the same thread from its first step, with the same input. What it did outside stays done.",
        key=f"{buttons.key}_anew",
        errors=buttons.errors,
        on_click=_run_again,
        args=(buttons,),
    )


def _run_again(buttons: Buttons) -> None:
    buttons.workspace.again(buttons.thread_id, **buttons.how())
