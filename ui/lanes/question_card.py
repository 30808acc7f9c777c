"""The card below a lane that waits: it asks each pending question, and takes one answer or all of them at once."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

from lab.errors import InvalidInput
from lab.history import Question, answer_text, question_text
from lab.jsonable import Json
from lab.state import title_of, value_text
from lab.workspace import expiry_in
from ui.common import action_button, clock_times, code, literal, node_name, safe, shown, zone_name
from ui.forms import answer_in_form, ask_question, ask_with_draft, draft_of, draw_who_may, own_questions
from ui.history import draw_ahead
from ui.lanes.answer_card import Card, draw_note, proceed
from ui.lanes.deadline import details_drawn, draw_deadline
from ui.lanes.example_steps import NOTHING, Filled
from ui.lanes.state_first import state_first

LEFT = Filled({}, "As you left it; you can change it.")
"""Stands for an example where a visitor has typed something else already."""
UNLISTED = ("question", "options", "role", "person", "requested_by", "decided_by", "turns")
"""What of a question stands elsewhere than among its details: in its form, and in the line that says whom it's for."""
SHORT = 60
"""Characters of a detail that fits behind its name."""


def question_card(card: Card, filled: Filled) -> None:
    """Draw each pending question, and of each whose node failed with its answer the two ways on."""
    given = card.snapshot.saved_answers
    for question in card.snapshot.questions:
        if question.id in given:
            _failed(card, question)
    asked = [question for question in card.snapshot.questions if question.id not in given]
    if len(asked) == 1:
        draw_who_may(asked[0], _key(card, asked[0]), card.errors, in_form=False)
        with _place(_key(card, asked[0]), border=True):
            _question(card, asked[0], filled, alone=True)
    elif asked:
        _several(card, asked, filled)
    if asked:
        state_first(card)


def _several(card: Card, asked: Sequence[Question], filled: Filled) -> None:
    """Draw questions that wait together: what is typed for one of them stays when another one is answered."""
    with _place(f"{card.key}_answers", border=False):
        # One of somebody else's would have all of them refused.
        own = own_questions(asked)
        how = "Answer one of them, or all at once." if len(own) > 1 else "Each of them is answered alone."
        st.markdown(f":material/front_hand: **{len(asked)} questions wait.** {how}")
        st.caption(f"{_after(card, asked)} {_since(card)}")
        for question in asked:
            with st.container(border=True, key=f"{_key(card, question)}.asked"):
                draw_who_may(question, _key(card, question), card.errors, in_form=False)
                _question(card, question, filled, alone=False)
        if len(own) > 1:
            action_button(
                "Send all answers",
                type="primary",
                key=f"{card.key}_send_all",
                errors=card.errors,
                on_click=_send_all,
                args=(card, own),
            )


def _place(key: str, *, border: bool) -> Any:
    """Return what questions stand in: no form, for what is typed would then be unknown, and lost by a reload."""
    return st.container(border=border, key=f"{key}_questions")


def _key(card: Card, question: Question) -> str:
    return f"{card.key}_{question.id}"


def _question(card: Card, question: Question, filled: Filled, *, alone: bool) -> None:
    key = _key(card, question)
    st.markdown(f":material/front_hand: **{_title(question)}**")
    if question.review is None:
        st.text(shown(question_text(question.value)))
        _details(question)
    thread = card.workspace.threads.find(card.thread_id)
    draw_deadline(question, expiry_in(thread, card.snapshot.checkpoint_id, question), key)
    place = card.place(question)
    draw_note(filled if draft_of(key, place, question) is None else LEFT)
    ask_with_draft(question, key, place, filled.of(question), _wrong(card, question))
    failed = [one.node for one in card.snapshot.questions if one.id in card.snapshot.saved_answers]
    if failed:
        names = " and ".join(code(node_name(name)) for name in failed)
        st.markdown(f"Sending it also retries {names}, with the answer given there.")
    if alone:
        st.caption(f"{_after(card, [question])} {_since(card)}")
    action_button(
        "Send answer",
        type="primary" if alone else "secondary",
        key=f"{key}_send",
        errors=card.errors,
        on_click=_send,
        args=(card, question),
    )


