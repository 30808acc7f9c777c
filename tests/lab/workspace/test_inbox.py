"""The inbox: it has exactly the open questions, most urgent first, whatever happened to the threads."""

import gzip
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from langgraph.types import interrupt
from sqlalchemy import text

from graphs.catalogue import find
from graphs.pattern import Pattern
from lab.database import WaitingQuestion, outdate_waiting
from lab.lab import Lab
from lab.workspace import StateEdit
from tests.support.asking_nodes import asks, shown
from tests.support.example_player import begun as began
from tests.support.inboxes import open_questions, waiting, waits
from tests.support.labs import quiet
from tests.support.project import ROOT
from tests.support.toy_patterns import (
    SAVERS,
    OpenLab,
    State,
    broken,
    chain,
    done,
    end,
    everywhere,
    fan,
    head,
    lane,
    ran,
    saved,
    toy,
)

EARLIER = ROOT / "tests" / "support" / "earlier_version" / "lab.sqlite.gz"


def asking(*payloads: dict[str, Any]) -> Pattern:
    """Make a pattern with a lane for each payload."""
    lanes = (chain(ask=asks("ask", payload=one), z=done("z")) for one in payloads)
    return toy(*(lane(built, str(number)) for number, built in enumerate(lanes)))


AT = datetime(2030, 1, 1, tzinfo=UTC)


@everywhere
def test_the_most_urgent_comes_first_then_the_nearest_deadline_then_the_longest_waiting(open_toys: OpenLab) -> None:
    payloads: list[dict[str, Any]] = [
        {"priority": "low"},
        {},
        {"priority": "whenever"},
        {"deadline": "2030-01-02T00:00:00+00:00"},
        {"deadline": AT.timestamp(), "priority": "normal"},
        {"priority": "high"},
        {"priority": "High", "deadline": "2031-01-01"},
    ]
    workspace = open_toys(asking(*payloads)).workspace("w")
    for number in range(len(payloads)):
        ran(workspace, lane_key=str(number))

    assert [int(one.lane) for one in waits(workspace)] == [6, 5, 4, 3, 1, 2, 0]
    pages = [workspace.inbox.page(limit=3, offset=offset).questions for offset in (0, 3, 6)]
    assert [one for page in pages for one in page] == waits(workspace)


@everywhere
def test_a_row_tells_who_asks_what_and_how_urgent_it_is(open_toys: OpenLab) -> None:
    workspace = open_toys(asking({"priority": "high", "role": "manager", "deadline": AT.isoformat()})).workspace("w")
    thread_id = ran(workspace, lane_key="0")
    snapshot, question = shown(workspace, thread_id)

    assert waits(workspace) == [
        WaitingQuestion(
            workspace="w",
            thread_id=thread_id,
            pattern="toy",
            lane="0",
            node="ask",
            interrupt_id=question.id,
            checkpoint_id=snapshot.checkpoint_id,
            asked=snapshot.at,
            rank=0,
            due=AT.timestamp(),
            priority="high",
            role="manager",
            deadline=AT.isoformat(),
            text="ask?",
        )
    ]


def test_the_inbox_is_filtered_by_pattern_role_and_priority(open_toys: OpenLab) -> None:
    payloads = ({"role": "manager", "priority": "high"}, {"role": "manager"}, {"role": "lawyer", "priority": "high"})
    workspace = open_toys(asking(*payloads)).workspace("w")
    for number in range(3):
        ran(workspace, lane_key=str(number))
    filters: list[tuple[dict[str, str], set[str]]] = [
        ({"role": "manager"}, {"0", "1"}),
        ({"priority": "high"}, {"0", "2"}),
        ({"priority": "high", "role": "lawyer"}, {"2"}),
        ({"priority": ""}, {"1"}),
        ({"pattern": "toy"}, {"0", "1", "2"}),
        ({"pattern": "other"}, set()),
        ({"role": "a\x00b' OR 1=1"}, set()),
    ]
    for only, lanes in filters:
        page = workspace.inbox.page(**only)  # type: ignore[arg-type]  # the names of the filters
        assert ({one.lane for one in page.questions}, page.total) == (lanes, len(lanes))
    assert workspace.inbox.count() == 3


