"""Runs in a process of their own, for nodes that kill the process they run in.

The request goes to the child's standard input as a line of JSON, and a second line, or its end,
stops the run. Events come back line by line, and after them one line that tells the outcome.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, get_args

from pydantic import TypeAdapter

from lab.events import Event, Log, Outcome
from lab.plain import Plain
from lab.runs import Request
from lab.settings import Settings

ROOT = Path(__file__).resolve().parent.parent

_ADAPTERS: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Event)}
REQUEST = TypeAdapter(Request)


def encode(event: Event) -> Plain:
    """Gives an event as JSON data."""
    return {"event": type(event).__name__, **event._asdict()}


def decode(told: Plain) -> Event:
    """Makes the event again of which `encode` told."""
    values = dict(told)
    event: Event = _ADAPTERS[values.pop("event")].validate_python(values)
    return event


class Apart:
    """A run's work in a process of its own, over the same database."""

    def __init__(self, settings: Settings, request: Request, calls: str) -> None:
        self._settings = settings
        self._request = request
        self._calls = calls
        self._lock = threading.Lock()
        self._orders: IO[str] | None = None
        self._stopped = False

    def calls(self) -> str:
        """Tells the LangGraph calls that the child makes."""
        return self._calls

    def carry_out(self, log: Log) -> tuple[Outcome, str]:
        """Runs the child to its end, by itself or by a kill, and tells its events."""
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lab.child"],
            env=_environment(self._settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            with self._lock:
                self._orders = process.stdin
                self._order(_written(self._settings, self._request))
                if self._stopped:
                    self._order("stop")
            end = _follow(process.stdout, log)
            with self._lock:
                self._orders = None
        return end or ("crashed", _crashed(process.returncode))

    def stop(self) -> None:
        """Passes the wish on to the child."""
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
    """Takes a child's events over, numbered anew, and gives its last words, None where it had none."""
    for line in lines:
        if not line.endswith("\n"):
            break  # Killed in the middle of a word.
        told = json.loads(line)
        if "outcome" in told:
            return told["outcome"], told["error"]
        event = decode(told)
        log.append(lambda no, event=event: event._replace(no=no))  # type: ignore[misc]  # one event, bound at once
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
    told = settings.model_dump(mode="json", exclude={"openai_api_key", "secret"})
    return json.dumps({"settings": told, "request": REQUEST.dump_python(request, mode="json")})


def _crashed(code: int) -> str:
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    return (
        f"The process of this run {how}. What its checkpoints hold is saved; the node at work runs again from its "
        "top. Continue, answer again what the thread asks, or start again where nothing was saved."
    )
