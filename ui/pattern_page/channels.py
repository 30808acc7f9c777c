"""What each step did to the state's channels: held before, written by the nodes, held after; a table a step."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd
import streamlit as st

from graphs.pattern import Pattern
from lab.errors import Unreadable
from lab.events import CheckpointMade, CheckpointSaved, Event, NodeEnded, RunEnded, RunStarted
from lab.jsonable import Json
from lab.threads import Thread
from lab.workspace import Workspace
from ui.common import code, literal, node_name, shown

STEPS = 20
"""Steps of a thread that are shown, the newest ones."""
INPUT = "input"
NONE = "–"
"""Stands where a channel holds nothing, or nothing was written."""

Writes = list[tuple[str, Mapping[str, Json]]]
"""By node, what it wrote, in the order in which the nodes ended."""


@dataclass(frozen=True, slots=True)
class ChannelStep:
    """One step of the thread."""

    number: int
    writes: Writes
    before: Mapping[str, Json]
    after: Mapping[str, Json] | None
    """None where what was written couldn't be applied."""
    error: str = ""
    instead: str = "refused"
    """What stands where the values after the step would."""


def draw_channel_steps(pattern: Pattern, workspace: Workspace, thread: Thread) -> None:
    """Draw a table for each step on the way to the thread's newest checkpoint."""
    steps = list(read_channel_steps(workspace, thread.thread_id))[-STEPS:]
    if not steps:
        st.info("No step has been saved yet.", icon=":material/info:")
    for step in steps:
        rows = list(_rows(pattern.channels, step))
        if not rows and step.writes[0][0] == INPUT:
            continue
        st.markdown(f"**Step {step.number}** · {', '.join(code(name) for name, _ in step.writes)}")
        if step.error:
            st.error(shown(step.error, 500), icon=":material/error:")
        if rows:
            # A static table wraps what is long, so that every value is read without opening a cell.
            st.table(pd.DataFrame(rows), hide_index=True, alt=f"Channels in step {step.number}: {len(rows)} rows")
        else:
            st.caption("It wrote to none of the channels.")


def read_channel_steps(workspace: Workspace, thread_id: str) -> Iterator[ChannelStep]:
    """Return the steps on the way to the newest checkpoint, and the one after it that couldn't be applied."""
    tree = workspace.history.tree(thread_id)
    if tree.head is None:
        return
    by_checkpoint, refused, error = _written(workspace.events(thread_id), tree.head)
    way = tree.lineage(tree.head)[-STEPS - 1 :]
    for mark, following in pairwise(way):
        if writes := by_checkpoint.get(following.checkpoint_id):
            before = _values(workspace, thread_id, mark.checkpoint_id)
            try:
                yield ChannelStep(
                    following.step, writes, before, _values(workspace, thread_id, following.checkpoint_id)
                )
            except Unreadable as unreadable:
                yield ChannelStep(following.step, writes, before, None, str(unreadable), "can't be read")
    if refused:
        yield ChannelStep(way[-1].step + 1, refused, _values(workspace, thread_id, tree.head), None, error)


def _values(workspace: Workspace, thread_id: str, checkpoint_id: str) -> Mapping[str, Json]:
    snapshot = workspace.history.snapshot(thread_id, checkpoint_id)
    return snapshot.values if snapshot is not None else {}


def _written(events: Sequence[Event], head: str) -> tuple[Mapping[str, Writes], Writes, str]:
    """Return what was written by the checkpoint that holds it, and what no checkpoint does with the reason."""
    by_checkpoint: dict[str, Writes] = {}
    seen: set[str] = set()
    since: Writes = []
    given: Mapping[str, Json] = {}
    refused, error = since, ""
    for event in events:
        match event:
            case RunStarted():
                since, refused, error = [], [], ""
                given = event.said if event.kind in ("start", "turn") and isinstance(event.said, dict) else {}
            case CheckpointSaved(path=(), source="input"):
                # What a visitor gave is written in the step after the checkpoint that holds it.
                since = [(INPUT, given)]
                seen.add(event.checkpoint_id)
            case NodeEnded(path=(node,), wrote=dict(), error=""):
                since.append((node, event.wrote))
            case CheckpointMade() | CheckpointSaved(path=()):
                seen.add(event.checkpoint_id)
                if since:
                    by_checkpoint.setdefault(event.checkpoint_id, since)
                since = []
            case RunEnded(outcome="failed") if since and head not in seen:
                # Of a checkpoint that nobody can read the library raises before it tells of it.
                by_checkpoint[head] = since
            case RunEnded(outcome="failed"):
                # A node that fails leaves the writes of the others for its next try.
                refused, error = (since, event.error) if len(since) > 1 else ([], "")
    return by_checkpoint, refused, error


def _rows(channels: Sequence[str], step: ChannelStep) -> Iterator[Mapping[str, str]]:
    for channel in channels:
        wrote = [
            f"**{literal(node_name(node))}** {literal(_text(values[channel]))}"
            for node, values in step.writes
            if channel in values
        ]
        if wrote:
            yield {
                "Channel": literal(channel),
                "Before": literal(_text(step.before.get(channel))),
                "Written": " · ".join(wrote),
                "After": literal(_text(step.after.get(channel))) if step.after is not None else step.instead,
            }


def _text(value: Json) -> str:
    if value is None or value == [] or value == {}:
        return NONE
    if isinstance(value, list):
        return "; ".join(map(_text, value))
    if isinstance(value, dict):
        if {"role", "text", "id"} <= value.keys():
            return f"{value['text']} (id {value['id']})"
        return json.dumps(value, ensure_ascii=False)
    return str(value)
