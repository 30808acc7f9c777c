"""What runs out of time is found by an index."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lab.database import expiring
from lab.lab import Lab


@pytest.mark.parametrize(
    ("query", "index"), [(expiring._DUE, "lab_waiting_by_expiry"), (expiring._LEFT, "lab_claims_unattended")]
)
def test_what_is_due_is_found_by_its_index(sqlite_lab: Lab, tmp_path: Path, query: object, index: str) -> None:
    asked = str(query).replace(":until", "1").replace(":alive", "1")
    with closing(sqlite3.connect(tmp_path / "lab.sqlite")) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {asked}").fetchall()

    assert any(index in row[3] for row in plan)
