"""The form of a state: each field drawn by its type, and read back as what was changed in it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from pydantic import BaseModel

from lab.state import Field, How, JsonText, Unshown, as_json, from_form, is_same_value, to_form
from lab.workspace import StateEdit
from ui.common import literal, shown
from ui.forms.row_table import ROWS, draw_rows, read_rows
from ui.forms.widgets import complain, draw_value, labelled, value_in

FOLD = 20_000
"""Characters of a value from which on it's left alone until somebody opens it."""

PARTS = frozenset((*ROWS, "group"))
"""Kinds that hold other fields."""

HOW: Mapping[str, Mapping[How, str]] = {
    "add": {"replace": "Replace", "append": "Append"},
    "messages": {"append": "Merge by id", "replace": "Replace"},
    "other": {"replace": "Replace", "append": "Through reducer"},
}
"""The two ways into a field by its reducer, the one that is chosen at first in front."""


class StateForm:
    """The form of some fields of a state at a checkpoint; not for inside `st.form`.

    `filled` are form values to begin with in place of the state's own. What differs from the state is an edit of it.
    """

    def __init__(
        self, fields: Sequence[Field], values: Mapping[str, Any], key: str, filled: Mapping[str, Any] | None = None
    ) -> None:
        self._fields = fields
        self._values = values
        self._key = key
        known = {field.name: field for field in fields}
        typed = {name: from_form(known[name], form) for name, form in (filled or {}).items() if name in known}
        self._drawn = {**values, **typed}

    def draw(self, wrong: Mapping[str, str]) -> None:
        """Draw the fields, each with the message of what is wrong with it, by its name."""
        for field in self._fields:
            place = self._place(field)
            with st.container(key=f"{place}_field", gap="xsmall"):
                _field(field, self._drawn, place, wrong)
                if field.name not in self._values:
                    st.caption("The state has no value here yet.")
        names = {field.name for field in self._fields}
        for name, message in wrong.items():
            if name.partition(".")[0] not in names:
                complain(message)

    def edit(self) -> StateEdit:
        """Return what the widgets hold and the state doesn't; a callback gets it before they're drawn again."""
        edited: dict[str, Any] = {}
        how: dict[str, How] = {}
        for field in self._fields:
            place = self._place(field)
            chosen = _how(field, place)
            if _folded(field, self._drawn, place):
                continue
            start = _start(field, self._values, place)
            form = _read(field, _inner(place, chosen), _start(field, self._drawn, place))
            if is_same_value(form, start):
                continue
            merges = field.reducer == "messages" and chosen == "append" and isinstance(form, list)
            edited[field.name] = _merged(start, form) if merges else form
            if chosen:
                how[field.name] = chosen
        return StateEdit(edited, how)

    def _place(self, field: Field) -> str:
        return f"{self._key}_{field.name}"


