"""Rows of the business tables as people read them: money as money, and columns by their titles."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from graphs.outcome import euros

Shown = Callable[[Any], str]


def own_key(key: str | None) -> str:
    """Return an idempotency key as the pattern gave it; the table holds it behind the thread's id."""
    return (key or "").partition("/")[2]


_TITLES: Mapping[str, str] = {
    "number": "No.",
    "order": "Order",
    "cents": "Amount",
    "key": "Idempotency key",
    "recipient": "To",
    "subject": "Subject",
    "body": "Text",
    "name": "Name",
    "record": "Record",
    "field": "Field",
    "old": "Before",
    "new": "After",
    "status": "Status",
    "error": "Error",
}
_SHOWN: Mapping[str, Shown] = {"cents": euros, "key": own_key}
_COLUMNS = {_TITLES["cents"]: st.column_config.TextColumn(alignment="right")}
_WIDE_STATUS = {_TITLES["status"]: st.column_config.TextColumn(width=270)}
_SHORT = 20
"""Characters of a status that any width shows; the table would make the column as wide as its first rows need."""
_LEFT_OUT = ("thread_id", "at")


def business_columns(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return how a table draws the columns of these business rows."""
    return _COLUMNS | (_WIDE_STATUS if any(len(row.get("status", "")) > _SHORT for row in rows) else {})


def business_row(lane: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a business table, with its lane first and without what only the lab needs."""
    shown = {name: value for name, value in row.items() if name not in _LEFT_OUT}
    return {"Lane": lane} | {
        _TITLES.get(name, name): _SHOWN[name](value) if name in _SHOWN else value for name, value in shown.items()
    }
