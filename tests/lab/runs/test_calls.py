"""What a lane's own function calls of the graph is what runs, and what the page tells as code."""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.pregel import Pregel

from graphs.catalogue import CATALOGUE
from graphs.pattern import Lane, Pattern
from lab.events import RunStarted
from lab.lab import Lab
from tests.support.example_player import ended
from tests.support.toy_patterns import GIVEN, OpenLab, chain, done, end, lane, toy


def test_a_lane_s_graph_runs_by_the_lane_s_own_function(open_toys: OpenLab) -> None:
    made: list[Any] = []

    def run(graph: Any, given: Any, config: RunnableConfig, **options: Any) -> Iterator[Any]:
        made.append((graph, given))
        parts: Iterator[Any] = graph.stream({"n": given["n"] + 1}, config, durability="exit", **options)
        return parts

    workspace = open_toys(toy(lane(chain(a=done("a")), run=run))).workspace("w")
    thread_id = workspace.start("toy", "only", GIVEN).thread_id
    end(workspace, thread_id)
    snapshot = workspace.history.snapshot(thread_id)
    (began,) = [event for event in workspace.events(thread_id) if isinstance(event, RunStarted)]

    assert isinstance(made[-1][0], Pregel)
    assert made[-1][1] == GIVEN
    assert snapshot is not None
    assert snapshot.values["n"] == 2
    assert workspace.history.count(thread_id) == 1
    assert began.calls.startswith("for part in graph.stream(\n    {'n': 2},\n")
    assert "durability='exit'" in began.calls
    assert "context=world" in began.calls


@pytest.mark.parametrize(
    ("slug", "key", "told"),
    [
        ("crash-recovery", "exit", "durability='exit'"),
        ("crash-recovery", "async", "durability='async'"),
        ("crash-recovery", "sync", "durability='sync'"),
        ("time-travel", "replay", "durability='sync'"),
        ("conversation-memory", "forgets", ""),
    ],
)
def test_the_durability_that_a_run_was_called_with_is_told(sqlite_lab: Lab, slug: str, key: str, told: str) -> None:
    workspace = sqlite_lab.workspace("tests")
    pattern = next(one for one in CATALOGUE if one.slug == slug)
    thread_id = workspace.start(slug, key, pattern.examples[0].input, pace=0).thread_id
    ended(workspace, thread_id)
    (calls,) = [event.calls for event in workspace.events(thread_id) if isinstance(event, RunStarted)]

    assert told in calls
    assert ("durability" in calls) == bool(told)
    compile(calls, "calls", "exec")


ABOUT_A_CALL = {"breakpoints", "checkpointers", "conversation-memory", "time-travel", "crash-recovery"}
"""Patterns whose lesson is how the graph is compiled, with which checkpointer, how it is streamed or gone back in."""


def calls_of(lane: Lane) -> list[Any]:
    """Return the functions that the lab calls for a lane in place of calling LangGraph itself."""
    way = [getattr(lane.travel, name) for name in ("write", "run") if getattr(lane.travel, name, None) is not None]
    made = [lane.saver.make] if lane.saver else []
    return [lane.compile, lane.run, *made, *way]


@pytest.mark.parametrize(
    ("pattern", "lane"),
    [pytest.param(pattern, one, id=f"{pattern.slug}-{one.key}") for pattern in CATALOGUE for one in pattern.lanes],
)
def test_the_call_that_a_pattern_is_about_stands_in_the_file_of_its_graph(pattern: Pattern, lane: Lane) -> None:
    own = [call for call in calls_of(lane) if call.__module__ == lane.build.__module__]
    usual = [call for call in calls_of(lane) if call.__module__ == "graphs.pattern"]

    assert len([*own, *usual]) == len(calls_of(lane))
    assert own or (pattern.slug not in ABOUT_A_CALL and lane.key != "static")
