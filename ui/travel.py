"""Going on from an earlier checkpoint: with an edit, once more, or with another answer; nothing runs unannounced."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lab.errors import InvalidInput, LabError
from lab.history import Question, Snapshot
from lab.plain import Plain
from lab.travel import Ahead, Preview
from ui import place
from ui.access import choice
from ui.answer import answer_fields
from ui.catalogue import node_names
from ui.diff import changes
from ui.editor import Edited, edit, held
from ui.form import ask
from ui.form import held as answered
from ui.place import Looked, Place
from ui.text import code, literal, shown

TWICE = 1.0
"""Seconds within which a second press belongs to the first, as that of a double click does."""
QUESTIONS = 6
"""Checkpoints with a question that are offered where the one on show has none."""
AUTOMATIC = ""
"""Lets LangGraph take the node that wrote last for the one as which an edit is written."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form of an edit holds."""

    edited: Edited
    as_node: str | None
    label: str


def edit_and_fork(looked: Looked, snapshot: Snapshot) -> None:
    """Draws the form of the state, the preview of what it would make, and the ways to save it."""
    if not _possible(looked):
        return
    thread_id, checkpoint_id = looked.thread.thread_id, snapshot.checkpoint_id
    st.caption("The checkpoint stays as it is; what you change becomes a branch that begins here.")
    entries = looked.workspace.fields(thread_id)
    values = looked.workspace.values(thread_id, checkpoint_id)
    key = f"edit_{thread_id}"

    def typed() -> Typed:
        # Read when it's needed: pressed straight from a field, a button comes before the page is drawn again.
        edited = held(entries, values, key, checkpoint_id)
        return Typed(edited, st.session_state.get(f"as_{thread_id}") or None, _label_of(thread_id))

    tried, wrong = _tried(looked, snapshot, typed())
    with st.grid(2, min_column_width=340, gap="large") as grid:
        with grid.cell():
            edit(entries, values, key, checkpoint_id, wrong)
        with grid.cell():
            _as_node(looked)
            _label(thread_id)
            _preview(looked, snapshot, tried, wrong)
            _buttons(looked, snapshot, typed)


def _tried(looked: Looked, snapshot: Snapshot, typed: Typed) -> tuple[Preview | None, Mapping[str, str]]:
    """Gives what the edit would leave behind, or what the lab has against it, by field; nothing for no edit."""
    edited = typed.edited
    if not edited.values:
        return None, {}
    try:
        return looked.workspace.preview(
            looked.thread.thread_id, snapshot.checkpoint_id, edited.values, edited.how, typed.as_node
        ), {}
    except InvalidInput as error:
        return None, error.fields
    except LabError as error:
        return None, {"": str(error)}


def _as_node(looked: Looked) -> None:
    names = node_names(looked.thread.pattern, looked.thread.lane)
    st.selectbox(
        "Written as node",
        [AUTOMATIC, *(name for name in names if ":" not in name)],
        format_func=lambda name: name or "the one that wrote last (automatic)",
        key=f"as_{looked.thread.thread_id}",
        help="The edit counts as this node's: the edges that leave it decide what runs next.",
    )


def _label(thread_id: str) -> None:
    st.text_input(
        "Name of the branch",
        key=f"label_{thread_id}",
        max_chars=60,
        placeholder="for example: without discount",
        help="Names the branch in the tree, and the table's filter finds it.",
    )


def _label_of(thread_id: str) -> str:
    return str(st.session_state.get(f"label_{thread_id}") or "")


def _preview(looked: Looked, snapshot: Snapshot, tried: Preview | None, wrong: Mapping[str, str]) -> None:
    st.markdown("**Preview**")
    if wrong:
        st.warning(literal("; ".join(wrong.values()), 1000), icon=":material/error:")
    elif tried is None:
        st.caption("Change a field to see what the edit would leave behind and which node would run next.")
    else:
        following = _names(tried.next) or "nothing, the thread would be at its end"
        st.markdown(f"Runs next: {following}")
        _effects(looked.workspace.ahead(looked.thread.thread_id, snapshot.checkpoint_id, tried.next))
        changes(tried.changes)


