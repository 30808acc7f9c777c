"""The program of crash tests: runs a thread of four nodes and kills its own process inside one of them."""

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from graphs.pattern import Pattern
from lab.lab import Lab
from tests.support.labs import quiet
from tests.support.toy_patterns import GIVEN, State, chain, fan, lane, toy

STEPS = ("a", "b", "c", "d")


def counting(folder: Path, dies_in: str | None) -> Pattern:
    """Make a pattern whose nodes note each execution in a file, and one of which kills the process."""

    def node(name: str, *, beside: bool) -> Callable[[State], dict[str, Any]]:
        def step(_: State) -> dict[str, Any]:
            with (folder / "executions").open("a") as file:
                file.write(f"{name}\n")
            if name == dies_in:
                if beside:
                    _wait_for_siblings(folder / "lab.sqlite")
                os.kill(os.getpid(), signal.SIGKILL)
            return {"done": [name]}

        return step

    row, side = ({name: node(name, beside=beside) for name in STEPS} for beside in (False, True))
    return toy(lane(chain(**row), "row"), lane(fan(**side), "fan"))


def _wait_for_siblings(database: Path) -> None:
    """Wait until the others' results are saved, so that what's lost afterwards was lost by the kill."""
    with closing(sqlite3.connect(database)) as connection:
        while connection.execute("SELECT count(*) FROM writes WHERE channel = 'done'").fetchone()[0] < len(STEPS) - 1:
            time.sleep(0.01)


def main() -> None:
    """Start a thread of the lane and die in the step that the command line names."""
    folder, lane_key, dies_in = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    lab = Lab(quiet(str(folder / "lab.sqlite"), lease=0.5), patterns=[counting(folder, dies_in)])
    workspace = lab.workspace("w")
    workspace.wait(workspace.start("toy", lane_key, GIVEN).thread_id)


if __name__ == "__main__":
    main()
