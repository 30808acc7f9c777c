"""Checkpointers: who remembers after a restart, what a restart drops, and what a checkpoint costs."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import ProgrammingError
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from graphs.pattern import Example, Turn
from graphs.persistence.checkpointers import PATTERN, RESTART
from lab import lane_savers
from lab.cost import pace
from lab.errors import NotPossible, ThreadBusy, UnknownThread
from lab.events import SaverDropped
from lab.lab import Lab
from lab.plain import Plain
from lab.tables import NOTES, Database
from lab.view import Reopened
from lab.workspace import Workspace
from tests.labs import quiet
from tests.pages import badges, open_page, play, press, start, texts
from tests.play import Played, ended, player
from tests.servers import PostgresServer
from tests.toys import GIVEN, Hold, OpenLab, State, begin, chain, done, end, lane, names, ran, toy

KEPT = ("sqlite", "postgresql")
"""Lanes that outlive their checkpointer."""
RECALL, BOTH_SIDES, NO_RESTART, NEVER_TOLD = range(4)
NOTED = "Noted: your name is Alice. Lines rehearsed: 1; rehearsals: 4."
UNKNOWN = "I don't know your name: you haven't told it in this conversation."
SAYS: dict[str, Plain] = {"message": "My name is Alice.", "rounds": 2}
ASKS: dict[str, Plain] = {"message": "What is my name?", "rounds": 2}


@pytest.fixture(scope="module", params=["memory", "sqlite", "postgresql"])
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab on each kind of storage: which one it's on must not change what a lane remembers."""
    database = "memory"
    if request.param == "sqlite":
        database = str(tmp_path_factory.mktemp("checkpointers") / "lab.sqlite")
    elif request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        database = server.url(server.create_database())
    lab = Lab(quiet(database))
    yield lab
    lab.close()


def lanes(lab: Lab) -> list[str]:
    return [lane.key for lane in lab.offered("checkpointers").lanes]


def played(lab: Lab, number: int) -> dict[str, Played]:
    """Plays an example in each lane that this lab has."""
    return {key: player(lab)("checkpointers", key, number) for key in lanes(lab)}


def told(lab: Lab, key: str, workspace: str = "tests") -> str:
    """Starts a thread that is told a name."""
    thread = lab.workspace(workspace).start("checkpointers", key, SAYS, pace=0)
    ended(lab.workspace(workspace), thread.thread_id)
    return thread.thread_id


def asked(lab: Lab, thread_id: str, workspace: str = "tests") -> str:
    """Asks a thread for the name and gives the answer's first sentence."""
    lab.workspace(workspace).turn(thread_id, ASKS, pace=0)
    ended(lab.workspace(workspace), thread_id)
    snapshot = lab.workspace(workspace).snapshot(thread_id)
    assert snapshot is not None
    return str(snapshot.values["messages"][-1]["text"]).partition(" Lines")[0]


def restarts(workspace: Workspace, thread_id: str) -> list[SaverDropped]:
    return [event for event in workspace.events(thread_id) if isinstance(event, SaverDropped)]


def test_a_lab_has_the_lanes_that_it_can_keep(stored: Lab) -> None:
    there = ["postgresql"] if stored.storage.kind == "postgresql" else []

    assert lanes(stored) == ["memory", "sqlite", *there]


def test_after_a_restart_memory_knows_nothing_and_the_others_everything(stored: Lab) -> None:
    for key, came in played(stored, RECALL).items():
        known = key in KEPT
        count = "Lines rehearsed: 2; rehearsals: 8." if known else "Lines rehearsed: 1; rehearsals: 4."
        said = "Your name is Alice." if known else UNKNOWN

        assert came.answers == [NOTED, f"{said} {count}"]
        assert [message.text for message in came.values["messages"]][:1] == [
            "My name is Alice." if known else "What is my name?"
        ]
        assert (came.status, came.error) == ("finished", None)
        assert came.visited == ["listen", *["rehearse"] * 4, "answer"] * 2