@everywhere
def test_of_another_workspace_nothing_is_seen(open_toys: OpenLab) -> None:
    lab = open_toys(asking({}))
    thread_id = ran(lab.workspace("w"), lane_key="0")
    with lab.storage.database.begin() as connection:
        outdate_waiting(connection, thread_id)

    assert waiting(lab.workspace("other")) == set()
    assert len(waiting(lab.workspace("w"))) == 1


@everywhere
def test_several_open_questions_are_a_row_each_and_an_answered_one_goes(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(fan(a=asks("a"), b=asks("b"))))).workspace("w")
    thread_id = ran(workspace)
    asked = head(workspace, thread_id)
    assert {one.node for one in waits(workspace)} == {"a", "b"}
    first = next(one for one in asked.questions if one.node == "a")
    workspace.resume(thread_id, {first.id: "yes"}, asked.checkpoint_id)
    end(workspace, thread_id)

    assert {one.node for one in waits(workspace)} == {"b"}
    assert waiting(workspace) == open_questions(workspace)


@everywhere
def test_an_answer_whose_node_failed_waits_for_nobody_in_the_inbox(open_toys: OpenLab) -> None:
    def breaks(state: State) -> dict[str, Any]:
        interrupt("go on?")
        return dict(broken(state))

    workspace = open_toys(toy(lane(chain(ask=breaks)))).workspace("w")
    thread_id = ran(workspace)
    assert len(waits(workspace)) == 1
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: "yes"}, snapshot.checkpoint_id)
    assert end(workspace, thread_id).outcome == "failed"

    assert waits(workspace) == []


@everywhere
def test_a_fork_a_replay_and_another_answer_leave_what_the_new_head_asks(open_toys: OpenLab) -> None:
    pattern = toy(lane(chain(a=done("a"), ask=asks("ask"), more=asks("more"))))
    workspace = open_toys(pattern).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: "yes"}, snapshot.checkpoint_id)
    end(workspace, thread_id)
    assert [one.node for one in waits(workspace)] == ["more"]

    workspace.travel.reanswer(thread_id, snapshot.checkpoint_id, {question.id: "no"})
    end(workspace, thread_id)
    assert waiting(workspace) == open_questions(workspace)
    assert [one.node for one in waits(workspace)] == ["more"]
    workspace.travel.replay(thread_id, snapshot.checkpoint_id)
    end(workspace, thread_id)
    assert waiting(workspace) == open_questions(workspace)
    assert [one.node for one in waits(workspace)] == ["ask"]
    first = saved(workspace, thread_id)[1]
    workspace.travel.fork(thread_id, first, StateEdit({"n": 7}, {"n": "replace"}))
    assert waiting(workspace) == open_questions(workspace) == set()
    workspace.proceed(thread_id)
    end(workspace, thread_id)
    assert [one.node for one in waits(workspace)] == ["ask"]


@everywhere
def test_copies_and_imported_threads_wait_as_theirs_did_and_deleted_and_pruned_ones_as_they_are(
    open_toys: OpenLab,
) -> None:
    workspace = open_toys(toy(lane(chain(ask=asks("ask"), z=done("z"))))).workspace("w")
    thread_id = ran(workspace)
    copied = workspace.threads.copy(thread_id).thread_id
    (imported,) = workspace.threads.import_file(io.BytesIO(b"".join(workspace.threads.export(thread_id))))
    assert {one.thread_id for one in waits(workspace)} == {thread_id, copied, imported.thread_id}
    assert waiting(workspace) == open_questions(workspace)

    workspace.threads.delete(copied)
    assert waiting(workspace) == open_questions(workspace)
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: "yes"}, snapshot.checkpoint_id)
    end(workspace, thread_id)
    workspace.travel.replay(thread_id, snapshot.checkpoint_id)
    end(workspace, thread_id)
    answered = workspace.threads.branch_heads(thread_id)[-1]
    assert len(waits(workspace)) == 2
    workspace.threads.prune(thread_id, [answered])
    assert waiting(workspace) == open_questions(workspace)


