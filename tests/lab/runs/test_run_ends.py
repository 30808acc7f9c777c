"""Whatever goes wrong in a run, it ends as failed, says why, and gives its thread back."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from graphs.pattern import Breakpoints
from lab.events import EventLog, EventStore
from lab.lab import Lab
from lab.runs import StartRequest, recorder
from lab.runs import subprocess_run as apart
from lab.workspace import Workspace
from tests.support.toy_patterns import GIVEN, OpenLab, begin, chain, done, end, fan, lane, names, ran, toy

ORDER: dict[str, Any] = {"item": "Lamp", "amount": 10, "failures": 0, "crash": "after-charge"}


class OwnExit(BaseException):
    """Is no Exception, as what some libraries raise to leave everything at once."""


ODD = [KeyboardInterrupt("by hand"), GeneratorExit("left"), OwnExit("enough"), SystemExit("the end")]
odd = pytest.mark.parametrize("error", ODD, ids=[type(error).__name__ for error in ODD])


def raising(error: BaseException, times: int = 1) -> Any:
    """Make a node that raises so many times and is done then."""
    left = [error] * times

    def node(_: Any) -> dict[str, Any]:
        if left:
            raise left.pop()
        return {"done": ["odd"]}

    return node


def failed(workspace: Workspace, thread_id: str, reason: str) -> None:
    """Check that the thread's run failed for that reason, and that the thread is free."""
    ended = end(workspace, thread_id)

    assert ended.outcome == "failed"
    assert reason in ended.error
    assert not workspace.history.running(thread_id)


@odd
def test_whatever_a_node_raises_ends_the_run_as_failed_on_its_node(open_toys: OpenLab, error: BaseException) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), odd=raising(error), z=done("z"))))).workspace("w")
    thread_id = begin(workspace)
    failed(workspace, thread_id, f"{type(error).__name__}: {error}")
    view = workspace.view(thread_id)
    view.catch_up()

    assert [(step.path[-1], step.status) for step in view.steps] == [("a", "done"), ("odd", "failed")]
    workspace.proceed(thread_id)
    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["a", "odd", "z"]


@odd
def test_whatever_a_node_beside_others_raises_ends_the_run_as_failed(open_toys: OpenLab, error: BaseException) -> None:
    workspace = open_toys(toy(lane(fan(a=done("a"), odd=raising(error))))).workspace("w")
    failed(workspace, begin(workspace), type(error).__name__)


@pytest.mark.parametrize("broken", [(recorder.Recorder, "part"), (recorder.Recorder, "end")], ids=["recorder", "end"])
def test_an_error_of_the_lab_itself_ends_the_run_too(
    open_toys: OpenLab, broken: tuple[type, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OwnExit("not today")

    workspace = open_toys(toy(lane(chain(a=done("a"))), turns=True)).workspace("w")
    with monkeypatch.context() as patch:
        patch.setattr(*broken, fail)
        failed(workspace, begin(workspace), "OwnExit: not today")
    assert end(workspace, ran(workspace)).outcome == "finished"


def test_an_end_that_cannot_be_written_down_ends_the_run_all_the_same(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ArithmeticError("no number is left")

    workspace = open_toys(toy(lane(chain(a=done("a"))), turns=True)).workspace("w")
    with monkeypatch.context() as patch:
        patch.setattr(EventStore, "add", fail)
        thread_id = begin(workspace)
        assert end(workspace, thread_id).outcome == "finished"
        assert not workspace.history.running(thread_id)

    assert "no number is left" in caplog.text
    workspace.turn(thread_id, GIVEN)
    assert end(workspace, thread_id).outcome == "finished"


def test_a_run_for_which_the_system_has_no_thread_ends_too(open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    real = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name.startswith("run-"):
            raise RuntimeError("can't start new thread")
        real(thread)

    workspace = open_toys(toy(lane(chain(a=done("a"))))).workspace("w")
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        thread_id = begin(workspace)
    failed(workspace, thread_id, "can't start new thread")


def test_a_process_that_cannot_be_started_is_told(sqlite_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    workspace = sqlite_lab.workspace("w")
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", refuse)
        thread_id = workspace.start("durable-task", "task", ORDER).thread_id
        failed(workspace, thread_id, "couldn't be started ([Errno 11] Resource temporarily unavailable)")

    assert workspace.history.status(thread_id) == "new"


PROGRAMS = {
    "dies at once": ("exit 3", "ended with code 3"),
    "raises on import": ("echo 'ModuleNotFoundError: No module named lab' >&2; exit 1", "ended with code 1"),
    "talks nonsense": ("echo nonsense; exec sleep 60", "doesn't understand"),
    "talks of the unknown": ("""echo '{"event": "Unheard"}'; exec sleep 60""", "doesn't understand"),
}


@pytest.mark.parametrize(("program", "reason"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_child_that_never_comes_up_ends_its_run(
    sqlite_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, reason: str
) -> None:
    script = tmp_path / "child"
    script.write_text(f"#!/bin/sh\n{program}\n")
    script.chmod(0o755)
    started: list[subprocess.Popen[str]] = []
    real = subprocess.Popen

    def start(*given: Any, **more: Any) -> subprocess.Popen[str]:
        started.append(real(*given, **more))
        return started[-1]

    monkeypatch.setattr(apart, "LAST_WORD", 0.1)
    monkeypatch.setattr(subprocess, "Popen", start)
    workspace = sqlite_lab.workspace("w")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(script))
        failed(workspace, workspace.start("durable-task", "task", ORDER).thread_id, reason)

    assert [process.poll() is not None for process in started] == [True]


def test_a_child_that_dies_in_the_middle_of_its_orders_ends_its_run(
    sqlite_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    # More than a pipe holds, so that it breaks while it's written to.
    values = {**ORDER, "item": "Lamp " * 100_000}
    request = StartRequest(
        thread_id="t",
        workspace="w",
        pattern="durable-task",
        lane="task",
        model="offline",
        pace=0.0,
        breakpoints=Breakpoints(),
        values=values,
    )

    outcome, error = apart.SubprocessRun(sqlite_lab.settings, request, "").carry_out(EventLog())
    assert (outcome, "ended with code 1" in error) == ("failed", True)
