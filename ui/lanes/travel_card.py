"""The card of a lane whose pattern goes back in time: choose a checkpoint, run from it, see the result."""

from collections.abc import Mapping, Sequence

import streamlit as st

from graphs.pattern import Fork, Lane, Replay, Rewind
from lab.history import Row, Snapshot
from lab.jsonable import Json
from ui.common import action_button, code, literal, look_at, node_name, shown
from ui.forms import StateForm
from ui.history import confirm_effects, draw_changes
from ui.lanes.answer_card import Card, state_form
from ui.lanes.example_steps import Filled

OFFERED = 50
"""Checkpoints that are offered; older ones are reached by the tree below the lanes."""

BUTTONS = {
    Rewind: ("Rewind", ":material/undo:"),
    Replay: ("Replay", ":material/replay:"),
    Fork: ("Fork and run", ":material/call_split:"),
}


def travel_card(card: Card, lane: Lane, filled: Filled) -> None:
    """Draw what the last way back left, and the way back to any checkpoint from which something runs."""
    total = card.workspace.history.count(card.thread_id)
    rows = card.workspace.history.page(card.thread_id, limit=OFFERED, offset=max(0, total - OFFERED)).rows
    went = _left(card, rows)
    offered = _titles([row for row in rows if row.next and row.next != ("__start__",)])
    if not offered:
        return
    # What the last way back left is what one looks at then; the next way opens by a click.
    folded = went and not filled.note
    label = "Go back again" if went else "Go back"
    place = st.expander(label, icon=":material/history:") if folded else st.container(border=True)
    with place, st.container(key=f"{card.key}_back_card"):
        if not folded:
            st.markdown(f":material/history: **{label}**")
        key = f"{card.key}_{card.thread_id}_back_to"
        # A default beside a key would be in its way where the list has changed since.
        if st.session_state.get(key) not in offered:
            meant = _meant(rows, filled)
            st.session_state[key] = meant if meant in offered else list(offered)[min(1, len(offered) - 1)]
        if filled.note:
            st.caption(f":material/edit_note: {filled.note}")
        to = st.selectbox("To the checkpoint", list(offered), format_func=offered.__getitem__, key=key)
        there = card.workspace.history.snapshot(card.thread_id, str(to))
        if there is not None:
            st.markdown(_writes(card) if isinstance(lane.travel, Rewind) else _runs(card, there))
            values = filled.values if to == _meant(rows, filled) else {}
            _act(card, lane, there, values)


def _meant(rows: Sequence[Row], filled: Filled) -> str:
    """Return the checkpoint to which the example goes back: the first one from which its node runs."""
    return next((row.checkpoint_id for row in rows if filled.to in row.next), "") if filled.to else ""


def _titles(rows: Sequence[Row]) -> dict[str, str]:
    """Name checkpoints by what is behind them and what is before them, no two alike."""
    branched = len({row.branch for row in rows}) > 1
    titles: dict[str, str] = {}
    for row in rows:
        title = _title(row) + (f" ({row.branch})" if branched else "")
        # Branches can have the same name, and a list tells its options apart by what they say.
        alike = sum(used == title or used.startswith(f"{title}, no. ") for used in titles.values())
        titles[row.checkpoint_id] = shown(f"{title}, no. {alike + 1}" if alike else title, 120)
    return titles


def _title(row: Row) -> str:
    came = {"input": "the input", "fork": "going back", "update": "an edit"}
    behind = ", ".join(map(node_name, row.ran)) if row.source == "loop" else came.get(row.source, row.source)
    return f"{row.step}: {f'after {behind}, ' if behind else ''}{', '.join(map(node_name, row.next))} next"


def _runs(card: Card, there: Snapshot) -> str:
    ahead = card.workspace.travel.ahead(card.thread_id, there.checkpoint_id)
    acts = [
        f"{_names([name])} acts again on the {literal(', '.join(places))}." for name, places in ahead.effects.items()
    ]
    return " ".join([f"Runs again, for real: {_names([*ahead.next, *ahead.later])}.", *acts, "Nothing before it does."])


def _writes(card: Card) -> str:
    stands = f"{_names(card.snapshot.next)} runs next" if card.snapshot.next else "nothing is left to run"
    return f"Writes the values from there as an update of the newest state, then invokes the graph, where {stands}."


def _names(names: Sequence[str]) -> str:
    return ", ".join(code(node_name(name)) for name in names)


def _act(card: Card, lane: Lane, there: Snapshot, values: Mapping[str, Json]) -> None:
    assert lane.travel is not None
    label, icon = BUTTONS[type(lane.travel)]
    form: StateForm | None = None
    if isinstance(lane.travel, Fork):
        # What a later node writes anyhow isn't asked for.
        form = state_form(card, lane, there.checkpoint_id, values, known=True)
        form.draw(card.errors.by_field())
    confirmed = True
    if isinstance(lane.travel, Replay):
        ahead = card.workspace.travel.ahead(card.thread_id, there.checkpoint_id)
        # Each replay has a head of its own, so what was confirmed for one isn't for the next.
        at = f"{card.thread_id}_{there.checkpoint_id}_{card.snapshot.checkpoint_id}"
        confirmed = confirm_effects(ahead, f"{card.key}_confirm_{at}")
    action_button(
        label,
        icon=icon,
        key=f"{card.key}_back",
        errors=card.errors,
        on_click=_go,
        args=(card, lane, there, form, confirmed),
        disabled=not confirmed,
    )


def _go(card: Card, lane: Lane, there: Snapshot, form: StateForm | None, confirmed: bool) -> None:
    ident, how = there.checkpoint_id, card.how()
    match lane.travel:
        case Rewind():
            card.workspace.travel.rewind(card.thread_id, ident, **how)
        case Replay():
            card.workspace.travel.replay(card.thread_id, ident, confirmed=confirmed, **how)
        case Fork() if form is not None:
            card.workspace.travel.fork(card.thread_id, ident, form.edit(), run=True, **how)
    look_at(None)


def _left(card: Card, rows: Sequence[Row]) -> bool:
    """Tell what ran after the last way back, and what differs from the state before it; False where there was none."""
    began = [number for number, row in enumerate(rows) if number and row.source in ("fork", "update")]
    if not began:
        return False
    before, since = rows[began[-1] - 1], rows[began[-1] :]
    ran = [name for row in since if row.source == "loop" for name in row.ran]
    failed = [*card.snapshot.errors] if since[-1].checkpoint_id == card.snapshot.checkpoint_id else []
    with st.container(border=True, key=f"{card.key}_back_left"):
        st.markdown(":material/compare_arrows: **What it left**")
        lines = [f"Ran since then: {_names(ran) if ran else 'nothing'}."]
        lines += [f"Failed: {_names(failed)}."] if failed else []
        lines += ["Against the state just before, which is still in the history:"]
        st.markdown(" ".join(lines))
        draw_changes(card.workspace.history.diff(card.thread_id, before.checkpoint_id, rows[-1].checkpoint_id))
    return True
