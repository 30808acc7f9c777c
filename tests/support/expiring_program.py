"""The program of tests about processes that die around a deadline: it dies, or waits to be killed, where it's told."""

import os
import signal
import sys
import time

from lab.lab import Lab
from lab.runs.run import Run
from tests.support.expiring import ALIVE, expiring
from tests.support.labs import quiet


def die(*_: object) -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody is left")


def main() -> None:
    """Start a thread whose question runs out of time, tell its id, keep its deadline, and die at the place named."""
    database, seconds, place = sys.argv[1:]

    def between(here: str) -> None:
        if here == place:
            die()

    lab = Lab(quiet(database, lease=ALIVE), patterns=[expiring(between)])
    workspace = lab.workspace("w")
    thread = workspace.start("expires", "only", {"n": int(seconds)})
    workspace.wait(thread.thread_id)
    if place == "accepted":
        Run.begin = die  # type: ignore[assignment, method-assign]  # the process must die exactly here
    if place == "ended":
        lab.storage.saver.put = die  # type: ignore[assignment, method-assign]  # and here, before the checkpoint after the answer
    print(thread.thread_id, flush=True)  # noqa: T201 - the answer to the test
    if place == "asked":
        die()
    lab.announce("a process that dies")
    while True:
        time.sleep(0.01)


if __name__ == "__main__":
    main()
