"""The program of tests with several processes on one database, and the patterns that it runs.

It reads from its standard input, a line each, where to open its lab and then orders. It carries each out as a page
would, waits for the run's end, and answers with one line: what it got, or why it was refused.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar

from langgraph.runtime import Runtime
from sqlalchemy import column, create_engine, func, inspect, select, table

from graphs.pattern import Pattern
from graphs.world import World
from lab.errors import LabError
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.asking_nodes import books
from tests.support.expiring import expiring, look, pass_time
from tests.support.labs import quiet
from tests.support.polling import until
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
        expiring(),
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
    return len(workspace.threads.business("ledger", [thread_id]))


class Rival:
    """A process with a lab of its own on the database."""

    idle: ClassVar[list[subprocess.Popen[str]]] = []
    """Processes that have closed their lab and wait for the next one, for most of a start goes to importing."""

    def __init__(self, folder: Path, database: str, lease: float = LEASE) -> None:
        self.process = self.idle.pop() if self.idle else _started()
        self._unanswered = 0
        self._write([str(folder), database, lease])

    def order(self, verb: str, *arguments: Any, **keywords: Any) -> None:
        """Give an order without waiting for its answer."""
        self._write([verb, arguments, keywords])

    def _write(self, line: list[Any] | None) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        self._unanswered += 1

    def answer(self) -> dict[str, Any]:
        """Wait for the answer to the oldest order."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the rival ended with {self.process.wait()}"
        self._unanswered -= 1
        told: dict[str, Any] = json.loads(line)
        return told

    def do(self, verb: str, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        """Give an order and wait for its answer."""
        self.order(verb, *arguments, **keywords)
        return self.answer()

    def end(self) -> None:
        """Close the lab and keep the process for the next one; kill one that is dead already or still at work."""
        if self.process.poll() is None and not self._unanswered:
            self._write(None)
            assert self.answer() == {"closed": True}
            self.idle.append(self.process)
        else:
            _end(self.process)


def _started() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.support.rival_processes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def end_idle() -> None:
    """End the processes that wait for a lab."""
    while Rival.idle:
        _end(Rival.idle.pop())


@contextmanager
def rivals(folder: Path, database: str, number: int = 2, lease: float = LEASE) -> Iterator[list[Rival]]:
    """Open so many processes' labs on the database and end them after the block."""
    found: list[Rival] = []
    try:
        # All open at once, and only then is waited for the first.
        found += [Rival(folder, database, lease) for _ in range(number)]
        for rival in found:
            assert rival.answer() == {"ready": True}
        yield found
    except BaseException:
        # What they were at is unknown.
        for rival in found:
            _end(rival.process)
        raise
    for rival in found:
        rival.end()


def both(found: list[Rival], verb: str, *arguments: Any, **keywords: Any) -> list[dict[str, Any]]:
    """Give all the same order at once and return their answers."""
    for rival in found:
        rival.order(verb, *arguments, **keywords)
    return [rival.answer() for rival in found]


def done_by(answers: list[dict[str, Any]]) -> int:
    """Count those who weren't refused; who was must have been told why."""
    for told in answers:
        assert "done" in told or (told["error"] and told["text"].endswith("."))
    return sum("done" in told for told in answers)


def leftovers(database: str, thread_id: str) -> dict[str, int]:
    """Count a thread's rows in all tables of a database that have any, but for the decisions, which stay."""
    url = database.replace("postgresql://", "postgresql+psycopg://") if "://" in database else f"sqlite:///{database}"
    engine = create_engine(url)
    there = inspect(engine)
    tables = [name for name in there.get_table_names() if name != "lab_decisions"]
    names = [name for name in tables if "thread_id" in {at["name"] for at in there.get_columns(name)}]
    with engine.connect() as connection:
        of_thread = column("thread_id") == thread_id
        queries = {name: select(func.count()).select_from(table(name)).where(of_thread) for name in names}
        counts = {name: int(connection.execute(query).scalar_one()) for name, query in queries.items()}
    engine.dispose()
    return {name: count for name, count in counts.items() if count}


def _carry_out(lab: Lab, verb: str, arguments: list[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    workspace = lab.workspace("w")
    if verb == "deadlines":
        # The time of its questions has run out, for this process and all others.
        pass_time(lab)
        look(lab)
        until(lambda: workspace.history.status(arguments[0]) == "finished")
        return {"done": arguments[0]}
    try:
        got = attrgetter(verb)(workspace)(*arguments, **keywords)
        thread_id = got.thread_id if verb == "start" else arguments[0]
        if verb != "start" and verb not in ("threads.delete", "history.status"):
            workspace.wait(thread_id, 30)
    except LabError as error:
        return {"error": type(error).__name__, "text": str(error)}
    return {"done": got if isinstance(got, str) else thread_id}


def main() -> None:
    """Open one lab after the other and carry out the orders to each until it's to be closed."""
    for place in sys.stdin:
        folder, database, lease = json.loads(place)
        lab = opened(Path(folder), database, lease)
        _say({"ready": True})
        for line in sys.stdin:
            if (order := json.loads(line)) is None:
                break
            _say(_carry_out(lab, *order))
        lab.close()
        _say({"closed": True})


def _say(told: dict[str, Any]) -> None:
    print(json.dumps(told), flush=True)  # noqa: T201 - the answer to the test


if __name__ == "__main__":
    main()
