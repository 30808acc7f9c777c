"""The tabs below the lanes: checkpoints, tables, costs, threads, channels, parts, timeline, events and code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from graphs.pattern import Panel, Pattern
from lab.events import Event, Reopened, StreamPart, Tokens
from lab.threads import Thread
from lab.workspace import Workspace
from ui.common import clock_times, literal, node_path, shown, zone_name
from ui.graph import draw_diagram
from ui.history import draw_explorer
from ui.lanes import LanePane
from ui.pattern_page.channels import draw_channel_steps
from ui.pattern_page.compare_threads import draw_thread_comparison
from ui.pattern_page.costs import draw_costs
from ui.pattern_page.source import demo_file, graph_file
from ui.pattern_page.stream_parts import draw_stream_parts
from ui.pattern_page.tables import draw_table
from ui.pattern_page.timeline import draw_timeline

NEWEST = 200
"""Events that the table shows, and steps of a lane that the timeline does."""


@dataclass(frozen=True, slots=True)
class Dock:
    """What the tabs below the lanes are about."""

    pattern: Pattern
    workspace: Workspace
    threads: Mapping[str, Thread]
    """The threads on show, by lane."""
    panes: Sequence[LanePane]
    chosen: LanePane
    """The lane that is looked into."""


def tab_names(pattern: Pattern) -> tuple[str, ...]:
    """Return the names of the tabs that a pattern's page has."""
    tables = [table.capitalize() for table in pattern.tables]
    costs = ["Costs"] if any(lane.saver for lane in pattern.lanes) else []
    threads = ["Threads"] if pattern.compares else []
    channels = ["Channels"] if pattern.channels else []
    parts = ["Parts"] if any(lane.panel is Panel.STREAM_MODES for lane in pattern.lanes) else []
    return "Checkpoints", *tables, *costs, *threads, *channels, *parts, "Timeline", "Events", "Code"


def draw_tabs(dock: Dock) -> None:
    """Draw the tabs; only the open one costs anything."""
    names = tab_names(dock.pattern)
    drawn = st.tabs(names, key="tab", on_change="rerun", bind="query-params")
    for name, tab in zip(names, drawn, strict=True):
        if tab.open:
            with tab:
                _fill(name, dock)


def _fill(name: str, dock: Dock) -> None:
    if name == "Code":
        _code(dock.chosen)
    elif name == "Threads":
        draw_thread_comparison(dock.pattern, dock.workspace)
    elif dock.chosen.thread is None:
        st.info(f"Run the pattern to fill this tab. {EMPTY.get(name, OF_A_TABLE)}", icon=":material/play_arrow:")
    elif name == "Checkpoints":
        draw_explorer(dock.workspace, dock.chosen.thread)
    elif name == "Timeline":
        _timeline(dock.panes)
    elif name == "Events":
        _events(dock.workspace, dock.chosen.thread.thread_id)
    elif name == "Channels":
        draw_channel_steps(dock.pattern, dock.workspace, dock.chosen.thread)
    elif name == "Parts":
        draw_stream_parts(dock.workspace, dock.chosen.thread.thread_id)
    elif name == "Costs":
        draw_costs(dock.workspace, dock.panes)
    else:
        draw_table(dock.pattern, dock.workspace, dock.threads, name.lower())


OF_A_TABLE = "It lists the rows that the lanes write, with the lane that wrote them."
EMPTY = {
    "Checkpoints": "It lists every checkpoint of the thread and shows the state in the one you select.",
    "Channels": "It lists what each step wrote to the state's channels and what became of it.",
    "Costs": "It compares what the lanes' checkpointers cost.",
    "Parts": "It lists the parts of the run's stream in their order, whatever their mode, and each of them whole.",
    "Timeline": "It shows all lanes' steps as bars on one time axis.",
    "Events": "It lists what the run told, as it came.",
}


def _timeline(panes: Sequence[LanePane]) -> None:
    lanes = [(pane.lane.title, pane.view.steps[-NEWEST:]) for pane in panes if pane.view is not None]
    drawn = draw_timeline(lanes)
    if not drawn:
        st.info("No step has run yet.", icon=":material/info:")
        return
    draw_diagram(drawn, key="timeline")
    cut = max((len(pane.view.steps) for pane in panes if pane.view is not None), default=0) > NEWEST
    more = f" Of a longer lane the newest {NEWEST} steps are drawn." if cut else ""
    st.caption(f"All lanes begin at the same zero. A dashed frame is a failed attempt, a dotted line a wait.{more}")


def _events(workspace: Workspace, thread_id: str) -> None:
    # What a stream yields has a tab of its own.
    events = [event for event in workspace.events(thread_id) if not isinstance(event, StreamPart)]
    if not events:
        st.info("This process has no events of the thread.", icon=":material/info:")
        return
    newest = events[-NEWEST:]
    count = f"{len(events)} events" + (f", the newest {NEWEST} shown" if len(events) > NEWEST else "")
    st.caption(f"{count} · times in {literal(zone_name())}")
    st.dataframe(
        _event_rows(newest),
        hide_index=True,
        key=f"events_{thread_id}",
        alt=f"Events of the thread: {len(newest)} rows",
    )


def _event_rows(events: Sequence[Event]) -> pd.DataFrame:
    times = clock_times(event.at for event in events)
    return pd.DataFrame([_event(event, at) for event, at in zip(events, times, strict=True)])


def _event(event: Event, time: str) -> Mapping[str, Any]:
    fields = event._asdict()
    number, path = fields.pop("no"), fields.pop("path", ())
    rest = ", ".join(f"{key}={value!r}" for key, value in fields.items() if value and key != "at")
    return {
        "No.": number,
        "Time": time,
        "Event": type(event).__name__,
        "Where": node_path(path),
        "What": shown(event.text if isinstance(event, Tokens) else rest, 500),
    }


OF_THE_GRAPH = "The graph alone, to read and to copy: state, nodes and a function that builds the graph."
OF_THE_DEMO = "What the page shows of it: texts, examples and the offline model's answers."


def _code(pane: LanePane) -> None:
    if pane.view is not None and pane.view.runs:
        st.markdown("**The calls just made**")
        made = [(run.started, run.calls) for run in pane.view.runs if run.calls]
        made += [(item.at, item.calls) for item in pane.view.items if isinstance(item, Reopened)]
        calls = [calls for _, calls in sorted(made)[-3:]]
        st.code(shown("\n\n".join(calls)), language="python", wrap_lines=True)
    st.markdown("**The pattern, as it runs**")
    graph, demo = graph_file(pane.lane), demo_file(pane.lane)
    chosen = graph
    if demo is not None:
        names = [graph.name, demo.name]
        name = st.segmented_control(
            "File", names, default=graph.name, required=True, key=f"source_{Path(graph.name).stem}"
        )
        chosen = demo if name == demo.name else graph
        st.caption(OF_THE_DEMO if chosen is demo else OF_THE_GRAPH)
    st.code(chosen.text, language="python", line_numbers=True)
