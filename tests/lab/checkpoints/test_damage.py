"""Damaged rows: the lab says which checkpoint can't be read, uses all others, and changes nothing by looking."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from langgraph.graph import START, StateGraph
from pydantic import BaseModel

from graphs.pattern import Pattern
from graphs.world import World
from lab.errors import Unreadable
from lab.history import Only
from lab.lab import Lab
from lab.workspace import StateEdit, Workspace
from tests.support.asking_nodes import asks
from tests.support.labs import quiet
from tests.support.toy_patterns import begin, chain, done, end, graph, lane, names, ran, saved, toy

STATES: dict[str, str] = {
    "garbage": "checkpoint = x'00ff'",
    "nothing": "checkpoint = x''",
    "no blob": "checkpoint = NULL",
    "a text": "checkpoint = 'Dear diary'",
    "another value": "checkpoint = x'93010203'",
    "unknown type": "type = 'unheard of'",
    "no type": "type = NULL",
}
METADATA: dict[str, str] = {
    "no JSON": "metadata = '{\"source\": '",
    "bytes": "metadata = x'ff00fe'",
    "a list": "metadata = '[1, 2]'",
    "no metadata": "metadata = NULL",
    "kinds": 'metadata = \'{"source": 5, "step": "two", "parents": [1], "label": {}, "began": "now"}\'',
}
WRITES: dict[str, str] = {"garbage": "value = x'c1'", "no blob": "value = NULL", "unknown type": "type = 'unheard of'"}


def pattern() -> Pattern:
    return toy(lane(chain(a=done("a"), ask=asks("ask"), z=done("z"))), turns=True)


class Damaged:
    """A thread that was lived in and then damaged, beside a good one."""

    def __init__(self, path: Path, made: Pattern | None = None) -> None:
        self.path = path
        self.made = made or pattern()
        self.lab = Lab(quiet(str(path)), patterns=[self.made])
        self.workspace = self.lab.workspace("w")
        self.bad, self.good = self._lived(), self._lived()
        self.ids = saved(self.workspace, self.bad)

    def _lived(self) -> str:
        thread_id = ran(self.workspace)
        if asked := self.workspace.history.pending(thread_id):
            self.workspace.resume(thread_id, {asked[0].id: 1}, saved(self.workspace, thread_id)[-1])
            end(self.workspace, thread_id)
        return thread_id

    def damage(self, table: str, change: str, checkpoint_id: str, more: str = "") -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            where = f"thread_id = ? AND checkpoint_id = ? {more}"
            found = connection.execute(f"UPDATE {table} SET {change} WHERE {where}", (self.bad, checkpoint_id))
            assert found.rowcount > 0

    def restart(self) -> Workspace:
        self.lab.close()
        self.lab = Lab(quiet(str(self.path)), patterns=[self.made])
        self.workspace = self.lab.workspace("w")
        return self.workspace

    def dump(self) -> list[str]:
        """Return all that is in the file, but for the lab's sign of life, which it renews by itself."""
        with closing(sqlite3.connect(self.path)) as connection:
            return [line for line in connection.iterdump() if not line.startswith('INSERT INTO "lab_owners"')]


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[Damaged]:
    made = Damaged(tmp_path / "lab.sqlite")
    yield made
    made.lab.close()


def looks(workspace: Workspace, thread_id: str, ids: list[str]) -> dict[str, str]:
    """Look at a thread in every way; return the checkpoints and ways that were said to be unreadable, and how."""
    ways: dict[str, Callable[[str, str], object]] = {
        "snapshot": workspace.history.snapshot,
        "values": workspace.history.values,
        "ahead": workspace.travel.ahead,
        "diff": lambda thread, ident: workspace.history.diff(thread, None, ident),
        "preview": lambda thread, ident: workspace.travel.preview(thread, ident, StateEdit({"n": 2}, {}, "a")),
    }
    acts: dict[str, Callable[[], object]] = {
        "threads": workspace.threads.newest,
        "status": lambda: workspace.history.status(thread_id),
        "snapshot": lambda: workspace.history.snapshot(thread_id),
        "pending": lambda: workspace.history.pending(thread_id),
        "history": lambda: workspace.history.page(thread_id),
        "marks": lambda: workspace.history.page(thread_id, Only(errors=True, interrupts=True)),
        "text": lambda: workspace.history.page(thread_id, Only(text="ask", node="ask")),
        "rows": lambda: workspace.history.rows(thread_id, ids),
        "tree": lambda: workspace.history.tree(thread_id),
        "count": lambda: workspace.history.count(thread_id),
        "events": lambda: workspace.events(thread_id),
        "view": lambda: workspace.view(thread_id).catch_up(),
        "fields": lambda: workspace.history.fields(thread_id),
    }
    for ident in ids:
        acts |= {f"{way} {ident}": partial(look, thread_id, ident) for way, look in ways.items()}
    told = {}
    for name, act in acts.items():
        try:
            act()
        except Unreadable as error:
            told[name] = str(error)
    return told


