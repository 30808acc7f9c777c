"""The database's file: damage is refused and changes nothing, and any place and name will do."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.errors import DamagedDatabase
from lab.lab import Lab
from tests.labs import quiet
from tests.toys import begin, end, names, ran, two_steps


def lived_in(path: Path) -> None:
    """Leaves a database with some threads, all in the one file."""
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    for _ in range(20):
        ran(lab.workspace("w"))
    lab.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _truncated(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def _garbled(data: bytes) -> bytes:
    return data[:8192] + b"\xff" * 4096 + data[12288:]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": _truncated,
    "a page of garbage": _garbled,
    "no header": lambda data: b"\x00" * 100 + data[100:],
    "a text": lambda _: b"Dear diary, this is no database at all.\n" * 50,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "lab.sqlite"
    lived_in(path)
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(DamagedDatabase) as refused:
        Lab(quiet(str(path)), patterns=[two_steps()])

    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["lab.sqlite"]
    assert str(path) in str(refused.value)
    assert "LAB_DATABASE" in str(refused.value)


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    path.touch()
    lab = Lab(quiet(str(path)), patterns=[two_steps()])

    assert end(lab.workspace("w"), begin(lab.workspace("w"))).outcome == "finished"
    lab.close()


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "my lab #1?a=b%20&.sqlite"
    for _ in range(2):
        lab = Lab(quiet(str(path)), patterns=[two_steps()])
        assert end(lab.workspace("w"), begin(lab.workspace("w"))).outcome == "finished"
        lab.close()

    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "some" / "where" / "lab.sqlite"
    Lab(quiet(str(path)), patterns=[two_steps()]).close()

    assert path.exists()


def test_one_unreadable_thread_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    bad, good = ran(lab.workspace("w")), ran(lab.workspace("w"))
    lab.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE checkpoints SET checkpoint = x'00ff' WHERE thread_id = ?", (bad,))
    connection.close()
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    workspace = lab.workspace("w")

    assert {thread.thread_id for thread in workspace.threads()} == {bad, good}
    assert workspace.status(good) == "finished"
    assert names(workspace, good) == ["a", "b"]
    lab.close()
