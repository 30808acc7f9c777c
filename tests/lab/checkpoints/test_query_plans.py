"""What reading histories costs the database: every query goes by its index, and none reads a state to list one."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from lab.checkpoints import (
    Storage,
    SummarySearch,
    nodes_that_ran,
    read_summaries,
    search_summaries,
)
from lab.checkpoints.rows import ThreadRows
from lab.history import Only, read_page, read_tree
from lab.lab import Lab
from tests.support.labs import quiet
from tests.support.servers import PostgresServer

ROWS = 2_000
"""Checkpoints of each thread."""
THREADS = ("one", "other", "third")
STATE = 3_000
"""Bytes of a state, which take a page of their own each."""


def ident(number: int) -> str:
    """Make an id of a checkpoint, in which a time stands."""
    return f"1f1e583d-f712-6e34-8001-{number:012}"


SHOWN = [ident(number) for number in range(100, 150)]

READS: dict[str, Callable[[Storage], object]] = {
    "count": lambda storage: storage.checkpoints.count("one"),
    "newest": lambda storage: storage.checkpoints.newest_id("one"),
    "newest_of_each": lambda storage: storage.checkpoints.newest_ids(["one", "other"]),
    "rows": lambda storage: storage.checkpoints.index_rows("one"),
    "some": lambda storage: storage.checkpoints.index_rows_by_id("one", SHOWN),
    "marks": lambda storage: storage.checkpoints.task_marks("one"),
    "marked": lambda storage: storage.checkpoints.marked_writes("one", SHOWN),
    "inner": lambda storage: storage.checkpoints.subgraph_rows("one", SHOWN),
    "sizes": lambda storage: storage.checkpoints.state_sizes("one", SHOWN),
    "noted": lambda storage: read_summaries(storage, "one", SHOWN),
    "ran": lambda storage: nodes_that_ran(storage, "one"),
    "search": lambda storage: search_summaries(storage, "one", SummarySearch("say", "7"), SHOWN),
    "thread_sizes": lambda storage: storage.checkpoints.thread_sizes(["one", "other"]),
    "links": lambda storage: opened(storage, lambda rows: rows.links("one")),
    "writes": lambda storage: opened(storage, lambda rows: rows.writes("one", "", SHOWN[0])),
    "count_writes": lambda storage: opened(storage, lambda rows: rows.count_writes("one")),
}
THREAD, SPACE, ONE = (
    "(thread_id=?)",
    "(thread_id=? AND checkpoint_ns=?)",
    "(thread_id=? AND checkpoint_ns=? AND checkpoint_id=?)",
)
CHECKPOINTS, WRITES, NOTES = (
    r"checkpoints USING INDEX (ck_meta|sqlite_autoindex_checkpoints_1) ",
    r"writes USING (COVERING )?INDEX sqlite_autoindex_writes_1 ",
    r"lab_notes USING PRIMARY KEY ",
)
SQLITE = {
    "count": [r"checkpoints USING COVERING INDEX \w+ " + re.escape(SPACE)],
    "newest": [r"checkpoints USING COVERING INDEX \w+ " + re.escape(SPACE)],
    "newest_of_each": [r"checkpoints USING COVERING INDEX \w+ " + re.escape(SPACE)],
    "rows": ["checkpoints USING COVERING INDEX ck_meta " + re.escape(SPACE)],
    "some": ["checkpoints USING COVERING INDEX ck_meta " + re.escape(ONE)],
    "marks": ["writes USING COVERING INDEX lab_marks " + re.escape(SPACE)],
    "marked": ["writes USING INDEX lab_marks " + re.escape(ONE)[:-2] + r"( AND channel=\?)?\)"],
    "inner": ["checkpoints USING INDEX lab_inner " + re.escape("(thread_id=? AND <expr>=?)")],
    "sizes": [CHECKPOINTS + re.escape(ONE)],
    "noted": [NOTES + re.escape(ONE)],
    "ran": [NOTES + re.escape(SPACE)],
    "search": [NOTES + re.escape(SPACE)] * 2,
    "thread_sizes": [CHECKPOINTS + re.escape(THREAD), WRITES + re.escape(THREAD)],
    "links": ["checkpoints USING COVERING INDEX ck_meta " + re.escape(THREAD)],
    "writes": [WRITES + re.escape(ONE)],
    "count_writes": [WRITES + re.escape(THREAD)],
}
"""What each read searches, and by which index; a covering one never touches the row that holds the blob."""
NEW_NOTE = "INSERT INTO lab_notes VALUES (:thread, :space, :ident, '[\"say\"]', '[]', '[]', :text)"
KEY = "thread_id, checkpoint_ns, checkpoint_id"
INSERT = {
    "sqlite": {
        "checkpoints": f"INSERT INTO checkpoints ({KEY}, parent_checkpoint_id, type, checkpoint, metadata) "
        "VALUES (:thread, :space, :ident, :parent, 'msgpack', :state, :metadata)",
        "writes": f"INSERT INTO writes ({KEY}, task_id, idx, channel, type, value) "
        "VALUES (:thread, :space, :ident, :task, 0, :channel, 'msgpack', :state)",
        "notes": NEW_NOTE,
    },
    "postgresql": {
        "checkpoints": f"INSERT INTO checkpoints ({KEY}, parent_checkpoint_id, checkpoint, metadata) "
        "VALUES (:thread, :space, :ident, :parent, "
        "jsonb_build_object('channel_versions', jsonb_build_object('key', CAST(:step AS text))), "
        "CAST(convert_from(:metadata, 'UTF8') AS jsonb))",
        "writes": f"INSERT INTO checkpoint_writes ({KEY}, task_id, idx, channel, type, blob) "
        "VALUES (:thread, :space, :ident, :task, 0, :channel, 'msgpack', :state)",
        "notes": NEW_NOTE,
        "blobs": "INSERT INTO checkpoint_blobs VALUES (:thread, :space, 'key', :step, 'msgpack', :state)",
    },
}
OWN = {"rows": "ck_meta", "some": "ck_meta", "marks": "lab_marks", "marked": "lab_marks", "inner": "lab_inner"}
OWN |= {"links": "ck_meta"}
"""The lab's own index that a read goes by."""


