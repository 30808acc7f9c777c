"""A server ends within its grace time whatever its nodes do, and says so in a line, not in a traceback."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.fixtures_servers import StartLab
from tests.support.openai_server import OpenAIServer, Silence
from tests.support.project import ROOT
from tests.support.servers import HOST, free_port, listens

GRACE = 5.0
"""Seconds from Ctrl+C to the end, on a quiet machine."""
SLACK = 3.0
"""Seconds that a busy one may add."""

SCRIPT = """
import os
import time

import streamlit as st

import app as served
from lab import lab
from lab.lab import Lab
from tests.support.toy_patterns import GIVEN, chain, done, lane, speaker, toy


def sleeping(_):
    time.sleep(300)


def looping(_):
    while True:
        pass


def asking(model):
    return chain(a=done("a"), say=speaker("say")(model))(model)


NODES = {"sleep": chain(a=done("a"), b=sleeping), "loop": chain(a=done("a"), b=looping), "ask": asking}
if not lab._opened:
    kind = os.environ["STUCK"]
    lab._opened.append(Lab(patterns=(toy(lane(NODES[kind])),)))
    lab._opened[0].workspace("w").start("toy", "only", GIVEN, model="openai" if kind == "ask" else "offline")

app = st.App("MAIN", lifespan=served.lifespan)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "stuck.py"
    path.write_text(SCRIPT.replace("MAIN", str(ROOT / "ui" / "main.py")))
    return path


def test_streamlit_ends_while_a_model_is_asked_and_the_run_is_stopped(
    lab_server: StartLab, openai_server: OpenAIServer, script: Path
) -> None:
    openai_server.answer(Silence())
    given = {"STUCK": "ask", "PYTHONPATH": str(ROOT), "OPENAI_BASE_URL": openai_server.url}
    server = lab_server(given, script=script)
    deadline = time.monotonic() + 20
    while not openai_server.received:
        assert time.monotonic() < deadline, server
        time.sleep(0.01)
    began = time.monotonic()
    server.stop()

    assert time.monotonic() - began < GRACE
    assert "Traceback" not in server.log()
    assert "didn't end in time" not in server.log()
    server.assert_gone()


def test_streamlit_ends_while_a_node_sleeps(lab_server: StartLab, script: Path) -> None:
    server = lab_server({"STUCK": "sleep", "PYTHONPATH": str(ROOT)}, script=script)
    began = time.monotonic()
    server.stop()

    assert time.monotonic() - began < GRACE + SLACK
    assert "Traceback" not in server.log()
    assert "1 run(s) didn't end in time" in server.log()
    server.assert_gone()


def test_uvicorn_ends_while_a_node_loops_for_ever(tmp_path: Path, script: Path) -> None:
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", f"{script.stem}:app", "--host", HOST, "--port", str(port)],
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "STUCK": "loop", "LAB_DATABASE": str(tmp_path / "lab.sqlite")},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 60
        while not listens(port):
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(GRACE + SLACK)
    finally:
        process.kill()
        process.wait()
    told = (tmp_path / "log").read_text()

    assert time.monotonic() - began < GRACE + SLACK
    assert "Traceback" not in told
    assert "1 run(s) didn't end in time" in told


CHILD = """
import time
from lab import worker as child
from lab import engine

class Stuck:
    def carry_out(self, log):
        print("at work", flush=True)
        time.sleep(300)

    def stop(self):
        print("stop", flush=True)

engine.Engine.work = lambda *_, **__: Stuck()
child.ALONE = 0.1
child.main()
"""


def test_a_child_whose_parent_is_gone_ends_though_its_node_does_not(tmp_path: Path) -> None:
    orders = (
        f'{{"settings": {{"database": "{tmp_path / "lab.sqlite"}"}}, "request": {{"thread_id": "t", "workspace": "w", '
        '"pattern": "durable-task", "lane": "task", "kind": "start", "values": {}, "model": "offline", "pace": 0, '
        '"breakpoints": {"before": [], "after": []}}}\n'
    )
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(orders)
        process.stdin.flush()
        assert process.stderr.readline() == "at work\n"
        process.stdin.close()
        assert process.wait(20) == 1
        assert process.stderr.read() == "stop\n"
