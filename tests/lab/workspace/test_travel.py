"""Going back: what each way leaves behind, what it shows before, and which branch a reader follows after it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from langgraph.graph import START
from langgraph.types import Send

from graphs.pattern import Build, Pattern
from lab.errors import InvalidInput, NotConfirmed, NothingToContinue, NotPossible
from lab.events import RunStarted, Said, StateEdited, StepView, ThreadView, WentBack
from lab.lab import Lab
from lab.workspace import StateEdit, Workspace
from tests.support.asking_nodes import asks
from tests.support.labs import quiet
from tests.support.toy_patterns import (
    OpenLab,
    State,
    before,
    begin,
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


def three() -> Pattern:
    return toy(lane(chain(a=done("a"), b=done("b"), c=done("c"))))


def forking(_: object) -> Any:
    """Go to `small` or to `large`, as `n` says, and to as many `each` as `n`, where it's below 3."""
    made = graph().add_node("a", done("a"))
    for name in ("small", "large", "each"):
        made.add_node(name, done(name))

    def way(state: State) -> Any:
        if state["n"] < 3:
            return [Send("each", state)] * state["n"]
        return "small" if state["n"] < 10 else "large"

    return made.add_edge(START, "a").add_conditional_edges("a", way, ["small", "large", "each"])


@everywhere
def test_a_fork_that_is_not_run_stays_paused_at_the_edit(open_toys: OpenLab) -> None:
    count = list[str]()
    workspace = open_toys(toy(lane(chain(a=done("a", count), b=done("b", count))))).workspace("w")
    thread_id = ran(workspace)
    there, at = saved(workspace, thread_id), before(workspace, thread_id, "b")
    new = workspace.travel.fork(thread_id, at, StateEdit({"n": 7}, {}))
    now = head(workspace, thread_id)

    assert (now.checkpoint_id, now.parent_id, now.source, now.next) == (new, at, "update", ("b",))
    assert now.values == {"n": 7, "done": ["a"]}
    assert (saved(workspace, thread_id), count) == ([*there, new], ["a", "b"])
    assert (workspace.history.status(thread_id), workspace.history.tree(thread_id).head) == ("resumable", new)
    workspace.proceed(thread_id, new)
    assert end(workspace, thread_id).outcome == "finished"
    assert (names(workspace, thread_id), count) == (["a", "b"], ["a", "b", "b"])


def test_no_way_back_changes_what_was_saved(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), ask=asks("ask"), z=done("z"))))).workspace("w")
    thread_id = ran(workspace)
    asked = head(workspace, thread_id)
    workspace.resume(thread_id, {asked.questions[0].id: 1}, asked.checkpoint_id)
    end(workspace, thread_id)
    there = saved(workspace, thread_id)
    was = [workspace.history.snapshot(thread_id, ident) for ident in there]
    workspace.travel.fork(thread_id, there[1], StateEdit({"n": 2}, {}))
    workspace.travel.replay(thread_id, there[1])
    end(workspace, thread_id)
    workspace.travel.reanswer(thread_id, asked.checkpoint_id, {asked.questions[0].id: 2})
    end(workspace, thread_id)
    workspace.travel.what_if(thread_id, there[2], StateEdit({"n": 2}, {}))
    end(workspace, thread_id)

    assert [workspace.history.snapshot(thread_id, ident) for ident in there] == was
    assert [row.checkpoint_id for row in workspace.history.rows(thread_id, there)] == there


@everywhere
def test_a_label_is_the_name_of_the_branch_that_it_was_given_to(open_toys: OpenLab) -> None:
    workspace = open_toys(three()).workspace("w")
    thread_id = ran(workspace)
    at = before(workspace, thread_id, "b")
    workspace.travel.fork(thread_id, at, StateEdit({"n": 2}, {}, label=" dearer\n  by  far "), run=True)
    end(workspace, thread_id)
    workspace.travel.replay(thread_id, at, label="once more")
    end(workspace, thread_id)
    workspace.travel.fork(thread_id, at, StateEdit({"n": 3}, {}, label=" "))
    found = workspace.history.tree(thread_id).branches

    assert [branch.name for branch in found] == ["main", "dearer by far", "once more", "branch 4"]
    assert [branch.forked_from for branch in found] == [None, at, at, at]


