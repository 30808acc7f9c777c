"""The SQLite file: who may read it, whether it can be trusted, and the check of all of it while the lab is at work."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from lab.database.errors import is_damage, is_full, is_locked
from lab.errors import DamagedDatabase, DamageFound, LabError, UnusableDatabase

BUSY_TIMEOUT = 30.0
"""Seconds that a writer waits for another one's transaction."""
START_TIMEOUT = 5.0
"""Seconds that a start waits for another program's lock."""

_MAGIC = b"SQLite format 3\x00"
_HEADER = 100
"""Bytes of the header, as the format says."""
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
_COMPANIONS = ("-wal", "-shm", "-journal")


def prepare(path: Path) -> None:
    """Make the file where there is none, and see that it can be trusted and written, by nobody but its owner.

    Takes about as long for a large file as for a small one. Raises DamagedDatabase, UnusableDatabase.
    """
    try:
        _make(path)
        if path.stat().st_size:
            _look(path)
        _try(path)
    except sqlite3.Error as error:
        raise _refusal(path, error) from error
    except OSError as error:
        raise UnusableDatabase(
            f"The database file {path} can't be opened ({error.strerror}). See that its folder can be made and "
            "written, or name another file by LAB_DATABASE."
        ) from error


def _make(path: Path) -> None:
    if path.is_dir():
        raise UnusableDatabase(
            f"LAB_DATABASE names the folder {path}. Name a file in it, such as {path / 'lab.sqlite'}."
        )
    for folder in reversed([one for one in path.parents if not one.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    # SQLite gives the files that it makes beside it the same rights.
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT, 0o600))
    for file in (path, *(path.with_name(path.name + end) for end in _COMPANIONS)):
        # A file beside it may go in this moment, when another process closes the database.
        with suppress(FileNotFoundError):
            if file.stat().st_uid == os.geteuid() and file.stat().st_mode & 0o077:
                file.chmod(0o600)


def _look(path: Path) -> None:
    """Raise DamagedDatabase where header, size, schema or a table's beginning is damaged."""
    # Without a log beside it the file is all there is, and opening it as immutable leaves no new files beside it.
    logged, half_done = (_has_content(path.with_name(path.name + end)) for end in ("-wal", "-journal"))
    if not logged and not half_done:
        _must_be_whole(path)
    # What another program left half done is taken back by whoever opens the file for writing.
    mode = "rw" if half_done else "ro" if logged else "ro&immutable=1"
    address = f"file:{quote(str(path))}?mode={mode}"
    with closing(sqlite3.connect(address, uri=True, timeout=START_TIMEOUT)) as connection:
        for _ in connection.execute("PRAGMA freelist_count"):
            pass
        for (name,) in connection.execute(_TABLES).fetchall():
            quoted = name.replace('"', '""')
            connection.execute(f'SELECT 1 FROM "{quoted}" LIMIT 1').fetchall()  # noqa: S608 - the schema's own, quoted


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _must_be_whole(path: Path) -> None:
    """Raise DamagedDatabase where the header isn't one, or tells of more pages than the file has."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
    size = int.from_bytes(header[16:18], "big")
    page = 65536 if size == 1 else size
    if not header.startswith(_MAGIC) or page < 512 or page & (page - 1):
        raise DamagedDatabase(str(path), "file is not a database")
    # The count is valid only where the program that wrote the file last kept it.
    pages = int.from_bytes(header[28:32], "big") if header[24:28] == header[92:96] else 0
    if pages * page > path.stat().st_size:
        raise DamagedDatabase(str(path), "it is shorter than its header says")


def _try(path: Path) -> None:
    """Raise what SQLite says where the file can't be written."""
    with closing(connect(path, timeout=START_TIMEOUT)) as connection:
        _log_ahead(connection)
        connection.execute("BEGIN IMMEDIATE")
        # A file that may only be read lets even this begin.
        (number,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {int(number)}")
        connection.execute("ROLLBACK")


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Have the file written by a write-ahead log, so that nobody who reads waits for who writes."""
    # Outside a transaction, for inside one it can't be changed. Who asks for it while another process writes is refused
    # at once instead of after the connection's timeout.
    patient = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, sqlite3.Error) and is_locked(error)),
        stop=stop_after_delay(START_TIMEOUT),
        wait=wait_random(0.01, 0.05),
        reraise=True,
    )
    patient(connection.execute, "PRAGMA journal_mode=WAL")


def _refusal(path: Path, error: sqlite3.Error) -> LabError:
    if is_damage(error):
        return DamagedDatabase(str(path), str(error))
    if is_locked(error):
        return UnusableDatabase(
            f"Another program holds the database file {path} locked. It isn't damaged, and it was left as it is. Close "
            "that program, or wait for its end, and start again."
        )
    if is_full(error):
        return UnusableDatabase(
            f"The disk of the database file {path} is full. What it holds is safe. Make room on the disk and start "
            "again."
        )
    return UnusableDatabase(
        f"The database file {path} can't be written ({error}). Give yourself the right to write the file and its "
        "folder, or name another file by LAB_DATABASE."
    )


def connect(path: Path, *, timeout: float | None = None) -> sqlite3.Connection:
    """Open a connection that any thread may use, one at a time."""
    seconds = BUSY_TIMEOUT if timeout is None else timeout
    return sqlite3.connect(path, check_same_thread=False, timeout=seconds)


class WholeCheck:
    """Reads the whole file while the lab is at work, and tells what is damaged; close it with the lab."""

    def __init__(self, path: Path) -> None:
        """Begin at once, over a connection of its own that only reads."""
        self._damage_seen: DamageFound | None = None
        self._closed = threading.Event()
        self._done = threading.Event()
        self._connection = connect(path)
        self._connection.execute("PRAGMA query_only=ON")
        self._thread = threading.Thread(target=self._check, name="database-check", daemon=True)
        self._thread.start()

    @property
    def damage(self) -> DamageFound | None:
        """What was found up to now; None while there is nothing."""
        return self._damage_seen

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the check, and tell whether it has come."""
        return self._done.wait(seconds)

    def close(self) -> None:
        """Stop the check where it is."""
        self._closed.set()
        while self._thread.is_alive():
            # Once more and again: it takes no notice of one that comes before it has begun.
            with suppress(sqlite3.ProgrammingError):
                self._connection.interrupt()
            self._thread.join(0.05)

    def _check(self) -> None:
        with closing(self._connection):
            try:
                for finding in self._findings():
                    self._damage_seen = DamageFound(finding)
            finally:
                self._done.set()

    def _findings(self) -> Iterator[str]:
        if self._closed.is_set():
            return
        try:
            finding = str(self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            # Whatever else keeps it from reading is told to those who read and write.
            if is_damage(error):
                yield str(error)
            return
        if finding != "ok":
            yield finding.splitlines()[-1]
