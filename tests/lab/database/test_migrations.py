"""The database's version: an older database is migrated whole or not at all, and a newer one is left alone."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from graphs.people import PEOPLE
from lab.database import migrations
from lab.database.migrations import VERSION, version
from lab.errors import NewerDatabase
from lab.lab import Lab
from tests.support.labs import quiet
from tests.support.project import ROOT
from tests.support.toy_patterns import begin, end, names, two_steps

UNVERSIONED = """
CREATE TABLE lab_threads (thread_id VARCHAR(36) NOT NULL, workspace VARCHAR(64) NOT NULL, pattern VARCHAR(64) NOT NULL,
    lane VARCHAR(64) NOT NULL, session VARCHAR(36) NOT NULL, title TEXT NOT NULL, model VARCHAR(16) NOT NULL,
    created FLOAT NOT NULL, updated FLOAT NOT NULL, PRIMARY KEY (thread_id));
CREATE INDEX lab_threads_by_workspace ON lab_threads (workspace, updated);
CREATE INDEX lab_threads_by_session ON lab_threads (session);
CREATE TABLE lab_notes (thread_id VARCHAR(36) NOT NULL, checkpoint_ns TEXT NOT NULL, checkpoint_id TEXT NOT NULL,
    ran TEXT NOT NULL, next TEXT NOT NULL, changed TEXT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)) {without_rowid};
CREATE TABLE lab_secrets (name VARCHAR(40) NOT NULL, value TEXT, PRIMARY KEY (name));
CREATE TABLE lab_starts (thread_id VARCHAR(36) NOT NULL, input TEXT NOT NULL, PRIMARY KEY (thread_id),
    FOREIGN KEY(thread_id) REFERENCES lab_threads (thread_id));
CREATE TABLE lab_ledger (number {number} NOT NULL, thread_id VARCHAR(36) NOT NULL, "order" VARCHAR(80) NOT NULL,
    cents INTEGER NOT NULL, "key" VARCHAR(120), at FLOAT NOT NULL, PRIMARY KEY (number),
    FOREIGN KEY(thread_id) REFERENCES lab_threads (thread_id), UNIQUE ("key"));
CREATE INDEX ix_lab_ledger_thread_id ON lab_ledger (thread_id);
CREATE TABLE lab_outbox (number {number} NOT NULL, thread_id VARCHAR(36) NOT NULL, recipient TEXT NOT NULL,
    subject TEXT NOT NULL, body TEXT NOT NULL, at FLOAT NOT NULL, PRIMARY KEY (number),
    FOREIGN KEY(thread_id) REFERENCES lab_threads (thread_id));
CREATE INDEX ix_lab_outbox_thread_id ON lab_outbox (thread_id);
CREATE TABLE lab_archive (number {number} NOT NULL, thread_id VARCHAR(36) NOT NULL, name VARCHAR(120) NOT NULL,
    status VARCHAR(12) NOT NULL, error TEXT NOT NULL, body TEXT NOT NULL, at FLOAT NOT NULL, PRIMARY KEY (number),
    FOREIGN KEY(thread_id) REFERENCES lab_threads (thread_id));
CREATE INDEX ix_lab_archive_thread_id ON lab_archive (thread_id);
CREATE TABLE lab_faults (thread_id VARCHAR(36) NOT NULL, point VARCHAR(80) NOT NULL, calls INTEGER NOT NULL,
    PRIMARY KEY (thread_id, point), FOREIGN KEY(thread_id) REFERENCES lab_threads (thread_id));
INSERT INTO lab_threads VALUES ('old', 'w', 'toy', 'only', 's', 'An old one', 'offline', 1.0, 2.0);
INSERT INTO lab_starts VALUES ('old', '{given}');
INSERT INTO lab_ledger (thread_id, "order", cents, "key", at) VALUES ('old', 'desk', 900, 'old/desk', 1.5);
INSERT INTO lab_secrets VALUES ('cookie', 'an old secret');
"""
"""The lab's tables as they were before the database had a version, and some rows."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty database."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_database")
        return url
    return str(tmp_path / "lab.sqlite")


@pytest.fixture
def unversioned(database: str) -> str:
    """Name a database as it was left before there was a version."""
    given = json.dumps({"n": 1})
    if database.startswith("postgresql"):
        script = UNVERSIONED.format(number="SERIAL", without_rowid="", given=given)
        with psycopg.connect(database) as made:
            for statement in script.split(";\n"):
                made.execute(statement.encode())
    else:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.executescript(UNVERSIONED.format(number="INTEGER", without_rowid="WITHOUT ROWID", given=given))
    return database


@pytest.fixture
def look(database: str) -> Iterator[Engine]:
    """Look at the database from outside."""
    url = database.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url if url != database else f"sqlite:///{database}")
    yield engine
    engine.dispose()


def shape(look: Engine) -> dict[str, set[str]]:
    """Tell by table of the lab its indexes and columns, with types where the database holds values to them."""
    tables = inspect(look)
    strict = look.dialect.name == "postgresql"
    return {
        name: {f"{one['name']} {one['type'] if strict else ''} {one['nullable']}" for one in tables.get_columns(name)}
        | {f"{one['name']} {one['column_names']} {one['unique']}" for one in tables.get_indexes(name)}
        for name in tables.get_table_names()
        if name.startswith("lab_")
    }


