"""Histories of threads of all shapes, row by row, against what the library says of each checkpoint."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Send, StateSnapshot
from sqlalchemy import delete, select
from typing_extensions import TypedDict

from graphs.pattern import Breakpoints, Build
from lab.database import NOTES
from lab.history import Row
from lab.history.snapshots import seconds
from lab.lab import Lab
from lab.workspace import StateEdit, Workspace
from tests.support.asking_nodes import asks
from tests.support.toy_patterns import (
    RUNS,
    OpenLab,
    State,
    before,
    chain,
    done,
    end,
    everywhere,
    fan,
    graph,
    head,
    lane,
    ran,
    toy,
)


class Inner(TypedDict):
    n: int
    steps: Annotated[list[str], operator.add]


class Told(TypedDict):
    steps: Annotated[list[str], operator.add]


def subgraph(*steps: Any) -> Any:
    made, last = StateGraph(Inner, output_schema=Told), START
    for number, step in enumerate(steps):
        name = f"step{number}"
        made.add_node(name, step if not isinstance(step, str) else lambda _, step=step: {"steps": [step]})
        made.add_edge(last, name)
        last = name
    return made.compile()


def subgraphs(_: object) -> Any:
    nested = subgraph("x", subgraph("y", "z"))
    made = graph().add_node("one", subgraph("x", "y")).add_node("two", nested).add_node("join", done("join"))
    return made.add_edge(START, "one").add_edge(START, "two").add_edge(["one", "two"], "join")


def sends(*, edge: bool) -> Build:
    """Send three tasks, two of them to one node, which runs once more where an edge leads to it as well."""

    def build(_: object) -> Any:
        made = graph().add_node("plan", done("plan"))
        made.add_node("w", done("w")).add_node("x", done("x")).add_node("sum", done("sum"))
        if edge:
            made.add_edge("plan", "w")
        made.add_conditional_edges("plan", lambda state: [Send(to, state) for to in ("w", "w", "x")])
        return made.add_edge(START, "plan").add_edge("w", "sum").add_edge("x", "sum")

    return build


def joins(*, defer: bool, barrier: bool) -> Build:
    def build(_: object) -> Any:
        made = graph().add_node("join", done("join"), defer=defer)
        for name in ("a", "b", "b2"):
            made.add_node(name, done(name))
        made.add_edge(START, "a").add_edge(START, "b").add_edge("b", "b2")
        return made.add_edge(["a", "b2"], "join") if barrier else made.add_edge("a", "join").add_edge("b2", "join")

    return build


def loop(_: object) -> Any:
    made = graph().add_node("a", done("a")).add_edge(START, "a")
    return made.add_conditional_edges("a", lambda state: "a" if len(state["done"]) % 4 else END)


def goes(_: object) -> Any:
    made = graph().add_node("a", lambda _: Command(goto="c", update={"done": ["a"]}))
    return made.add_node("b", done("b")).add_node("c", done("c")).add_edge(START, "a").add_edge("a", "b")


def fails(_: State) -> dict[str, Any]:
    raise LookupError("no such shelf")


def nothing(workspace: Workspace, thread_id: str) -> None:
    """Leave the thread as its first run left it."""


def answers(workspace: Workspace, thread_id: str) -> None:
    asked = head(workspace, thread_id)
    for number, question in enumerate(asked.questions):
        workspace.resume(thread_id, {question.id: number}, asked.checkpoint_id)
        end(workspace, thread_id)


def turns(workspace: Workspace, thread_id: str) -> None:
    for n in (2, 3):
        workspace.turn(thread_id, {"n": n})
        end(workspace, thread_id)


def edits(workspace: Workspace, thread_id: str) -> None:
    workspace.travel.fork(thread_id, before(workspace, thread_id, "b"), StateEdit({"n": 7}, {}, as_node="b"), run=True)
    end(workspace, thread_id)
    workspace.travel.fork(thread_id, before(workspace, thread_id, "b"), StateEdit({"done": []}, {"done": "replace"}))


def pauses(workspace: Workspace, thread_id: str) -> None:
    workspace.travel.replay(thread_id, before(workspace, thread_id, "b"), breakpoints=Breakpoints(after=("b",)))
    end(workspace, thread_id)
    workspace.edit(thread_id, {"n": 9})
    workspace.proceed(thread_id)
    end(workspace, thread_id)


def everything(workspace: Workspace, thread_id: str) -> None:
    asked = head(workspace, thread_id)
    answers(workspace, thread_id)
    workspace.travel.reanswer(thread_id, asked.checkpoint_id, {asked.questions[0].id: "new"})
    end(workspace, thread_id)
    workspace.travel.what_if(thread_id, asked.checkpoint_id, StateEdit({"n": 3}, {}))
    end(workspace, thread_id)


@dataclass(frozen=True)
class Shape:
    """A graph, and what is done with a thread of it after its first run."""

    build: Build
    after: Callable[[Workspace, str], None] = nothing
    durability: str = "sync"


ROW = chain(a=done("a"), b=done("b"), c=done("c"))
SHAPES = {
    "row": Shape(ROW),
    "saved by and by": Shape(ROW, durability="async"),
    "saved at the end": Shape(ROW, turns, "exit"),
    "turns": Shape(ROW, turns),
    "edits": Shape(ROW, edits),
    "an edit at a pause": Shape(ROW, pauses),
    "silent": Shape(chain(a=lambda _: None, b=done("b"), c=lambda _: {})),
    "failed": Shape(chain(a=done("a"), b=fails)),
    "failed side by side": Shape(fan(b=fails, c=fails)),
    "loop": Shape(loop, turns),
    "goto": Shape(goes),
    "sent": Shape(sends(edge=False), turns),
    "sent and led": Shape(sends(edge=True), turns),
    "uneven": Shape(joins(defer=False, barrier=False)),
    "uneven, waits for all": Shape(joins(defer=False, barrier=True)),
    "uneven, deferred": Shape(joins(defer=True, barrier=False), turns),
    "uneven, deferred, waits for all": Shape(joins(defer=True, barrier=True), turns),
    "asked": Shape(chain(a=done("a"), ask=asks("ask"), z=done("z")), answers),
    "asked side by side": Shape(fan(a=asks("a"), b=asks("b"))),
    "asked, all ways back": Shape(chain(a=done("a"), ask=asks("ask"), z=done("z")), everything),
    "subgraphs": Shape(subgraphs),
}
shapes = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def lived(open_toys: OpenLab, shape: Shape) -> tuple[Lab, Workspace, str]:
    lab = open_toys(toy(lane(shape.build, run=RUNS[shape.durability]), turns=True))
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    shape.after(workspace, thread_id)
    return lab, workspace, thread_id


def every(rows: tuple[Row, ...]) -> list[Row]:
    return [one for row in rows for one in (row, *row.inner)]


def library(lab: Lab, thread_id: str, checkpoint_id: str | None, namespace: str) -> StateSnapshot | None:
    if checkpoint_id is None:
        return None
    place = {"thread_id": thread_id, "checkpoint_ns": namespace, "checkpoint_id": checkpoint_id}
    return lab.graphs.reading("toy", "only").get_state({"configurable": place})


def kinds(was: dict[str, Any], now: dict[str, Any]) -> dict[str, tuple[str, int]]:
    """Tell what became of each key of these toys' states, whose lists grow or are emptied."""
    found: dict[str, tuple[str, int]] = {}
    for key, value in now.items():
        if isinstance(value, list):
            old = was.get(key) or []
            if value[: len(old)] != old:
                found[key] = ("removed", len(old) - len(value))
            elif len(value) > len(old):
                found[key] = ("appended", len(value) - len(old))
        elif was.get(key) != value:
            found[key] = ("set", 0)
    return found


