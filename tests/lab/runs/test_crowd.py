"""A crowd: many threads on one file at once lose nothing and disturb nobody."""

import sqlite3
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import pytest

from graphs.catalogue import CATALOGUE
from graphs.pattern import Example
from lab.lab import Lab
from tests.support.example_player import player
from tests.support.labs import quiet

CROWD = 32
JOBS = [
    (pattern.slug, lane.key, example)
    for pattern in CATALOGUE
    for lane in pattern.lanes
    if lane.saver is None or lane.saver.kind != "postgresql"
    for example in pattern.examples[:2]
    if example.input.get(pattern.crash_field, "never") == "never"
]
Rows = Counter[str]


def played(lab: Lab, jobs: list[tuple[str, str, Example]], path: Path) -> list[tuple[str, str, Rows]]:
    """Play all jobs at once; return each one's status, error and number of rows by table."""
    together = threading.Barrier(len(jobs))

    def play(job: tuple[str, str, Example]) -> tuple[str, str, str]:
        together.wait(30)
        came = player(lab)(*job)
        return came.thread_id, came.status, str(came.error)

    with ThreadPoolExecutor(len(jobs)) as pool:
        done = list(pool.map(play, jobs))
    return [(status, error, rows(path, thread_id)) for thread_id, status, error in done]


def rows(path: Path, thread_id: str) -> Rows:
    connection = sqlite3.connect(path)
    tables = ("checkpoints", "writes", "lab_threads", "lab_ledger", "lab_outbox")
    found: Rows = Counter()
    for table in tables:
        query = f"SELECT count(*) FROM {table} WHERE thread_id = ?"
        found[table] = connection.execute(query, (thread_id,)).fetchone()[0]
    connection.close()
    return found


@pytest.mark.catalogue
def test_many_threads_on_one_file_save_what_each_saves_alone(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    lab = Lab(quiet(str(path), runs_per_workspace=CROWD))
    chosen = list(islice(cycle(JOBS), max(CROWD, len(JOBS))))
    alone = [played(lab, [job], path)[0] for job in chosen]
    crowd = [
        came for start in range(0, len(chosen), CROWD) for came in played(lab, chosen[start : start + CROWD], path)
    ]
    lab.close()
    connection = sqlite3.connect(path)

    assert crowd == alone
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
