"""The database's version: a new database is made at once, an older one is migrated, a newer one is refused."""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, Text, create_mock_engine, insert, inspect, select, text

from lab.database.people import add_people
from lab.database.prepared import Prepared
from lab.database.tables import METADATA
from lab.errors import NewerDatabase

VERSION = 9
"""Goes up by one whenever a table is changed, so that an older program keeps off what it doesn't know."""
WITH_PEOPLE = 7
"""The first version with a table of people, which begins with some."""

META = Table("lab_meta", METADATA, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
"""What the database says of itself: its version."""
_FORGET = Prepared(text("DELETE FROM lab_meta WHERE name = :name"))
_TELL = Prepared(insert(META))

STEPS: Mapping[int, Mapping[str, Sequence[str]]] = {
    2: {
        # SQLite holds no text to its column's length.
        "postgresql": (
            'ALTER TABLE lab_ledger ALTER COLUMN "order" TYPE TEXT, ALTER COLUMN "key" TYPE TEXT',
            "ALTER TABLE lab_ledger ALTER COLUMN cents TYPE BIGINT",
            "ALTER TABLE lab_archive ALTER COLUMN name TYPE TEXT",
            "ALTER TABLE lab_faults ALTER COLUMN point TYPE TEXT",
        )
    },
    # Adds tables alone: claims, their owners, and what runs told.
    3: {},
    4: dict.fromkeys(
        ("sqlite", "postgresql"),
        (
            "ALTER TABLE lab_ledger ADD COLUMN repeats INTEGER",
            'ALTER TABLE lab_outbox ADD COLUMN "key" TEXT',
            "ALTER TABLE lab_outbox ADD COLUMN repeats INTEGER",
            'CREATE UNIQUE INDEX lab_outbox_by_key ON lab_outbox ("key")',
        ),
    ),
    # Adds a table alone, of decisions.
    5: {},
    6: dict.fromkeys(
        ("sqlite", "postgresql"),
        (
            "ALTER TABLE lab_threads ADD COLUMN indexed TEXT",
            "CREATE INDEX lab_threads_outdated ON lab_threads (workspace) WHERE indexed IS NULL",
        ),
    ),
    # Adds a table alone, of people.
    7: {},
    8: dict.fromkeys(
        ("sqlite", "postgresql"),
        (
            "ALTER TABLE lab_threads ADD COLUMN inherited TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE lab_claims ADD COLUMN unattended INTEGER NOT NULL DEFAULT 0",
            "CREATE INDEX lab_claims_unattended ON lab_claims (thread_id) WHERE unattended > 0",
            "ALTER TABLE lab_waiting ADD COLUMN expires FLOAT",
            "CREATE INDEX lab_waiting_by_expiry ON lab_waiting (expires) WHERE expires IS NOT NULL",
            # What becomes of those questions that have a deadline is read once more.
            "UPDATE lab_threads SET indexed = NULL WHERE thread_id IN (SELECT thread_id FROM lab_waiting "
            "WHERE deadline <> '')",
        ),
    ),
    # Adds a table alone, of circuit breakers.
    9: {},
}
"""By version, what changes the tables of the version before, by kind of database; missing tables are made anyway."""

_TABLES = re.compile(r"\b(?:TABLE|ON|UPDATE|FROM) (lab_\w+)")


def migrate(connection: Connection) -> None:
    """Bring the lab's tables to this version within the caller's transaction; raises NewerDatabase."""
    at = version(connection)
    if at > VERSION:
        raise NewerDatabase(at, VERSION)
    there = {*inspect(connection).get_table_names()}
    if at == VERSION and METADATA.tables.keys() <= there:
        return
    for number in range(at + 1, VERSION + 1) if at else ():
        for statement in STEPS[number].get(connection.dialect.name, ()):
            # A table that isn't there yet is made with all that it has by now.
            if there.issuperset(_TABLES.findall(statement)):
                connection.execute(text(statement))
    if METADATA.tables.keys() & there:
        METADATA.create_all(connection)
    else:
        for statement in _all_made(connection.engine.url.drivername):
            connection.exec_driver_sql(statement)
    if at < WITH_PEOPLE:
        add_people(connection)
    _FORGET.execute(connection, {"name": "version"})
    _TELL.execute(connection, {"name": "version", "value": str(VERSION)})


@functools.cache
def _all_made(driver: str) -> tuple[str, ...]:
    """Return what makes all tables where there are none; to write it out takes longer than to carry it out."""
    statements: list[str] = []

    def note(element: Any, *_: object, **__: object) -> None:
        statements.append(str(element.compile(dialect=engine.dialect)))

    engine = create_mock_engine(f"{driver}://", note)
    METADATA.create_all(engine, checkfirst=False)
    return tuple(statements)


def version(connection: Connection) -> int:
    """Tell the version of the lab's tables; 0 where there are none, 1 where they were made before they had one."""
    tables = inspect(connection)
    if tables.has_table(META.name):
        return int(connection.execute(select(META.c.value).where(META.c.name == "version")).scalar_one())
    return 1 if tables.has_table("lab_threads") else 0