@everywhere
@shapes
def test_each_row_says_what_the_library_says_of_its_checkpoint(open_toys: OpenLab, shape: Shape) -> None:
    lab, workspace, thread_id = lived(open_toys, shape)
    rows = every(workspace.history.page(thread_id, limit=1000).rows)
    assert rows
    for row in rows:
        now = library(lab, thread_id, row.checkpoint_id, row.namespace)
        parent = library(lab, thread_id, row.parent_id, row.namespace)
        assert now is not None
        metadata: Any = now.metadata
        assert (row.step, row.source) == (metadata["step"], metadata["source"])
        assert sorted(row.next) == sorted(now.next)
        # The library reads the clock once for the id, which the row has, and once more for the time that it tells.
        assert row.at == pytest.approx(seconds(now.created_at), abs=0.5)
        told = [found.value for task in now.tasks for found in task.interrupts]
        assert sorted(row.asked) == sorted(value["question"] for value in told)
        assert len(row.errors) == sum(task.error is not None for task in now.tasks)
        if parent is not None:
            tasks = [task.name for task in parent.tasks if task.name != "__start__"]
            if row.source == "loop" and shape.durability != "exit":
                assert sorted(row.ran) == sorted(tasks)
            changed = {found.key: (found.how, found.items) for found in row.changed if found.how != "same"}
            assert changed == kinds(parent.values, now.values)
        if row.source != "loop":
            assert row.ran == (("b",) if metadata.get("as_node") else ())


@everywhere
@shapes
def test_notes_that_are_lost_are_made_anew_as_they_were(open_toys: OpenLab, shape: Shape) -> None:
    lab, workspace, thread_id = lived(open_toys, shape)
    was, tree = workspace.history.page(thread_id, limit=1000), workspace.history.tree(thread_id)
    with lab.storage.database.begin() as connection:
        assert connection.execute(delete(NOTES)).rowcount >= len(was.rows)
    again = workspace.history.tree(thread_id)

    assert workspace.history.page(thread_id, limit=1000) == was
    assert (again.marks, again.branches, again.head) == (tree.marks, tree.branches, tree.head)


@shapes
def test_each_checkpoint_is_noted_as_it_is_saved(open_toys: OpenLab, shape: Shape) -> None:
    lab, workspace, thread_id = lived(open_toys, shape)
    with lab.storage.database.read() as connection:
        noted = {row[0] for row in connection.execute(select(NOTES.c.checkpoint_id))}

    assert noted == {row.checkpoint_id for row in every(workspace.history.page(thread_id, limit=1000).rows)}


def test_what_is_saved_at_the_end_only_tells_all_nodes_that_ran_since(open_toys: OpenLab) -> None:
    _, workspace, thread_id = lived(open_toys, SHAPES["saved at the end"])

    assert [row.ran for row in workspace.history.page(thread_id).rows] == [("a", "b", "c")] * 3


@pytest.mark.processes
def test_a_run_in_a_process_of_its_own_notes_what_it_saves(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("w")
    given = {"item": "Lamp", "amount": 10, "failures": 0, "crash": "after-order"}
    thread_id = workspace.start("durable-task", "task", given).thread_id
    assert end(workspace, thread_id).outcome == "crashed"
    with sqlite_lab.storage.database.read() as connection:
        noted = {row[0] for row in connection.execute(select(NOTES.c.checkpoint_id))}
    rows = workspace.history.page(thread_id).rows

    assert noted == {row.checkpoint_id for row in rows}
    assert rows[0].next == ("__start__",)
