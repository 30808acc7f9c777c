"""The database's file: damage is refused and changes nothing, and any place and name will do."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from lab.checkpoints.compaction import backup
from lab.database import WholeCheck, sqlite_file
from lab.errors import DamagedDatabase, DamageFound, UnusableDatabase
from lab.lab import Lab
from tests.support.labs import quiet
from tests.support.project import ROOT
from tests.support.toy_patterns import begin, end, names, ran, two_steps


def lived_in(path: Path) -> None:
    """Leave a database with some threads, all in the one file."""
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


def test_a_damaged_page_is_found_while_the_lab_is_at_work(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    lived_in(path)
    path.write_bytes(_garbled(path.read_bytes()))
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    check = lab.storage.check

    assert check is not None
    assert check.wait(60)
    assert isinstance(lab.storage.damage, DamageFound)
    assert "damaged" in str(lab.storage.damage)
    workspace = lab.workspace("w")
    threads = workspace.threads.newest()
    with pytest.raises(DamageFound, match="no run begins"):
        begin(workspace)
    with pytest.raises(DamageFound):
        workspace.turn(threads[0].thread_id, {"n": 2})
    assert workspace.threads.newest() == threads
    lab.close()


def test_a_sound_file_is_checked_to_its_end_and_nothing_is_found(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    lived_in(path)
    lab = Lab(quiet(str(path)), patterns=[two_steps()])

    assert lab.storage.check is not None
    assert lab.storage.check.wait(60)
    assert lab.storage.damage is None
    assert end(lab.workspace("w"), begin(lab.workspace("w"))).outcome == "finished"
    lab.close()


def large(path: Path) -> None:
    """Make the file so large, though mostly by a hole, that reading all of it takes long."""
    lived_in(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE bulk(b BLOB)")
        connection.executemany("INSERT INTO bulk VALUES (zeroblob(?))", [(2**24,)] * 8)


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux tells how much a process reads")
def test_a_start_reads_little_of_a_large_file_and_an_end_stops_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lab.sqlite"
    large(path)
    read = Path("/proc/self/io")
    before = _read(read)
    began = threading.Event()
    let_go = threading.Event()
    findings = WholeCheck._findings

    def slow(check: WholeCheck) -> Iterator[str]:
        began.set()
        assert let_go.wait(60)
        yield from findings(check)

    monkeypatch.setattr(WholeCheck, "_findings", slow)
    lab = Lab(quiet(str(path)), patterns=[two_steps()])

    assert began.wait(60)
    assert _read(read) - before < path.stat().st_size / 10
    assert lab.storage.check is not None
    assert not lab.storage.check.wait(0)
    closing_lab = threading.Thread(target=lab.close)
    closing_lab.start()
    let_go.set()
    closing_lab.join(30)
    assert not closing_lab.is_alive()
    assert "database-check" not in {thread.name for thread in threading.enumerate()}


def _read(counters: Path) -> int:
    """Return the bytes that this process has read up to now, from whatever cache."""
    return int(counters.read_text().split()[1])


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_file_that_another_program_holds_locked_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(sqlite_file, "START_TIMEOUT", 0.2)
    path = tmp_path / "lab.sqlite"
    lived_in(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(f"PRAGMA journal_mode={mode}")
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("CREATE TABLE another(x)")
        with pytest.raises(UnusableDatabase) as refused:
            Lab(quiet(str(path)), patterns=[two_steps()])
        other.execute("ROLLBACK")

    assert "locked" in str(refused.value)
    assert "isn't damaged" in str(refused.value)
    assert "move the file" not in str(refused.value)
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    assert len(lab.workspace("w").threads.newest()) == 20
    lab.close()


def test_a_start_waits_for_another_program_that_writes_the_file_in_the_old_way(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    lived_in(path)
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN IMMEDIATE")
        leaving = threading.Timer(0.3, other.execute, ["ROLLBACK"])
        leaving.start()
        lab = Lab(quiet(str(path)), patterns=[two_steps()])
        leaving.join()
    assert len(lab.workspace("w").threads.newest()) == 20
    lab.close()


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_nobody_but_its_owner_may_read_the_database(tmp_path: Path) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir(mode=0o755)
    path = open_folder / "data" / "deep" / "lab.sqlite"
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    ran(lab.workspace("w"))

    beside = [found.name for found in path.parent.iterdir()]
    assert sorted(beside) == ["lab.sqlite", "lab.sqlite-reserve", "lab.sqlite-shm", "lab.sqlite-wal"]
    assert {rights(found) for found in path.parent.iterdir()} == {0o600}
    assert (rights(path.parent), rights(path.parent.parent), rights(open_folder)) == (0o700, 0o700, 0o755)
    assert backup(lab.storage, open_folder / "copy.sqlite") > 0
    assert rights(open_folder / "copy.sqlite") == 0o600
    lab.close()


def test_a_file_from_before_is_closed_to_others_and_its_folder_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    lived_in(path)
    path.chmod(0o644)
    tmp_path.chmod(0o755)
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    ran(lab.workspace("w"))

    assert {rights(found) for found in tmp_path.iterdir()} == {0o600}
    assert rights(tmp_path) == 0o755
    lab.close()


def test_a_lanes_temporary_file_is_for_its_owner_alone() -> None:
    lab = Lab(quiet("memory"))
    path, _ = lab.thread_savers._file

    assert (rights(path), rights(path.parent)) == (0o600, 0o700)
    lab.close()
    assert not path.parent.exists()


UNPRIVILEGED = """
import os, sys
from lab.errors import LabError
from lab.lab import Lab
from tests.support.labs import quiet

if os.geteuid() == 0:
    os.setuid(65534)
for path in sys.argv[1:]:
    try:
        Lab(quiet(path)).close()
    except LabError as error:
        print(error)
"""
"""Opens databases as somebody who may not write everywhere."""


@pytest.mark.processes
def test_what_may_not_be_written_is_refused_in_words() -> None:
    rights = {"a file": (0o444, 0o777), "both": (0o444, 0o555), "a folder": (None, 0o555)}
    # Not in pytest's own temporary folder, which nobody else may enter.
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        paths = [Path(name) / what / "lab.sqlite" for what in rights]
        for path, (file, folder) in zip(paths, rights.values(), strict=True):
            path.parent.mkdir()
            if file is not None:
                lived_in(path)
                path.chmod(file)
            path.parent.chmod(folder)
        told = subprocess.run(
            [sys.executable, "-c", UNPRIVILEGED, *map(str, paths)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        for path in paths:
            path.parent.chmod(0o755)

    assert (told.stderr, told.returncode) == ("", 0)
    lines = told.stdout.splitlines()
    assert len(lines) == 3
    for line, path in zip(lines, paths, strict=True):
        assert str(path) in line
        assert "LAB_DATABASE" in line
        assert "damaged" not in line


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

    assert {thread.thread_id for thread in workspace.threads.newest()} == {bad, good}
    assert workspace.history.status(good) == "finished"
    assert names(workspace, good) == ["a", "b"]
    lab.close()
