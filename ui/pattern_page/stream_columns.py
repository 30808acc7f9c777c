"""A run's stream in columns: the parts that each mode tells, in their order and with their times."""

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from graphs.streaming.stream_modes import MODES
from lab.events import StreamPart, ThreadView
from lab.jsonable import Json
from ui.common import code, counted, stream_box

SHOWN_FIRST = ("values", "updates", "messages", "custom")
"""Modes that have a column until the visitor chooses."""
GROUP = 20
"""Parts of one element, so that a long column isn't sent again whole."""
LONGEST = 300
"""Characters of a part in its column; the tab of the parts has all of it."""


@dataclass(slots=True)
class Column:
    """The parts of one mode."""

    head: Any
    stream: Any
    lines: list[str] = field(default_factory=list)
    places: list[Any] = field(default_factory=list)

    def add(self, lines: Sequence[str]) -> None:
        """Draw further parts below those that stand there."""
        first = len(self.lines) // GROUP
        self.lines += lines
        for number in range(first, -(-len(self.lines) // GROUP)):
            if number == len(self.places):
                with self.stream:
                    self.places.append(st.empty())
            self.places[number].markdown("  \n".join(self.lines[number * GROUP : (number + 1) * GROUP]))


class StreamColumns:
    """Draws a column for each stream mode that the visitor chooses."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._columns: dict[str, Column] = {}
        self._drawn = 0
        """How many parts of the thread were looked at."""

    def draw(self, view: ThreadView | None) -> None:
        """Draw the choice of modes and their columns."""
        chosen = st.pills(
            "Stream modes",
            MODES,
            selection_mode="multi",
            default=list(SHOWN_FIRST),
            key=f"modes_{self._key}",
            label_visibility="collapsed",
            persist_state="session",
        )
        with st.container(horizontal=True, gap="small", key="mode_columns"):
            for mode in MODES:
                if mode in chosen:
                    self._columns[mode] = _column(mode)
        self._count()
        if view is not None:
            view.catch_up()
            self.update(view)

    def update(self, view: ThreadView) -> None:
        """Draw the parts that came since the last look."""
        parts, self._drawn = view.parts[self._drawn :], len(view.parts)
        begun = [run.started for run in view.runs]
        for mode, column in self._columns.items():
            lines = [_line(part, begun) for part in parts if part.mode == mode]
            if lines:
                column.add(lines)
        if parts:
            self._count()

    def _count(self) -> None:
        for mode, column in self._columns.items():
            column.head.markdown(f"{code(mode)} {counted(len(column.lines), 'part')}")


def _column(mode: str) -> Column:
    with st.container(gap="xsmall", key=f"mode_{mode}"):
        return Column(st.empty(), stream_box(f"mode_{mode}", gap=None))


def _line(part: StreamPart, begun: Sequence[float]) -> str:
    return f"**{seconds_into_run(part.at, begun):.3f}** {code(part_text(part.mode, part.data, LONGEST), LONGEST)}"


def seconds_into_run(at: float, begun: Sequence[float]) -> float:
    """Return the seconds from the beginning of the run in which something happened; runs by when they began."""
    run = bisect_right(begun, at) - 1
    return at - begun[run] if run >= 0 else 0.0


def part_text(mode: str, data: Json, room: int) -> str:
    """Return a part on one line of at most so many characters; of ids and the like only what tells it from others."""
    text = _wording(mode, data)
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _wording(mode: str, data: Json) -> str:
    match mode, data:
        case "messages", [{"text": text}, {"langgraph_node": node}]:
            return f"{node}: {_json(text)}"
        case "tasks", {"name": name, "input": given}:
            return f"{name} begins with {_json(given)}"
        case "tasks", {"name": name, "error": str(error)}:
            return f"{name} fails: {error}"
        case "tasks", {"name": name, "result": result}:
            return f"{name} ends with {_json(result)}"
        case "checkpoints", {"metadata": {"step": step}, "next": following, "values": values}:
            return f"step {step}, next {', '.join(following) or 'nothing'}: {_json(values)}"
        case "debug", {"step": step, "type": "checkpoint", "payload": payload}:
            return f"step {step}, checkpoint: {_wording('checkpoints', payload)}"
        case "debug", {"step": step, "type": kind, "payload": payload}:
            return f"step {step}, {kind}: {_wording('tasks', payload)}"
    return _json(data)


def _json(data: Json) -> str:
    return json.dumps(data, ensure_ascii=False)