def of(told: dict[str, str]) -> set[str]:
    """Return which checkpoints were unreadable."""
    return {name.partition(" ")[2] for name in told if " " in name}


@pytest.mark.parametrize("change", STATES.values(), ids=STATES)
@pytest.mark.parametrize("place", [1, 2, -1])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_damaged_state_is_named_and_everything_else_is_read(
    damaged: Damaged, change: str, place: int, restarted: bool
) -> None:
    workspace, at = damaged.workspace, damaged.ids[place]
    was = workspace.history.page(damaged.bad).rows
    other = looks(workspace, damaged.good, saved(workspace, damaged.good))
    damaged.damage("checkpoints", change, at)
    if restarted:
        workspace = damaged.restart()
    before = damaged.dump()
    told = looks(workspace, damaged.bad, damaged.ids)

    assert damaged.dump() == before
    assert of(told) == {at}
    assert all(at in told[f"{way} {at}"] for way in ("snapshot", "values", "ahead", "diff", "preview"))
    assert {name for name in told if " " not in name} == ({"status", "snapshot", "pending"} if place == -1 else set())
    assert [row.ran for row in workspace.history.page(damaged.bad).rows] == [row.ran for row in was]
    assert workspace.history.tree(damaged.bad).head == damaged.ids[-1]
    assert other == looks(workspace, damaged.good, saved(workspace, damaged.good)) == {}


@pytest.mark.parametrize("change", METADATA.values(), ids=METADATA)
@pytest.mark.parametrize("place", [1, -1])
@pytest.mark.parametrize("restarted", [False, True])
def test_damaged_metadata_breaks_no_list_and_no_other_checkpoint(
    damaged: Damaged, change: str, place: int, restarted: bool
) -> None:
    workspace, at = damaged.workspace, damaged.ids[place]
    damaged.damage("checkpoints", change, at)
    if restarted:
        workspace = damaged.restart()
    before = damaged.dump()
    told = looks(workspace, damaged.bad, damaged.ids)

    assert damaged.dump() == before
    assert of(told) <= {at}
    assert [row.checkpoint_id for row in workspace.history.page(damaged.bad).rows] == damaged.ids


