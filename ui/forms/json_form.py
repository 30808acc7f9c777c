"""The form of an input or an answer, which are given as JSON: a widget a field, and its messages."""

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from typing import Any

import streamlit as st

from lab.jsonable import Json
from lab.state import Field, JsonText, is_same_value
from ui.forms.json_table import draw_list, list_in
from ui.forms.row_table import ROWS
from ui.forms.widgets import complain, draw_value, labelled, value_in

_WRITTEN = frozenset(("json", *ROWS))
"""Kinds that are written as JSON, those of a table where its values don't fit in one."""


def ask(fields: Sequence[Field], key: str, values: Mapping[str, Json], wrong: Mapping[str, str]) -> None:
    """Draw the fields, prefilled with `values`; `wrong` has messages by field or part."""
    names = {field.name for field in fields}
    places = {name: name if name in names else name.partition(".")[0] for name in wrong}
    for field in fields:
        messages = [message for name, message in wrong.items() if places[name] == field.name]
        # What is wrong with a field stays below it, also where fields stand side by side.
        with st.container(gap="xsmall") if messages else nullcontext():
            _draw(field, _key(key, field), values.get(field.name, field.default))
            for message in messages:
                complain(message)
    for name, message in wrong.items():
        if places[name] not in names:
            complain(message)


def _draw(field: Field, key: str, value: Json) -> None:
    if field.kind not in ROWS or not draw_list(field, key, value):
        draw_value(field, _start(field, value), labelled(field, key), needed=field.required and not field.optional)


def values_in_form(fields: Sequence[Field], key: str) -> dict[str, Json]:
    """Return what the widgets of a form hold, for a callback that runs before they're drawn again."""
    return _given(fields, {field.name: _value(field, _key(key, field)) for field in fields})


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


def _start(field: Field, value: Json) -> Any:
    """Return a value as the field's widget shows it."""
    match field.kind:
        case "choice":
            return next((name for name, option in field.choices if is_same_value(option, value)), None)
        case "toggle":
            return None if value is None and field.optional else bool(value)
        case "integer" | "number":
            return value
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    return JsonText(text) if field.kind in _WRITTEN else text


def _value(field: Field, key: str) -> Json:
    """Return what a field's widget holds as JSON; what can't be read stays text, of which the check then complains."""
    is_table, rows = list_in(field, key) if field.kind in ROWS else (False, None)
    if is_table:
        return rows
    value = value_in(field, key, JsonText("") if field.kind in _WRITTEN else None)
    if isinstance(value, JsonText):
        with suppress(ValueError, RecursionError):
            return json.loads(value.text)
        return value.text if value.text.strip() else None
    if field.kind == "choice":
        return next((option for name, option in field.choices if name == value), None)
    blank = isinstance(value, str) and not value.strip()
    return None if blank and field.optional and field.min_length else value
