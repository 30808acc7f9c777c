"""A restart: what it drops and refuses, what makes room for others, and what is there when the lab opens again."""

import sqlite3
from pathlib import Path
from sqlite3 import ProgrammingError

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import func, select

from graphs.pattern import Saver
from lab.checkpoints.config import thread_config
from lab.checkpoints.thread_savers import ROOM
from lab.database import NOTES, Database
from lab.errors import NotPossible, ThreadBusy
from lab.events import SaverDropped
from lab.lab import Lab
from tests.support.checkpointer_lanes import UNKNOWN, asked, restarts, told
from tests.support.labs import quiet
from tests.support.toy_patterns import (
    GIVEN,
    SAVERS,
    Hold,
    OpenLab,
    State,
    begin,
    chain,
    done,
    end,
    lane,
    names,
    ran,
    toy,
)


def test_a_restart_in_the_middle_of_a_run_is_refused(open_toys: OpenLab) -> None:
    hold = Hold()

    def wait(_: State) -> None:
        hold()

    workspace = open_toys(toy(lane(chain(a=done("a"), wait=wait), saver=SAVERS["memory"]))).workspace("w")
    thread_id = begin(workspace)
    hold.reached()
    with pytest.raises(ThreadBusy):
        workspace.restart(thread_id)
    hold.let_go.set()

    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["a"]
    assert restarts(workspace, thread_id) == []


def test_a_lane_on_the_checkpointer_of_all_is_never_restarted(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"))))).workspace("w")
    thread_id = ran(workspace)
    with pytest.raises(NotPossible, match="shares its checkpointer"):
        workspace.restart(thread_id)

    assert workspace.history.status(thread_id) == "finished"


def test_who_reads_during_a_restart_reads_on_and_leaves_nothing_open(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a")), saver=SAVERS["sqlite"]), turns=True))
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    graph, saver = (
        lab.graphs.reading_of(workspace.threads.find(thread_id)),
        lab.graphs.storage_of(workspace.threads.find(thread_id)).saver,
    )
    workspace.restart(thread_id)

    assert graph.get_state(thread_config(thread_id)).values["done"] == ["a"]
    assert isinstance(saver, SqliteSaver)
    with pytest.raises(ProgrammingError, match="closed database"):
        saver.conn.execute("SELECT 1")
    assert names(workspace, thread_id) == ["a"]


def test_what_was_noted_of_a_thread_in_memory_is_gone_too(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a")), saver=SAVERS["memory"])))
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    noted = [row.ran for row in workspace.history.page(thread_id).rows]
    database = lab.graphs.storage_of(workspace.threads.find(thread_id)).database
    before = _notes(database, thread_id)
    workspace.restart(thread_id)

    assert noted == [(), (), ("a",)]
    assert (before, _notes(database, thread_id), _notes(lab.storage.database, thread_id)) == (3, 0, 0)


def _notes(database: Database, thread_id: str) -> int:
    query = select(func.count()).select_from(NOTES).where(NOTES.c.thread_id == thread_id)
    with database.read() as connection:
        return int(connection.execute(query).scalar_one())


def test_memory_that_makes_room_for_others_says_so(open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROOM, "memory", 2)
    workspace = open_toys(toy(lane(chain(a=done("a")), saver=SAVERS["memory"]), turns=True)).workspace("w")
    first, second = ran(workspace), ran(workspace)
    workspace.turn(first, GIVEN)
    end(workspace, first)
    third = ran(workspace)

    assert [(event.why, event.before, event.found) for event in restarts(workspace, second)] == [("room", 3, 0)]
    assert [workspace.history.status(one) for one in (first, second, third)] == ["finished", "new", "finished"]
    assert restarts(workspace, first) == restarts(workspace, third) == []


def test_looking_at_a_thread_pushes_nobody_out(open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROOM, "memory", 1)
    workspace = open_toys(toy(lane(chain(a=done("a")), saver=SAVERS["memory"]))).workspace("w")
    gone, kept = ran(workspace), ran(workspace)

    assert [workspace.history.status(gone), workspace.history.count(gone), workspace.history.snapshot(gone)] == [
        "new",
        0,
        None,
    ]
    assert workspace.history.status(kept) == "finished"


def test_a_file_has_no_more_connections_than_there_is_room_for(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROOM, "sqlite", 2)
    workspace = open_toys(toy(lane(chain(a=done("a")), saver=SAVERS["sqlite"]))).workspace("w")
    threads = [ran(workspace) for _ in range(5)]

    assert {workspace.history.status(one) for one in threads} == {"finished"}
    assert [restarts(workspace, one) for one in threads] == [[]] * 5


def test_a_thread_in_the_file_is_there_after_the_lab_was_closed_and_one_in_memory_is_listed_empty(
    tmp_path: Path,
) -> None:
    settings = quiet(str(tmp_path / "lab.sqlite"))
    first = Lab(settings)
    in_memory, in_file = told(first, "memory"), told(first, "sqlite")
    costs = [first.workspace("tests").threads.costs(one).pace.each for one in (in_memory, in_file)]
    first.close()
    second = Lab(settings)
    workspace = second.workspace("tests")

    assert [workspace.history.status(one) for one in (in_memory, in_file)] == ["new", "finished"]
    assert [workspace.threads.costs(one).pace.each for one in (in_memory, in_file)] == costs
    assert [isinstance(workspace.events(one)[-1], SaverDropped) for one in (in_memory, in_file)] == [True, False]
    assert asked(second, in_file) == "Your name is Alice."
    assert workspace.threads.costs(in_file).pace.supersteps == 8
    assert asked(second, in_memory) == UNKNOWN
    second.close()


def test_the_temporary_file_goes_with_the_lab() -> None:
    lab = Lab(quiet("memory"))
    told(lab, "sqlite")
    path, _ = lab.thread_savers._file
    assert path.exists()
    lab.close()

    assert not path.parent.exists()


def test_a_thread_s_checkpoints_are_in_the_memory_that_the_lane_s_function_made(open_toys: OpenLab) -> None:
    made: list[InMemorySaver] = []

    def in_my_memory() -> InMemorySaver:
        made.append(InMemorySaver())
        return made[-1]

    workspace = open_toys(toy(lane(chain(a=done("a")), saver=Saver("memory", in_my_memory)))).workspace("w")
    thread_id = ran(workspace)
    holding = [saver for saver in made if thread_id in saver.storage]
    dropped = workspace.restart(thread_id)

    assert len(holding) == 1
    assert len(holding[0].storage[thread_id][""]) == 3
    assert dropped.calls == ("del graph, saver\nsaver = in_my_memory()\ngraph = builder.compile(checkpointer=saver)")


def test_a_thread_s_checkpoints_are_written_over_the_connection_that_the_lane_s_function_opened(
    open_toys: OpenLab,
) -> None:
    written: list[str] = []

    def in_my_file(path: Path) -> SqliteSaver:
        connection = sqlite3.connect(path, check_same_thread=False)
        connection.set_trace_callback(written.append)
        return SqliteSaver(connection)

    workspace = open_toys(toy(lane(chain(a=done("a")), saver=Saver("sqlite", in_my_file)))).workspace("w")
    thread_id = ran(workspace)
    dropped = workspace.restart(thread_id)

    assert sum("INTO checkpoints" in statement for statement in written) == 3
    assert "PRAGMA busy_timeout=30000" in written
    assert dropped.calls.startswith("saver.conn.close()\ndel graph, saver\nsaver = in_my_file(path)\n")
