"""The table of threads: each row opens its thread and has its menu, and any number of rows can be selected."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from lab.checkpoints import ThreadSize
from lab.threads import Thread
from ui.common import clock_times, rows_digest, safe
from ui.threads.dialog_frame import open_dialog
from ui.threads.dialogs import ACTIONS, actions_of
from ui.threads.selection import changes_made, note_rows, selected_ids

OPEN, HISTORY = "Open", ":material/history: History"
DAY = len("2026-01-02 03:04")
"""Characters from which on a time tells its day."""
ROW = 35
"""Pixels of a row."""
_LED_TO = "threads_led_to"


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """What a row says of its thread."""

    thread: Thread
    run: str
    """Its place among the threads that one click started; empty for one alone."""
    pattern: str
    lane: str
    status: str
    size: ThreadSize
    known: bool
    """Whether this version has its pattern and lane."""


def draw_thread_table(lines: Sequence[ThreadLine]) -> None:
    """Draw a row for each thread, and store which rows are selected."""
    ids = tuple(line.thread.thread_id for line in lines)
    # Another set of rows is another table, so that a selected row's number always means the same thread.
    name = f"{rows_digest((*ids, changes_made()))}"
    key = f"threads_table_{name}"
    if key not in st.session_state:
        marked = [number for number, thread_id in enumerate(ids) if thread_id in selected_ids()]
        st.session_state[key] = {"selection": {"rows": marked, "columns": [], "cells": []}}
    times = clock_times((line.thread.updated for line in lines), "minutes")
    frame = pd.DataFrame([_cells(line, at) for line, at in zip(lines, times, strict=True)])
    event: Any = st.dataframe(
        frame if frame["Run"].any() else frame.drop(columns="Run"),
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        height=ROW * (len(lines) + 1) + 3,
        row_height=ROW,
        placeholder="",
        alt=f"Threads, the last used first: {len(lines)} rows",
        column_config=_columns(name, ids, times[0]),
    )
    note_rows(ids, {ids[row] for row in event["selection"]["rows"] if row < len(ids)})


def take_way() -> tuple[str, str] | None:
    """Return once where a row's press leads, the thread's page or its history, and the thread's id."""
    way: tuple[str, str] | None = st.session_state.pop(_LED_TO, None)
    return way


def _cells(line: ThreadLine, time: str) -> dict[str, Any]:
    saved = line.size.checkpoints > 0
    texts = {
        "Title": line.thread.title,
        "Run": line.run,
        "Pattern": line.pattern,
        "Lane": line.lane,
        "Status": line.status,
        "Last used": time,
    }
    actions = [ACTIONS[action] for action in actions_of(saved=saved, known=line.known)]
    return {
        "Open": OPEN if line.known else None,
        "Actions": [HISTORY, *actions] if saved and line.known else actions,
        **safe(texts, 200),
        "Size": line.size.bytes,
        "Checkpoints": line.size.checkpoints,
        "Id": line.thread.thread_id[:8],
    }


def _columns(name: str, ids: Sequence[str], time: str) -> dict[str, Any]:
    config = st.column_config

    def buttons(column: str, width: int) -> Any:
        key = f"threads_{column}_{name}"
        # A press is called back with the rows of the drawing on which it was made.
        return config.ButtonColumn("", width=width, type="tertiary", key=key, on_click=partial(_follow_press, key, ids))

    return {
        "Open": buttons("open", 58),
        "Actions": buttons("actions", 42),
        "Title": config.TextColumn(width=155),
        "Run": config.TextColumn(width=70),
        "Pattern": config.TextColumn(width=110),
        "Lane": config.TextColumn(width=110),
        "Status": config.TextColumn(width=140),
        "Last used": config.TextColumn(width=75 if len(time) < DAY else 130),
        "Size": config.NumberColumn(format="bytes", width=75),
        "Checkpoints": config.NumberColumn(width=95),
        "Id": config.TextColumn(width=80),
    }


def _follow_press(key: str, ids: Sequence[str]) -> None:
    click: Any = st.session_state.get(key)
    if not click or not 0 <= click["row"] < len(ids):
        return
    label, thread_id = click["label"], ids[click["row"]]
    if label in (OPEN, HISTORY):
        st.session_state[_LED_TO] = ("history" if label == HISTORY else "open", thread_id)
        return
    for action, text in ACTIONS.items():
        if text == label:
            open_dialog(action, thread_id)
