"""Runs in a process of their own, for nodes that kill the process they run in.

The request goes to the child's standard input as a line of JSON, and a second line stops the run; the end of
that input says that nobody is left who would hear the child, which then ends itself. Events come back line by line,
and after them one line that tells the outcome.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from lab.events import Log, Outcome, decode
from lab.runs.requests import REQUEST, Request
from lab.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


LAST_WORD = 5.0
"""Seconds that a child has to end by itself after its outcome."""


class SubprocessRun:
    """A run's work in a process of its own, over the same database."""

    def __init__(self, settings: Settings, request: Request, calls: str) -> None:
        self._settings = settings
        self._request = request
        self._calls = calls
        self._lock = threading.Lock()
        self._orders: IO[str] | None = None
        self._stopped = False

    def calls(self) -> str:
        """Tell the LangGraph calls that the child makes."""
        return self._calls

    def carry_out(self, log: Log) -> tuple[Outcome, str]:
        """Run the child to its end, by itself or by a kill, and tell its events."""
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "lab.worker"],
                env=_environment(self._settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        except OSError as error:
            return "failed", (
                f"The process of this run couldn't be started ({error}). Nothing was done. "
                "Make room for another process on this machine, then try again."
            )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with self._lock:
                self._orders = process.stdin
                self._order(_written(self._settings, self._request))
                if self._stopped:
                    self._order("stop")
            end = _follow(process.stdout, log)
        finally:
            with self._lock:
                self._orders = None
            _let_go(process)
        return end or _died(process.returncode)

    def stop(self) -> None:
        """Pass the wish on to the child."""
        with self._lock:
            self._stopped = True
            self._order("stop")

    def _order(self, line: str) -> None:
        if self._orders is None:
            return
        # A child that's gone takes no orders; the end of its events tells how it went.
        with suppress(BrokenPipeError):
            self._orders.write(f"{line}\n")
            self._orders.flush()


def _follow(lines: IO[str], log: Log) -> tuple[Outcome, str] | None:
    """Take a child's events over, numbered anew, and return its last words, None where it had none."""
    for line in lines:
        if not line.endswith("\n"):
            break  # Killed in the middle of a word.
        try:
            line_data = json.loads(line)
            if "outcome" in line_data:
                return line_data["outcome"], line_data["error"]
            event = decode(line_data)
        except (ValueError, TypeError, KeyError) as error:
            return (
                "failed",
                f"The process of this run said what this one doesn't understand ({error}). {_SAVED}",
            )
        log.append(event)
    return None


def _environment(settings: Settings) -> dict[str, str]:
    key = settings.openai_api_key
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        # Here and not in the request, which could end up in a list of processes or a log.
        "OPENAI_API_KEY": "" if key is None else key.get_secret_value(),
    }


def _written(settings: Settings, request: Request) -> str:
    options = settings.model_dump(mode="json", exclude={"openai_api_key", "secret"})
    return json.dumps({"settings": options, "request": REQUEST.dump_python(request, mode="json")})


def _let_go(process: subprocess.Popen[str]) -> None:
    """Wait for a child that has said its last word; one that goes on all the same, unheard, is killed."""
    for pipe in (process.stdin, process.stdout):
        # What was still to be written to a child that's gone is lost with it.
        with suppress(BrokenPipeError):
            if pipe is not None:
                pipe.close()
    try:
        process.wait(LAST_WORD)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _died(code: int) -> tuple[Outcome, str]:
    """Tell how a child ended that gave no outcome."""
    if code >= 0:
        return "failed", (
            f"The process of this run ended with code {code} too early; the server's log has its last words. {_SAVED}"
        )
    try:
        how = signal.Signals(-code).name
    except ValueError:
        how = f"signal {-code}"
    return "crashed", f"The process of this run was killed by {how}. {_SAVED}"


_SAVED = (
    "What its checkpoints hold is saved; the node at work runs again from its top. Resume, answer again what the "
    "thread asks, or restart from the beginning where nothing was saved."
)