def test_an_edit_at_a_pause_waits_on_at_the_new_checkpoint(lab: Lab) -> None:
    workspace = lab.workspace("tests")
    example = find("approval-gate").examples[0]
    playing = began(workspace, "approval-gate", "static", example)
    thread_id = playing.thread.thread_id
    before = waits(workspace)
    assert [(one.interrupt_id, one.text) for one in before] == [("", "Paused before await_approval.")]
    edited = workspace.edit(thread_id, {"approved": True})

    assert [one.checkpoint_id for one in waits(workspace)] == [edited] != [before[0].checkpoint_id]
    workspace.proceed(thread_id, pace=0)
    end(workspace, thread_id)
    assert waits(workspace) == []


def test_the_payload_of_an_escalation_is_read(lab: Lab) -> None:
    workspace = lab.workspace("tests")
    urgent = next(one for one in find("escalation").examples if one.input["urgent"])
    playing = began(workspace, "escalation", find("escalation").lanes[0].key, urgent)
    (one,) = waits(workspace)

    assert (one.thread_id, one.priority, one.rank) == (playing.thread.thread_id, "high", 0)
    assert one.text == "What is the customer told?"


def test_a_database_of_an_earlier_version_has_its_open_questions_in_the_inbox(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    path.write_bytes(gzip.decompress(EARLIER.read_bytes()))
    lab = Lab(quiet(str(path)))
    try:
        workspace = lab.workspace("local")
        assert waiting(workspace) == open_questions(workspace)
        assert {one.pattern for one in waits(workspace)} == {"approval-gate", "expense-approval"}
    finally:
        lab.close()


def test_a_question_that_went_with_the_memory_of_its_lane_leaves_the_inbox(sqlite_toys_path: str) -> None:
    pattern = toy(lane(chain(ask=asks("ask")), saver=SAVERS["memory"]))
    lab = Lab(quiet(sqlite_toys_path), patterns=[pattern])
    ran(lab.workspace("w"))
    assert len(waits(lab.workspace("w"))) == 1
    lab.close()

    lab = Lab(quiet(sqlite_toys_path), patterns=[pattern])
    assert waits(lab.workspace("w")) == []
    assert lab.workspace("w").inbox.count() == 0
    lab.close()


@pytest.fixture
def sqlite_toys_path(tmp_path: Path) -> str:
    """Name a SQLite file."""
    return str(tmp_path / "lab.sqlite")


def test_a_thread_that_another_program_wrote_to_is_read_again(sqlite_toys_path: str) -> None:
    lab = Lab(quiet(sqlite_toys_path), patterns=[asking({})])
    workspace = lab.workspace("w")
    thread_id = ran(workspace, lane_key="0")
    lab.storage.saver.delete_thread(thread_id)

    assert waits(workspace) == []
    lab.close()


@pytest.mark.parametrize("broken_lane", ["lane", "checkpoint"])
def test_what_can_not_be_read_keeps_nobody_from_reading_the_rest(sqlite_toys_path: str, broken_lane: str) -> None:
    lab = Lab(quiet(sqlite_toys_path), patterns=[asking({}, {})])
    workspace = lab.workspace("w")
    damaged, sound = ran(workspace, lane_key="0"), ran(workspace, lane_key="1")
    change = "lab_threads SET lane = 'gone'" if broken_lane == "lane" else "checkpoints SET checkpoint = 'x'"
    with lab.storage.database.begin() as connection:
        connection.execute(text(f"UPDATE {change} WHERE thread_id = :thread"), {"thread": damaged})
        outdate_waiting(connection, damaged)

    assert [one.thread_id for one in waits(workspace)] == [sound]
    lab.close()


def test_a_page_is_read_by_an_index_and_sorts_nothing(sqlite_toys_path: str) -> None:
    lab = Lab(quiet(sqlite_toys_path), patterns=[asking({})])
    order = "rank, due, asked, thread_id, interrupt_id"
    reads = {
        f"SELECT * FROM lab_waiting WHERE workspace = 'w' AND role = 'r' ORDER BY {order} LIMIT 20": "by_urgency",
        "SELECT count(*) FROM lab_waiting WHERE workspace = 'w'": "COVERING INDEX lab_waiting_by_urgency",
        "SELECT thread_id FROM lab_threads WHERE workspace = 'w' AND indexed IS NULL": "lab_threads_outdated",
    }
    for query, index in reads.items():
        with lab.storage.database.read() as connection:
            (plan,) = [str(row[-1]) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
        assert f"{index} (workspace=?)" in plan
    lab.close()