@pytest.mark.parametrize(("how", "left"), [("append", ["a", "x", "b"]), ("replace", ["x", "b"])])
@everywhere
def test_a_field_with_a_reducer_is_appended_or_replaced_as_chosen(open_toys: OpenLab, how: Any, left: Any) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), b=done("b"))))).workspace("w")
    thread_id = ran(workspace)
    workspace.travel.fork(
        thread_id, before(workspace, thread_id, "b"), StateEdit({"done": ["x"]}, {"done": how}), run=True
    )
    end(workspace, thread_id)

    assert names(workspace, thread_id) == left


def test_a_field_with_a_reducer_is_not_edited_where_nobody_chose_how(open_toys: OpenLab) -> None:
    workspace = open_toys(three()).workspace("w")
    thread_id = ran(workspace)
    with pytest.raises(InvalidInput, match="appended or replaces"):
        workspace.travel.fork(thread_id, before(workspace, thread_id, "b"), StateEdit({"done": ["x"]}, {}))


WAYS: dict[str, tuple[Build, str, dict[str, Any], Mapping[str, Any], str | None]] = {
    "plain": (chain(a=done("a"), b=done("b")), "b", {"n": 2}, {}, None),
    "append": (chain(a=done("a"), b=done("b")), "b", {"done": ["x"]}, {"done": "append"}, None),
    "replace": (chain(a=done("a"), b=done("b")), "b", {"done": []}, {"done": "replace"}, None),
    "as the next node": (chain(a=done("a"), b=done("b"), c=done("c")), "b", {"n": 2}, {}, "b"),
    "as the last node": (chain(a=done("a"), b=done("b"), c=done("c")), "b", {"n": 2}, {}, "c"),
    "as the start": (chain(a=done("a"), b=done("b"), c=done("c")), "c", {"n": 2}, {}, "__start__"),
    "before the first node": (chain(a=done("a"), b=done("b")), "a", {"n": 2}, {}, None),
    "before the input": (chain(a=done("a"), b=done("b")), "__start__", {"n": 2}, {}, "a"),
    "by an edge to small": (forking, "each", {"n": 3}, {}, "a"),
    "by an edge to large": (forking, "each", {"n": 30}, {}, "a"),
    "by an edge to two tasks": (forking, "each", {"n": 2}, {}, "a"),
    "by an edge to nothing": (forking, "each", {"n": 0}, {}, "a"),
    "the input alone": (chain(a=done("a"), b=done("b")), "__start__", {"n": 2}, {}, None),
    "the input, as the start": (chain(a=done("a"), b=done("b")), "__start__", {"n": 2}, {}, "__start__"),
    "before two tasks": (forking, "each", {"n": 9}, {}, None),
    "before a fan": (fan(a=done("a"), b=done("b")), "a", {"n": 2}, {}, None),
    "between a fan and its join": (fan(a=done("a"), b=done("b")), "join", {"n": 2}, {}, None),
    "after a fan": (fan(a=done("a"), b=done("b")), "join", {"n": 2}, {}, "join"),
}


@everywhere
@pytest.mark.parametrize("way", WAYS)
def test_a_preview_is_what_a_fork_then_saves_and_saves_nothing_itself(open_toys: OpenLab, way: str) -> None:
    build, node, values, how, as_node = WAYS[way]
    workspace = open_toys(toy(lane(build))).workspace("w")
    thread_id = ran(workspace)
    at, there = before(workspace, thread_id, node), saved(workspace, thread_id)
    told = len(workspace.events(thread_id))
    seen = workspace.travel.preview(thread_id, at, StateEdit(values, how, as_node))
    assert (saved(workspace, thread_id), len(workspace.events(thread_id))) == (there, told)
    new = workspace.travel.fork(thread_id, at, StateEdit(values, how, as_node=as_node))
    now = head(workspace, thread_id)

    assert (now.checkpoint_id, seen.values, seen.next) == (new, now.values, now.next)
    assert seen.changes == workspace.history.diff(thread_id, at, new)


