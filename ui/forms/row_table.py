"""Tables to edit: lists, records, mappings and messages as rows, and what was changed in them."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from lab.state import NEW_ROLES, SCALARS, Field, JsonText, Kind, Unshown
from ui.common import literal, shown

Row = dict[str, Any]

SAFE = 2**53 - 1
"""The largest whole number that a browser counts right."""

ROWS = frozenset(("list", "table", "mapping", "messages"))
"""Kinds that are drawn as a table."""

_TYPES = {"integer": "Int64", "number": "Float64", "toggle": "boolean"}
_TIMES: Mapping[str, Any] = {
    "date": st.column_config.DateColumn,
    "time": st.column_config.TimeColumn,
    "datetime": st.column_config.DatetimeColumn,
}
_ROLE = Field("role", "Role", kind="choice")
_MESSAGE = (_ROLE, Field("text", "Text", kind="area"), Field("id", "Id", kind="text", optional=True, required=False))


def draw_rows(field: Field, key: str, rows: Sequence[Any]) -> None:
    """Draw the rows of a field as a table to edit, add to and take from."""
    lines = _lines(field, rows)
    data, configured, fixed = {}, {}, []
    # What a visitor has named stands in titles only; here the names of columns are the place's own.
    for number, column in enumerate(_columns(field, lines)):
        name, cells = f"c{number}", [line.get(column.name) for line in lines]
        kind = _cell_kind(column, cells)
        shape = cells if kind in _TYPES or kind in _TIMES else [_cell(cell) for cell in cells]
        data[name] = pd.Series(shape, dtype=_TYPES.get(kind, "object"))
        configured[name] = _configured(column, kind)
        if any(isinstance(cell, Unshown) for cell in cells) or (field.kind == "messages" and column.name == "id"):
            fixed.append(name)
    if field.kind == "messages":
        data["calls"] = pd.Series([_calls(line) for line in lines], dtype="object")
        configured["calls"] = st.column_config.TextColumn("Tool calls", width="small")
        fixed.append("calls")
    st.data_editor(
        pd.DataFrame(data),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        column_config=configured,
        disabled=fixed,
        alt=f"{field.title}, {len(lines)} rows",
    )


def read_rows(field: Field, key: str, rows: Sequence[Any]) -> Sequence[Any]:
    """Return the rows with what was changed in their table; what wasn't touched is what it was."""
    state = st.session_state.get(key)
    if not state or not any(state.get(part) for part in ("edited_rows", "added_rows", "deleted_rows")):
        return rows
    lines = _lines(field, rows)
    columns = {f"c{number}": column for number, column in enumerate(_columns(field, lines))}
    deleted = set(state.get("deleted_rows", ()))
    changes = state.get("edited_rows", {})
    result = [_line(line, changes.get(at, {}), columns) for at, line in enumerate(lines) if at not in deleted]
    added = [
        change for change in state.get("added_rows", ()) if any(cell not in (None, "") for cell in change.values())
    ]
    result += [_line(_blank(field, columns), change, columns) for change in added]
    return [line.get("value") for line in result] if field.kind == "list" else result


def _lines(field: Field, rows: Sequence[Any]) -> list[Row]:
    return [{"value": row} for row in rows] if field.kind == "list" else list(rows)


def _columns(field: Field, lines: Sequence[Row]) -> tuple[Field, ...]:
    """Return a table's columns; where its type names none, those that its rows have."""
    if field.kind == "messages":
        roles = dict.fromkeys((*NEW_ROLES, *(str(line["role"]) for line in lines)))
        return (dataclasses.replace(_ROLE, choices=tuple((role, role) for role in roles)), *_MESSAGE[1:])
    item = field.item
    if item is None or field.kind == "list":
        return (item,) if item else ()
    if field.kind == "mapping":
        return (Field("key", "Key", kind="text"), item)
    if item.kind != "record" or item.item is None:
        return item.parts
    names = dict.fromkeys(name for line in lines for name in line)
    return tuple(dataclasses.replace(item.item, name=name, title=name, required=False) for name in names)


def _cell_kind(column: Field, cells: Iterable[Any]) -> Kind:
    """Return the widget of a column: its own, or text where a value of it wouldn't come through."""
    present = [cell for cell in cells if cell is not None]
    if column.kind == "any":
        kinds = {SCALARS.get(type(cell), "text") for cell in present}
        column = dataclasses.replace(column, kind=kinds.pop() if len(kinds) == 1 else "text")
    if column.kind in ("text", "area", "json", "choice"):
        return column.kind
    fits = all(SCALARS.get(type(cell)) in (column.kind, "integer") for cell in present)
    big = any(isinstance(cell, int) and abs(cell) > SAFE for cell in present)
    zoned = any(getattr(cell, "tzinfo", None) for cell in present)
    return column.kind if fits and not big and not zoned else "text"


def _cell(cell: Any) -> str | None:
    if isinstance(cell, Unshown):
        return shown(repr(cell.value), 200)
    text = cell.text if isinstance(cell, JsonText) else cell
    return None if text is None else str(text)


def _calls(line: Row) -> str:
    original = line.get("original")
    calls = getattr(original.value, "tool_calls", None) if isinstance(original, Unshown) else None
    return ", ".join(shown(call["name"], 60) for call in calls or ())


def _configured(column: Field, kind: Kind) -> Any:
    common: dict[str, Any] = {"label": shown(column.title, 60), "help": literal(column.help) or None}
    if column.default is not None and kind in ("text", "area", "integer", "number", "toggle"):
        common["default"] = column.default
    match kind:
        case "integer":
            return st.column_config.NumberColumn(**common, step=1)
        case "number":
            return st.column_config.NumberColumn(**common)
        case "toggle":
            return st.column_config.CheckboxColumn(**{"default": None if column.optional else False, **common})
        case "choice":
            labels = column.labels
            return st.column_config.SelectboxColumn(
                **common, options=[*labels], format_func=lambda name: labels[str(name)]
            )
        case "date" | "time" | "datetime":
            return _TIMES[kind](**common)
        case "json":
            return st.column_config.TextColumn(**{**common, "label": f"{common['label']} (JSON)"})
        case _:
            return st.column_config.TextColumn(**common, width="large" if kind == "area" else None)


def _line(line: Row, change: Row, columns: Mapping[str, Field]) -> Row:
    """Return a row with its changed cells; one that was emptied is None, an empty text, or gone."""
    row = dict(line)
    for place, cell in change.items():
        if place not in columns:
            continue
        column = columns[place]
        if cell is not None:
            row[column.name] = JsonText(cell) if column.kind == "json" and isinstance(cell, str) else cell
        elif column.optional or column.required:
            row[column.name] = "" if column.kind in ("text", "area") and not column.optional else None
        else:
            row.pop(column.name, None)
    return row


def _blank(field: Field, columns: Mapping[str, Field]) -> Row:
    """Return a new row: its needed cells are there and empty, so that they're asked for."""
    if field.kind == "messages":
        return {"role": "human", "text": "", "id": None}
    needed = [column for column in columns.values() if column.required]
    blank = {column.name: False if column.kind == "toggle" and not column.optional else None for column in needed}
    return blank | {column.name: column.default for column in columns.values() if column.default is not None}
