"""Branches, kinds of change, filters and pages of a history, against what the test itself kept of the thread."""

import operator
import random
from typing import Annotated, Any

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import Overwrite
from typing_extensions import TypedDict

from graphs.pattern import Pattern
from graphs.world import World
from lab.checkpoints import KeyChange
from lab.history import Only, Row
from lab.lab import Lab
from lab.workspace import StateEdit, Workspace
from tests.support.asking_nodes import asks
from tests.support.toy_patterns import (
    Node,
    OpenLab,
    State,
    before,
    chain,
    done,
    end,
    everywhere,
    graph,
    head,
    lane,
    ran,
    saved,
    toy,
)

WORDS = ("50% off", "a_b", "wow!", "Straße", "ŽLUTÝ kůň", "ΟΔΟΣ", "日本", 'a "quote"', "back\\slash", "plain", "A_B")


class Bag(TypedDict):
    n: int
    text: str
    items: Annotated[list[Any], operator.add]
    table: dict[str, int]


GIVEN: dict[str, Any] = {"n": 0, "text": "", "items": [], "table": {}}


def writes(*steps: Any) -> Pattern:
    """Make a pattern whose nodes in a row write these updates."""

    def build(_: object) -> Any:
        made, last = StateGraph(Bag, context_schema=World, input_schema=Bag), START
        for number, step in enumerate(steps):
            made.add_node(f"s{number}", lambda _, step=step: step).add_edge(last, f"s{number}")
            last = f"s{number}"
        return made

    return toy(lane(build))


def started(workspace: Workspace) -> str:
    thread_id = workspace.start("toy", "only", GIVEN).thread_id
    end(workspace, thread_id)
    return thread_id


def rows(workspace: Workspace, thread_id: str, **only: Any) -> list[Row]:
    return list(workspace.history.page(thread_id, Only(**only), limit=1000).rows)


def ids(found: list[Row]) -> list[str]:
    return [row.checkpoint_id for row in found]


@everywhere
def test_a_change_is_named_by_what_it_does_to_its_key(open_toys: OpenLab) -> None:
    steps: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
        ({"n": 5}, ("n", "set", 0)),
        ({"n": 5}, ("n", "same", 0)),
        ({"text": ""}, ("text", "same", 0)),
        ({"text": "new"}, ("text", "set", 0)),
        ({"items": [1, 2, 3]}, ("items", "appended", 3)),
        ({"items": []}, ("items", "same", 0)),
        ({"items": [3]}, ("items", "appended", 1)),
        ({"items": Overwrite([1, 2])}, ("items", "removed", 2)),
        ({"items": Overwrite([1, True])}, ("items", "changed", 1)),
        ({"items": Overwrite([9, 8, 7])}, ("items", "changed", 3)),
        ({"items": Overwrite([9, 7])}, ("items", "removed", 1)),
        ({"items": Overwrite([])}, ("items", "removed", 2)),
        ({"table": {"a": 1, "b": 2}}, ("table", "changed", 2)),
        ({"table": {"a": 1, "b": 3}}, ("table", "changed", 1)),
        ({"table": {"a": 1}}, ("table", "removed", 1)),
        ({"table": {"a": 1}}, ("table", "same", 0)),
    ]
    workspace = open_toys(writes(*(step for step, _ in steps))).workspace("w")
    thread_id = started(workspace)

    assert [row.changed for row in rows(workspace, thread_id)[2:]] == [(KeyChange(*told),) for _, told in steps]


def looping(count: list[str]) -> Pattern:
    def build(_: object) -> Any:
        made = graph().add_node("a", done("a", count)).add_node("b", done("b", count)).add_edge(START, "a")
        made.add_edge("a", "b")
        return made.add_conditional_edges("b", lambda state: "a" if len(state["done"]) < 6 else END)

    return toy(lane(build))


