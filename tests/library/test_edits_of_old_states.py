"""What the library does silently to edits of old states, each shown on a bare graph, and the lab's guard."""

import operator
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from langgraph.errors import InvalidUpdateError
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command
from pydantic import BaseModel
from typing_extensions import TypedDict

from graphs.pattern import Build, Fork, Replay, Rewind
from graphs.persistence.time_travel import fork, go_on, replay, rewind
from graphs.world import World
from lab.errors import InvalidInput, NotPossible
from lab.workspace import StateEdit, Workspace
from tests.support.asking_nodes import asks
from tests.support.toy_patterns import (
    OpenLab,
    bare,
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
    saved,
    toy,
)

GIVEN = {"n": 1, "done": [], "crash": ""}


class Order(BaseModel):
    item: str
    cents: int


class Shop(TypedDict):
    n: int
    order: Order
    notes: Annotated[list[str], operator.add]


def shop() -> Build:
    """Make a graph of a node that makes an order and one that notes its type."""

    def build(_: object) -> Any:
        made = StateGraph(Shop, context_schema=World, input_schema=Shop)
        made.add_node("a", lambda _: {"order": Order(item="Lamp", cents=5), "notes": ["a"]})
        made.add_node("b", lambda state: {"notes": [type(state["order"]).__name__]})
        return made.add_edge(START, "a").add_edge("a", "b")

    return build


def test_bare_old_values_written_over_new_ones_are_appended_and_nothing_runs() -> None:
    count = list[str]()
    made, config = bare(chain(a=done("a", count), b=done("b", count)))
    made.invoke(GIVEN, config)
    old = next(found for found in made.get_state_history(config) if found.next == ("b",))
    made.update_state(config, old.values)
    made.invoke(None, config)
    now = made.get_state(config)

    assert (now.values["done"], now.next, count) == (["a", "b", "a"], (), ["a", "b"])


@pytest.mark.parametrize("travel", [None, Replay(replay), Fork(fork, go_on)], ids=["none", "replay", "fork"])
def test_old_values_are_not_written_over_new_ones_where_that_is_not_the_lesson(open_toys: OpenLab, travel: Any) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), b=done("b")), travel=travel))).workspace("w")
    thread_id = ran(workspace)
    there = saved(workspace, thread_id)
    with pytest.raises(NotPossible, match="Replay the checkpoint"):
        workspace.travel.rewind(thread_id, there[1])

    assert saved(workspace, thread_id) == there


def test_a_lane_whose_lesson_it_is_shows_what_writing_old_values_does(open_toys: OpenLab) -> None:
    count = list[str]()
    build = chain(a=done("a", count), b=done("b", count))
    workspace = open_toys(toy(lane(build, travel=Rewind(rewind, go_on)))).workspace("w")
    thread_id = ran(workspace)
    workspace.travel.rewind(thread_id, before(workspace, thread_id, "b"))
    end(workspace, thread_id)

    assert (names(workspace, thread_id), count) == (["a", "b", "a"], ["a", "b"])


@everywhere
def test_a_replay_runs_the_rest_again_from_the_old_values(open_toys: OpenLab) -> None:
    count = list[str]()
    workspace = open_toys(toy(lane(chain(a=done("a", count), b=done("b", count))))).workspace("w")
    thread_id = ran(workspace)
    workspace.travel.replay(thread_id, before(workspace, thread_id, "b"))

    assert end(workspace, thread_id).outcome == "finished"
    assert (names(workspace, thread_id), count) == (["a", "b"], ["a", "b", "b"])


def test_bare_an_edit_as_one_of_several_pending_nodes_drops_the_others_and_the_join() -> None:
    made, config = bare(fan(a=done("a"), ask=asks("ask")))
    made.invoke(GIVEN, config)
    assert made.get_state(config).values["done"] == ["a"]
    made.update_state(config, {"done": ["by hand"]}, as_node="ask")
    made.invoke(None, config)

    assert (made.get_state(config).values["done"], made.get_state(config).next) == (["by hand"], ())


EDITS: dict[str, Callable[[Workspace, str, str, str], object]] = {
    "fork": lambda workspace, thread, at, node: workspace.travel.fork(
        thread, at, StateEdit({"n": 2}, {}, as_node=node)
    ),
    "what_if": lambda workspace, thread, at, node: workspace.travel.what_if(
        thread, at, StateEdit({"n": 2}, {}, as_node=node)
    ),
    "preview": lambda workspace, thread, at, node: workspace.travel.preview(thread, at, StateEdit({"n": 2}, {}, node)),
}


@everywhere
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_as_one_of_several_pending_nodes_is_refused_and_loses_nothing(open_toys: OpenLab, edit: str) -> None:
    workspace = open_toys(toy(lane(fan(a=done("a"), ask=asks("ask"))))).workspace("w")
    thread_id = ran(workspace)
    asked, there = head(workspace, thread_id), saved(workspace, thread_id)
    for node in ("a", "ask"):
        with pytest.raises(NotPossible, match="pending side by side"):
            EDITS[edit](workspace, thread_id, asked.checkpoint_id, node)
    assert saved(workspace, thread_id) == there
    workspace.resume(thread_id, {asked.questions[0].id: 1}, asked.checkpoint_id)
    end(workspace, thread_id)

    assert names(workspace, thread_id) == ["a", "ask=1", "join"]


