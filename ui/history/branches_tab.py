"""The tab "Compare branches": two branches side by side, step by step, and their results."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Any

import streamlit as st

from lab.errors import LabError
from lab.history import Branch, Mark, Row, Snapshot
from lab.state import equal_values, spans_of
from lab.workspace import Workspace
from ui.common import Looked, Place, is_changed, literal, look_at, note_drawn, read_place, set_value, shown
from ui.history.diff_view import draw_changes
from ui.history.end_states import brief_text, end_text, literal_frame
from ui.history.table import change_text, ran_by

PARTED = "background-color: rgba(15, 118, 110, 0.22); font-weight: 700"
"""How the row is marked in which two branches part, beside the words that say so."""
STEPS = 100
"""Steps after the parting that are drawn; the rest is counted."""


def draw_branches(looked: Looked, snapshot: Snapshot) -> None:
    """Draw two branches of the thread; the ends are in the address."""
    branches = looked.tree.branches
    if len(branches) < 2:
        st.info(
            "This thread has one branch. Replay, fork or answer again from an earlier checkpoint to get a second one; "
            "*What if* in the edit form makes two at once.",
            icon=":material/info:",
        )
        return
    left, right = _chosen(looked)
    if left.number == right.number:
        st.info("Choose two different branches.", icon=":material/info:")
        return
    _steps(looked, left, right)
    _outcomes(looked, left, right)


def _chosen(looked: Looked) -> tuple[Branch, Branch]:
    branches = looked.tree.branches
    # The two that were made last, which after a what-if are its two.
    latest = sorted(branches, key=lambda branch: branch.leaf.checkpoint_id)[-2:]
    with st.container(horizontal=True):
        return _side(looked, "left", "Branch on the left", latest[0]), _side(
            looked, "right", "Branch on the right", latest[1]
        )


def _side(looked: Looked, name: str, title: str, fallback: Branch) -> Branch:
    # A branch's number may be another one's after pruning; where it begins stays.
    branches = {branch.own[0].checkpoint_id: branch for branch in looked.tree.branches}
    asked = read_place(name)
    is_known = asked is not None and asked.checkpoint_id in looked.tree.marks
    if asked is not None and not is_known:
        st.warning(
            f"The thread has no checkpoint '{literal(asked.checkpoint_id, 60)}' to compare; a branch made last "
            "is taken in its place. It may have been pruned, or the link is another thread's.",
            icon=":material/link_off:",
        )
    start = looked.tree.branch_of(asked.checkpoint_id) if is_known and asked is not None else fallback
    key = f"{name}_{looked.thread.thread_id}"
    set_value(key, start.own[0].checkpoint_id)
    begins = st.selectbox(
        title,
        list(branches),
        key=key,
        format_func=lambda one: f"{branches[one].number} · {shown(branches[one].name, 60)}",
        on_change=_side_chosen,
        args=(looked.workspace, looked.thread.thread_id, key, name),
    )
    note_drawn(key)
    return branches.get(str(begins), start)


def _side_chosen(workspace: Workspace, thread_id: str, key: str, name: str) -> None:
    if not is_changed(key):
        return
    # What is gone by now is told of by the page itself.
    with suppress(LabError):
        tree = workspace.history.tree(thread_id)
        begins = str(st.session_state[key])
        if begins in tree.marks:
            look_at(Place(tree.branch_of(begins).leaf.checkpoint_id), name)


def _steps(looked: Looked, left: Branch, right: Branch) -> None:
    tree = looked.tree
    parted = tree.divergence(left.leaf.checkpoint_id, right.leaf.checkpoint_id)
    ways = tree.path(left.number), tree.path(right.number)
    shared = ways[0].index(parted.shared) + 1 if parted.shared is not None else 0
    after = [way[shared : shared + STEPS] for way in ways]
    rows = _rows(looked, [*([parted.shared] if parted.shared else []), *after[0], *after[1]])
    lines = []
    if parted.shared is not None:
        text = _row_text(rows.get(parted.shared.checkpoint_id))
        lines.append({"Where": f"same up to step {parted.shared.step}", "Left": text, "Right": text})
    here = [[rows[mark.checkpoint_id] for mark in way if mark.checkpoint_id in rows] for way in after]
    pairs = list(aligned(*here))
    over = [max((no for no, pair in enumerate(pairs) if pair[side]), default=-1) for side in (0, 1)]
    for number, pair in enumerate(pairs):
        where = "◆ parts here" if number == 0 else f"+{number}"
        sides = [_row_text(row) if row or number <= end else "(ended)" for row, end in zip(pair, over, strict=True)]
        lines.append({"Where": where, "Left": sides[0], "Right": sides[1]})
    named = {"Left": literal(f"Left: {left.name}", 80), "Right": literal(f"Right: {right.name}", 80)}
    frame = literal_frame(lines).rename(columns=named)
    parts = int(parted.shared is not None)
    st.table(
        frame.style.apply(lambda row: [PARTED if row.name == parts else ""] * len(row), axis=1),
        hide_index=True,
        alt=f"The two branches step by step: {len(lines)} rows",
    )
    cut = max(len(way) for way in ways) - shared - STEPS
    if cut > 0:
        st.caption(f"{cut:,} further steps aren't drawn.")


def aligned(left: Sequence[Row], right: Sequence[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Pair the steps of two branches by the nodes that ran, so that like stands beside like."""
    begun, came = 0, 0
    spans = spans_of([_did(row) for row in left], [_did(row) for row in right])
    for begin, end, to, gone in [*spans, (len(left), len(left), len(right), len(right))]:
        yield from zip(left[begun:begin], right[came:to], strict=True)
        # Where a branch begins or was edited, the other side did nothing.
        yield from ((row, None) for row in left[begin:end] if row.source != "loop")
        yield from ((None, row) for row in right[to:gone] if row.source != "loop")
        ran = [[row for row in rows if row.source == "loop"] for rows in (left[begin:end], right[to:gone])]
        yield from zip_longest(*ran)
        begun, came = end, gone


