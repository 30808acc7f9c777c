"""Forms drawn from fields: one widget each, with the field's rules and the message of what didn't fit."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from lab.forms import Field
from lab.plain import Plain
from ui.text import literal, shown

FEW = 5
"""Choices that fit side by side; more of them go in a list."""


def ask(fields: Sequence[Field], key: str, values: Mapping[str, Plain], wrong: Mapping[str, str]) -> dict[str, Plain]:
    """Draws the fields, prefilled with `values`, and gives what they hold; `wrong` has messages by field."""
    given: dict[str, Plain] = {}
    for field in fields:
        given[field.name] = _widget(field, f"{key}_{field.name}", values.get(field.name, field.default))
        if field.name in wrong:
            _complain(wrong[field.name])
    for name, message in wrong.items():
        if name not in given:
            _complain(message)
    return {name: value for name, value in given.items() if value is not None}


def held(fields: Sequence[Field], key: str) -> dict[str, Plain]:
    """Gives what the widgets of a form hold, for a callback that runs before they're drawn again."""
    found = {field.name: st.session_state.get(f"{key}_{field.name}") for field in fields}
    return {field.name: _read(field, found[field.name]) for field in fields if found[field.name] is not None}


def _complain(message: str) -> None:
    with st.container(horizontal=True, gap="small"):
        st.markdown(":red[:material/error:]", width="content")
        st.text(shown(message, 500))


def _read(field: Field, value: Any) -> Plain:
    if field.widget == "json":
        try:
            return json.loads(str(value))
        except ValueError:
            # It stays text, which the schema's check then names as the fault it is.
            return value
    return value


def _widget(field: Field, key: str, value: Plain) -> Plain:
    common: dict[str, Any] = {"key": key, "help": field.help or None, "persist_state": "session"}
    if field.widget == "choice":
        return _choice(field, value, common)
    if field.widget == "toggle":
        return st.toggle(field.title, value=bool(value), **common)
    if field.widget in ("integer", "number"):
        return _number(field, value, common)
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    if field.widget == "text":
        return st.text_input(field.title, text, max_chars=field.max_length, **common)
    return _read(field, st.text_area(field.title, text, max_chars=field.max_length, height=110, **common))


def _choice(field: Field, value: Plain, common: dict[str, Any]) -> Plain:
    options = [option for option in field.choices if option is not None]
    default = value if value in options else None
    if len(options) <= FEW:
        # These labels are read as Markdown, those of a list aren't.
        return st.segmented_control(
            field.title, options, default=default, format_func=lambda option: literal(_label(option)), **common
        )
    index = options.index(default) if default is not None else None
    return st.selectbox(field.title, options, index=index, format_func=_label, **common)


def _label(option: Plain) -> str:
    return shown(str(option).replace("_", " ").replace("-", " ").capitalize(), 60)


def _number(field: Field, value: Plain, common: dict[str, Any]) -> Plain:
    kind = int if field.widget == "integer" else float
    bounds = [None if bound is None else kind(bound) for bound in (field.minimum, field.maximum)]
    start: Any = None if value is None else kind(value)
    return st.number_input(field.title, min_value=bounds[0], max_value=bounds[1], value=start, step=kind(1), **common)