@pytest.mark.parametrize("change", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("channel", ["__interrupt__", "__resume__", "done"])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_damaged_write_breaks_its_own_checkpoint_at_most(
    damaged: Damaged, change: str, channel: str, restarted: bool
) -> None:
    workspace, at = damaged.workspace, damaged.ids[2]
    damaged.damage("writes", change, at, f"AND channel = '{channel}'")
    if restarted:
        workspace = damaged.restart()
    before = damaged.dump()
    told = looks(workspace, damaged.bad, damaged.ids)

    assert damaged.dump() == before
    assert of(told) == {at}
    assert [row.checkpoint_id for row in workspace.history.page(damaged.bad).rows] == damaged.ids
    assert workspace.history.tree(damaged.bad).marks[at].interrupted


@pytest.mark.parametrize("change", STATES.values(), ids=STATES)
def test_a_thread_with_a_damaged_head_goes_on_from_an_earlier_checkpoint(damaged: Damaged, change: str) -> None:
    damaged.damage("checkpoints", change, damaged.ids[-1])
    workspace = damaged.restart()
    there = damaged.ids[1]
    workspace.travel.fork(damaged.bad, there, StateEdit({"n": 5}, {}))
    assert workspace.history.status(damaged.bad) == "resumable"
    workspace.travel.replay(damaged.bad, there)

    assert end(workspace, damaged.bad).outcome == "waiting"
    (question,) = workspace.history.pending(damaged.bad)
    workspace.resume(damaged.bad, {question.id: 2}, saved(workspace, damaged.bad)[-1])
    assert end(workspace, damaged.bad).outcome == "finished"
    assert names(workspace, damaged.bad) == ["a", "ask=2", "z"]
    assert damaged.ids[-1] in saved(workspace, damaged.bad)


@pytest.mark.parametrize("act", ["proceed", "turn", "edit", "resume"])
def test_a_damaged_head_is_not_gone_on_from_and_the_thread_is_not_left_busy(damaged: Damaged, act: str) -> None:
    damaged.damage("checkpoints", STATES["garbage"], damaged.ids[-1])
    acts: dict[str, Callable[[Workspace], object]] = {
        "proceed": lambda workspace: workspace.proceed(damaged.bad),
        "turn": lambda workspace: workspace.turn(damaged.bad, {"n": 2}),
        "edit": lambda workspace: workspace.edit(damaged.bad, {"n": 2}),
        "resume": lambda workspace: workspace.resume(damaged.bad, {"some": 1}, damaged.ids[-1]),
    }
    before = damaged.dump()
    for _ in range(2):
        with pytest.raises(Unreadable, match="newest checkpoint"):
            acts[act](damaged.workspace)

    assert damaged.dump() == before
    damaged.workspace.travel.replay(damaged.bad, damaged.ids[1])
    assert end(damaged.workspace, damaged.bad).outcome == "waiting"


def test_without_a_note_a_damaged_head_is_not_taken_for_a_finished_one(damaged: Damaged) -> None:
    damaged.damage("checkpoints", STATES["garbage"], damaged.ids[-1])
    with closing(sqlite3.connect(damaged.path)) as connection, connection:
        connection.execute("DELETE FROM lab_notes")
    workspace = damaged.restart()
    before = damaged.dump()
    row = workspace.history.page(damaged.bad).rows[-1]

    assert (row.ran, row.next, row.changed) == ((), (), ())
    assert not workspace.history.tree(damaged.bad).marks[row.checkpoint_id].finished
    assert [found for found in damaged.dump() if found in before] == before


def test_a_subgraphs_damaged_row_breaks_neither_list_nor_reader(tmp_path: Path) -> None:
    inner = graph().add_node("x", done("x")).add_node("y", done("y")).add_edge(START, "x").add_edge("x", "y").compile()
    made = Damaged(tmp_path / "lab.sqlite", toy(lane(chain(a=done("a"), sub=cast("Any", inner)))))
    calling = made.workspace.history.page(made.bad).rows[2]
    made.damage("checkpoints", STATES["garbage"], calling.inner[2].checkpoint_id)
    workspace = made.restart()
    before = made.dump()

    assert of(looks(workspace, made.bad, made.ids)) == set()
    assert [row.ran for row in workspace.history.page(made.bad).rows[2].inner] == [row.ran for row in calling.inner]
    with pytest.raises(Unreadable):
        workspace.history.snapshot(made.bad, calling.inner[2].checkpoint_id, calling.inner[2].namespace)
    assert made.dump() == before
    made.lab.close()


def test_on_postgresql_a_damaged_value_is_named_and_everything_else_is_read(postgres_lab_database: str) -> None:
    lab = Lab(quiet(postgres_lab_database), patterns=[toy(lane(chain(a=done("a"), b=done("b"))))])
    workspace = lab.workspace("w")
    bad, good = ran(workspace), ran(workspace)
    ids = saved(workspace, bad)
    with psycopg.connect(postgres_lab_database) as connection:
        mine = "thread_id = %(thread)s AND channel = 'done'"
        newest = f"SELECT max(version) FROM checkpoint_blobs WHERE {mine}"
        connection.execute(
            f"UPDATE checkpoint_blobs SET blob = '\\xc1' WHERE {mine} AND version = ({newest})", {"thread": bad}
        )
    told = looks(workspace, bad, ids)

    assert of(told) == {ids[-1]}
    assert {name for name in told if " " not in name} == {"status", "snapshot", "pending"}
    assert (workspace.history.status(good), names(workspace, good)) == ("finished", ["a", "b"])
    workspace.travel.replay(bad, ids[1])
    assert (end(workspace, bad).outcome, names(workspace, bad)) == ("finished", ["a", "b"])
    lab.close()


class Strict(BaseModel):
    n: int
    word: str = ""


def test_a_thread_whose_own_type_refuses_its_state_can_be_looked_at_and_forked(open_toys: Any) -> None:
    def build(_: object) -> Any:
        made = StateGraph(Strict, context_schema=World)
        made.add_node("a", lambda _: {"word": "fine"}).add_node("bad", lambda _: {"n": "many"})
        made.add_node("z", lambda _: {"word": "end"})
        return made.add_edge(START, "a").add_edge("a", "bad").add_edge("bad", "z")

    workspace = open_toys(toy(lane(build))).workspace("w")
    thread_id = begin(workspace)
    assert end(workspace, thread_id).outcome == "failed"
    ids = saved(workspace, thread_id)
    told = looks(workspace, thread_id, ids)
    assert of(told) == {ids[-1]}
    assert {name for name in told if " " not in name} == {"status", "snapshot", "pending"}
    workspace.travel.fork(thread_id, ids[-2], StateEdit({"n": 3}, {}, "bad"), run=True)

    assert end(workspace, thread_id).outcome == "finished"
    assert workspace.history.status(thread_id) == "finished"