def test_an_edit_as_the_node_before_a_fan_runs_all_of_it_and_the_join(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(fan(a=done("a"), b=done("b"))))).workspace("w")
    thread_id = ran(workspace)
    workspace.travel.fork(thread_id, before(workspace, thread_id, "a"), StateEdit({"n": 2}, {}), run=True)
    end(workspace, thread_id)

    assert (names(workspace, thread_id), head(workspace, thread_id).values["n"]) == (["a", "b", "join"], 2)


def test_bare_an_edit_as_a_copy_or_as_input_leaves_the_values_out() -> None:
    made, config = bare(chain(a=done("a"), b=done("b")))
    made.invoke(GIVEN, config)
    for as_node in ("__copy__", "__input__"):
        made.update_state(config, {"n": 9}, as_node=as_node)
        assert made.get_state(config).values["n"] == 1


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("node", ["__copy__", "__input__", END, "made-up", "", "x" * 10_000])
def test_an_edit_as_a_node_that_the_graph_does_not_have_is_refused(open_toys: OpenLab, edit: str, node: str) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), b=done("b"))))).workspace("w")
    thread_id = ran(workspace)
    there = saved(workspace, thread_id)
    with pytest.raises(NotPossible, match="no node") as refused:
        EDITS[edit](workspace, thread_id, there[2], node)

    assert len(str(refused.value)) < 300
    assert (saved(workspace, thread_id), workspace.history.status(thread_id)) == (there, "finished")


def test_bare_an_edit_after_parallel_nodes_is_ambiguous() -> None:
    made, config = bare(fan(a=done("a"), b=done("b")))
    made.invoke(GIVEN, config, interrupt_before=["join"])
    with pytest.raises(InvalidUpdateError, match="Ambiguous"):
        made.update_state(config, {"n": 2})


def test_an_edit_from_which_the_graph_finds_no_way_is_refused_and_saves_nothing(open_toys: OpenLab) -> None:
    ways = {1: "b", 2: "c"}

    def build(_: object) -> Any:
        made = graph().add_node("a", done("a")).add_node("b", done("b")).add_node("c", done("c"))
        return made.add_edge(START, "a").add_conditional_edges("a", lambda state: ways[state["n"]], ["b", "c"])

    workspace = open_toys(toy(lane(build))).workspace("w")
    thread_id = ran(workspace)
    there, at = saved(workspace, thread_id), before(workspace, thread_id, "b")
    for edit in (workspace.travel.fork, workspace.travel.preview):
        with pytest.raises(NotPossible, match="KeyError: 3"):
            edit(thread_id, at, StateEdit({"n": 3}, {}, "a"))
    assert saved(workspace, thread_id) == there
    workspace.travel.replay(thread_id, at)

    assert end(workspace, thread_id).outcome == "finished"


def test_bare_a_typed_value_that_is_edited_as_json_comes_back_as_a_dict() -> None:
    made, config = bare(shop())
    made.invoke({"n": 1, "notes": []}, config, interrupt_before=["b"])
    made.update_state(config, {"order": {"item": "Desk", "cents": 7}})
    made.invoke(None, config)

    assert made.get_state(config).values["notes"] == ["a", "dict"]


@everywhere
def test_a_typed_value_that_is_edited_in_a_fork_keeps_its_type(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(shop()))).workspace("w")
    thread_id = workspace.start("toy", "only", {"n": 1, "order": {"item": "Lamp", "cents": 1}, "notes": []}).thread_id
    end(workspace, thread_id)
    edit = {"order": {"item": "Desk", "cents": 7}}
    new = workspace.travel.fork(thread_id, before(workspace, thread_id, "b"), StateEdit(edit, {}), run=True)
    end(workspace, thread_id)

    assert workspace.history.values(thread_id, new)["order"] == Order(item="Desk", cents=7)
    assert head(workspace, thread_id).values["notes"] == ["a", "Order"]


def test_a_typed_value_that_does_not_fit_is_refused_by_field_and_saves_nothing(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(shop()))).workspace("w")
    thread_id = workspace.start("toy", "only", {"n": 1, "order": {"item": "Lamp", "cents": 1}, "notes": []}).thread_id
    end(workspace, thread_id)
    there = saved(workspace, thread_id)
    for values, field in (({"order": {"item": "Desk", "cents": "many"}}, "order.cents"), ({"nothing": 1}, "nothing")):
        with pytest.raises(InvalidInput) as refused:
            workspace.travel.fork(thread_id, there[2], StateEdit(values, {}))
        assert set(refused.value.fields) == {field}

    assert saved(workspace, thread_id) == there


def test_bare_a_question_at_a_forked_checkpoint_is_answered_unasked() -> None:
    made, config = bare(chain(ask=asks("ask")))
    made.invoke(GIVEN, config)
    fork = made.update_state(made.get_state(config).config, {"n": 2})
    assert made.get_state(fork).interrupts == ()
    made.invoke(Command(resume="unasked"), fork)

    assert made.get_state(config).values["done"] == ["ask='unasked'"]


def test_a_fork_of_a_question_asks_it_again_before_it_takes_an_answer(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(ask=asks("ask"))))).workspace("w")
    thread_id = ran(workspace)
    asked = head(workspace, thread_id)
    workspace.travel.fork(thread_id, asked.checkpoint_id, StateEdit({"n": 2}, {}))
    assert (workspace.history.status(thread_id), workspace.history.pending(thread_id)) == ("resumable", ())
    workspace.proceed(thread_id)

    assert end(workspace, thread_id).outcome == "waiting"
    assert [question.node for question in workspace.history.pending(thread_id)] == ["ask"]
