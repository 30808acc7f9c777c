"""The form of a state: each field drawn by its type, and read back as what was changed in it."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import streamlit as st
from pydantic import BaseModel

from lab.state import Field, How, JsonText, Unshown, as_json, from_form, is_same_value, number_of, number_text, to_form
from lab.workspace import StateEdit
from ui.common import literal, shown
from ui.forms.json_form import ROWS, complain, draw_rows, height, pick, read_rows, write

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
        found: dict[str, Any] = {}
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
            found[field.name] = _merged(start, form) if merges else form
            if chosen:
                how[field.name] = chosen
        return StateEdit(found, how)

    def _place(self, field: Field) -> str:
        return f"{self._key}_{field.name}"


def _merged(start: Sequence[Mapping[str, Any]], form: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return what goes through the reducer of messages: the rows that changed or are new, and removals."""
    before = {row["id"]: row for row in start}
    left = {row.get("id") for row in form}
    changed = [row for row in form if row != before.get(row.get("id"))]
    return [*changed, *({"role": "remove", "text": "", "id": one} for one in before if one and one not in left)]


# One field of the state


def _field(entry: Field, values: Mapping[str, Any], place: str, wrong: Mapping[str, str]) -> None:
    folded = _folded(entry, values, place)
    if entry.reducer != "none" or entry.kind in PARTS or _heavy(entry, values):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            # The switches stand beside the title; at the other end the toolbar of a table would cover them.
            st.markdown(f"**{literal(entry.title)}**", width="content", help=literal(entry.help) or None)
            _switches(entry, values, place)
    if folded:
        st.caption(f"{_weight(values[entry.name]):,} characters, left as they are.")
    else:
        chosen, start = _how(entry, place), _start(entry, values, place)
        _draw(entry, _inner(place, chosen), start, entry.name, wrong)


def _switches(entry: Field, values: Mapping[str, Any], place: str) -> None:
    title = literal(entry.title)
    if _heavy(entry, values):
        st.toggle(f"Open {title}", key=f"{place}_open", persist_state="session")
    if entry.kind in PARTS and not _folded(entry, values, place):
        st.toggle("As JSON", key=f"{place}_json", persist_state="session")
    if entry.reducer != "none":
        labels = HOW[entry.reducer]
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


def _how(entry: Field, place: str) -> How | None:
    if entry.reducer == "none":
        return None
    chosen: How | None = st.session_state.get(f"{place}_how")
    return chosen or next(iter(HOW[entry.reducer]))


def _inner(place: str, chosen: How | None) -> str:
    # The two ways into a field have widgets of their own, for they begin with other values.
    suffix = "_json" if st.session_state.get(f"{place}_json") else ""
    return f"{place}_{chosen or 'set'}{suffix}"


def _start(entry: Field, values: Mapping[str, Any], place: str) -> Any:
    """Return what a field shows at first: its value, or nothing where it has none or something is to be appended."""
    appends = _how(entry, place) == "append" and entry.reducer != "messages"
    absent = appends or entry.name not in values
    if not st.session_state.get(f"{place}_json"):
        return _blank(entry) if absent else to_form(entry, values[entry.name])
    empty: Any = {} if entry.kind in ("group", "mapping") else []
    try:
        return as_json(entry, empty if absent else values[entry.name])
    except Exception:  # noqa: BLE001 - a type of the state's own may raise anything
        return Unshown(values.get(entry.name))


def _blank(entry: Field) -> Any:
    if entry.kind in ROWS:
        return []
    empty: Mapping[str, Any] = {"text": "", "area": "", "json": JsonText(""), "group": {}}
    return empty.get(entry.kind)


def _heavy(entry: Field, values: Mapping[str, Any]) -> bool:
    return entry.name in values and _weight(values[entry.name], FOLD) > FOLD


def _folded(entry: Field, values: Mapping[str, Any], place: str) -> bool:
    appends = _how(entry, place) == "append" and entry.reducer != "messages"
    return not appends and not st.session_state.get(f"{place}_open") and _heavy(entry, values)


def _weight(value: Any, enough: float = math.inf) -> int:
    """Count about the characters that it takes to show a value, until there are enough."""
    found, waiting = 0, [value]
    while waiting and found <= enough:
        one = waiting.pop()
        if isinstance(one, str):
            found += len(one)
        elif isinstance(one, Mapping):
            found += sum(len(str(key)) for key in one)
            waiting += one.values()
        elif isinstance(one, (list, tuple, set, frozenset)):
            found += len(one)
            waiting += one
        elif isinstance(one, BaseModel):
            # Its own text costs a thousand times as much.
            waiting += vars(one).values()
        elif one is not None:
            found += len(repr(one))
    return found


# A value by its kind


