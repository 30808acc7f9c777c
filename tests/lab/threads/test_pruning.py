"""Pruning deletes what no kept branch needs, and nothing else."""

import operator
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from sqlalchemy import text
from typing_extensions import TypedDict

from graphs.pattern import Build
from lab.checkpoints import Storage, Write
from lab.errors import LabError, NotPossible, UnknownCheckpoint
from lab.lab import Lab
from lab.threads import (
    Pruned,
    branch_heads,
    copy_thread,
    keep_newest_branches,
    prune_branches,
)
from lab.workspace import StateEdit
from tests.support.asking_nodes import asks
from tests.support.saved_threads import WORKSPACE, at, branched, forked, history, lineage, rows, thread_of, three_steps
from tests.support.toy_patterns import OpenLab, chain, done, end, graph, lane, names, ran, toy


@pytest.mark.parametrize("kept", [(0,), (1,), (3,), (0, 2), (1, 3), (0, 1, 2, 3)])
def test_pruning_keeps_whole_branches_and_nothing_else(open_anywhere: OpenLab, kept: tuple[int, ...]) -> None:
    lab = open_anywhere(three_steps())
    thread_id, ends = branched(lab)
    other = ran(lab.workspace(WORKSPACE))
    wanted = {ident for number in kept for ident in lineage(lab, thread_id, ends[number])}
    told = [one for one in history(lab, thread_id) if any(ident in one[4].split("}")[0] for ident in wanted)]
    every = lab.workspace(WORKSPACE).history.page(thread_id, limit=1000).rows
    stayed = {row.parent_id for row in every if row.source == "loop" and row.checkpoint_id in wanted}
    # There a kept branch begins, and what the tasks wrote is of the branch that went on from there.
    left = {row.parent_id for row in every if row.source == "update" and row.checkpoint_id in wanted} - stayed
    beside, all_rows = history(lab, other), lab.workspace(WORKSPACE).history.count(thread_id)
    pruned = prune_branches(lab.storage, thread_id, [ends[number] for number in kept])

    assert {row.checkpoint_id for row in lab.workspace(WORKSPACE).history.page(thread_id).rows} == wanted
    for now, was in zip(history(lab, thread_id), told, strict=True):
        if any(f"'checkpoint_id': '{ident}'" in was[4].split("}")[0] for ident in left):
            assert (*now[:4], now[5]) == (*was[:4], was[5])
            assert now[4].count("result=None") == now[4].count("PregelTask(") > 0
        else:
            assert now == was
    assert set(branch_heads(lab.storage, thread_id)) == {ends[number] for number in kept}
    assert (pruned.branches, pruned.checkpoints) == (4 - len(kept), all_rows - len(wanted))
    assert (pruned.writes > 0) == (len(kept) < 4)
    assert history(lab, other) == beside
    assert values_without_checkpoint(lab.storage) == []


def values_without_checkpoint(storage: Storage) -> list[Any]:
    """Find values that PostgreSQL or memory keep for no checkpoint, and write without theirs."""
    if isinstance(storage.saver, InMemorySaver):
        saver = storage.saver
        alive = {(k, ns, i) for k, spaces in saver.storage.items() for ns in spaces for i in spaces[ns]}
        used = {
            (k, ns, *version)
            for k, ns, i in alive
            for version in saver.serde.loads_typed(saver.storage[k][ns][i][0])["channel_versions"].items()
        }
        return [*(set(saver.blobs) - used), *({key for key, writes in saver.writes.items() if writes} - alive)]
    writes = "writes" if storage.kind == "sqlite" else "checkpoint_writes"
    asked = [
        f"SELECT checkpoint_id FROM {writes} WHERE (thread_id, checkpoint_ns, checkpoint_id) NOT IN "
        "(SELECT thread_id, checkpoint_ns, checkpoint_id FROM checkpoints)"
    ]
    if storage.kind == "postgresql":
        asked.append(
            "SELECT channel FROM checkpoint_blobs b WHERE NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.thread_id = "
            "b.thread_id AND c.checkpoint_ns = b.checkpoint_ns AND "
            "c.checkpoint -> 'channel_versions' ->> b.channel = b.version)"
        )
    with storage.database.read() as connection:
        return [row for query in asked for row in connection.execute(text(query))]


