"""The rows that a pattern's lanes wrote to a business table: ledger, outbox, archive or records."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from graphs.pattern import Pattern
from lab.threads import Thread
from lab.workspace import Workspace
from ui.common import business_columns, business_row, safe


def draw_table(pattern: Pattern, workspace: Workspace, threads: Mapping[str, Thread], table: str) -> None:
    """Draw the rows of the threads on show, which are given by lane."""
    titles = {threads[lane.key].thread_id: lane.title for lane in pattern.lanes if lane.key in threads}
    rows = workspace.threads.business(table, list(titles), refused=True)
    if not rows:
        st.info(f"There is no row of these threads in the {table}.", icon=":material/info:")
        return
    lines = [business_row(titles[row["thread_id"]], row) for row in rows]
    about = f"Rows of the {table}: {len(rows)}"
    st.dataframe(pd.DataFrame(safe(lines)), hide_index=True, alt=about, column_config=business_columns(rows))