def test_memory_keeps_what_was_told_after_the_restart_and_only_that(stored: Lab) -> None:
    for key, came in played(stored, BOTH_SIDES).items():
        boat, name = (answer.partition(" Lines")[0] for answer in came.answers[2:])

        assert boat == "Your boat is the Duchess."
        assert name == ("Your name is Alice." if key in KEPT else UNKNOWN)
        assert len(came.values["rehearsed"]) == (24 if key in KEPT else 20)
        assert ("My name is Alice." in came.values["rehearsed"]) == (key in KEPT)


def test_without_a_restart_every_lane_remembers(stored: Lab) -> None:
    for came in played(stored, NO_RESTART).values():
        assert came.answers[-1] == "Your name is Alice. Lines rehearsed: 2; rehearsals: 8."
        assert restarts(stored.workspace("tests"), came.thread_id) == []


def test_a_name_that_was_never_told_is_made_up_by_nobody(stored: Lab) -> None:
    for key, came in played(stored, NEVER_TOLD).items():
        assert came.answers[-1].startswith(UNKNOWN)
        assert len(came.values["messages"]) == (4 if key in KEPT else 2)
        assert "Alice" not in str(came.values)


def test_another_thing_gets_another_answer(stored: Lab) -> None:
    turn = Turn({"message": "What is my dog's name?", "rounds": 1})
    example = Example("dog", {"message": "My dog's name is Rex. He barks.", "rounds": 1}, {"sqlite": (RESTART, turn)})
    came = player(stored)("checkpointers", "sqlite", example)

    assert came.answers[-1] == "Your dog's name is Rex. Lines rehearsed: 2; rehearsals: 2."


def test_a_restart_tells_how_many_checkpoints_it_left(stored: Lab) -> None:
    workspace = stored.workspace("tests")
    for key in lanes(stored):
        thread_id = told(stored, key)
        before, state = workspace.history(thread_id).rows, workspace.snapshot(thread_id)
        dropped = workspace.restart(thread_id)

        assert len(before) == 6
        assert (dropped.before, dropped.found) == (6, 6 if key in KEPT else 0)
        assert restarts(workspace, thread_id) == [dropped._replace(no=workspace.events(thread_id)[-1].no)]
        assert workspace.history(thread_id).rows == (before if key in KEPT else ())
        assert workspace.snapshot(thread_id) == (state if key in KEPT else None)
        assert workspace.status(thread_id) == ("finished" if key in KEPT else "new")
        view = workspace.view(thread_id)
        view.catch_up()
        assert [(item.before, item.found) for item in view.items if isinstance(item, Reopened)] == [(6, dropped.found)]


def test_a_restart_drops_the_checkpointer_the_graph_and_the_connection(stored: Lab) -> None:
    for key in lanes(stored):
        thread_id = told(stored, key)
        held = stored.lane_savers.keep(thread_id, PATTERN.lane(key).saver)
        saver = held.storage.saver
        dead = [weakref.ref(found) for found in (saver, *held.graphs.values())]
        assert len(dead) == 2
        stored.workspace("tests").restart(thread_id)
        if isinstance(saver, SqliteSaver):
            with pytest.raises(ProgrammingError, match="closed database"):
                saver.conn.execute("SELECT 1")
        del held, saver
        gc.collect()

        assert [ref() for ref in dead] == [None, None]


def test_a_restart_touches_no_other_thread(stored: Lab) -> None:
    for key in lanes(stored):
        mine, neighbour, stranger = told(stored, key), told(stored, key), told(stored, key, "others")
        stored.workspace("tests").restart(mine)

        assert asked(stored, neighbour) == "Your name is Alice."
        assert asked(stored, stranger, "others") == "Your name is Alice."
        assert asked(stored, mine) == ("Your name is Alice." if key in KEPT else UNKNOWN)


def test_a_stranger_restarts_and_measures_nothing(stored: Lab) -> None:
    thread_id = told(stored, "memory")
    for call in (stored.workspace("others").restart, stored.workspace("others").cost):
        with pytest.raises(UnknownThread):
            call(thread_id)

    assert asked(stored, thread_id) == "Your name is Alice."


