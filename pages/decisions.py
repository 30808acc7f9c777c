"""The page Decisions: what people answered, approved, edited and let go on, as a record that only grows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from lab.database import Decision, DecisionKind
from lab.errors import UnknownThread
from lab.state import value_text
from lab.threads import TITLE
from lab.workspace import Workspace
from pages.gallery import PAGES
from pages.listing import page_number, pattern_filter
from pages.thread_rows import TITLES
from ui.common import (
    CHECKPOINT_PARAMETER,
    LANES,
    clock_times,
    code,
    counted,
    is_known,
    literal,
    node_name,
    safe,
    shown,
    workspace,
    zone_name,
)
from ui.lanes import watch_others

SHOWN = 20
"""Decisions of one page."""
SHORT = 200
"""Characters of a question and of an answer in the table; the whole stands below it."""
WIDTHS = {"Answer": 260, "Question": 260, "Node": 120, "Pattern": 130, "Thread": 130}
"""Pixels of the columns whose texts may be long."""
KINDS: Mapping[DecisionKind, str] = {
    "answer": "Answered",
    "reanswer": "Answered differently",
    "retry": "Tried again",
    "edit": "Wrote to the state",
    "fork": "Edited and forked",
    "resume": "Resumed",
    "replay": "Replayed",
    "rewind": "Rewound",
    "expired": "Expired",
}


def render() -> None:
    """Draw the decisions of this workspace, the newest first, and the one that is selected."""
    st.title("Decisions", anchor=False)
    st.markdown(
        "What people answered, wrote into a state and let run again. The record only grows: nothing in it is ever "
        "changed, and it stays when a thread is deleted."
    )
    visitor = workspace()
    total = visitor.history.decisions.page(limit=0).total
    if total:
        _record(visitor)
    else:
        st.info(
            "No decision yet. Run a pattern that asks a person, such as the approval gate, and answer it.",
            icon=":material/info:",
        )
        st.page_link(PAGES["approval-gate"], label="Open the approval gate", icon=":material/arrow_forward:")
    watch_others(partial(_count, visitor), total)


def _count(visitor: Workspace) -> int:
    return visitor.history.decisions.page(limit=0).total


def _record(visitor: Workspace) -> None:
    """Draw the filter and the page of the decisions that it leaves."""
    decisions = visitor.history.decisions
    with st.container(horizontal=True, vertical_alignment="bottom", key="decisions_top"):
        chosen = pattern_filter("decisions", width=320)
        st.download_button(
            "Export as CSV",
            partial(_as_csv, visitor, chosen),
            file_name="decisions.csv",
            mime="text/csv",
            icon=":material/download:",
            key="decisions_export",
            on_click="ignore",
        )
    total = decisions.page(pattern=chosen, limit=0).total
    rows = st.container()
    number = page_number("decisions", -(-total // SHOWN))
    with rows:
        if not total:
            st.info("No decision in this pattern. Choose all patterns.", icon=":material/filter_alt_off:")
        else:
            page = decisions.page(pattern=chosen, limit=SHOWN, offset=(number - 1) * SHOWN).decisions
            _whole(visitor, page, _table(page))
    st.caption(f"{counted(total, 'decision')} · times in {literal(zone_name())}")


def _as_csv(visitor: Workspace, pattern: str | None) -> bytes:
    # Spreadsheets take a file without the mark for one of their own country's encoding.
    return "".join(visitor.history.decisions.to_csv(pattern=pattern)).encode("utf-8-sig")


def _table(decisions: Sequence[Decision]) -> int:
    """Draw the rows, and return the number of the one that is selected, the first by default."""
    times = clock_times(one.at for one in decisions)
    lines = [_line(one, time) for one, time in zip(decisions, times, strict=True)]
    event: Any = st.dataframe(
        pd.DataFrame(safe(lines)),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"decisions_rows_{decisions[0].number}",
        alt=f"Decisions, the newest first: {len(lines)} rows",
        column_config={name: st.column_config.TextColumn(width=width) for name, width in WIDTHS.items()},
    )
    selected = event["selection"]["rows"]
    return int(selected[0]) if selected else 0


def _line(decision: Decision, time: str) -> dict[str, Any]:
    return {
        "Time": time,
        "Person": decision.person,
        "Decision": KINDS[decision.kind],
        "Answer": " ".join(_answer(decision).split())[:SHORT],
        "Question": decision.asked.partition("\n")[0][:SHORT],
        "Node": node_name(decision.node),
        "Pattern": TITLES.get(decision.pattern, decision.pattern),
        "Thread": decision.title,
    }


def _answer(decision: Decision) -> str:
    return "" if decision.answered is None else value_text(decision.answered)


def _whole(visitor: Workspace, decisions: Sequence[Decision], number: int) -> None:
    """Draw all of one decision, with the way to where it was made."""
    decision = decisions[number]
    with st.container(border=True, key="decision_on_show"):
        (time,) = clock_times([decision.at], "seconds")
        st.markdown(f"**{KINDS[decision.kind]}** at {code(node_name(decision.node))} · {literal(time)}")
        st.caption(" · ".join(_about(decision)))
        if decision.asked:
            st.text(shown(decision.asked))
        if decision.answered is not None:
            st.markdown("**Answer**" if decision.interrupt_id else "**Written**")
            if isinstance(decision.answered, (dict, list)):
                st.json(safe(decision.answered), expanded=3)
            else:
                st.text(shown(value_text(decision.answered)))
        _link(visitor, decision)


def _about(decision: Decision) -> Iterator[str]:
    yield literal(TITLES.get(decision.pattern, decision.pattern))
    yield literal(LANES.get((decision.pattern, decision.lane), decision.lane))
    yield literal(decision.title, TITLE)
    if decision.person:
        yield literal(f"{decision.person}, {decision.role}" if decision.role else decision.person)


def _link(visitor: Workspace, decision: Decision) -> None:
    with suppress(UnknownThread):
        thread = visitor.threads.find(decision.thread_id)
        if is_known(thread):
            at = {"thread": thread.thread_id, "lane": thread.lane, CHECKPOINT_PARAMETER: decision.checkpoint_id}
            st.page_link(
                PAGES[thread.pattern], label="See where it was made", icon=":material/arrow_forward:", query_params=at
            )
            return
    st.caption("Its thread was deleted since, or is one that this version doesn't know.")