def test_a_preview_of_an_edge_says_where_the_graph_would_go(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(forking))).workspace("w")
    thread_id = ran(workspace)
    at = before(workspace, thread_id, "each")
    seen = {n: workspace.travel.preview(thread_id, at, StateEdit({"n": n}, {}, "a")).next for n in (0, 2, 3, 30)}

    assert seen == {0: (), 2: ("each", "each"), 3: ("small",), 30: ("large",)}


@pytest.mark.parametrize("back", ["replay", "what_if"])
def test_where_nothing_follows_there_is_nothing_to_run_again(open_toys: OpenLab, back: str) -> None:
    workspace = open_toys(three()).workspace("w")
    thread_id = ran(workspace)
    there = saved(workspace, thread_id)
    more = (StateEdit({"n": 2}, {}),) if back == "what_if" else ()
    with pytest.raises(NothingToContinue):
        getattr(workspace.travel, back)(thread_id, there[-1], *more)

    assert saved(workspace, thread_id) == there
    workspace.travel.replay(thread_id, there[-2])
    assert end(workspace, thread_id).outcome == "finished"


@everywhere
def test_a_what_if_makes_two_branches_that_differ_by_the_edit_alone(open_toys: OpenLab) -> None:
    count = list[str]()
    noting = chain(a=done("a"), b=lambda state: {"done": [f"b of {state['n']}"]}, c=done("c", count))
    workspace = open_toys(toy(lane(noting))).workspace("w")
    thread_id = ran(workspace)
    at = before(workspace, thread_id, "b")
    workspace.travel.what_if(thread_id, at, StateEdit({"n": 7}, {}, label="seven"))
    assert end(workspace, thread_id).outcome == "finished"
    main, *others = workspace.history.tree(thread_id).branches
    by_name = {branch.name: branch for branch in others}

    assert set(by_name) == {"seven", "as it was"}
    assert {branch.forked_from for branch in others} == {at}
    assert workspace.history.diff(thread_id, main.leaf.checkpoint_id, by_name["as it was"].leaf.checkpoint_id) == ()
    edited = workspace.history.snapshot(thread_id, by_name["seven"].leaf.checkpoint_id)
    assert edited is not None
    assert edited.values == {"n": 7, "done": ["a", "b of 7", "c"]}
    begun = {branch.name: workspace.history.diff(thread_id, at, branch.own[0].checkpoint_id) for branch in others}
    assert begun["as it was"] == ()
    assert [(change.at, change.after) for change in begun["seven"]] == [("n", 7)]
    assert count == ["c", "c", "c"]


def steps(view: ThreadView) -> list[str]:
    view.catch_up()
    return [item.path[-1] for item in view.items if isinstance(item, StepView)]


@everywhere
def test_after_a_replay_a_reader_sees_the_items_of_that_branch_only(open_toys: OpenLab) -> None:
    workspace = open_toys(three()).workspace("w")
    thread_id = ran(workspace)
    view = workspace.view(thread_id)
    assert steps(view) == ["a", "b", "c"]
    old = [item.key for item in view.items if isinstance(item, StepView)]
    at = before(workspace, thread_id, "b")
    workspace.travel.replay(thread_id, at)
    end(workspace, thread_id)

    assert steps(view) == ["a", "b", "c"]
    new = [item.key for item in view.items if isinstance(item, StepView)]
    assert [one == other for one, other in zip(old, new, strict=True)] == [True, False, False]
    assert view.back_at is not None
    assert (view.back_at.checkpoint_id, view.back_at.step) == (at, 1)
    later = workspace.view(thread_id)
    assert steps(later) == steps(view)


