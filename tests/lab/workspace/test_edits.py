"""Edits: a person's values are checked by the state's own types and written only where nothing gets lost."""

from typing import Any

import pytest

from graphs.pattern import Breakpoints
from lab.errors import InvalidInput, NotPossible, StaleAnswer, UnknownThread
from lab.events import StateEdited
from lab.workspace import Workspace
from tests.support.toy_patterns import OpenLab, State, begin, chain, done, end, fan, lane, names, ran, toy

PAUSE = Breakpoints(before=("b",))


def paused(open_toys: OpenLab) -> tuple[Workspace, str]:
    workspace = open_toys(toy(lane(chain(a=done("a"), b=done("b"), c=done("c"))))).workspace("w")
    return workspace, ran(workspace, breakpoints=PAUSE)


def head(workspace: Workspace, thread_id: str) -> Any:
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    return snapshot


def test_an_edit_writes_the_value_and_leaves_the_thread_at_its_pause(open_toys: OpenLab) -> None:
    workspace, thread_id = paused(open_toys)
    saved = workspace.edit(thread_id, {"n": 42})
    now = head(workspace, thread_id)

    assert (now.checkpoint_id, now.values["n"], now.next, now.source) == (saved, 42, ("b",), "update")
    assert workspace.history.status(thread_id) == "resumable"
    workspace.proceed(thread_id)
    assert end(workspace, thread_id).outcome == "finished"
    assert (names(workspace, thread_id), head(workspace, thread_id).values["n"]) == (["a", "b", "c"], 42)


def test_an_edit_is_told_to_readers(open_toys: OpenLab) -> None:
    workspace, thread_id = paused(open_toys)
    saved = workspace.edit(thread_id, {"n": 42})
    last = workspace.events(thread_id)[-1]

    assert isinstance(last, StateEdited)
    assert (last.checkpoint_id, last.values) == (saved, {"n": 42})
    assert "Command(update={'n': 42})" in last.calls


@pytest.mark.parametrize(
    ("values", "field"),
    [({"n": "many"}, "n"), ({"n": -1}, "n"), ({"n": None}, "n"), ({"done": "a"}, "done"), ({"nothing": 1}, "nothing")],
)
def test_an_edit_that_does_not_fit_is_refused_by_field_and_saves_nothing(
    open_toys: OpenLab, values: dict[str, Any], field: str
) -> None:
    workspace, thread_id = paused(open_toys)
    rows = workspace.history.page(thread_id).rows
    with pytest.raises(InvalidInput) as refused:
        workspace.edit(thread_id, {"crash": "never", **values})

    assert set(refused.value.fields) == {field}
    assert workspace.history.page(thread_id).rows == rows


def test_an_edit_adds_to_what_a_reducer_gathers_unless_it_is_to_replace_it(open_toys: OpenLab) -> None:
    workspace, thread_id = paused(open_toys)
    workspace.edit(thread_id, {"done": ["x"]})
    assert head(workspace, thread_id).values["done"] == ["a", "x"]
    workspace.edit(thread_id, {"done": ["y"]}, how={"done": "replace"})
    assert head(workspace, thread_id).values["done"] == ["y"]


def test_an_edit_of_nothing_is_refused(open_toys: OpenLab) -> None:
    workspace, thread_id = paused(open_toys)
    with pytest.raises(InvalidInput, match="No field was changed"):
        workspace.edit(thread_id, {})


def test_an_edit_at_a_head_that_has_moved_is_stale(open_toys: OpenLab) -> None:
    workspace, thread_id = paused(open_toys)
    shown = head(workspace, thread_id).checkpoint_id
    workspace.edit(thread_id, {"n": 2}, shown)
    with pytest.raises(StaleAnswer):
        workspace.edit(thread_id, {"n": 3}, shown)

    assert head(workspace, thread_id).values["n"] == 2


def test_an_edit_before_nodes_side_by_side_leaves_all_of_them_next(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(fan(a=done("a"), b=done("b"))))).workspace("w")
    thread_id = ran(workspace, breakpoints=Breakpoints(before=("a", "b")))
    workspace.edit(thread_id, {"n": 2})
    assert head(workspace, thread_id).next == ("a", "b")
    workspace.proceed(thread_id)
    end(workspace, thread_id)

    assert (names(workspace, thread_id), head(workspace, thread_id).values["n"]) == (["a", "b", "join"], 2)


def test_an_edit_while_a_node_waits_for_one_beside_it_is_refused_and_loses_nothing(open_toys: OpenLab) -> None:
    down = [True]

    def failing(_: State) -> dict[str, Any]:
        if down.pop():
            raise LookupError("no such shelf")
        return {"done": ["b"]}

    count = list[str]()
    down.insert(0, False)
    workspace = open_toys(toy(lane(fan(a=done("a", count), b=failing)))).workspace("w")
    thread_id = ran(workspace)
    assert (head(workspace, thread_id).next, count) == (("b",), ["a"])
    with pytest.raises(NotPossible, match="side by side"):
        workspace.edit(thread_id, {"n": 2})
    workspace.proceed(thread_id)
    end(workspace, thread_id)

    assert (names(workspace, thread_id), count) == (["a", "b", "join"], ["a"])


def test_a_refused_edit_gives_the_thread_back(open_toys: OpenLab) -> None:
    workspace, thread_id = paused(open_toys)
    for _ in range(2):
        with pytest.raises(StaleAnswer):
            workspace.edit(thread_id, {"n": 2}, "made-up")
    workspace.proceed(thread_id)

    assert end(workspace, thread_id).outcome == "finished"


def test_a_stranger_cannot_edit(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a"), b=done("b")))))
    thread_id = begin(lab.workspace("w"), breakpoints=PAUSE)
    end(lab.workspace("w"), thread_id)
    with pytest.raises(UnknownThread):
        lab.workspace("other").edit(thread_id, {"n": 2})

    assert head(lab.workspace("w"), thread_id).values["n"] == 1
