"""Statements that SQLite is given as they are."""

import sqlite3

import pytest
from sqlalchemy import bindparam, insert, select, text

from lab.database import SECRETS, Prepared
from lab.lab import Lab

ADD = Prepared(insert(SECRETS))
READ = Prepared(select(SECRETS).where(SECRETS.c.name == bindparam("wanted")))
CHANGE = Prepared(text("UPDATE lab_secrets SET value = :value WHERE name = :name"))


def test_a_prepared_statement_takes_its_values_by_name_and_tells_how_many_rows_it_changed(lab: Lab) -> None:
    with lab.storage.database.begin() as connection:
        assert ADD.execute(connection, {"name": "one", "value": "it's ':name'"}) == 1
        assert CHANGE.execute(connection, {"name": "none", "value": "2"}) == 0
    with lab.storage.database.read() as connection:
        assert connection.execute(select(SECRETS)).all() == [("one", "it's ':name'")]


def test_a_prepared_statement_gives_the_first_row_that_it_reads_by_name(lab: Lab) -> None:
    with lab.storage.database.begin() as connection:
        ADD.execute(connection, {"name": "one", "value": "1"})
        assert READ.first(connection, {"wanted": "one"}) == {"name": "one", "value": "1"}
        assert READ.first(connection, {"wanted": "none"}) is None


def test_a_prepared_statement_is_taken_back_with_its_transaction(lab: Lab) -> None:
    def add_it_twice() -> None:
        with lab.storage.database.begin() as connection:
            ADD.execute(connection, {"name": "one", "value": ""})
            ADD.execute(connection, {"name": "one", "value": ""})

    with pytest.raises(sqlite3.IntegrityError):
        add_it_twice()
    with lab.storage.database.read() as connection:
        assert connection.execute(select(SECRETS)).all() == []
