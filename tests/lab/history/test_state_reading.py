"""A step whose writes can't be joined to the state is a failure of those who wrote, from which a thread goes on."""

import operator
from typing import Annotated, Any

import pytest
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from graphs.world import World
from lab.errors import Unreadable
from lab.workspace import StateEdit, Workspace
from tests.support.toy_patterns import Input, OpenLab, begin, end, everywhere, head, lane, ran, toy


class State(TypedDict, total=False):
    n: int
    alone: str
    total: Annotated[int, operator.add]


def diamond(reducer: Any = operator.add, count: list[str] | None = None, **writes: Any) -> Any:
    """Make a graph of nodes side by side that write so, a bystander beside them, and a `join` behind them."""

    class Checked(State, total=False):
        checked: Annotated[list[str], reducer]

    def writer(name: str, wrote: Any) -> Any:
        def node(_: Any) -> Any:
            if count is not None:
                count.append(name)
            return wrote

        return node

    def build(_: Any) -> Any:
        made: Any = StateGraph(Checked, context_schema=World, input_schema=Input)
        made.add_node("join", lambda _: {"total": 100})
        for name, wrote in {**writes, "bystander": {"total": 1}}.items():
            made.add_node(name, writer(name, wrote)).add_edge(START, name)
        return made.add_edge([*writes, "bystander"], "join")

    return build


def statuses(workspace: Workspace, thread_id: str) -> dict[str, str]:
    view = workspace.view(thread_id)
    view.catch_up()
    return {step.path[-1]: step.status for step in view.steps}


def errors(workspace: Workspace, thread_id: str) -> dict[str, str]:
    view = workspace.view(thread_id)
    view.catch_up()
    return {step.path[-1]: step.error for step in view.steps if step.error}


TWO: Any = {"left": {"alone": "l"}, "right": {"alone": "r"}}


@everywhere
def test_two_writers_of_a_channel_without_a_reducer_failed_and_the_one_beside_them_did_not(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(diamond(**TWO)))).workspace("w")
    thread_id = begin(workspace)
    ended = end(workspace, thread_id)
    snapshot = head(workspace, thread_id)

    assert ended.outcome == "failed"
    assert "InvalidUpdateError" in ended.error
    assert statuses(workspace, thread_id) == {"left": "failed", "right": "failed", "bystander": "done"}
    assert errors(workspace, thread_id) == {"left": ended.error, "right": ended.error}
    assert workspace.history.status(thread_id) == "resumable"
    assert set(snapshot.next) == {"left", "right", "bystander"}
    assert snapshot.values.get("total", 0) == 0
    assert set(snapshot.errors) == {"left", "right"}
    assert all("'alone'" in error for error in snapshot.errors.values())


@everywhere
def test_the_thread_of_such_a_failure_is_forked_with_an_edit_and_goes_on(open_toys: OpenLab) -> None:
    def left(state: Any) -> dict[str, Any]:
        return TWO["left"] if state["n"] == 1 else {"total": 10}

    def choosing(_: Any) -> Any:
        made: Any = StateGraph(State, context_schema=World, input_schema=Input)
        made.add_node("join", lambda _: {"total": 100})
        made.add_node("left", left).add_node("right", lambda _: TWO["right"])
        return made.add_edge(START, "left").add_edge(START, "right").add_edge(["left", "right"], "join")

    workspace = open_toys(toy(lane(choosing))).workspace("w")
    thread_id = ran(workspace)
    failed_at = head(workspace, thread_id).checkpoint_id
    workspace.travel.fork(thread_id, failed_at, StateEdit({"n": 2}, {}), run=True)

    assert end(workspace, thread_id)[1:3] == ("finished", "")
    assert head(workspace, thread_id).values == {"n": 2, "alone": "r", "total": 110}
    workspace.travel.replay(thread_id, failed_at)
    assert end(workspace, thread_id).outcome == "failed"
    assert workspace.history.status(thread_id) == "resumable"
    workspace.edit(thread_id, {"n": 3}, head(workspace, thread_id).checkpoint_id)
    workspace.proceed(thread_id)
    assert end(workspace, thread_id)[1:3] == ("finished", "")
    assert head(workspace, thread_id).values["n"] == 3


@everywhere
def test_a_reducer_that_raises_is_tried_again_without_running_its_writers_again(open_toys: OpenLab) -> None:
    broken = [True]

    def reduce(old: list[str], new: list[str]) -> list[str]:
        if broken and new:
            raise ArithmeticError("the scales are out of order")
        return [*(old or []), *new]

    count = list[str]()
    build = diamond(reduce, count, left={"checked": ["l"]}, right={"checked": ["r"]})
    workspace = open_toys(toy(lane(build))).workspace("w")
    thread_id = ran(workspace)
    assert head(workspace, thread_id).errors == dict.fromkeys(
        ("left", "right"), "ArithmeticError: the scales are out of order"
    )
    assert statuses(workspace, thread_id) == {"left": "failed", "right": "failed", "bystander": "done"}
    workspace.proceed(thread_id)
    again = end(workspace, thread_id)
    assert (again.outcome, "ArithmeticError: the scales are out of order" in again.error) == ("failed", True)
    broken.clear()
    workspace.proceed(thread_id)

    assert end(workspace, thread_id)[1:3] == ("finished", "")
    assert sorted(count) == ["bystander", "left", "right"]
    assert head(workspace, thread_id).values["checked"] == ["l", "r"]
    assert head(workspace, thread_id).errors == {}
    assert set(statuses(workspace, thread_id).values()) == {"done"}
    assert errors(workspace, thread_id) == {}


@pytest.mark.parametrize("open_toys", ["sqlite"], indirect=True)
def test_a_damaged_row_is_still_told_as_damage(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(diamond(left={"total": 1}))))
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    with lab.storage.database.begin() as connection:
        connection.exec_driver_sql("UPDATE checkpoints SET checkpoint = X'00FF'")

    with pytest.raises(Unreadable, match="can't be read"):
        workspace.history.snapshot(thread_id)


def test_a_conflict_inside_a_subgraph_is_a_failure_of_the_node_that_called_it(open_toys: OpenLab) -> None:
    def build(model: Any) -> Any:
        made: Any = StateGraph(State, context_schema=World, input_schema=Input)
        made.add_node("inner", diamond(**TWO)(model).compile())
        return made.add_edge(START, "inner")

    workspace = open_toys(toy(lane(build))).workspace("w")
    thread_id = ran(workspace)

    assert statuses(workspace, thread_id)["inner"] == "failed"
    assert set(head(workspace, thread_id).errors) == {"inner"}