def opened(storage: Storage, work: Callable[[ThreadRows], object]) -> object:
    with storage.open_for_reading() as found:
        return work(found.rows)


@contextmanager
def overheard() -> Iterator[list[tuple[str, Any]]]:
    """Return the statements that are executed in the block, with their values."""
    told: list[tuple[str, Any]] = []

    def hear(_: Connection, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        told.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield told
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def asked(storage: Storage, name: str) -> list[tuple[str, Any]]:
    with overheard() as told:
        READS[name](storage)
    return told


def fill(storage: Storage, size: int = STATE) -> None:
    """Fill three threads, whose every tenth checkpoint called a subgraph and every hundredth one asked."""
    insert = INSERT[storage.kind]
    own = [("", ident(number), ident(number - 1) if number else None, "", number) for number in range(ROWS)]
    inner = [(f"sub:{number}", ident(number), None, ident(number), number) for number in range(0, ROWS, 10)]
    with storage.database.begin() as connection:
        for thread in THREADS:
            rows = [
                {
                    "thread": thread,
                    "space": space,
                    "ident": own_id,
                    "parent": parent,
                    "metadata": json.dumps(
                        {"source": "loop", "step": step, "parents": {"": outer} if outer else {}}
                    ).encode(),
                    "step": str(step),
                    "state": bytes(size),
                    "text": f"say: {step}".ljust(600, "x"),
                }
                for space, own_id, parent, outer, step in (*own, *inner)
            ]
            mine = [row for row in rows if not row["space"]]
            asking = {"channel": "__interrupt__", "task": "asks", "state": b"\x80"}
            written = [row | {"channel": "key", "task": "task"} for row in mine] + [row | asking for row in mine[::100]]
            for table, given in (("checkpoints", rows), ("writes", written), ("notes", rows), ("blobs", mine)):
                if table in insert:
                    connection.execute(text(insert[table]), given)


@pytest.fixture(scope="module", params=["without statistics", "with statistics"])
def full_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide a filled database, of which each test takes a copy."""
    path = tmp_path_factory.mktemp("plans") / "lab.sqlite"
    lab = Lab(quiet(str(path)))
    fill(lab.storage)
    if request.param == "with statistics":
        with lab.storage.database.begin() as connection:
            connection.execute(text("ANALYZE"))
    lab.close()
    return path


@pytest.fixture
def filled(full_file: Path, tmp_path: Path) -> Iterator[Storage]:
    path = shutil.copy(full_file, tmp_path / "lab.sqlite")
    lab = Lab(quiet(str(path)))
    yield lab.storage
    lab.close()


def planned(storage: Storage, told: Sequence[tuple[str, Any]]) -> list[str]:
    """Return the steps of the statements' plans, of which sorting what was found is none."""
    steps: list[str] = []
    with storage.database.read() as connection:
        path = connection.execute(text("PRAGMA database_list")).all()[0][2]
    # A connection of its own, because one that is open plans by the indexes that it knows from before.
    with closing(sqlite3.connect(path)) as fresh:
        for statement, values in told:
            plan = fresh.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            steps += [row[3] for row in plan if not row[3].startswith("USE TEMP B-TREE")]
    return steps


def is_planned(found: Sequence[str], wanted: Sequence[str]) -> bool:
    return len(found) == len(wanted) and all(map(re.fullmatch, [f"SEARCH {step}" for step in wanted], found))


@pytest.mark.parametrize("name", READS)
def test_every_read_goes_by_its_index(filled: Storage, name: str) -> None:
    told = asked(filled, name)
    found = planned(filled, told)
    assert is_planned(found, SQLITE[name]), found
    if name not in OWN:
        return
    with filled.database.begin() as connection:
        connection.execute(text(f"DROP INDEX {OWN[name]}"))
    if name in ("some", "marked", "inner"):
        with pytest.raises(sqlite3.OperationalError, match=f"no such index: {OWN[name]}"):
            planned(filled, told)
    else:
        assert not is_planned(planned(filled, told), SQLITE[name])


def test_a_page_and_a_tree_ask_nothing_else(filled: Storage) -> None:
    """So that a query that comes to them is planned here, too."""
    known = {statement for name in READS for statement, _ in asked(filled, name)}
    with overheard() as told:
        read_tree(filled, "one")
        found = read_page(
            filled, "one", Only(node="say", text="1"), limit=50, offset=100, tree=read_tree(filled, "one")
        )
        read_page(
            filled,
            "one",
            Only(errors=True, interrupts=True, branch=1, source="loop"),
            limit=50,
            offset=0,
            tree=read_tree(filled, "one"),
        )
    assert len(found.rows) == 50
    shapes = {statement.partition(" IN (")[0] for statement in known}
    assert {statement.partition(" IN (")[0] for statement, _ in told} <= shapes


def bytes_read() -> int:
    """Return how much this process has read from files so far."""
    return int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux tells how much a process reads")
def test_no_read_of_a_history_touches_a_state(tmp_path: Path) -> None:
    """By what is really read from the file: a length is in the head of a row, the state on pages behind it."""
    path = tmp_path / "lab.sqlite"
    lab = Lab(quiet(str(path)))
    fill(lab.storage, size=30_000)
    lab.close()
    lab = Lab(quiet(str(path)))
    states = path.stat().st_size
    assert states > 300_000_000
    # It reads all of the file by itself.
    assert lab.storage.check is not None
    assert lab.storage.check.wait(60)

    def cost(work: Callable[[Storage], object]) -> int:
        before = bytes_read()
        work(lab.storage)
        return bytes_read() - before

    assert cost(lambda storage: read_tree(storage, "one")) < 3_000_000
    assert (
        cost(lambda storage: read_page(storage, "one", Only(), limit=50, offset=1_000, tree=read_tree(storage, "one")))
        < 3_000_000
    )
    everything = Only(node="say", text="7", source="loop", branch=1)
    assert (
        cost(lambda storage: read_page(storage, "one", everything, limit=50, offset=0, tree=read_tree(storage, "one")))
        < 3_000_000
    )
    for name in READS.keys() - {"writes", "thread_sizes"}:
        assert cost(READS[name]) < 3_000_000, name
    # The heads of all rows, each on a page of its own, and nothing of what is behind them.
    assert cost(READS["thread_sizes"]) < states / 4

    def states_of(storage: Storage) -> None:
        with storage.database.read() as connection:
            connection.execute(text("SELECT checkpoint FROM checkpoints WHERE thread_id = 'one' LIMIT 200")).all()

    assert cost(states_of) > 200 * 30_000
    lab.close()


@pytest.fixture(scope="module")
def full_database(postgres_server: PostgresServer) -> Iterator[str]:
    """Provide a filled database, of which each test takes a copy."""
    name = postgres_server.create_database()
    lab = Lab(quiet(postgres_server.url(name)))
    fill(lab.storage)
    with lab.storage.database.begin() as connection:
        connection.execute(text("ANALYZE"))
    lab.close()
    yield name
    postgres_server.drop_database(name)


@pytest.fixture
def filled_postgres(full_database: str, postgres_server: PostgresServer) -> Iterator[Storage]:
    name = postgres_server.create_database(full_database)
    lab = Lab(quiet(postgres_server.url(name)))
    yield lab.storage
    lab.close()
    postgres_server.drop_database(name)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def planned_by_postgres(storage: Storage, told: Sequence[tuple[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with storage.database.read() as connection:
        for statement, values in told:
            (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
            found += nodes(plan["Plan"])
    return found


@pytest.mark.parametrize("name", READS)
def test_every_read_goes_by_an_index_of_postgresql(filled_postgres: Storage, name: str) -> None:
    found = planned_by_postgres(filled_postgres, asked(filled_postgres, name))
    walked = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"}
    indexes = [node["Index Name"] for node in found if "Index Name" in node]
    # A third of all notes, which is what one of three threads has, is read cheapest as they lie; no state is in them.
    assert walked <= ({"lab_notes"} if name in ("ran", "search") else set())
    assert indexes or walked
    if OWN.get(name, "ck_meta") != "ck_meta":
        assert indexes == [OWN[name]]
        with filled_postgres.database.begin() as connection:
            connection.execute(text(f"DROP INDEX {OWN[name]}"))
        again = planned_by_postgres(filled_postgres, asked(filled_postgres, name))
        assert OWN[name] not in [node.get("Index Name") for node in again]