def test_the_cost_is_that_of_the_thread_and_grows_with_its_supersteps(stored: Lab) -> None:
    workspace = stored.workspace("tests")
    for key in lanes(stored):
        short, long = (
            workspace.start("checkpointers", key, {"message": "My name is Alice.", "rounds": rounds}, pace=0).thread_id
            for rounds in (1, 20)
        )
        for thread_id in (short, long):
            ended(workspace, thread_id)
        little, much = workspace.cost(short), workspace.cost(long)

        assert (little.pace.supersteps, much.pace.supersteps) == (3, 22)
        assert (little.checkpoints, much.checkpoints) == (5, 24)
        assert 0 < little.bytes < much.bytes
        assert much.pace.each is not None
        assert much.pace.beside is not None
        assert 0 < much.pace.beside < much.pace.each < 1000
        assert much.restart is None


def test_after_a_restart_the_bytes_in_memory_are_gone_and_those_in_a_file_are_there(stored: Lab) -> None:
    workspace = stored.workspace("tests")
    for key in lanes(stored):
        thread_id = told(stored, key)
        before = workspace.cost(thread_id)
        workspace.restart(thread_id)
        after = workspace.cost(thread_id)

        assert after.bytes == (before.bytes if key in KEPT else 0)
        assert after.restart is not None
        assert after.pace == before.pace


def test_a_thread_that_never_ran_here_has_no_pace() -> None:
    assert pace([]).each is None
    assert pace([]).beside is None


def test_a_restart_in_the_middle_of_a_run_is_refused(open_toys: OpenLab) -> None:
    hold = Hold()

    def wait(_: State) -> None:
        hold()

    workspace = open_toys(toy(lane(chain(a=done("a"), wait=wait), saver="memory"))).workspace("w")
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

    assert workspace.status(thread_id) == "finished"


