"""Forms drawn from fields: a widget or a table each, with the field's rules and the message of what didn't fit."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pandas as pd
import streamlit as st

from lab.jsonable import Json
from lab.state import NEW_ROLES, SCALARS, Field, JsonText, Kind, Unshown, choice_text, number_of, number_text
from ui.common import LIMIT, label_text, literal, shown

FEW = 5
"""Choices that fit side by side; more of them go in a list."""

SAFE = 2**53 - 1
"""The largest whole number that a browser counts right."""

LINE = 100
"""Characters of a text that are drawn in one line."""


def ask(fields: Sequence[Field], key: str, values: Mapping[str, Json], wrong: Mapping[str, str]) -> dict[str, Json]:
    """Draw the fields, prefilled with `values`, and return what they hold; `wrong` has messages by field or part."""
    given: dict[str, Json] = {}
    names = {field.name for field in fields}
    places = {name: name if name in names else name.partition(".")[0] for name in wrong}
    for field in fields:
        given[field.name] = _widget(field, _key(key, field), values.get(field.name, field.default))
        for name, message in wrong.items():
            if places[name] == field.name:
                complain(message)
    for name, message in wrong.items():
        if places[name] not in names:
            complain(message)
    return _given(fields, given)


def values_in_form(fields: Sequence[Field], key: str) -> dict[str, Json]:
    """Return what the widgets of a form hold, for a callback that runs before they're drawn again."""
    return _given(fields, {field.name: _read(field, st.session_state.get(_key(key, field))) for field in fields})


def _given(fields: Sequence[Field], values: Mapping[str, Json]) -> dict[str, Json]:
    """Leave out what is empty and needn't be given; what must be is there as None, so that it's asked for."""
    return {
        field.name: values[field.name]
        for field in fields
        if values[field.name] is not None or field.required or field.optional
    }


def _key(key: str, field: Field) -> str:
    # A field may have the name that the form or its button has.
    return f"{key}.{field.name}" if field.name in ("form", "send") else f"{key}_{field.name}"


def complain(message: str) -> None:
    """Draw what is wrong with the field above."""
    with st.container(horizontal=True, gap="small"):
        st.markdown(":red[:material/error:]", width="content")
        st.text(shown(message, 500))


def _read(field: Field, value: Any) -> Json:
    if not isinstance(value, str) or field.kind == "choice":
        return value
    if not value.strip() and (field.kind in ("json", "integer", "number") or (field.optional and field.min_length)):
        return None
    # What can't be read stays text, which the schema's check then names as the fault it is.
    if field.kind == "json":
        with suppress(ValueError, RecursionError):
            return json.loads(value)
    if field.kind in ("integer", "number"):
        number = number_of(value)
        return value if number is None else number
    return value


def _widget(field: Field, key: str, value: Json) -> Json:
    title = label_text(field.title)
    common: dict[str, Any] = {"key": key, "help": label_text(field.help, 2000) or None, "persist_state": "session"}
    if field.kind == "choice":
        return _choice(field, value, common)
    if field.kind == "toggle":
        return st.toggle(title, value=bool(value), **common)
    if field.kind in ("integer", "number"):
        start = "" if value is None else value if isinstance(value, str) else number_text(value)
        # A browser's own field for numbers takes 1,5 for 15 and, when it's cleared, gives the number before.
        return _read(field, st.text_input(title, start, **common))
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    if field.kind == "text":
        return _read(field, st.text_input(title, text, **common))
    # Without its limit: a browser drops what is pasted over it without a word.
    return _read(field, st.text_area(title, text, height=110, **common))


def _choice(field: Field, value: Json, common: dict[str, Any]) -> Json:
    options = [option for _, option in field.choices]
    default = value if value in options else None
    if len(options) <= FEW:
        # A press on what is chosen would choose nothing, where the form came with a choice that it needs.
        common["required"] = field.required and default is not None
        # These labels are read as Markdown, those of a list aren't.
        return st.segmented_control(
            label_text(field.title),
            options,
            default=default,
            format_func=lambda option: literal(_label(option)),
            **common,
        )
    index = options.index(default) if default is not None else None
    return st.selectbox(label_text(field.title), options, index=index, format_func=_label, **common)