def _buttons(looked: Looked, snapshot: Snapshot, typed: Callable[[], Typed]) -> None:
    thread_id, checkpoint_id = looked.thread.thread_id, snapshot.checkpoint_id

    def given() -> dict[str, Any]:
        now = typed()
        more = {"as_node": now.as_node, "label": now.label}
        return {"values": now.edited.values, "how": now.edited.how, **more, **_going()}

    def fork(*, run: bool) -> None:
        new = looked.workspace.fork(thread_id, checkpoint_id, run=run, **given())
        place.look_at(None if run else Place(new))

    def both() -> None:
        looked.workspace.what_if(thread_id, checkpoint_id, **given())
        # Unless somebody chose two branches, those made last are compared.
        for name in (place.CHECKPOINT, "left", "right"):
            place.look_at(None, name)
        st.session_state["view"] = "Compare branches"

    complaint(thread_id)
    with st.container(horizontal=True):
        st.button(
            "Fork and run",
            type="primary",
            icon=":material/play_arrow:",
            key=f"fork_run_{thread_id}",
            on_click=lambda: _attempt(thread_id, lambda: fork(run=True)),
        )
        st.button(
            "Fork and stay paused",
            icon=":material/pause:",
            key=f"fork_{thread_id}",
            on_click=lambda: _attempt(thread_id, lambda: fork(run=False)),
        )
        st.button(
            "What if: run both",
            icon=":material/compare_arrows:",
            key=f"what_if_{thread_id}",
            disabled=not snapshot.next,
            help="Runs the rest twice, as it was and with your change, and shows both ends side by side; "
            "what these nodes do outside the state they do twice.",
            on_click=lambda: _attempt(thread_id, both),
        )


def replay(looked: Looked, snapshot: Snapshot) -> None:
    """Draws what would run again from here, and the button that lets it."""
    if not _possible(looked):
        return
    thread_id = looked.thread.thread_id
    if not snapshot.next:
        st.info("This is an end: nothing runs after it. Select an earlier checkpoint.", icon=":material/info:")
        return
    _notice(looked.workspace.ahead(thread_id, snapshot.checkpoint_id))
    _label(thread_id)
    complaint(thread_id)
    st.button(
        "Replay from here",
        type="primary",
        icon=":material/replay:",
        key=f"replay_{thread_id}",
        on_click=lambda: _attempt(
            thread_id,
            lambda: _leave(
                lambda: looked.workspace.replay(
                    thread_id, snapshot.checkpoint_id, label=_label_of(thread_id), **_going()
                )
            ),
        ),
    )


def _notice(ahead: Ahead) -> None:
    first = _names(ahead.next) or "the input"
    later = f" After that may run: {_names(ahead.later)}." if ahead.later else ""
    st.markdown(f"**Runs again, for real:** {first}.{later} Nothing before this checkpoint runs again.")
    _effects(ahead)
    if not ahead.effects:
        st.caption("None of these nodes declares an effect outside the state.")


def _effects(ahead: Ahead) -> None:
    for name, effects in ahead.effects.items():
        st.warning(
            f"{code(name)} acts outside the state: {literal(', '.join(effects), 200)}. "
            "Running it again may do so once more.",
            icon=":material/warning:",
        )


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(code(name) for name in names)


def answer_again(looked: Looked, snapshot: Snapshot) -> None:
    """Draws the questions that were asked here, to be answered differently on a branch of its own."""
    if not _possible(looked):
        return
    if not snapshot.questions:
        _elsewhere(looked)
        return
    if snapshot.checkpoint_id == looked.grown.head:
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
    _notice(looked.workspace.ahead(thread_id, snapshot.checkpoint_id))
    _label(thread_id)
    complaint(thread_id)
    with st.form(key=f"again_{thread_id}_{snapshot.checkpoint_id}"):
        for question in snapshot.questions:
            _question(thread_id, question)
        st.form_submit_button(
            "Answer differently",
            type="primary",
            key=f"again_send_{thread_id}",
            on_click=lambda: _attempt(thread_id, lambda: _leave(lambda: _answer(looked, snapshot))),
        )