def test_who_reads_during_a_restart_reads_on_and_leaves_nothing_open(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a")), saver="sqlite"), turns=True))
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    graph, saver = lab.reading_of(workspace.thread(thread_id)), lab.storage_of(workspace.thread(thread_id)).saver
    workspace.restart(thread_id)

    assert graph.get_state({"configurable": {"thread_id": thread_id}}).values["done"] == ["a"]
    assert isinstance(saver, SqliteSaver)
    with pytest.raises(ProgrammingError, match="closed database"):
        saver.conn.execute("SELECT 1")
    assert names(workspace, thread_id) == ["a"]


def test_what_was_noted_of_a_thread_in_memory_is_gone_too(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a")), saver="memory")))
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    noted = [row.ran for row in workspace.history(thread_id).rows]
    database = lab.storage_of(workspace.thread(thread_id)).database
    before = _notes(database, thread_id)
    workspace.restart(thread_id)

    assert noted == [(), (), ("a",)]
    assert (before, _notes(database, thread_id), _notes(lab.storage.database, thread_id)) == (3, 0, 0)


def _notes(database: Database, thread_id: str) -> int:
    query = select(func.count()).select_from(NOTES).where(NOTES.c.thread_id == thread_id)
    with database.read() as connection:
        return int(connection.execute(query).scalar_one())


def test_memory_that_makes_room_for_others_says_so(open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lane_savers.ROOM, "memory", 2)
    workspace = open_toys(toy(lane(chain(a=done("a")), saver="memory"), turns=True)).workspace("w")
    first, second = ran(workspace), ran(workspace)
    workspace.turn(first, GIVEN)
    end(workspace, first)
    third = ran(workspace)

    assert [(event.why, event.before, event.found) for event in restarts(workspace, second)] == [("room", 3, 0)]
    assert [workspace.status(one) for one in (first, second, third)] == ["finished", "new", "finished"]
    assert restarts(workspace, first) == restarts(workspace, third) == []


def test_looking_at_a_thread_pushes_nobody_out(open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lane_savers.ROOM, "memory", 1)
    workspace = open_toys(toy(lane(chain(a=done("a")), saver="memory"))).workspace("w")
    gone, kept = ran(workspace), ran(workspace)

    assert [workspace.status(gone), workspace.count(gone), workspace.snapshot(gone)] == ["new", 0, None]
    assert workspace.status(kept) == "finished"


def test_a_file_has_no_more_connections_than_there_is_room_for(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(lane_savers.ROOM, "sqlite", 2)
    workspace = open_toys(toy(lane(chain(a=done("a")), saver="sqlite"))).workspace("w")
    threads = [ran(workspace) for _ in range(5)]

    assert {workspace.status(one) for one in threads} == {"finished"}
    assert [restarts(workspace, one) for one in threads] == [[]] * 5


def test_a_thread_in_the_file_is_there_after_the_lab_was_closed_and_one_in_memory_is_listed_empty(
    tmp_path: Path,
) -> None:
    settings = quiet(str(tmp_path / "lab.sqlite"))
    first = Lab(settings)
    in_memory, in_file = told(first, "memory"), told(first, "sqlite")
    first.close()
    second = Lab(settings)
    workspace = second.workspace("tests")

    assert [workspace.status(one) for one in (in_memory, in_file)] == ["new", "finished"]
    # What the former process ran is told from its checkpoints, which don't say how long anything took.
    assert [workspace.cost(one).pace.each for one in (in_memory, in_file)] == [None, None]
    assert asked(second, in_file) == "Your name is Alice."
    assert workspace.cost(in_file).pace.supersteps == 4
    assert asked(second, in_memory) == UNKNOWN
    second.close()


def test_the_temporary_file_goes_with_the_lab() -> None:
    lab = Lab(quiet("memory"))
    told(lab, "sqlite")
    path, _ = lab.lane_savers._file
    assert path.exists()
    lab.close()

    assert not path.parent.exists()


def test_the_labs_own_checkpointer_stays_what_it_was(stored: Lab) -> None:
    own = stored.storage.saver
    for key in lanes(stored):
        stored.workspace("tests").restart(told(stored, key))

    assert stored.storage.saver is own
    if isinstance(own, InMemorySaver):
        assert list(own.storage) == []


def test_the_page_restarts_all_lanes_and_says_what_is_left(pages_lab: Lab) -> None:
    at = open_page("checkpointers")
    assert at.button(key="checkpointers_restart").disabled
    start(at, PATTERN, RECALL)
    press(at, "checkpointers_restart")
    left = [found.value for found in at.markdown if "**Restarted.**" in found.value]
    table = _costs(at)[0]

    assert badges(at) == ["Nothing is left", "Finished"]
    assert [said.rpartition("dropped. ")[2] for said in left] == [
        "Of 8 checkpoints, 0 are left.",
        "Of 8 checkpoints, 8 are left.",
    ]
    assert list(table["Lane"]) == ["In memory", "SQLite"]
    assert list(table["After the last restart"]) == ["0 of 8 checkpoints left", "8 of 8 checkpoints left"]
    assert list(table["Supersteps"]) == [6, 6]
    assert list(table["Checkpoints"]) == [0, 8]
    assert table["Bytes"][0] == "0"
    at = open_page("checkpointers", tab="Code", lane="sqlite", thread=str(at.query_params["thread"]))
    assert "saver.conn.close()" in at.code[0].value


def test_a_lane_goes_on_from_the_page_after_the_restart(pages_lab: Lab) -> None:
    at = open_page("checkpointers")
    play(at, PATTERN, RECALL)
    answers = [text.partition(" Lines")[0] for text in texts(at) if text.endswith(("rehearsals: 4.", "rehearsals: 8."))]

    assert badges(at) == ["Finished", "Finished"]
    # The explorer below shows the first lane's last answer once more.
    assert answers[:4] == ["Noted: your name is Alice.", UNKNOWN, "Noted: your name is Alice.", "Your name is Alice."]


def test_a_page_offers_no_restart_where_lanes_share_a_checkpointer(pages_lab: Lab) -> None:
    at = open_page("conversation-memory")
    start(at, find("conversation-memory"))

    assert "conversation-memory_restart" not in [button.key for button in at.button]
    assert _costs(at) == []


def _costs(at: AppTest) -> list[Any]:
    return [table.value for table in at.dataframe if "Bytes" in table.value]