def _label(option: Json) -> str:
    return shown(choice_text(option), 60)


# Typed fields


def write(entry: Field, start: str, common: dict[str, Any]) -> None:
    """Draw a text, in one line where it has one; what is over its limit is told of and not cut."""
    if entry.kind == "area" or len(start) > LINE or any(char in start for char in "\r\n"):
        st.text_area(value=start, height=height(start), **common)
    else:
        st.text_input(value=start, **common)
    if (plain := shown(start)) != start and len(start) <= LIMIT:
        st.caption(f"With its invisible characters named: {literal(plain, 1000)}")


def height(text: str) -> int:
    """Return the pixels that show a text without scrolling, within reason."""
    return min(320, max(80, 26 * (text.count("\n") + len(text) // LINE + 2)))


def pick(entry: Field, start: str | None, common: dict[str, Any]) -> None:
    """Draw a choice; what comes of it is the name that the chosen value has in its type."""
    names, labels = [name for name, _ in entry.choices], entry.labels
    if len(names) <= FEW:
        common |= {"required": start is not None and not entry.optional}
        st.segmented_control(options=names, default=start, format_func=lambda name: literal(labels[name], 60), **common)
    else:
        index = None if start is None else names.index(start)
        st.selectbox(options=names, index=index, format_func=lambda name: shown(labels[name], 60), **common)


# Tables

Row = dict[str, Any]

ROWS = frozenset(("list", "table", "mapping", "messages"))
"""Kinds that are drawn as a table."""

_TYPES = {"integer": "Int64", "number": "Float64", "toggle": "boolean"}
_MOMENTS: Mapping[str, Any] = {
    "date": st.column_config.DateColumn,
    "time": st.column_config.TimeColumn,
    "datetime": st.column_config.DatetimeColumn,
}
_ROLE = Field("role", "Role", kind="choice")
_MESSAGE = (_ROLE, Field("text", "Text", kind="area"), Field("id", "Id", kind="text", optional=True, required=False))


def draw_rows(entry: Field, key: str, rows: Sequence[Any]) -> None:
    """Draw the rows of a field as a table to edit, add to and take from."""
    lines = _lines(entry, rows)
    data, configured, fixed = {}, {}, []
    # What a visitor has named stands in titles only; here the names of columns are the place's own.
    for number, column in enumerate(_columns(entry, lines)):
        name, cells = f"c{number}", [line.get(column.name) for line in lines]
        kind = _cell_kind(column, cells)
        shape = cells if kind in _TYPES or kind in _MOMENTS else [_cell(cell) for cell in cells]
        data[name] = pd.Series(shape, dtype=_TYPES.get(kind, "object"))
        configured[name] = _configured(column, kind)
        if any(isinstance(cell, Unshown) for cell in cells) or (entry.kind == "messages" and column.name == "id"):
            fixed.append(name)
    if entry.kind == "messages":
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
        alt=f"{entry.title}, {len(lines)} rows",
    )


def read_rows(entry: Field, key: str, rows: Sequence[Any]) -> Sequence[Any]:
    """Return the rows with what was changed in their table; what wasn't touched is what it was."""
    state = st.session_state.get(key)
    if not state or not any(state.get(part) for part in ("edited_rows", "added_rows", "deleted_rows")):
        return rows
    lines = _lines(entry, rows)
    columns = {f"c{number}": column for number, column in enumerate(_columns(entry, lines))}
    gone = set(state.get("deleted_rows", ()))
    changes = state.get("edited_rows", {})
    found = [_line(line, changes.get(at, {}), columns) for at, line in enumerate(lines) if at not in gone]
    added = [
        change for change in state.get("added_rows", ()) if any(cell not in (None, "") for cell in change.values())
    ]
    found += [_line(_blank(entry, columns), change, columns) for change in added]
    return [line.get("value") for line in found] if entry.kind == "list" else found


def _lines(entry: Field, rows: Sequence[Any]) -> list[Row]:
    return [{"value": row} for row in rows] if entry.kind == "list" else list(rows)


def _columns(entry: Field, lines: Sequence[Row]) -> tuple[Field, ...]:
    """Return a table's columns; where its type names none, those that its rows have."""
    if entry.kind == "messages":
        roles = dict.fromkeys((*NEW_ROLES, *(str(line["role"]) for line in lines)))
        return (dataclasses.replace(_ROLE, choices=tuple((role, role) for role in roles)), *_MESSAGE[1:])
    item = entry.item
    if item is None or entry.kind == "list":
        return (item,) if item else ()
    if entry.kind == "mapping":
        return (Field("key", "Key", kind="text"), item)
    if item.kind != "record" or item.item is None:
        return item.parts
    names = dict.fromkeys(name for line in lines for name in line)
    return tuple(dataclasses.replace(item.item, name=name, title=name, required=False) for name in names)


def _cell_kind(column: Field, cells: Iterable[Any]) -> Kind:
    """Return the widget of a column: its own, or text where a value of it wouldn't come through."""
    present = [cell for cell in cells if cell is not None]
    if column.kind == "any":
        found = {SCALARS.get(type(cell), "text") for cell in present}
        column = dataclasses.replace(column, kind=found.pop() if len(found) == 1 else "text")
    if column.kind in ("text", "area", "json", "choice"):
        return column.kind
    fits = all(SCALARS.get(type(cell)) in (column.kind, "integer") for cell in present)
    big = any(isinstance(cell, int) and abs(cell) > SAFE for cell in present)
    zoned = any(getattr(cell, "tzinfo", None) for cell in present)
    return column.kind if fits and not big and not zoned else "text"


def _cell(cell: Any) -> str | None:
    told = (
        shown(repr(cell.value), 200) if isinstance(cell, Unshown) else cell.text if isinstance(cell, JsonText) else cell
    )
    return None if told is None else str(told)


def _calls(line: Row) -> str:
    kept = line.get("kept")
    calls = getattr(kept.value, "tool_calls", None) if isinstance(kept, Unshown) else None
    return ", ".join(shown(call["name"], 60) for call in calls or ())


def _configured(column: Field, kind: Kind) -> Any:
    told: dict[str, Any] = {"label": shown(column.title, 60), "help": literal(column.help) or None}
    match kind:
        case "integer":
            return st.column_config.NumberColumn(**told, step=1)
        case "number":
            return st.column_config.NumberColumn(**told)
        case "toggle":
            return st.column_config.CheckboxColumn(**told, default=None if column.optional else False)
        case "choice":
            labels = column.labels
            return st.column_config.SelectboxColumn(
                **told, options=[*labels], format_func=lambda name: labels[str(name)]
            )
        case "date" | "time" | "datetime":
            return _MOMENTS[kind](**told)
        case "json":
            return st.column_config.TextColumn(**{**told, "label": f"{told['label']} (JSON)"})
        case _:
            return st.column_config.TextColumn(**told, width="large" if kind == "area" else None)


def _line(line: Row, change: Row, columns: Mapping[str, Field]) -> Row:
    """Return a row with its changed cells; one that was emptied is None, an empty text, or gone."""
    found = dict(line)
    for place, cell in change.items():
        if place not in columns:
            continue
        column = columns[place]
        if cell is not None:
            found[column.name] = JsonText(cell) if column.kind == "json" and isinstance(cell, str) else cell
        elif column.optional or column.required:
            found[column.name] = "" if column.kind in ("text", "area") and not column.optional else None
        else:
            found.pop(column.name, None)
    return found


def _blank(entry: Field, columns: Mapping[str, Field]) -> Row:
    """Return a new row: its needed cells are there and empty, so that they're asked for."""
    if entry.kind == "messages":
        return {"role": "human", "text": "", "id": None}
    needed = [column for column in columns.values() if column.required]
    return {column.name: False if column.kind == "toggle" and not column.optional else None for column in needed}
