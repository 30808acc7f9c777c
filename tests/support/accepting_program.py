"""The program of tests about accepted work: it carries out one order and is killed as soon as that was accepted."""

import json
import os
import signal
import sys
from operator import attrgetter
from pathlib import Path
from typing import Any

from lab.runs.run import Run
from lab.workspace import StateEdit
from tests.support.forked_processes import ACCEPTING, Forker
from tests.support.rival_processes import SHORT, opened


def accepted_and_killed(forker: Forker, folder: Path, database: str, verb: str, *arguments: Any) -> None:
    """Have a process give the order and die in the moment in which its run would begin."""
    order = json.dumps([verb, arguments])
    program = forker.fork(ACCEPTING, str(folder), database, order, env={"PATH": os.defpath})
    assert program.end() == -signal.SIGKILL


def die(_: Run) -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Carry out the order of the command line."""
    folder, database = Path(sys.argv[1]), sys.argv[2]
    verb, arguments = json.loads(sys.argv[3])
    Run.begin = die  # type: ignore[assignment, method-assign]  # the process must die exactly here
    workspace = opened(folder, database, SHORT).workspace("w")
    if verb == "rerun":
        thread_id, checkpoint_id, values = arguments
        workspace.travel.fork(thread_id, checkpoint_id, StateEdit(values, {}), run=True)
    else:
        attrgetter(verb)(workspace)(*arguments)


if __name__ == "__main__":
    main()