def _wrong(card: Card, question: Question) -> Mapping[str, str]:
    """Return what is wrong with the answer to one question, by field."""
    place = f"{question.id}."
    faults = card.errors.by_field().items()
    return {name.removeprefix(place): message for name, message in faults if name.startswith(place)}


def _after(card: Card, questions: Sequence[Question]) -> str:
    """Say what the answers lead to."""
    nodes = [*dict.fromkeys(question.node for question in questions if question.node)]
    if not nodes:
        return ""
    ahead = card.workspace.travel.after_answer(card.thread_id, nodes)
    begin = "Your answer goes" if len(questions) == 1 else "Answers go"
    later = f", after which {_listed([*map(node_name, ahead.later)], 'or')} may run" if ahead.later else ""
    effects = [f"{node_name(name)} writes to the {_listed(acts, 'and the')}" for name, acts in ahead.effects.items()]
    acts = f" Outside the state, {_listed(effects, 'and')}." if effects else ""
    # Code is too pale in a caption.
    return literal(f"{begin} to {_listed([*map(node_name, nodes)], 'and')}{later}.{acts}", 500)


def _listed(names: Sequence[str], last: str) -> str:
    *before, end = names
    return f"{', '.join(before)} {last} {end}" if before else end


def _since(card: Card) -> str:
    (clock,) = clock_times([card.snapshot.at], "minutes")
    return f"Waiting since {clock} ({zone_name()})."


def _failed(card: Card, question: Question) -> None:
    """Draw what became of an answer whose node failed: the same once more, or another one."""
    key = _key(card, question)
    with st.container(border=True, key=f"{key}_failed"):
        st.markdown(f":material/error: **{code(node_name(question.node))} failed after its answer**")
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
            on_click=proceed,
            args=(card,),
        )
        with _place(key, border=False):
            st.markdown("Or answer differently: it's asked anew, and what you send is the answer to that.")
            draw_ahead(card.workspace.travel.ahead(card.thread_id, card.snapshot.checkpoint_id))
            ask_question(question, key, NOTHING.values, _wrong(card, question))
            action_button(
                "Answer differently",
                key=f"{key}_different",
                errors=card.errors,
                on_click=_send_anew,
                args=(card, question),
            )
            draw_who_may(question, key, card.errors, in_form=False)


@contextmanager
def _named(question: Question) -> Iterator[None]:
    """Let what is wrong with an answer be told by its question, so that it's drawn there."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput({f"{question.id}.{name}": message for name, message in error.fields.items()}) from error


def _send(card: Card, question: Question) -> None:
    with _named(question):
        answers = {question.id: answer_in_form(question, _key(card, question))}
        card.workspace.resume(card.thread_id, answers, card.snapshot.checkpoint_id, **card.how())


def _send_all(card: Card, asked: Sequence[Question]) -> None:
    answers: dict[str, Json] = {}
    wrong: dict[str, str] = {}
    for question in asked:
        try:
            with _named(question):
                answers[question.id] = answer_in_form(question, _key(card, question))
        except InvalidInput as error:
            wrong |= error.fields
    if wrong:
        raise InvalidInput(wrong)
    card.workspace.resume(card.thread_id, answers, card.snapshot.checkpoint_id, **card.how())


def _send_anew(card: Card, question: Question) -> None:
    with _named(question):
        answers = {question.id: answer_in_form(question, _key(card, question))}
        card.workspace.travel.reanswer(card.thread_id, card.snapshot.checkpoint_id, answers, **card.how())


def _title(question: Question) -> str:
    return f"{code(node_name(question.node))} asks" if question.node else "It asks"


def _details(question: Question) -> None:
    """Draw what else a question says; of a review its form, or what was decided, shows all."""
    if not isinstance(question.value, dict) or question.review is not None:
        return
    drawn = {*UNLISTED, *details_drawn(question)}
    for name, value in question.value.items():
        if name in drawn or value in ("", None, []):
            continue
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            st.text("\n".join((f"{shown(title_of(name), 60)}:", *(shown(one, 2000) for one in value))))
            continue
        if isinstance(value, (dict, list)):
            st.json(safe({name: value}), expanded=1)
            continue
        title, text = shown(title_of(name), 60), shown(value_text(value), 4000)
        st.text(f"{title}: {text}" if len(text) < SHORT else f"{title}:\n{text}")
