"""The parts of a run's stream in one table: in their order over all modes, each of them whole."""

import json

import pandas as pd
import streamlit as st

from lab.events import StreamPart
from lab.workspace import Workspace
from ui.common import counted, literal, safe, shown
from ui.pattern_page.stream_columns import seconds_into_run

NEWEST = 500
"""Parts that the table shows."""


def draw_stream_parts(workspace: Workspace, thread_id: str) -> None:
    """Draw the table, and below it the part whose row is chosen."""
    view = workspace.view(thread_id)
    view.catch_up()
    parts = view.parts[-NEWEST:]
    if not parts:
        st.info(
            "No part of this thread's stream is known: none has come yet, or the thread was imported.",
            icon=":material/info:",
        )
        return
    begun = [run.started for run in view.runs]
    more = f", the newest {NEWEST} shown" if len(view.parts) > NEWEST else ""
    st.caption(f"{counted(len(view.parts), 'part')}{more} · seconds since the run began · a chosen row opens whole")
    frame = pd.DataFrame(
        {
            "No.": part.no,
            "Seconds": seconds_into_run(part.at, begun),
            "Mode": part.mode,
            "Data": shown(json.dumps(part.data, ensure_ascii=False), 500),
        }
        for part in parts
    )
    chosen = st.dataframe(
        frame,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"parts_{thread_id}",
        alt=f"Parts of the thread's stream: {len(parts)} rows",
        column_config={"Seconds": st.column_config.NumberColumn(format="%.3f")},
    )
    for row in chosen.selection.rows:
        _whole(parts[row])


def _whole(part: StreamPart) -> None:
    st.caption(f"No. {part.no} · {literal(part.mode)}")
    st.json(safe(part.data))
