"""Edits and what runs after them: what was next stays next, once each, unless a node is chosen to write as."""

import operator
from typing import Annotated, Any

import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import Command, Send
from typing_extensions import TypedDict

from graphs.pattern import Breakpoints, Build
from graphs.world import World
from lab.errors import InvalidInput
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
    fan,
    graph,
    head,
    lane,
    names,
    ran,
    toy,
)


def routed(_: object) -> Any:
    """Go by a conditional edge."""
    made = graph().add_node("a", done("a")).add_node("small", done("small")).add_node("large", done("large"))
    made.add_conditional_edges("a", lambda state: "small" if state["n"] < 3 else "large", ["small", "large"])
    return made.add_edge(START, "a")


def handing(_: object) -> Any:
    """Hand over from agent to agent by commands, and once to itself."""
    way = {"alice": ["bob", "carol"], "bob": ["bob", "alice"], "carol": []}

    def agent(name: str) -> Node:
        def node(state: State) -> Command[str]:
            goto = way[name][state["done"].count(name) : state["done"].count(name) + 1]
            return Command(update={"done": [name]}, goto=goto)

        return node

    made = graph()
    for name in way:
        made.add_node(name, agent(name), destinations=tuple(way))
    return made.add_edge(START, "alice")


def mapping(_: object) -> Any:
    """Send tasks of their own values, and gather what they made when all are done."""
    made = graph().add_node("plan", done("plan")).add_node("gather", done("gather"), defer=True)
    made.add_node("each", lambda given: {"done": [f"each {given['crash']}"]}).add_edge("each", "gather")
    made.add_conditional_edges("plan", lambda _: [Send("each", {"crash": one}) for one in "xyz"], ["each"])
    return made.add_edge(START, "plan")


def uneven(_: object) -> Any:
    """Join a short way and a long one."""
    made = graph().add_edge(START, "short").add_edge(START, "long").add_edge("long", "longer")
    for name in ("short", "long", "longer", "join"):
        made.add_node(name, done(name))
    return made.add_edge(["short", "longer"], "join")


def nested(_: object) -> Any:
    """Call a subgraph."""
    inner = graph().add_node("i", done("i")).add_node("j", done("j")).add_edge(START, "i").add_edge("i", "j")
    made = graph().add_node("a", done("a")).add_node("sub", inner.compile()).add_node("z", done("z"))
    return made.add_edge(START, "a").add_edge("a", "sub").add_edge("sub", "z")


SHAPES: dict[str, Build] = {
    "a chain": chain(a=done("a"), b=done("b"), c=done("c")),
    "a conditional edge": routed,
    "commands": handing,
    "sent tasks": mapping,
    "a fan": fan(a=done("a"), b=done("b")),
    "an uneven join": uneven,
    "a subgraph": nested,
}


@everywhere
@pytest.mark.parametrize("shape", SHAPES)
def test_wherever_a_state_is_edited_the_same_nodes_run_after_it_and_each_once(open_toys: OpenLab, shape: str) -> None:
    workspace = open_toys(toy(lane(SHAPES[shape]))).workspace("w")
    thread_id = ran(workspace)
    whole = names(workspace, thread_id)
    rows = [row for row in workspace.history.page(thread_id, limit=100).rows if row.next]
    for number, row in enumerate(rows):
        there = workspace.history.snapshot(thread_id, row.checkpoint_id)
        assert there is not None
        seen = workspace.travel.preview(thread_id, row.checkpoint_id, StateEdit({"n": 100 + number}, {}))
        new = workspace.travel.fork(thread_id, row.checkpoint_id, StateEdit({"n": 100 + number}, {}))
        now = head(workspace, thread_id)
        assert (now.checkpoint_id, now.source, now.values) == (new, "update", seen.values)
        assert now.values["n"] == 100 + number
        if there.next != ("__start__",):
            assert seen.next == there.next
            assert {**now.values, "n": there.values["n"]} == there.values
        assert now.next == seen.next
        assert workspace.history.status(thread_id) == "resumable"
        if (shape, row.next) == ("a conditional edge", ("a",)) or there.next == ("__start__",):
            # There the router is still ahead, and reads what was edited.
            continue
        workspace.proceed(thread_id, new)

        assert end(workspace, thread_id).outcome == "finished"
        assert names(workspace, thread_id) == whole
        assert head(workspace, thread_id).values["n"] == 100 + number