class Kept:
    """What a test knows of a thread's branches because it made them."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.thread_id = ran(workspace)
        self.own: list[list[str]] = [saved(workspace, self.thread_id)]
        self.begins: list[str | None] = [None]
        self.names = ["main"]

    def replay(self, at: str, label: str = "") -> None:
        known = set(saved(self._workspace, self.thread_id))
        self._workspace.travel.replay(self.thread_id, at, label=label)
        end(self._workspace, self.thread_id)
        self.own.append([ident for ident in saved(self._workspace, self.thread_id) if ident not in known])
        self.begins.append(at)
        self.names.append(label or f"branch {len(self.own)}")

    def way(self, number: int) -> list[str]:
        """Return the checkpoints from the root to the end of a branch."""
        begin = self.begins[number - 1]
        if begin is None:
            return self.own[0]
        parent = next(no for no, own in enumerate(self.own, 1) if begin in own)
        shared = self.way(parent)
        return [*shared[: shared.index(begin) + 1], *self.own[number - 1]]


@everywhere
@pytest.mark.parametrize("branches", [1, 2, 50])
def test_tree_and_table_know_the_branches_of_forks_of_forks(open_toys: OpenLab, branches: int) -> None:
    count, chance = list[str](), random.Random(7)
    workspace = open_toys(looping(count)).workspace("w")
    kept = Kept(workspace)
    for number in range(1, branches):
        own = chance.choice([own for own in kept.own if len(own) > 2])
        kept.replay(chance.choice(own[1:-1]), f"label {number}" if number % 2 else "")
    tree, found = workspace.history.tree(kept.thread_id), rows(workspace, kept.thread_id)

    assert [[mark.checkpoint_id for mark in branch.own] for branch in tree.branches] == kept.own
    assert [branch.forked_from for branch in tree.branches] == kept.begins
    assert [branch.name for branch in tree.branches] == kept.names
    assert tree.head == kept.own[-1][-1]
    assert all(mark.finished == (mark.checkpoint_id in {own[-1] for own in kept.own}) for mark in tree.marks.values())
    of_branch = {ident: name for name, own in zip(kept.names, kept.own, strict=True) for ident in own}
    assert {row.checkpoint_id: row.branch for row in found} == of_branch
    assert [name for row in found for name in row.ran] == count
    for number in range(1, branches + 1):
        assert ids(rows(workspace, kept.thread_id, branch=number)) == kept.way(number)
        assert [mark.checkpoint_id for mark in tree.path(number)] == kept.way(number)
    for strange in (-1, branches + 1):
        assert rows(workspace, kept.thread_id, branch=strange) == []


def says(state: State) -> dict[str, Any]:
    return {"done": [WORDS[len(state["done"]) // 2]]}


def talkative(_: object) -> Any:
    """Say a word and ask, until all words are said."""
    ask: Node = asks("Say")
    made = graph().add_node("say", says).add_node("Say", ask)
    made.add_edge(START, "say").add_edge("say", "Say")
    return made.add_conditional_edges("Say", lambda state: "say" if len(state["done"]) < 2 * len(WORDS) else END)


def talked(lab: Lab) -> tuple[Workspace, str]:
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    while asked := workspace.history.pending(thread_id):
        workspace.resume(thread_id, {asked[0].id: "Fine"}, head(workspace, thread_id).checkpoint_id)
        end(workspace, thread_id)
    first = next(row.checkpoint_id for row in rows(workspace, thread_id) if row.asked)
    workspace.travel.fork(thread_id, first, StateEdit({"n": 3}, {}, label="edited"), run=True)
    end(workspace, thread_id)
    return workspace, thread_id


def texts(workspace: Workspace, found: list[Row]) -> dict[str, str]:
    """Return by checkpoint what its step changed, read from the states."""
    told = {}
    for row in found:
        now = workspace.history.snapshot(thread := workspace.threads.newest()[0].thread_id, row.checkpoint_id)
        was = workspace.history.snapshot(thread, row.parent_id) if row.parent_id else None
        assert now is not None
        old = was.values if was else {}
        news = now.values.get("done", [])[len(old.get("done", [])) :]
        told[row.checkpoint_id] = "\n".join(
            (*news, *([str(now.values["n"])] if now.values.get("n") != old.get("n") else []))
        )
    return told


@everywhere
def test_each_filter_finds_what_the_test_finds_by_itself(open_toys: OpenLab) -> None:
    workspace, thread_id = talked(open_toys(toy(lane(talkative), words=1)))
    everything = rows(workspace, thread_id)
    told = texts(workspace, everything)
    tree = workspace.history.tree(thread_id)
    for node in ("say", "Say", "SAY", "sa", "", '"', "%", "say\x00"):
        assert ids(rows(workspace, thread_id, node=node)) == [
            row.checkpoint_id for row in everything if not node or node in row.ran
        ]
    for source in ("input", "loop", "update", "fork", "strange"):
        assert rows(workspace, thread_id, source=source) == [row for row in everything if row.source == source]
    assert rows(workspace, thread_id, interrupts=True) == [row for row in everything if row.asked]
    looks = (*WORDS, *(word.upper() for word in WORDS), *(word.lower() for word in WORDS))
    for text in (*looks, "strasse", "%", "_", "!", "!%", "\\", "ine", "FINE", "x" * 60_000):
        found = [row for row in everything if text.casefold() in told[row.checkpoint_id].casefold()]
        assert rows(workspace, thread_id, text=text) == found, text
    for number in (1, 2):
        own = {mark.checkpoint_id for mark in tree.path(number)}
        combined = rows(workspace, thread_id, branch=number, node="say", source="loop", text="%")
        assert combined == [
            row
            for row in everything
            if row.checkpoint_id in own and "say" in row.ran and row.source == "loop" and "%" in told[row.checkpoint_id]
        ]
        assert combined


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a\x00b", "' OR 1=1 --"])
def test_a_text_that_not_every_database_can_keep_is_found_too(open_toys: OpenLab, text: str) -> None:
    workspace = open_toys(writes({"text": f"<{text}>"}, {"text": "other"})).workspace("w")
    thread_id = started(workspace)

    assert [row.ran for row in rows(workspace, thread_id, text=f"<{text}>")] == [("s0",)]
    assert rows(workspace, thread_id, node=text) == []


@everywhere
def test_failed_steps_are_found_and_say_why(open_toys: OpenLab) -> None:
    tries = list[str]()

    def fails_once(_: State) -> dict[str, Any]:
        tries.append("b")
        if len(tries) == 1:
            raise LookupError("no such shelf")
        return {"done": ["b"]}

    workspace = open_toys(toy(lane(chain(a=done("a"), b=fails_once)))).workspace("w")
    thread_id = ran(workspace)
    at = before(workspace, thread_id, "b")
    (failed,) = rows(workspace, thread_id, errors=True)
    assert (failed.checkpoint_id, failed.errors) == (at, ("LookupError: no such shelf",))
    workspace.proceed(thread_id)
    end(workspace, thread_id)

    assert ids(rows(workspace, thread_id, errors=True)) == [at]
    assert [mark.checkpoint_id for mark in workspace.history.tree(thread_id).marks.values() if mark.failed] == [at]
    assert rows(workspace, thread_id, errors=True, node="b") == []


@everywhere
def test_pages_put_together_are_the_whole_and_each_row_is_on_the_page_that_it_asks_for(open_toys: OpenLab) -> None:
    workspace = open_toys(looping([])).workspace("w")
    kept = Kept(workspace)
    kept.replay(kept.own[0][3])
    total = len(saved(workspace, kept.thread_id))
    for only in (Only(), Only(node="a"), Only(branch=2), Only(text="nowhere")):
        whole = workspace.history.page(kept.thread_id, only, limit=1000)
        for limit in (1, 2, 5, 7, 100):
            pages = [
                workspace.history.page(kept.thread_id, only, limit=limit, offset=offset)
                for offset in range(0, whole.matching + 1, limit)
            ]
            assert [row for page in pages for row in page.rows] == list(whole.rows)
            assert {(page.matching, page.total) for page in pages} == {(whole.matching, total)}
            for row in whole.rows:
                page = workspace.history.page(kept.thread_id, only, limit=limit, at=row.checkpoint_id)
                assert row in page.rows
                assert page in pages
    assert workspace.history.page(kept.thread_id, limit=5, at="made-up") == workspace.history.page(
        kept.thread_id, limit=5
    )
