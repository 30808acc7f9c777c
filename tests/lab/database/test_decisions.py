"""The record of decisions only grows: the database refuses to change or delete a row, and reads go by an index."""

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from lab.database import Decision, add_decisions, count_decisions, read_decisions
from lab.lab import Lab
from lab.secrets import know_secrets
from tests.support.toy_patterns import OpenLab, everywhere, two_steps

DECISION = Decision(
    at=1.0,
    workspace="w",
    kind="answer",
    pattern="toy",
    lane="only",
    thread_id="t",
    title="A thread",
    checkpoint_id="c",
    node="ask",
    interrupt_id="i",
    asked="Pay?",
    answered={"decision": "yes"},
)
PASSWORD = "hunter2-of-the-mail-server"


def recorded(open_toys: OpenLab, *decisions: Decision) -> Lab:
    lab: Lab = open_toys(two_steps())
    with lab.storage.database.begin() as connection:
        add_decisions(connection, decisions)
    return lab


def change(lab: Lab, statement: str) -> None:
    with lab.storage.database.begin() as connection:
        connection.execute(text(statement))


def read(lab: Lab, workspace: str = "w", **chosen: Any) -> list[Decision]:
    return read_decisions(lab.storage.database, workspace, limit=100, **chosen)


CHANGES = [
    "UPDATE lab_decisions SET answered = '\"no\"'",
    "UPDATE lab_decisions SET number = 7 WHERE number = 1",
    "DELETE FROM lab_decisions",
    "DELETE FROM lab_decisions WHERE number = 1",
]
ROW = "1, 2.0, 'w', '', '', 'answer', 'toy', 'only', 't', 'A thread', 'c', 'ask', 'i', 'Pay?', 'null'"
OF_SQLITE = [
    f"INSERT OR REPLACE INTO lab_decisions VALUES ({ROW})",
    f"INSERT INTO lab_decisions VALUES ({ROW}) ON CONFLICT DO UPDATE SET answered = 'null'",
    "UPDATE OR REPLACE lab_decisions SET number = 1",
]
OF_POSTGRESQL = ["TRUNCATE lab_decisions"]


def refuses(lab: Lab, statement: str) -> None:
    before = read(lab)
    with pytest.raises(DBAPIError, match="takes new rows alone"):
        change(lab, statement)

    assert read(lab) == before


@everywhere
@pytest.mark.parametrize("statement", CHANGES)
def test_no_decision_is_changed_or_deleted_in_any_database(open_toys: OpenLab, statement: str) -> None:
    refuses(recorded(open_toys, DECISION, DECISION), statement)


@pytest.mark.parametrize("statement", OF_SQLITE)
def test_no_decision_is_replaced(open_toys: OpenLab, statement: str) -> None:
    refuses(recorded(open_toys, DECISION), statement)


@pytest.mark.parametrize("open_toys", ["postgresql"], indirect=True)
@pytest.mark.parametrize("statement", OF_POSTGRESQL)
def test_the_record_is_not_emptied_as_a_whole(open_toys: OpenLab, statement: str) -> None:
    refuses(recorded(open_toys, DECISION), statement)


@everywhere
def test_a_decision_is_read_as_it_was_written(open_toys: OpenLab) -> None:
    odd = replace(DECISION, asked="NUL \x00, half \ud800, ä", answered=["ä", None, 1.5], person="Anna", role="manager")
    lab = recorded(open_toys, DECISION, odd)
    newest, oldest = read(lab)

    assert replace(oldest, number=None) == DECISION
    assert replace(newest, number=None, asked="") == replace(odd, asked="")
    assert newest.asked == "NUL \N{REPLACEMENT CHARACTER}, half ?, ä"


@everywhere
def test_decisions_are_read_by_workspace_pattern_and_page_the_newest_first(open_toys: OpenLab) -> None:
    named = [replace(DECISION, title=str(number), pattern=("toy", "other")[number % 2]) for number in range(6)]
    lab = recorded(open_toys, *named, replace(DECISION, workspace="of somebody else"))
    database = lab.storage.database
    everything = read(lab)

    assert [one.title for one in everything] == ["5", "4", "3", "2", "1", "0"]
    assert [one.title for one in read_decisions(database, "w", limit=2, offset=2)] == ["3", "2"]
    assert [one.title for one in read(lab, pattern="other", before=everything[0].number)] == ["3", "1"]
    assert [count_decisions(database, "w", pattern) for pattern in (None, "toy", "a\x00b")] == [6, 3, 0]
    assert [count_decisions(database, name) for name in ("of somebody else", "nobody's")] == [1, 0]


@everywhere
def test_no_secret_that_is_known_is_written_down(open_toys: OpenLab) -> None:
    know_secrets(PASSWORD)
    said = f"It is {PASSWORD}."
    lab = recorded(open_toys, replace(DECISION, title=said, asked=said, answered={said: [said]}))

    assert PASSWORD not in repr(read(lab))
    assert "[secret]" in read(lab)[0].asked


def test_what_was_asked_is_kept_up_to_a_length(open_toys: OpenLab) -> None:
    assert len(read(recorded(open_toys, replace(DECISION, asked="long " * 10_000)))[0].asked) == 4_000


@pytest.mark.parametrize("open_toys", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("of_pattern", "index"),
    [("", r"lab_decisions_by_workspace \(workspace=\?\)"), (
        "AND pattern = 'toy' ", r"lab_decisions_by_pattern \(workspace=\? AND pattern=\?\)"
    )],
)  # fmt: skip
def test_a_page_is_read_by_an_index_and_sorts_nothing(open_toys: OpenLab, of_pattern: str, index: str) -> None:
    lab = recorded(open_toys)
    query = f"SELECT * FROM lab_decisions WHERE workspace = 'w' {of_pattern}ORDER BY number DESC LIMIT 20"
    with lab.storage.database.read() as connection:
        plan = [str(row[-1]) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))]

    assert len(plan) == 1
    assert re.search(index, plan[0])