@everywhere
def test_an_edit_of_what_an_edit_left_is_a_checkpoint_of_its_own(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(mapping))).workspace("w")
    thread_id = ran(workspace)
    at = before(workspace, thread_id, "each")
    first = workspace.travel.fork(thread_id, at, StateEdit({"n": 2}, {}, label="two"))
    second = workspace.travel.fork(thread_id, first, StateEdit({"n": 3}, {}, label="three"))
    third = workspace.edit(thread_id, {"crash": "no"}, second)
    was = workspace.history.snapshot(thread_id, first)
    assert was is not None

    assert was.values["n"] == 2
    assert head(workspace, thread_id).values == {**was.values, "n": 3, "crash": "no"}
    assert (head(workspace, thread_id).checkpoint_id, head(workspace, thread_id).parent_id) == (third, second)
    assert [row.label for row in workspace.history.rows(thread_id, [first, second])] == ["two", "three"]
    workspace.proceed(thread_id, third)
    end(workspace, thread_id)
    assert names(workspace, thread_id) == ["plan", "each x", "each y", "each z", "gather"]


@everywhere
def test_a_node_that_is_chosen_decides_what_runs_next(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(routed))).workspace("w")
    thread_id = ran(workspace)
    at = before(workspace, thread_id, "small")

    assert workspace.travel.preview(thread_id, at, StateEdit({"n": 9}, {})).next == ("small",)
    assert workspace.travel.preview(thread_id, at, StateEdit({"n": 9}, {}, "a")).next == ("large",)
    workspace.travel.fork(thread_id, at, StateEdit({"n": 9}, {}, as_node="a"), run=True)
    end(workspace, thread_id)
    assert names(workspace, thread_id) == ["a", "large"]


@everywhere
def test_an_edit_where_a_question_waits_asks_it_again_beside_what_else_was_next(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(fan(a=asks("a"), b=asks("b"))))).workspace("w")
    thread_id = ran(workspace)
    asked = head(workspace, thread_id)
    workspace.travel.fork(thread_id, asked.checkpoint_id, StateEdit({"n": 2}, {}), run=True)

    assert end(workspace, thread_id).outcome == "waiting"
    again = head(workspace, thread_id)
    assert ([question.node for question in again.questions], again.values["n"]) == (["a", "b"], 2)
    assert {question.id for question in again.questions}.isdisjoint(question.id for question in asked.questions)


@everywhere
def test_a_what_if_leaves_next_what_was_next_on_both_branches(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(mapping))).workspace("w")
    thread_id = ran(workspace)
    whole = names(workspace, thread_id)
    workspace.travel.what_if(thread_id, before(workspace, thread_id, "gather"), StateEdit({"n": 9}, {}))
    end(workspace, thread_id)
    main, *others = workspace.history.tree(thread_id).branches
    ends = [workspace.history.snapshot(thread_id, branch.leaf.checkpoint_id) for branch in (main, *others)]

    assert [(found.values["done"], found.values["n"]) for found in ends if found] == [
        (whole, 1),
        (whole, 9),
        (whole, 1),
    ]


class Given(TypedDict):
    n: int
    tone: str
    done: Annotated[list[str], operator.add]


class Grown(Given):
    crash: str


def from_input(_: object) -> Any:
    """Go where the input says."""
    made = StateGraph(Grown, context_schema=World, input_schema=Given)
    for name in ("small", "large"):
        made.add_node(name, lambda state, name=name: {"done": [f"{name} {state['tone']}"]})
    return made.add_conditional_edges(START, lambda state: "small" if state["n"] < 3 else "large", ["small", "large"])


def given(workspace: Workspace) -> str:
    thread_id = workspace.start("toy", "only", {"n": 1, "tone": "dry", "done": ["first"]}).thread_id
    end(workspace, thread_id)
    return thread_id


