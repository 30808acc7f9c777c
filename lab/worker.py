"""The program of a run in a process of its own (`python -m lab.worker`); `lab/runs/subprocess_run.py` starts it."""

import json
import os
import signal
import sys
import threading
import time
from typing import IO

from lab.engine import Engine
from lab.events import Event, StreamingMessage, encode
from lab.jsonable import Json
from lab.runs import REQUEST, Request
from lab.settings import Settings

ALONE = 2.0
"""Seconds that a child whose parent is gone has to end its run by itself."""


class Channel:
    """Writes events as lines; they get their numbers where they arrive."""

    def __init__(self, lines: IO[str]) -> None:
        """Write to `lines`, from any thread."""
        self._lines = lines
        self._lock = threading.Lock()

    def append(self, event: Event) -> None:
        """Write one event, with the time at which it happened."""
        self.write(encode(event if event.at else event._replace(at=time.time())))

    def say(self, growing: StreamingMessage, piece: str) -> None:
        """Write one piece of a streaming message."""
        growing.since = time.time()
        growing.pieces.append(piece)
        self.append(growing.event())

    def write(self, line_data: Json) -> None:
        """Write one line."""
        with self._lock:
            self._lines.write(json.dumps(line_data) + "\n")
            self._lines.flush()


def main() -> None:
    """Carry out the one request on standard input."""
    # A Ctrl+C reaches this process too; what becomes of the run is the parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as lines:
        # What a node prints must not get between the events.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        order = json.loads(sys.stdin.readline())
        settings = Settings(_env_file=None, **order["settings"])
        _carry_out(settings, REQUEST.validate_python(order["request"]), Channel(lines))


def _carry_out(settings: Settings, request: Request, channel: Channel) -> None:
    engine = Engine(settings)
    try:
        work = engine.work(request, expendable=True)

        def listen() -> None:
            for _ in sys.stdin:
                work.stop()
            # Whoever gave the orders is gone, and another process may go on with the thread.
            work.stop()
            time.sleep(ALONE)
            os._exit(1)

        threading.Thread(target=listen, daemon=True).start()
        outcome, error = work.carry_out(channel)
    finally:
        engine.close()
    channel.write({"outcome": outcome, "error": error})


if __name__ == "__main__":
    main()
