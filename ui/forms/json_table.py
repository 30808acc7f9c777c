"""Tables of lists that are given as JSON: rows to edit, of an answer or an input, read back as a list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lab.jsonable import Json
from lab.state import Field, Unshown, from_form, is_same_value, number_of, to_form
from ui.common import literal
from ui.forms.row_table import draw_rows, read_rows


@dataclass(frozen=True, slots=True)
class _Table:
    """A table as it was last drawn."""

    start: Json
    """The list that the form begins with."""
    rows: Sequence[Any]
    """What the widget was given; its edits are edits of these."""
    typed: Json
    """What it held then, which outlives its widget."""


def draw_list(field: Field, key: str, start: Json) -> bool:
    """Draw a list as a table to edit; return False, with nothing drawn, where its values don't fit in one."""
    drawn = _drawn(key)
    same = drawn is not None and is_same_value(drawn.start, start)
    if drawn is not None and same and key in st.session_state:
        rows: Sequence[Any] | None = drawn.rows
    else:
        # The widget loses what was typed as soon as another page is looked at.
        rows = _rows(field, drawn.typed if drawn is not None and same else start)
    if rows is None:
        st.session_state.pop(_place(key), None)
        return False
    st.markdown(f"**{literal(field.title)}**", help=literal(field.help) or None)
    draw_rows(field, key, rows)
    st.session_state[_place(key)] = _Table(start, rows, _read(field, key, rows))
    return True


def list_in(field: Field, key: str) -> tuple[bool, Json]:
    """Return whether a table stands in the form, and the list that it holds, for a callback too."""
    drawn = _drawn(key)
    if drawn is None:
        return False, None
    value = _read(field, key, drawn.rows)
    return True, value if value or field.required or drawn.start is not None else None


def _drawn(key: str) -> _Table | None:
    drawn: _Table | None = st.session_state.get(_place(key))
    return drawn


def _place(key: str) -> str:
    # No field of a form has such a name.
    return f"{key}|table"


def _rows(field: Field, value: Json) -> Sequence[Any] | None:
    """Return a list as the rows of its table; None where a cell can't show what is in it."""
    if value is None:
        return []
    if not isinstance(value, list):
        return None
    parts = _parts(field)
    # What isn't there yet is an empty cell, of which the check tells once it's sent.
    shown = [
        _each(field, row, lambda name, cell: None if cell is None else to_form(parts[name], cell)) for row in value
    ]
    cells = [cell for row in shown for cell in (row.values() if isinstance(row, dict) else [row])]
    return None if any(isinstance(cell, Unshown | dict | list) for cell in cells) else shown


def _each(field: Field, row: Any, change: Callable[[str, Any], Any]) -> Any:
    """Return a row with each of its cells changed; Unshown where it isn't one of this table."""
    if field.kind == "list":
        return change("value", row)
    if not isinstance(row, dict) or not row.keys() <= _parts(field).keys():
        return Unshown(row)
    return {name: change(name, cell) for name, cell in row.items()}


def _parts(field: Field) -> Mapping[str, Field]:
    assert field.item is not None, f"{field.name} has no rows"
    return {"value": field.item} if field.kind == "list" else {part.name: part for part in field.item.parts}


def _read(field: Field, key: str, rows: Sequence[Any]) -> list[Json]:
    parts = _parts(field)
    return [_each(field, row, lambda name, cell: _value(parts[name], cell)) for row in read_rows(field, key, rows)]


def _value(cell: Field, form: Any) -> Json:
    """Return what a cell holds as JSON; what is no number stays text, of which the check then complains."""
    if cell.kind in ("integer", "number") and isinstance(form, str):
        number = number_of(form)
        return form if number is None else number
    return from_form(cell, form) if cell.kind == "choice" and form is not None else form
