"""Sizes and room: what a thread takes, what compaction gives back, and a backup."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import TextClause, text

from graphs.pattern import Pattern
from lab.checkpoints import compact
from lab.checkpoints.compaction import backup
from lab.checkpoints.sql_dialects import SQLITE
from lab.errors import NotPossible
from lab.lab import Lab
from lab.threads import delete_thread
from tests.support.labs import quiet
from tests.support.saved_threads import WORKSPACE, branched, history, three_steps
from tests.support.toy_patterns import OpenLab, State, begin, chain, done, end, lane, names, ran, toy


def test_a_thread_is_as_large_as_what_it_saves(open_anywhere: OpenLab) -> None:
    def says(words: int) -> Callable[[State], dict[str, Any]]:
        # Random hexadecimal, because PostgreSQL compresses.
        return lambda _: {"done": [repr(number * 7919**3 % 2**61) for number in range(words)]}

    lab = open_anywhere(toy(lane(chain(a=says(10)), "small"), lane(chain(a=says(10_000)), "large")))
    workspace = lab.workspace(WORKSPACE)
    small, large = ran(workspace, lane_key="small"), ran(workspace, lane_key="large")
    sizes = lab.storage.checkpoints.thread_sizes([small, large, "nowhere"])

    assert list(sizes) == [small, large, "nowhere"]
    assert (sizes["nowhere"].bytes, sizes["nowhere"].checkpoints) == (0, 0)
    assert sizes[small].checkpoints == sizes[large].checkpoints == workspace.history.count(small)
    assert 500 < sizes[small].bytes < 10_000 < 100_000 < sizes[large].bytes < 1_000_000
    assert lab.storage.checkpoints.storage_size().bytes >= sizes[small].bytes + sizes[large].bytes
    delete_thread(lab.storage, large)
    assert lab.storage.checkpoints.thread_sizes([small, large])[large].bytes == 0


def test_the_meter_says_what_sqlite_stores_to_the_byte(sqlite_lab: Lab) -> None:
    play = sqlite_lab.workspace(WORKSPACE)
    thread_id = play.start("linear-pipeline", "pipeline", {"text": "Some words to measure."}).thread_id
    end(play, thread_id)
    with sqlite_lab.storage.database.read() as connection:
        stored = [
            *connection.execute(text("SELECT checkpoint FROM checkpoints")),
            *connection.execute(text("SELECT metadata FROM checkpoints")),
            *connection.execute(text("SELECT value FROM writes")),
        ]

    assert sqlite_lab.storage.checkpoints.thread_sizes([thread_id])[thread_id].bytes == sum(
        len(row[0]) for row in stored
    )


def test_more_threads_than_a_statement_takes_values_are_measured(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id = ran(lab.workspace(WORKSPACE))
    sizes = lab.storage.checkpoints.thread_sizes([*map(str, range(40_000)), thread_id])

    assert len(sizes) == 40_001
    assert sizes[thread_id].bytes > 0


def heavy() -> Pattern:
    return toy(lane(chain(a=lambda _: {"done": ["x" * 1_000_000]})), slug="heavy")


def test_compaction_gives_room_back_where_threads_were_deleted(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(heavy(), three_steps_as("light"))
    workspace = lab.workspace(WORKSPACE)
    heavy_id, light_id = ran(workspace, "heavy"), ran(workspace, "light")
    before = history(lab, light_id)
    delete_thread(lab.storage, heavy_id)
    if lab.storage.kind != "sqlite":
        with pytest.raises(NotPossible, match="by itself"):
            compact(lab.storage)
        return
    was = lab.storage.checkpoints.storage_size()
    given = compact(lab.storage)
    now = lab.storage.checkpoints.storage_size()

    assert was.free > 1_000_000
    assert given > 1_000_000
    assert (now.free, now.bytes) == (0, was.bytes - given)
    assert history(lab, light_id) == before
    assert end(workspace, begin(workspace, "light")).outcome == "finished"


@pytest.mark.parametrize("query", SQLITE.thread_sizes)
def test_measuring_goes_by_an_index(sqlite_lab: Lab, query: TextClause) -> None:
    asked = query.text.replace(":ids", "('a', 'b')")
    with sqlite_lab.storage.database.read() as connection:
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {asked}")).all()

    assert [row[3].split()[0] for row in plan] == ["SEARCH"]


def test_pruning_reads_no_state_to_choose_what_goes(sqlite_lab: Lab) -> None:
    query = "SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata FROM checkpoints WHERE thread_id = 'a'"
    with sqlite_lab.storage.database.read() as connection:
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {query} ORDER BY checkpoint_id")).all()

    assert "COVERING INDEX ck_meta" in plan[0][3]


def three_steps_as(slug: str) -> Pattern:
    return toy(lane(chain(a=done("a"), b=done("b"))), slug=slug)


def test_a_database_in_use_is_not_compacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.checkpoints.compaction.BUSY_TIMEOUT", 0.1)
    lab = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=[three_steps()])
    thread_id = ran(lab.workspace(WORKSPACE))
    with lab.storage.database.begin(), pytest.raises(NotPossible, match="no thread is running"):
        compact(lab.storage)

    assert names(lab.workspace(WORKSPACE), thread_id) == ["a", "b", "c"]
    lab.close()


def test_a_backup_is_a_database_of_its_own(open_anywhere: OpenLab, tmp_path: Path) -> None:
    lab = open_anywhere(three_steps())
    thread_id, _ = branched(lab)
    target = tmp_path / "copy.sqlite"
    if lab.storage.kind != "sqlite":
        with pytest.raises(NotPossible, match=lab.storage.kind):
            backup(lab.storage, target)
        assert not target.exists()
        return
    size = backup(lab.storage, target)
    before = history(lab, thread_id)
    delete_thread(lab.storage, thread_id)
    copied = Lab(quiet(str(target)), patterns=[three_steps()])

    assert history(copied, thread_id) == before
    copied.close()
    assert size > 10_000
    with pytest.raises(NotPossible, match="already"):
        backup(lab.storage, target)
    with pytest.raises(NotPossible, match="folder"):
        backup(lab.storage, tmp_path / "nowhere" / "copy.sqlite")
    assert not list(tmp_path.glob("*.part*"))