def test_who_goes_back_before_the_beginning_of_another_branch_sees_the_first_one_again(open_toys: OpenLab) -> None:
    workspace = open_toys(three()).workspace("w")
    thread_id = ran(workspace)
    first = saved(workspace, thread_id)
    workspace.travel.fork(thread_id, first[2], StateEdit({"n": 2}, {}), run=True)
    end(workspace, thread_id)
    view = workspace.view(thread_id)
    assert steps(view) == ["a", "b", "c"]
    assert [item.values for item in view.items if isinstance(item, Said) and item.kind == "edit"] == [{"n": 2}]
    workspace.travel.replay(thread_id, first[3])
    end(workspace, thread_id)

    assert steps(view) == ["a", "b", "c"]
    assert not [item for item in view.items if isinstance(item, Said) and item.kind == "edit"]


def test_a_reader_after_a_restart_sees_the_branch_that_the_thread_goes_on_with(tmp_path: Any) -> None:
    first = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=[three()])
    thread_id = ran(first.workspace("w"))
    first.workspace("w").travel.replay(thread_id, before(first.workspace("w"), thread_id, "c"))
    end(first.workspace("w"), thread_id)
    first.close()
    second = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=[three()])

    assert steps(second.workspace("w").view(thread_id)) == ["a", "b", "c"]
    second.close()


def test_each_way_back_is_told_before_its_run(open_toys: OpenLab) -> None:
    workspace = open_toys(three()).workspace("w")
    thread_id = ran(workspace)
    at = before(workspace, thread_id, "b")
    told = workspace.events(thread_id)[-1].no
    new = workspace.travel.fork(thread_id, at, StateEdit({"n": 2}, {}), run=True)
    end(workspace, thread_id)
    back, edited, started, *_ = workspace.events(thread_id, told)

    assert isinstance(back, WentBack)
    assert isinstance(edited, StateEdited)
    assert isinstance(started, RunStarted)
    assert (back.checkpoint_id, edited.checkpoint_id, edited.values) == (at, new, {"n": 2})


BACK: dict[str, Callable[[Workspace, str], object]] = {
    "values": lambda workspace, thread: workspace.history.values(thread, "some"),
    "diff": lambda workspace, thread: workspace.history.diff(thread, None, "some"),
    "ahead": lambda workspace, thread: workspace.travel.ahead(thread, "some"),
    "preview": lambda workspace, thread: workspace.travel.preview(thread, "some", StateEdit({"n": 2}, {})),
    "fork": lambda workspace, thread: workspace.travel.fork(thread, "some", StateEdit({"n": 2}, {})),
    "replay": lambda workspace, thread: workspace.travel.replay(thread, "some"),
    "reanswer": lambda workspace, thread: workspace.travel.reanswer(thread, "some", {"some": 1}),
    "what_if": lambda workspace, thread: workspace.travel.what_if(thread, "some", StateEdit({"n": 2}, {})),
    "resume": lambda workspace, thread: workspace.resume(thread, {"some": 1}, "some"),
}


@pytest.mark.parametrize("back", BACK)
def test_a_lane_without_a_checkpointer_says_that_there_is_no_way_back(open_toys: OpenLab, back: str) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a")), remembers=False))).workspace("w")
    thread_id = begin(workspace)
    end(workspace, thread_id)
    with pytest.raises(NotPossible, match="no checkpointer"):
        BACK[back](workspace, thread_id)


def acting(_: object) -> Any:
    """Act outside the state in the second of two nodes."""
    made = graph().add_node("a", done("a")).add_node("b", done("b"), metadata={"effects": ["ledger"]})
    return made.add_edge(START, "a").add_edge("a", "b")


@everywhere
@pytest.mark.parametrize("node", ["a", "b"])
def test_a_replay_that_acts_outside_the_state_again_begins_on_confirmation_alone(open_toys: OpenLab, node: str) -> None:
    workspace = open_toys(toy(lane(acting))).workspace("w")
    thread_id = ran(workspace)
    there, at = saved(workspace, thread_id), before(workspace, thread_id, node)

    with pytest.raises(NotConfirmed, match=r"'b'.*only on confirmation.*Confirm it"):
        workspace.travel.replay(thread_id, at)
    assert saved(workspace, thread_id) == there
    assert not workspace.history.decisions.page(limit=0).total

    workspace.travel.replay(thread_id, at, confirmed=True)
    end(workspace, thread_id)
    assert len(workspace.history.tree(thread_id).branches) == 2
