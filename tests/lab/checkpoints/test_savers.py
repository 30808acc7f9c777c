"""Saving a checkpoint with its note: in one transaction on SQLite, and never at the cost of the checkpoint itself."""

import sqlite3
import threading
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from sqlalchemy import text

from lab.checkpoints import SummarySqliteSaver
from lab.checkpoints.config import at_checkpoint, checkpoint_config, thread_config
from lab.lab import Lab


class Moody:
    """A value that can be saved and not be told."""

    def __str__(self) -> str:
        raise RuntimeError("not today")


def put(saver: SummarySqliteSaver, ident: str, thread_id: str = "t", parent: str | None = None, **values: Any) -> None:
    checkpoint = empty_checkpoint() | {
        "id": ident,
        "channel_values": values,
        "channel_versions": dict.fromkeys(values, ident),
    }
    place: Any = at_checkpoint(thread_config(thread_id, ""), parent)
    saver.put(place, checkpoint, {"source": "input", "step": -1, "parents": {}}, checkpoint["channel_versions"])


@pytest.fixture
def saver(sqlite_lab: Lab) -> SummarySqliteSaver:
    assert isinstance(sqlite_lab.storage.saver, SummarySqliteSaver)
    return sqlite_lab.storage.saver


def saved(lab: Lab, table: str) -> set[str]:
    with lab.storage.database.read() as connection:
        return set(connection.execute(text(f"SELECT checkpoint_id FROM {table}")).scalars())


def test_a_checkpoint_and_its_note_are_one_commit(sqlite_lab: Lab, saver: SummarySqliteSaver) -> None:
    told: list[str] = []
    saver.conn.set_trace_callback(told.append)
    put(saver, "1", key="value")

    assert [sql.split()[0] for sql in told] == ["BEGIN", "INSERT", "INSERT", "COMMIT"]
    assert saved(sqlite_lab, "checkpoints") == saved(sqlite_lab, "lab_notes") == {"1"}


def test_a_checkpoint_that_cannot_be_saved_leaves_neither_note_nor_open_transaction(
    sqlite_lab: Lab, saver: SummarySqliteSaver
) -> None:
    with pytest.raises(TypeError):
        put(saver, "1", key=object())
    assert not saver.conn.in_transaction
    put(saver, "2", key="value")

    assert saved(sqlite_lab, "checkpoints") == saved(sqlite_lab, "lab_notes") == {"2"}


def test_a_statement_that_fails_leaves_neither_note_nor_open_transaction(
    sqlite_lab: Lab, saver: SummarySqliteSaver
) -> None:
    saver.conn.execute("CREATE TRIGGER no BEFORE INSERT ON checkpoints BEGIN SELECT RAISE(FAIL, 'full'); END")
    with pytest.raises(sqlite3.IntegrityError, match="full"):
        put(saver, "1", key="value")
    assert not saver.conn.in_transaction
    saver.conn.execute("DROP TRIGGER no")
    saver.put_writes(checkpoint_config("t", "1"), [("key", 1)], "task")

    assert saved(sqlite_lab, "checkpoints") == saved(sqlite_lab, "lab_notes") == set()


def test_a_value_that_cannot_be_told_is_saved_all_the_same(
    sqlite_lab: Lab, saver: SummarySqliteSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver.serde, "dumps_typed", lambda _: ("msgpack", b"\x80"))
    put(saver, "1", key=Moody())

    assert saved(sqlite_lab, "checkpoints") == {"1"}
    assert saved(sqlite_lab, "lab_notes") == set()


def test_threads_that_save_at_once_keep_their_own_notes(sqlite_lab: Lab, saver: SummarySqliteSaver) -> None:
    def go(name: str) -> None:
        for number in range(100):
            put(saver, f"{name}{number:03}", name, None, **{name: number})

    workers = [threading.Thread(target=go, args=(name,)) for name in "abcd"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with sqlite_lab.storage.database.read() as connection:
        found = connection.execute(text("SELECT thread_id, checkpoint_id, text FROM lab_notes")).all()

    assert len(found) == 400
    assert {(row[0], row[1]) for row in found} == {(n, f"{n}{k:03}") for n in "abcd" for k in range(100)}
    assert all(row[2] == f"{row[0]}: {int(row[1][1:])}" for row in found)


def test_what_stayed_in_a_long_list_is_not_compared_by_value(
    saver: SummarySqliteSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[object] = []

    class Item(str):
        def __eq__(self, other: object) -> bool:
            compared.append(other)
            return super().__eq__(other)

        __hash__ = str.__hash__

    monkeypatch.setattr(saver.serde, "dumps_typed", lambda _: ("msgpack", b"\x80"))
    items: list[str] = []
    for number in range(300):
        items = [*items, Item(number)]
        put(saver, f"{number:03}", parent=f"{number - 1:03}" if items[1:] else None, items=items)

    assert compared == []