def test_a_kept_branch_goes_on(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(toy(lane(chain(a=done("a"), ask=asks("ask"), z=done("z")))))
    workspace = lab.workspace(WORKSPACE)
    thread_id = ran(workspace)
    forked(lab, thread_id, at(lab, thread_id, 1), done=["edited"])
    keep_newest_branches(lab.storage, thread_id, 1)
    asked = workspace.history.snapshot(thread_id)
    assert asked is not None
    workspace.resume(thread_id, {asked.questions[0].id: 7}, asked.checkpoint_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["a", "edited", "ask=7", "z"]


def test_the_newest_branches_are_those_written_to_last(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id, ends = branched(lab)

    assert keep_newest_branches(lab.storage, thread_id, 9) == Pruned(0, 0, 0)
    assert keep_newest_branches(lab.storage, thread_id, 2).branches == 2
    assert branch_heads(lab.storage, thread_id) == (ends[3], ends[2])


@pytest.mark.parametrize(
    ("keep", "error"),
    [
        (lambda *_: [], NotPossible),
        (lambda lab, thread_id: [at(lab, thread_id, 1)], NotPossible),
        (lambda lab, thread_id: [branch_heads(lab.storage, thread_id)[0], "made up"], UnknownCheckpoint),
    ],
    ids=["none", "a fork point", "a made-up one"],
)
def test_pruning_to_what_is_no_branch_is_refused(
    open_anywhere: OpenLab, keep: Callable[[Lab, str], list[str]], error: type[LabError]
) -> None:
    lab = open_anywhere(three_steps())
    thread_id, _ = branched(lab)
    before = rows(lab.storage)
    with pytest.raises(error):
        prune_branches(lab.storage, thread_id, keep(lab, thread_id))
    with pytest.raises(NotPossible):
        keep_newest_branches(lab.storage, thread_id, 0)

    assert rows(lab.storage) == before


class Mind(TypedDict):
    """What a subgraph keeps for itself."""

    n: int
    calls: Annotated[list[int], operator.add]


def with_subgraph(*, remembers: bool) -> Build:
    """Make a graph whose second node is a subgraph, which may remember from call to call."""

    def build(_: Any) -> Any:
        inner = StateGraph(Mind).add_node("count", lambda state: {"calls": [state["n"]]}).add_edge(START, "count")
        outer = graph().add_node("a", done("a"))
        outer.add_node("sub", inner.compile(checkpointer=True if remembers else None))
        outer.add_node("b", done("b"))
        return outer.add_edge(START, "a").add_edge("a", "sub").add_edge("sub", "b")

    return build


@pytest.mark.parametrize("remembers", [False, True])
def test_pruning_keeps_the_subgraphs_of_kept_branches(open_anywhere: OpenLab, remembers: bool) -> None:
    lab = open_anywhere(toy(lane(with_subgraph(remembers=remembers))))
    thread_id = ran(lab.workspace(WORKSPACE))
    second = forked(lab, thread_id, at(lab, thread_id, 0), n=2)
    third = forked(lab, thread_id, at(lab, thread_id, 0), n=3)
    before = links(lab, thread_id)
    kept = set(lineage(lab, thread_id, second))
    prune_branches(lab.storage, thread_id, [second])
    after = links(lab, thread_id)

    inner = {link for link in before if link[0]}
    assert {link for link in after if not link[0]} == {("", ident, "") for ident in kept}
    assert inner
    expected = {link for link in inner if link[2] in kept}
    if remembers:
        # It goes on from its newest state, even though another branch wrote that.
        assert third not in kept
        assert expected < {link for link in after if link[0]} <= inner
        assert max(inner, key=lambda link: link[1]) in after
    else:
        assert {link for link in after if link[0]} == expected < inner
    assert values_without_checkpoint(lab.storage) == []
    assert history(lab, thread_id)


def replayed(lab: Lab, thread_id: str, checkpoint_id: str) -> str:
    """Make a branch that runs the rest once more, and return its head."""
    workspace = lab.workspace(WORKSPACE)
    workspace.travel.replay(thread_id, checkpoint_id)
    end(workspace, thread_id)
    return str(branch_heads(lab.storage, thread_id)[0])


@pytest.mark.parametrize("way", ["replay", "edit"])
def test_the_subgraphs_of_a_pruned_branch_go_where_another_branch_began_at_their_step(
    open_anywhere: OpenLab, way: str
) -> None:
    lab = open_anywhere(toy(lane(with_subgraph(remembers=False))))
    workspace = lab.workspace(WORKSPACE)
    thread_id = ran(workspace)
    first, there = branch_heads(lab.storage, thread_id)[0], at(lab, thread_id, 1)
    if way == "replay":
        second = replayed(lab, thread_id, there)
    else:
        workspace.travel.fork(thread_id, there, StateEdit({"n": 2}, {}), run=True)
        end(workspace, thread_id)
        second = branch_heads(lab.storage, thread_id)[0]
    before = links(lab, thread_id)
    copied = copy_thread(lab.storage, thread_of(lab, thread_id)).thread_id
    prune_branches(lab.storage, thread_id, [second])
    after = links(lab, thread_id)
    kept = set(lineage(lab, thread_id, second))

    # The subgraph that ran from the shared checkpoint ran for the branch that is gone.
    assert there in kept
    assert {link for link in before if link[0] and link[2] == there}
    assert not {link for link in after if link[0] and link[2] == there}
    assert {link for link in after if link[0]} == {link for link in before if link[0] and link[2] in kept - {there}}
    assert values_without_checkpoint(lab.storage) == []
    assert writes(lab, thread_id, there) == []
    # Where the other one goes, they stay, with what their tasks wrote.
    wrote = writes(lab, copied, there)
    prune_branches(lab.storage, copied, [first])
    assert {link for link in links(lab, copied) if link[2] == there} == {link for link in before if link[2] == there}
    assert writes(lab, copied, there) == wrote != []
    assert workspace.history.snapshot(thread_id) is not None
    workspace.travel.replay(thread_id, there)
    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["a", "b"]


def test_the_answer_of_a_pruned_branch_goes_with_it(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(toy(lane(chain(a=done("a"), ask=asks("ask")))))
    workspace = lab.workspace(WORKSPACE)
    thread_id = ran(workspace)
    asked = workspace.history.snapshot(thread_id)
    assert asked is not None
    there, question = asked.checkpoint_id, asked.questions[0].id
    workspace.resume(thread_id, {question: "a secret"}, there)
    end(workspace, thread_id)
    workspace.travel.reanswer(thread_id, there, {question: "open"})
    end(workspace, thread_id)
    assert any(b"a secret" in write.data for write in writes(lab, thread_id, there))
    keep_newest_branches(lab.storage, thread_id, 1)

    assert names(workspace, thread_id) == ["a", "ask='open'"]
    assert writes(lab, thread_id, there) == []
    assert not any(
        b"a secret" in write.data
        for ident in lineage(lab, thread_id, branch_heads(lab.storage, thread_id)[0])
        for write in writes(lab, thread_id, ident)
    )
    left = workspace.history.snapshot(thread_id, there)
    assert left is not None
    assert (left.next, left.questions, left.values) == (("ask",), (), asked.values)


def test_a_question_that_still_waits_at_a_shared_checkpoint_stays_one(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(toy(lane(chain(ask=asks("ask"), z=done("z")))))
    workspace = lab.workspace(WORKSPACE)
    thread_id = ran(workspace)
    asked = workspace.history.snapshot(thread_id)
    assert asked is not None
    for n in (2, 3):
        workspace.travel.fork(thread_id, asked.checkpoint_id, StateEdit({"n": n}, {}), run=True)
        end(workspace, thread_id)
    before = writes(lab, thread_id, asked.checkpoint_id)
    keep_newest_branches(lab.storage, thread_id, 1)

    assert writes(lab, thread_id, asked.checkpoint_id) == before != []
    assert [question.node for question in workspace.history.pending(thread_id)] == ["ask"]


def writes(lab: Lab, thread_id: str, checkpoint_id: str) -> list[Write]:
    with lab.storage.open_for_reading() as opened:
        return opened.rows.writes(thread_id, "", checkpoint_id)


def links(lab: Lab, thread_id: str) -> set[tuple[str, str, str]]:
    """Return each checkpoint's namespace, id, and the thread's checkpoint that it was called from."""
    with lab.storage.open_for_reading() as opened:
        return {
            (link.namespace, link.checkpoint_id, link.metadata["parents"].get("", ""))
            for link in opened.rows.links(thread_id)
        }