def _did(row: Row) -> tuple[str, ...]:
    """Return what a step did, by which it's matched: the nodes that ran, or what else wrote it."""
    return row.ran if row.source == "loop" else (f"({row.source})",)


def _rows(looked: Looked, marks: Sequence[Mark]) -> Mapping[str, Row]:
    rows = looked.workspace.history.rows(looked.thread.thread_id, [mark.checkpoint_id for mark in marks], looked.tree)
    return {row.checkpoint_id: row for row in rows}


def _row_text(row: Row | None) -> str:
    if row is None:
        return ""
    who = ", ".join(ran_by(row)) or {"fork": "runs from here", "update": "edited", "input": "input"}.get(row.source, "")
    what = ", ".join(change_text(one) for one in row.changed)
    more = [*(f"asked: {asked}" for asked in row.asked), *(f"failed: {error}" for error in row.errors)]
    return " · ".join(part for part in (f"step {row.step}", who, what, *more) if part)


def _outcomes(looked: Looked, left: Branch, right: Branch) -> None:
    thread_id = looked.thread.thread_id
    ends = [looked.workspace.history.snapshot(thread_id, branch.leaf.checkpoint_id) for branch in (left, right)]
    one, other = ends
    if one is None or other is None:
        return
    st.markdown("**What came of them**")
    names = list(dict.fromkeys((*one.values, *other.values)))
    lines: list[dict[str, Any]] = [{"": "stands at", "Left": end_text(one), "Right": end_text(other), "Same": ""}]
    for name in names:
        before, after = one.values.get(name), other.values.get(name)
        lines.append(
            {
                "": name,
                "Left": brief_text(before),
                "Right": brief_text(after),
                "Same": "same" if equal_values(before, after) else "≠",
            }
        )
    st.table(literal_frame(lines), hide_index=True, alt=f"The ends of both branches: {len(lines)} rows")
    with st.expander("The difference of the two ends, left to right", expanded=True):
        draw_changes(looked.workspace.history.diff(thread_id, one.checkpoint_id, other.checkpoint_id))
