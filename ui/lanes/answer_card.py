"""Cards below a lane: answer an interrupt, edit the state at a pause, resume, retry or restart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from graphs.pattern import Breakpoints, Lane
from lab.history import Question, Snapshot, answer_fields, answer_text, question_text
from lab.state import title_of, value_text
from lab.workspace import RunOptions, Workspace
from ui.common import ActionErrors, action_button, code, code_counted, run_options, safe, shown
from ui.forms import StateForm, answer_in_form, ask, unchecked_notice
from ui.history import draw_ahead
from ui.lanes.example_steps import Filled

STANDS = {
    "paused": ":material/pause_circle: **Paused before",
    "stopped": ":material/stop_circle: **Stopped before",
    "crashed": ":material/power_off: **Killed before",
    "failed": ":material/error: **Failed in",
}
"""How the form begins that writes values before a thread goes on, by outcome."""

SHORT = 60
"""Characters of a detail that fits behind its name."""


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


def question_card(card: Card, filled: Filled) -> None:
    """Draw one form for each pending interrupt, and for each whose node failed with its answer the two ways on."""
    for question in card.snapshot.questions:
        if question.id in card.snapshot.saved_answers:
            _failed(card, question)
        else:
            _question(card, question, filled)


def _question(card: Card, question: Question, filled: Filled) -> None:
    key = f"{card.key}_{question.id}"
    asked, _ = answer_fields(question)
    with st.form(key=f"{key}_form", border=True):
        st.markdown(f":material/front_hand: **{_title(question)}**")
        st.text(shown(question_text(question.value)))
        _details(question)
        unchecked_notice(question)
        _note(filled)
        ask(asked, key, filled.values, card.errors.by_field())
        failed = [one.node for one in card.snapshot.questions if one.id in card.snapshot.saved_answers]
        if failed:
            st.markdown(f"Sending it also retries {' and '.join(map(code, failed))}, with the answer given there.")
        action_button(
            "Send answer",
            type="primary",
            key=f"{key}_send",
            in_form=True,
            errors=card.errors,
            on_click=_send,
            args=(card, question),
        )


def _failed(card: Card, question: Question) -> None:
    """Draw what became of an answer whose node failed: the same once more, or another one."""
    key = f"{card.key}_{question.id}"
    asked, _ = answer_fields(question)
    with st.container(border=True, key=f"{key}_failed"):
        st.markdown(f":material/error: **{code(question.node)} failed after its answer**")
        st.text(shown(question_text(question.value)))
        _details(question)
        st.text(f"Answered: {shown(answer_text(question, card.snapshot.saved_answers[question.id]), 2000)}")
        action_button(
            "Retry with the same answer",
            type="primary",
            icon=":material/replay:",
            help="Runs the node again, which gets the answer above; nothing before it runs again.",
            key=f"{key}_same",
            errors=card.errors,
            on_click=_proceed,
            args=(card,),
        )
        with st.form(key=f"{key}_form", border=False):
            st.markdown("Or answer differently: it's asked anew, and what you send is the answer to that.")
            draw_ahead(card.workspace.travel.ahead(card.thread_id, card.snapshot.checkpoint_id))
            unchecked_notice(question)
            ask(asked, key, {}, card.errors.by_field())
            action_button(
                "Answer differently",
                key=f"{key}_different",
                in_form=True,
                errors=card.errors,
                on_click=_send_anew,
                args=(card, question),
            )


def _send(card: Card, question: Question) -> None:
    answers = {question.id: answer_in_form(question, f"{card.key}_{question.id}")}
    card.workspace.resume(card.thread_id, answers, card.snapshot.checkpoint_id, **card.how())


def _send_anew(card: Card, question: Question) -> None:
    answers = {question.id: answer_in_form(question, f"{card.key}_{question.id}")}
    card.workspace.travel.reanswer(card.thread_id, card.snapshot.checkpoint_id, answers, **card.how())


def _proceed(card: Card) -> None:
    card.workspace.proceed(card.thread_id, card.snapshot.checkpoint_id, **card.how())


def _note(filled: Filled) -> None:
    if filled.note:
        st.caption(f":material/edit_note: {filled.note}")


def _title(question: Question) -> str:
    return f"{code(question.node)} asks" if question.node else "It asks"


def _details(question: Question) -> None:
    if not isinstance(question.value, dict):
        return
    for name, value in question.value.items():
        if name in ("question", "options"):
            continue
        if isinstance(value, (dict, list)):
            st.json(safe({name: value}), expanded=1)
            continue
        title, text = shown(title_of(name), 60), shown(value_text(value), 4000)
        st.text(f"{title}: {text}" if len(text) < SHORT else f"{title}:\n{text}")


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
    where = code_counted(card.snapshot.next)
    form = state_form(card, lane, card.snapshot.checkpoint_id, filled.values)
    with st.container(key=f"{card.key}_pause_form", border=True):
        st.markdown(f"{STANDS.get(outcome, STANDS['paused'])} {where}**")
        if lane.edits:
            _note(filled)
            form.draw(card.errors.by_field())
        with st.container(horizontal=True):
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
        head = card.workspace.edit(card.thread_id, edit.values, head, edit.how)
    how = card.how() if breakpoints is None else {**card.how(), "breakpoints": breakpoints}
    card.workspace.proceed(card.thread_id, head, **how)


def retry_card(card: Card, *, failed: bool) -> None:
    """Draw the button that goes on from the last checkpoint after a stop, a failure or a crash."""
    ahead = code_counted(card.snapshot.next) or "its last step"
    action_button(
        "Retry" if failed else "Resume",
        icon=":material/replay:" if failed else ":material/play_arrow:",
        help=f"Goes on from the last checkpoint: {ahead} runs next, nothing before it runs again.",
        key=f"{card.key}_again",
        errors=card.errors,
        on_click=_proceed,
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
