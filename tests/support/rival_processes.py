"""The program of tests with several processes on one database, and the patterns that it runs.

It reads one order a line from its standard input, carries it out as a page would, waits for the run's end, and
answers with one line: what it got, or why it was refused.
"""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from langgraph.runtime import Runtime

from graphs.pattern import Pattern
from graphs.world import World
from lab.errors import LabError
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.asking_nodes import books
from tests.support.labs import quiet
from tests.support.project import ROOT
from tests.support.toy_patterns import State, chain, done, lane, toy

LEASE = 20.0
"""Seconds after which nobody who is at work loses a thread, however busy the machine."""
SHORT = 2.0
"""Seconds that tests wait for a process that was killed."""


def patterns(folder: Path) -> list[Pattern]:
    """Return the patterns: one that asks and pays, one that pays, and one that pays after it was let go."""

    def pays(_: State, runtime: Runtime[World]) -> dict[str, Any]:
        runtime.context.ledger.charge("order", 100)
        return {"done": ["pays"]}

    def holds(state: State) -> dict[str, Any]:
        (folder / f"inside-{state['n']}").touch()
        while not (folder / f"go-{state['n']}").exists():
            time.sleep(0.01)
        return {"done": ["holds"]}

    return [
        toy(lane(chain(books=books, z=done("z"))), slug="asks", turns=True),
        toy(lane(chain(a=done("a"), pays=pays, z=done("z"))), slug="pays", turns=True),
        toy(lane(chain(holds=holds, pays=pays)), slug="holds", turns=True),
    ]


def opened(folder: Path, database: str, lease: float = LEASE) -> Lab:
    """Open a lab as one of several on that database."""
    return Lab(quiet(database, lease=lease), patterns=patterns(folder))


def begun(workspace: Workspace, slug: str, n: int = 1) -> str:
    """Start a thread, wait for its run's end and return its id."""
    thread_id = workspace.start(slug, "only", {"n": n}).thread_id
    assert workspace.wait(thread_id, 30)
    return thread_id


def charges(workspace: Workspace, thread_id: str) -> int:
    """Count what was charged for the thread."""
    return len(workspace.business("ledger", [thread_id]))


class Rival:
    """A process with a lab of its own on the database."""

    def __init__(self, folder: Path, database: str, lease: float = LEASE) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.support.rival_processes", str(folder), database, str(lease)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        )
        assert self._line() == {"ready": True}

    def order(self, verb: str, *arguments: Any, **keywords: Any) -> None:
        """Return an order without waiting for its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([verb, arguments, keywords]) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Wait for the answer to the oldest order."""
        return self._line()

    def do(self, verb: str, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        """Return an order and wait for its answer."""
        self.order(verb, *arguments, **keywords)
        return self.answer()

    def _line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the rival ended with {self.process.wait()}"
        told: dict[str, Any] = json.loads(line)
        return told

    def end(self) -> None:
        """End the process, killed or not."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def rivals(folder: Path, database: str, number: int = 2, lease: float = LEASE) -> Iterator[list[Rival]]:
    """Start so many processes on the database and end them after the block."""
    found: list[Rival] = []
    try:
        while len(found) < number:
            found.append(Rival(folder, database, lease))
        yield found
    finally:
        for rival in found:
            rival.end()


def both(found: list[Rival], verb: str, *arguments: Any, **keywords: Any) -> list[dict[str, Any]]:
    """Return all the same order at once and their answers."""
    for rival in found:
        rival.order(verb, *arguments, **keywords)
    return [rival.answer() for rival in found]


def done_by(answers: list[dict[str, Any]]) -> int:
    """Count those who weren't refused; who was must have been told why."""
    for told in answers:
        assert "done" in told or (told["error"] and told["text"].endswith("."))
    return sum("done" in told for told in answers)


def leftovers(database: str, thread_id: str) -> dict[str, int]:
    """Count a thread's rows in all tables of a SQLite file that have any."""
    with closing(sqlite3.connect(database)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = {}
        for table in tables:
            columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            if "thread_id" in columns:
                query = f"SELECT count(*) FROM {table} WHERE thread_id = ?"
                counts[table] = connection.execute(query, (thread_id,)).fetchone()[0]
    return {table: count for table, count in counts.items() if count}


def _carry_out(lab: Lab, verb: str, arguments: list[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    workspace = lab.workspace("w")
    try:
        got = getattr(workspace, verb)(*arguments, **keywords)
        thread_id = got.thread_id if verb == "start" else arguments[0]
        if verb != "start" and verb not in ("delete", "status"):
            workspace.wait(thread_id, 30)
    except LabError as error:
        return {"error": type(error).__name__, "text": str(error)}
    return {"done": got if isinstance(got, str) else thread_id}


def main() -> None:
    """Carry out orders until there are no more."""
    folder, database, lease = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    lab = opened(folder, database, lease)
    print(json.dumps({"ready": True}), flush=True)  # noqa: T201 - the answer to the test
    for line in sys.stdin:
        print(json.dumps(_carry_out(lab, *json.loads(line))), flush=True)  # noqa: T201 - the answer to the test
    lab.close()


if __name__ == "__main__":
    main()