def versions(look: Engine) -> int:
    with look.connect() as connection:
        return version(connection)


def test_a_database_without_a_version_is_migrated_and_keeps_what_it_held(
    unversioned: str, look: Engine, database: str
) -> None:
    assert versions(look) == 1
    for _ in range(2):
        lab = Lab(quiet(database), patterns=[two_steps()])
        workspace = lab.workspace("w")
        assert [thread.title for thread in workspace.threads.newest()] == ["An old one"]
        assert workspace.threads.business("ledger", ["old"])[0]["order"] == "desk"
        assert lab.threads.given("old") == {"n": 1}
        assert lab.secret == "an old secret"
        assert lab.people.people() == PEOPLE
        lab.close()

    assert versions(look) == VERSION


def test_a_migrated_database_is_shaped_like_a_new_one(
    unversioned: str, look: Engine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    Lab(quiet(unversioned), patterns=[two_steps()]).close()
    if look.dialect.name == "postgresql":
        server = request.getfixturevalue("postgres_server")
        other = server.url(server.create_database())
        fresh = create_engine(other.replace("postgresql://", "postgresql+psycopg://"))
    else:
        other = str(tmp_path / "fresh.sqlite")
        fresh = create_engine(f"sqlite:///{other}")
    Lab(quiet(other), patterns=[two_steps()]).close()

    assert shape(look) == shape(fresh)
    assert versions(fresh) == VERSION
    fresh.dispose()


def test_a_table_that_is_missing_in_a_database_of_this_version_is_made(database: str, look: Engine) -> None:
    Lab(quiet(database), patterns=[two_steps()]).close()
    before = shape(look)
    with look.begin() as connection:
        connection.execute(text("DROP TABLE lab_records"))
    Lab(quiet(database), patterns=[two_steps()]).close()

    assert (shape(look), versions(look)) == (before, VERSION)


def test_a_migrated_database_keeps_what_people_decide_from_then_on(unversioned: str, look: Engine) -> None:
    Lab(quiet(unversioned), patterns=[two_steps()]).close()
    row = "(1, 2.0, 'w', '', '', 'answer', 'toy', 'only', 'old', 'An old one', 'c', 'ask', 'i', 'Pay?', 'null')"
    with look.begin() as connection:
        connection.execute(text(f"INSERT INTO lab_decisions VALUES {row}"))
    for change in ("UPDATE lab_decisions SET answered = '1'", "DELETE FROM lab_decisions"):
        with pytest.raises(DBAPIError, match="takes new rows alone"), look.begin() as connection:
            connection.execute(text(change))

    with look.connect() as connection:
        assert connection.execute(text("SELECT answered FROM lab_decisions")).scalars().all() == ["null"]


def test_a_migration_that_fails_changes_nothing(
    unversioned: str, look: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shape(look)
    first = "ALTER TABLE lab_ledger ADD COLUMN extra TEXT"
    steps: dict[int, dict[str, tuple[str, ...]]] = {number: {} for number in range(2, VERSION + 1)}
    steps[VERSION] = dict.fromkeys(("sqlite", "postgresql"), (first, "UPDATE no_such_table SET x = 1"))
    monkeypatch.setattr(migrations, "STEPS", steps)
    with pytest.raises(Exception, match="no_such_table"):
        Lab(quiet(unversioned), patterns=[two_steps()])

    assert (shape(look), versions(look)) == (before, 1)


def test_a_newer_database_is_refused_in_words_and_left_as_it_is(database: str, look: Engine) -> None:
    Lab(quiet(database), patterns=[two_steps()]).close()
    with look.begin() as connection:
        connection.execute(text("UPDATE lab_meta SET value = '99' WHERE name = 'version'"))
    before = shape(look)
    with pytest.raises(NewerDatabase, match=r"version 99.*LAB_DATABASE"):
        Lab(quiet(database), patterns=[two_steps()])

    assert (shape(look), versions(look)) == (before, 99)


OPENS = """
import os, sys
from lab.lab import Lab
from tests.support.labs import quiet
from tests.support.toy_patterns import begin, end, names, two_steps

def live():
    lab = Lab(quiet(sys.argv[1]), patterns=[two_steps()])
    workspace = lab.workspace("w")
    thread_id = begin(workspace)
    end(workspace, thread_id)
    assert names(workspace, thread_id) == ["a", "b"]
    lab.close()

held, let_go = os.pipe()
children = []
for _ in range(4):
    if not (child := os.fork()):
        os.close(let_go)
        os.read(held, 1)
        live()
        os._exit(0)
    children.append(child)
os.close(let_go)
print([os.waitpid(child, 0)[1] for child in children])
"""
"""Four processes that wait for the same moment to open a database."""


@pytest.mark.processes
def test_four_processes_may_open_an_empty_database_at_once(database: str, look: Engine) -> None:
    opened = subprocess.run(
        [sys.executable, "-c", OPENS, database], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )

    assert (opened.stdout, opened.stderr) == ("[0, 0, 0, 0]\n", "")
    lab = Lab(quiet(database), patterns=[two_steps()])
    workspace = lab.workspace("w")
    assert len(workspace.threads.newest()) == 4
    assert all(names(workspace, thread.thread_id) == ["a", "b"] for thread in workspace.threads.newest())
    assert end(workspace, begin(workspace)).outcome == "finished"
    lab.close()
    assert versions(look) == VERSION