def _draw(entry: Field, key: str, start: Any, path: str, wrong: Mapping[str, str]) -> None:
    if _unmakeable(entry):
        kept = f": {shown(repr(start.value), 500)}" if isinstance(start, Unshown) else ""
        st.text(f"{entry.title}{kept}")
        st.caption("A form can't make values of this field's type, so it isn't offered for editing. It stays as it is.")
    elif isinstance(start, Unshown):
        st.text(f"{entry.title}: {shown(repr(start.value), 500)}")
        st.caption("A form can't show this value of this field. It stays as it is, unless it is replaced.")
        if st.toggle("Replace it", key=f"{key}_replace", persist_state="session"):
            _widget(entry, f"{key}_new", _blank(entry), path, wrong)
    elif _may_be_none(entry) and st.checkbox(
        f"{literal(entry.title)} is None", value=start is None, key=f"{key}_none", persist_state="session"
    ):
        pass
    else:
        _widget(entry, key, _blank(entry) if start is None else start, path, wrong)
    if path in wrong:
        complain(wrong[path])


def _read(entry: Field, key: str, start: Any) -> Any:
    held_here = st.session_state
    if _unmakeable(entry):
        return start
    if isinstance(start, Unshown):
        return _value(entry, f"{key}_new", _blank(entry)) if held_here.get(f"{key}_replace") else start
    if _may_be_none(entry) and held_here.get(f"{key}_none", start is None):
        return None
    return _value(entry, key, _blank(entry) if start is None else start)


def _unmakeable(entry: Field) -> bool:
    """Return whether no form can make a value, not even as JSON."""
    return entry.kind == "json" and entry.adapter is None


def _may_be_none(entry: Field) -> bool:
    """Return whether None needs a mark of its own; other widgets are simply empty."""
    return entry.optional and entry.kind in {"text", "area", "json", *PARTS}


def _widget(entry: Field, key: str, start: Any, path: str, wrong: Mapping[str, str]) -> None:
    common: dict[str, Any] = {"label": literal(entry.title), "key": key, "help": literal(entry.help) or None}
    if path == entry.name and (entry.reducer != "none" or entry.kind in PARTS):
        common["label_visibility"] = "collapsed"
    if isinstance(start, JsonText):
        st.text_area(**{**common, "label": f"{common['label']} (JSON)"}, value=start.text, height=height(start.text))
    elif entry.kind == "group":
        _group(entry, key, start, path, wrong)
    elif entry.kind in ROWS:
        draw_rows(entry, key, start)
    else:
        _scalar(entry, start, {**common, "persist_state": "session"})


def _group(entry: Field, key: str, start: Mapping[str, Any], path: str, wrong: Mapping[str, str]) -> None:
    with st.container(border=True):
        for part in entry.parts:
            if part.kind in PARTS:
                st.markdown(f"**{literal(part.title)}**", help=literal(part.help) or None)
            _draw(part, f"{key}_{part.name}", start.get(part.name, _blank(part)), f"{path}.{part.name}", wrong)


def _value(entry: Field, key: str, start: Any) -> Any:
    """Return what a widget holds; one that wasn't drawn or touched gives what it began with."""
    if entry.kind in ROWS and not isinstance(start, JsonText):
        return read_rows(entry, key, start)
    if entry.kind == "group" and not isinstance(start, JsonText):
        found = {
            part.name: _read(part, f"{key}_{part.name}", start.get(part.name, _blank(part))) for part in entry.parts
        }
        return {
            part.name: found[part.name]
            for part in entry.parts
            if part.name in start or not is_same_value(found[part.name], _blank(part))
        }
    if key not in st.session_state:
        return start
    value = st.session_state[key]
    if isinstance(start, JsonText):
        return JsonText(value or "")
    if _as_text(entry, start):
        return start if value == _text(start) else _typed(entry, value)
    return value


def _scalar(entry: Field, start: Any, common: dict[str, Any]) -> None:
    match entry.kind:
        case _ if _as_text(entry, start):
            st.text_input(value=_text(start), **common)
        case "text" | "area":
            write(entry, start, common)
        case "toggle" if isinstance(start, bool) and not entry.optional:
            st.toggle(value=start, **common)
        case "toggle":
            st.segmented_control(
                options=[True, False], default=start, format_func=lambda one: "Yes" if one else "No", **common
            )
        case "choice":
            pick(entry, start, common)
        case "date":
            st.date_input(value=start, min_value=date.min, max_value=date.max, format="YYYY-MM-DD", **common)
        case "time":
            st.time_input(value=start, step=60, **common)
        case "datetime":
            # Shown without a zone; one that has a zone is drawn as text.
            common |= {"min_value": datetime.min, "max_value": datetime.max}  # noqa: DTZ901
            st.datetime_input(value=start, step=60, format="YYYY-MM-DD", **common)


def _as_text(entry: Field, start: Any) -> bool:
    """Return whether a value is drawn as text, because its own widget would round it, or take it for another one."""
    match start:
        case _ if entry.kind in ("integer", "number"):
            return True
        case datetime() | time():
            return bool(start.second or start.microsecond or start.tzinfo)
    return False


def _text(start: Any) -> str:
    if isinstance(start, (datetime, time)):
        return start.isoformat()
    if isinstance(start, (int, float)) and not isinstance(start, bool):
        return number_text(start)
    return "" if start is None else str(start)


def _typed(entry: Field, text: str) -> Any:
    """Return the number that was typed; what is none stays text, of which the check then complains."""
    number = number_of(text) if entry.kind in ("integer", "number") else None
    return (text if text.strip() else None) if number is None else number