def _merged(start: Sequence[Mapping[str, Any]], form: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return what goes through the reducer of messages: the rows that changed or are new, and removals."""
    before = {row["id"]: row for row in start}
    left = {row.get("id") for row in form}
    changed = [row for row in form if row != before.get(row.get("id"))]
    return [*changed, *({"role": "remove", "text": "", "id": one} for one in before if one and one not in left)]


# One field of the state


def _field(field: Field, values: Mapping[str, Any], place: str, wrong: Mapping[str, str]) -> None:
    folded = _folded(field, values, place)
    if field.reducer != "none" or field.kind in PARTS or _heavy(field, values):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            # The switches stand beside the title; at the other end the toolbar of a table would cover them.
            st.markdown(f"**{literal(field.title)}**", width="content", help=literal(field.help) or None)
            _switches(field, values, place)
    if folded:
        st.caption(f"{_weight(values[field.name]):,} characters, left as they are.")
    else:
        chosen, start = _how(field, place), _start(field, values, place)
        _draw(field, _inner(place, chosen), start, field.name, wrong)


def _switches(field: Field, values: Mapping[str, Any], place: str) -> None:
    title = literal(field.title)
    if _heavy(field, values):
        st.toggle(f"Open {title}", key=f"{place}_open", persist_state="session")
    if field.kind in PARTS and not _folded(field, values, place):
        st.toggle("As JSON", key=f"{place}_json", persist_state="session")
    if field.reducer != "none":
        labels = HOW[field.reducer]
        st.segmented_control(
            f"How {title} is written",
            list(labels),
            default=next(iter(labels)),
            format_func=lambda how: labels[how],
            required=True,
            key=f"{place}_how",
            label_visibility="collapsed",
            persist_state="session",
        )


def _how(field: Field, place: str) -> How | None:
    if field.reducer == "none":
        return None
    chosen: How | None = st.session_state.get(f"{place}_how")
    return chosen or next(iter(HOW[field.reducer]))


def _inner(place: str, chosen: How | None) -> str:
    # The two ways into a field have widgets of their own, for they begin with other values.
    suffix = "_json" if st.session_state.get(f"{place}_json") else ""
    return f"{place}_{chosen or 'set'}{suffix}"


def _start(field: Field, values: Mapping[str, Any], place: str) -> Any:
    """Return what a field shows at first: its value, or nothing where it has none or something is to be appended."""
    appends = _how(field, place) == "append" and field.reducer != "messages"
    absent = appends or field.name not in values
    if not st.session_state.get(f"{place}_json"):
        return _blank(field) if absent else to_form(field, values[field.name])
    empty: Any = {} if field.kind in ("group", "mapping") else []
    try:
        return as_json(field, empty if absent else values[field.name])
    except Exception:  # noqa: BLE001 - a type of the state's own may raise anything
        return Unshown(values.get(field.name))


def _blank(field: Field) -> Any:
    if field.kind in ROWS:
        return []
    empty: Mapping[str, Any] = {"text": "", "area": "", "json": JsonText(""), "group": {}}
    return empty.get(field.kind)


def _heavy(field: Field, values: Mapping[str, Any]) -> bool:
    return field.name in values and _weight(values[field.name], FOLD) > FOLD


def _folded(field: Field, values: Mapping[str, Any], place: str) -> bool:
    appends = _how(field, place) == "append" and field.reducer != "messages"
    return not appends and not st.session_state.get(f"{place}_open") and _heavy(field, values)


def _weight(value: Any, enough: float = math.inf) -> int:
    """Count about the characters that it takes to show a value, until there are enough."""
    count, waiting = 0, [value]
    while waiting and count <= enough:
        one = waiting.pop()
        if isinstance(one, str):
            count += len(one)
        elif isinstance(one, Mapping):
            count += sum(len(str(key)) for key in one)
            waiting += one.values()
        elif isinstance(one, (list, tuple, set, frozenset)):
            count += len(one)
            waiting += one
        elif isinstance(one, BaseModel):
            # Its own text costs a thousand times as much.
            waiting += vars(one).values()
        elif one is not None:
            count += len(repr(one))
    return count


# A value by its kind


def _draw(field: Field, key: str, start: Any, path: str, wrong: Mapping[str, str]) -> None:
    if _unmakeable(field):
        value = f": {shown(repr(start.value), 500)}" if isinstance(start, Unshown) else ""
        st.text(f"{field.title}{value}")
        st.caption("A form can't make values of this field's type, so it isn't offered for editing. It stays as it is.")
    elif isinstance(start, Unshown):
        st.text(f"{field.title}: {shown(repr(start.value), 500)}")
        st.caption("A form can't show this value of this field. It stays as it is, unless it is replaced.")
        if st.toggle("Replace it", key=f"{key}_replace", persist_state="session"):
            _widget(field, f"{key}_new", _blank(field), path, wrong)
    elif _may_be_none(field) and st.checkbox(
        f"{literal(field.title)} is None", value=start is None, key=f"{key}_none", persist_state="session"
    ):
        pass
    else:
        _widget(field, key, _blank(field) if start is None else start, path, wrong)
    if path in wrong:
        complain(wrong[path])


def _read(field: Field, key: str, start: Any) -> Any:
    session = st.session_state
    if _unmakeable(field):
        return start
    if isinstance(start, Unshown):
        return _value(field, f"{key}_new", _blank(field)) if session.get(f"{key}_replace") else start
    if _may_be_none(field) and session.get(f"{key}_none", start is None):
        return None
    return _value(field, key, _blank(field) if start is None else start)


def _unmakeable(field: Field) -> bool:
    """Return whether no form can make a value, not even as JSON."""
    return field.kind == "json" and field.adapter is None


def _may_be_none(field: Field) -> bool:
    """Return whether None needs a mark of its own; other widgets are simply empty."""
    return field.optional and field.kind in {"text", "area", "json", *PARTS}


def _widget(field: Field, key: str, start: Any, path: str, wrong: Mapping[str, str]) -> None:
    common = labelled(field, key)
    if path == field.name and (field.reducer != "none" or field.kind in PARTS):
        common["label_visibility"] = "collapsed"
    if isinstance(start, JsonText):
        common["label"] += " (JSON)"
    if field.kind in ROWS and not isinstance(start, JsonText):
        draw_rows(field, key, start)
    elif field.kind == "group" and not isinstance(start, JsonText):
        _group(field, key, start, path, wrong)
    else:
        draw_value(field, start, common, needed=not field.optional)


def _group(field: Field, key: str, start: Mapping[str, Any], path: str, wrong: Mapping[str, str]) -> None:
    with st.container(border=True):
        for part in field.parts:
            if part.kind in PARTS:
                st.markdown(f"**{literal(part.title)}**", help=literal(part.help) or None)
            _draw(part, f"{key}_{part.name}", start.get(part.name, _blank(part)), f"{path}.{part.name}", wrong)


def _value(field: Field, key: str, start: Any) -> Any:
    """Return what the widgets of a value hold; those that weren't drawn or touched give what they began with."""
    if field.kind in ROWS and not isinstance(start, JsonText):
        return read_rows(field, key, start)
    if field.kind == "group" and not isinstance(start, JsonText):
        parts = {
            part.name: _read(part, f"{key}_{part.name}", start.get(part.name, _blank(part))) for part in field.parts
        }
        return {
            part.name: parts[part.name]
            for part in field.parts
            if part.name in start or not is_same_value(parts[part.name], _blank(part))
        }
    return value_in(field, key, start)
