"""What the lanes' checkpointers cost and what a restart left in them, in one table."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from lab.history import Cost
from lab.workspace import Workspace
from ui.lanes import LanePane

TIMES = ("ms a superstep", "of it beside the node")
"""Titles of the columns that hold milliseconds."""


def draw_costs(workspace: Workspace, panes: Sequence[LanePane]) -> None:
    """Draw a row for each lane whose threads have a checkpointer of their own; nothing where there is none."""
    rows = [
        _row(pane.lane.title, workspace.threads.costs(pane.thread.thread_id))
        for pane in panes
        if pane.thread is not None and pane.lane.saver
    ]
    if not rows:
        return
    frame = pd.DataFrame(rows).astype(dict.fromkeys(TIMES, float))
    st.dataframe(
        frame,
        hide_index=True,
        alt=f"Costs of the checkpointers: {len(rows)} lanes",
        placeholder="not measured",
        column_config={name: st.column_config.NumberColumn(format="%.2f") for name in TIMES}
        | {"Bytes": st.column_config.NumberColumn(format="localized")},
    )
    st.caption(
        "Measured on the threads above, times as medians. A superstep takes the work of its node and, beside it, the "
        "time to save the checkpoint, to plan what runs next and to tell this page. Lanes that run at the same moment "
        "slow each other down."
    )


def _row(title: str, cost: Cost) -> dict[str, Any]:
    return {
        "Lane": title,
        "After the last restart": _left(cost),
        "Supersteps": cost.pace.supersteps,
        TIMES[0]: cost.pace.each,
        TIMES[1]: cost.pace.overhead,
        "Checkpoints": cost.checkpoints,
        "Bytes": cost.bytes,
    }


def _left(cost: Cost) -> str:
    if cost.restart is None:
        return "no restart yet"
    before, left = cost.restart.before, cost.restart.found
    return f"{left} of {before} checkpoints left" if before else "there was nothing to lose"
