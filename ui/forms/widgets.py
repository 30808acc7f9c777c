"""The widgets of values that aren't tables or groups, and what they hold: one for each kind of field."""

from datetime import date, datetime, time
from typing import Any

import streamlit as st

from lab.state import Field, JsonText, number_of, number_text
from ui.common import LIMIT, label_text, literal, shown

FEW = 5
"""Choices that fit side by side; more of them go in a list."""

LINE = 100
"""Characters of a text that are drawn in one line."""


def labelled(field: Field, key: str) -> dict[str, Any]:
    """Return what the widget of a field is called, explained and kept by."""
    return {
        "label": label_text(field.title),
        "help": label_text(field.help, 2000) or None,
        "key": key,
        "persist_state": "session",
    }


def complain(message: str) -> None:
    """Draw what is wrong with the field above."""
    with st.container(horizontal=True, gap="small"):
        st.markdown(":red[:material/error:]", width="content")
        st.text(shown(message, 500))


def draw_value(field: Field, start: Any, common: dict[str, Any], *, needed: bool) -> None:
    """Draw the widget of a value as a form holds it; `common` is its label and key, `needed` that it stays chosen."""
    match field.kind:
        case _ if isinstance(start, JsonText):
            st.text_area(value=start.text, height=_height(start.text), **common)
        case _ if _as_text(field, start):
            # A browser's own field for numbers takes 1,5 for 15 and, when it's cleared, gives the number before.
            st.text_input(value=_text(start), **common)
        case "text" | "area":
            _write(field, start, common)
        case "toggle" if isinstance(start, bool) and not field.optional:
            st.toggle(value=start, **common)
        case "toggle":
            st.segmented_control(
                options=[True, False], default=start, format_func=lambda one: "Yes" if one else "No", **common
            )
        case "choice":
            _choose(field, start, common, needed=needed)
        case "date":
            st.date_input(value=start, min_value=date.min, max_value=date.max, format="YYYY-MM-DD", **common)
        case "time":
            st.time_input(value=start, step=60, **common)
        case "datetime":
            # Shown without a zone; one that has a zone is drawn as text.
            common |= {"min_value": datetime.min, "max_value": datetime.max}  # noqa: DTZ901
            st.datetime_input(value=start, step=60, format="YYYY-MM-DD", **common)


def _as_text(field: Field, start: Any) -> bool:
    """Return whether a value is drawn as text, because its own widget would round it, or take it for another one."""
    match start:
        case _ if field.kind in ("integer", "number"):
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


def _typed(field: Field, text: str) -> Any:
    """Return the number that was typed; what is none stays text, of which the check then complains."""
    number = number_of(text) if field.kind in ("integer", "number") else None
    return (text if text.strip() else None) if number is None else number


def value_in(field: Field, key: str, start: Any) -> Any:
    """Return what a widget holds; one that wasn't drawn or touched gives what it began with."""
    if key not in st.session_state:
        return start
    value = st.session_state[key]
    if isinstance(start, JsonText):
        return JsonText(value or "")
    if _as_text(field, start):
        return start if value == _text(start) else _typed(field, value)
    return value


def _write(field: Field, start: str, common: dict[str, Any]) -> None:
    """Draw a text, in one line where it has one; what is over its limit is told of and not cut."""
    # Without its limit: a browser drops what is pasted over it without a word.
    if field.kind == "area" or len(start) > LINE or any(char in start for char in "\r\n"):
        st.text_area(value=start, height=_height(start), **common)
    else:
        st.text_input(value=start, **common)
    if (visible := shown(start)) != start and len(start) <= LIMIT:
        st.caption(f"With its invisible characters named: {literal(visible, 1000)}")


def _height(text: str) -> int:
    """Return the pixels that show a text without scrolling, within reason."""
    return min(320, max(110, 26 * (text.count("\n") + len(text) // LINE + 2)))


def _choose(field: Field, start: str | None, common: dict[str, Any], *, needed: bool) -> None:
    """Draw a choice; what comes of it is the name that the chosen value has in its type."""
    names, labels = [name for name, _ in field.choices], field.labels
    if len(names) <= FEW:
        # A press on what is chosen would choose nothing, where the form came with a choice that it needs.
        common |= {"required": needed and start is not None}
        # These labels are read as Markdown, those of a list aren't.
        st.segmented_control(
            options=names, default=start, format_func=lambda name: literal(labels[name], 60), wrap=True, **common
        )
    else:
        index = None if start is None else names.index(start)
        st.selectbox(options=names, index=index, format_func=lambda name: shown(labels[name], 60), **common)