def _elsewhere(looked: Looked) -> None:
    """Leads to the checkpoints at which something was asked."""
    asked = [mark for mark in looked.grown.marks.values() if mark.interrupted]
    if not asked:
        st.info("This thread never asked anything.", icon=":material/info:")
        return
    st.info("Nothing was asked at this checkpoint. The newest ones at which something was:", icon=":material/info:")
    with st.container(horizontal=True):
        for mark in asked[-QUESTIONS:]:
            name = looked.grown.branch_of(mark.checkpoint_id).name
            st.button(
                f"Step {mark.step} · {literal(name, 40)}",
                icon=":material/front_hand:",
                key=f"to_{mark.checkpoint_id}",
                on_click=place.look_at,
                args=(Place(mark.checkpoint_id),),
            )


def _question(thread_id: str, question: Question) -> None:
    fields, _ = answer_fields(question)
    value = question.value
    st.markdown(f":material/front_hand: **{code(question.node)} asked**")
    st.text(shown(value.get("question", value) if isinstance(value, dict) else value, 2000))
    ask(fields, f"again_{thread_id}_{question.id}", {}, complaints(thread_id))


def _answer(looked: Looked, snapshot: Snapshot) -> None:
    thread_id = looked.thread.thread_id
    answers: dict[str, Plain] = {}
    for question in snapshot.questions:
        fields, simple = answer_fields(question)
        given = answered(fields, f"again_{thread_id}_{question.id}")
        answers[question.id] = given.get("answer") if simple else given
    looked.workspace.reanswer(thread_id, snapshot.checkpoint_id, answers, label=_label_of(thread_id), **_going())


def _possible(looked: Looked) -> bool:
    if looked.running:
        st.info("The thread is running. Wait for its end or stop it, then go back.", icon=":material/info:")
        return False
    if looked.at.namespace:
        st.info(
            "A subgraph runs as a whole: select the step of the thread that called it to go back there.",
            icon=":material/info:",
        )
        return False
    return True


def _going() -> dict[str, Any]:
    chosen = choice()
    return {"model": chosen.model, "pace": chosen.pace}


def _leave(act: Callable[[], None]) -> None:
    """Does a thing that makes a new branch, and follows its end."""
    act()
    place.look_at(None)


def _attempt(thread_id: str, act: Callable[[], None]) -> None:
    """Does a thing and keeps what went wrong with it for the next drawing."""
    key = f"travel_done_{thread_id}"
    done, led_to = st.session_state.get(key, (0.0, None))
    if time.monotonic() - done < TWICE:
        # Its press came with the address of the page as it was; what the first one did is what was wanted.
        place.look_at(led_to)
        return
    wrong: Mapping[str, str] = {}
    try:
        act()
        st.session_state[key] = (time.monotonic(), place.read())
        # The next branch is another one.
        st.session_state[f"label_{thread_id}"] = ""
    except InvalidInput as error:
        wrong = error.fields
    except LabError as error:
        wrong = {"": str(error)}
    st.session_state[f"travel_wrong_{thread_id}"] = (st.session_state.get("view"), wrong)


def complaints(thread_id: str) -> Mapping[str, str]:
    """Gives what went wrong with the last try in this view, by field."""
    return {name: message for name, message in _wrong(thread_id).items() if name}


def complaint(thread_id: str) -> None:
    """Draws why the last try in this view wasn't done."""
    message = _wrong(thread_id).get("")
    if message:
        st.warning(literal(message, 1000), icon=":material/error:")


def _wrong(thread_id: str) -> Mapping[str, str]:
    found: tuple[str | None, Mapping[str, str]] = st.session_state.get(f"travel_wrong_{thread_id}", (None, {}))
    return found[1] if found[0] == st.session_state.get("view") else {}