@everywhere
@pytest.mark.parametrize("as_node", [None, "__start__"])
def test_an_edit_of_the_input_keeps_the_rest_of_it_and_goes_where_it_now_says(
    open_toys: OpenLab, as_node: str | None
) -> None:
    workspace = open_toys(toy(lane(from_input))).workspace("w")
    thread_id = given(workspace)
    at, edit = before(workspace, thread_id, "__start__"), {"n": 9, "done": ["second"]}
    seen = workspace.travel.preview(thread_id, at, StateEdit(edit, {"done": "append"}, as_node))
    assert seen.next == ("large",)
    workspace.travel.fork(thread_id, at, StateEdit(edit, {"done": "append"}, as_node=as_node), run=True)
    end(workspace, thread_id)

    assert names(workspace, thread_id) == ["first", "second", "large dry"]
    workspace.travel.fork(thread_id, at, StateEdit({"done": ["other"]}, {"done": "replace"}, as_node=as_node), run=True)
    end(workspace, thread_id)
    assert names(workspace, thread_id) == ["other", "small dry"]


@everywhere
def test_an_edit_written_as_the_input_runs_what_follows_the_input(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(from_input))).workspace("w")
    thread_id = given(workspace)
    last = head(workspace, thread_id)
    assert (last.next, last.values["done"]) == ((), ["first", "small dry"])
    workspace.travel.fork(thread_id, last.checkpoint_id, StateEdit({"n": 9}, {}, as_node="__start__"), run=True)
    end(workspace, thread_id)

    assert names(workspace, thread_id) == ["first", "small dry", "large dry"]


def test_a_field_that_the_input_does_not_have_is_not_left_out_in_silence(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(from_input))).workspace("w")
    thread_id = given(workspace)
    rows = workspace.history.page(thread_id).rows
    for row, as_node in ((rows[0], None), (rows[-1], "__start__")):
        for edit in (workspace.travel.preview, workspace.travel.fork):
            with pytest.raises(InvalidInput) as refused:
                edit(thread_id, row.checkpoint_id, StateEdit({"n": 2, "crash": "x"}, {}, as_node))
            assert set(refused.value.fields) == {"crash"}

    assert workspace.history.page(thread_id).rows == rows


def test_in_branching_an_edit_of_the_category_does_not_end_a_thread_that_a_command_routed(lab: Lab) -> None:
    workspace = lab.workspace("w")
    thread_id = workspace.start(
        "branching", "command", {"text": "The shop is down, call immediately!"}, pace=0
    ).thread_id
    end(workspace, thread_id)
    at = before(workspace, thread_id, "urgent")
    assert workspace.travel.preview(thread_id, at, StateEdit({"category": "general"}, {})).next == ("urgent",)
    workspace.travel.fork(thread_id, at, StateEdit({"category": "general"}, {}), run=True, pace=0)

    assert end(workspace, thread_id).outcome == "finished"
    now = head(workspace, thread_id).values
    assert now["category"] == "general"
    assert str(now["answer"]).startswith("Deal with this first")


def test_in_hierarchical_agents_an_edit_after_the_teams_doubles_nothing(lab: Lab) -> None:
    workspace = lab.workspace("w")
    task = {"task": "Design a login page, build its API, then test it for attacks."}
    thread_id = workspace.start("hierarchical", "teams", task, pace=0).thread_id
    end(workspace, thread_id)
    whole = head(workspace, thread_id).values
    at = before(workspace, thread_id, "report")
    workspace.travel.fork(thread_id, at, StateEdit({"task": "Another one."}, {}), run=True, pace=0)

    assert end(workspace, thread_id).outcome == "finished"
    assert head(workspace, thread_id).values["handed"] == whole["handed"]
    assert len(whole["handed"]) > 2


def test_an_edit_at_a_breakpoint_does_not_pause_there_again(open_toys: OpenLab) -> None:
    pause = Breakpoints(before=("b",))
    workspace = open_toys(toy(lane(SHAPES["a chain"]))).workspace("w")
    thread_id = ran(workspace, breakpoints=pause)
    workspace.edit(thread_id, {"n": 2})
    workspace.proceed(thread_id, breakpoints=pause)

    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["a", "b", "c"]
