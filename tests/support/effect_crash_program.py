"""The program of tests about effects: it plays an example and dies right after the effect, before its checkpoint."""

import functools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from graphs.catalogue import find
from lab.database import LedgerTable, OutboxTable, RecordsTable
from lab.lab import Lab
from tests.support.example_player import play_steps
from tests.support.labs import quiet


def deadly(act: Callable[..., Any]) -> Any:
    """Kill this process once the effect is committed, or the node has done its work."""

    @functools.wraps(act)
    def acts(*given: Any, **named: Any) -> Any:
        act(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody is left")

    return acts


def main() -> None:
    """Play the example of the command line."""
    database, slug, lane_key, number = sys.argv[1:]
    LedgerTable.charge = deadly(LedgerTable.charge)  # type: ignore[method-assign]  # the process must die exactly here
    OutboxTable.send = deadly(OutboxTable.send)  # type: ignore[method-assign]  # and here
    RecordsTable.change = deadly(RecordsTable.change)  # type: ignore[method-assign]  # and here
    lab = Lab(quiet(database, lease=0.5))
    play_steps(lab.workspace("tests"), slug, lane_key, find(slug).examples[int(number)])


if __name__ == "__main__":
    main()
