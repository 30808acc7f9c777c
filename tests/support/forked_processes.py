"""Processes that are forked from one that has imported everything, for most of a process's start goes to importing.

What is forked has a memory, a database and a death of its own, as one that is started; `test_subprocess_run.py` and the
tests of a server's start and end start theirs as a visitor's lab does. As a program, this module is the process that
forks.
"""

import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from tests.support.project import ROOT

STARTS_RUNS = "lab.runs.subprocess_run.subprocess"
"""Where the lab has what starts the processes of its runs."""
WORKER, CRASH, EFFECT = "lab.worker", "tests.support.crash_program", "tests.support.effect_crash_program"
NODE_CRASH = "tests.support.node_crash_program"
EXPIRING = "tests.support.expiring_program"
ACCEPTING = "tests.support.accepting_program"
SERVER = "tests.support.server_program"
MODULES = (WORKER, CRASH, EFFECT, NODE_CRASH, EXPIRING, ACCEPTING, "graphs.catalogue")


class Forked:
    """A child of the process that forks, with standard input and output at this one."""

    def __init__(self, pid: int, stdin: int, stdout: int, ended: int) -> None:
        self.stdin, self.stdout = os.fdopen(stdin, "w", encoding="utf-8"), os.fdopen(stdout, encoding="utf-8")
        self.returncode: int | None = None
        self.pid = pid
        self._ended = os.fdopen(ended)

    def poll(self) -> int | None:
        """Return how the process ended, None while it runs."""
        return self.returncode if self.returncode is not None or not self._has_ended(0) else self.wait()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process; raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            if not self._has_ended(timeout):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            with self._ended:
                self.returncode = int(self._ended.readline())
        return self.returncode

    def _has_ended(self, timeout: float | None) -> bool:
        return bool(select.select([self._ended], [], [], timeout)[0])

    def end(self) -> int:
        """Hear nothing of the process any more and wait for its end."""
        self.stdin.close()
        self.stdout.close()
        return self.wait()

    def kill(self) -> None:
        """Kill the process."""
        os.kill(self.pid, signal.SIGKILL)


class Forker:
    """The process that forks; it starts with the first child that is wanted, unless one is at work already."""

    def __init__(self, modules: Sequence[str] = MODULES, orders: socket.socket | None = None) -> None:
        """Have it import the modules first; `orders` leads to one that has."""
        self._modules = modules
        self._orders = orders
        self._process: subprocess.Popen[bytes] | None = None

    def fork(self, module: str, *arguments: str, env: Mapping[str, str] = os.environ) -> Forked:
        """Run the module's `main` in a process of its own."""
        if self._orders is None:
            self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tests.support.forked_processes", *self._modules],
                    cwd=ROOT,
                    stdin=theirs.fileno(),
                )
        (orders, stdin), (stdout, lines), (ended, tell) = os.pipe(), os.pipe(), os.pipe()
        order = json.dumps([module, arguments, dict(env)]).encode()
        socket.send_fds(self._orders, [order], [orders, lines, tell])
        for end in (orders, lines, tell):
            os.close(end)
        return Forked(int(os.read(ended, 8)), stdin, stdout, ended)

    def worker(self, command: Sequence[str], *, env: Mapping[str, str], **pipes: Any) -> Forked:
        """Stand in for `subprocess.Popen` where the lab starts its worker."""
        assert command[-1] == WORKER
        assert pipes == {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
        return self.fork(WORKER, env=env)

    def instead_of_subprocess(self) -> SimpleNamespace:
        """Return what the lab takes for `subprocess` where the processes of its runs are to be forked."""
        return SimpleNamespace(**{**vars(subprocess), "Popen": self.worker})

    def close(self) -> None:
        """End the process that forks."""
        if self._orders is not None and self._process is not None:
            self._orders.close()
            self._process.wait(60)


def main() -> None:
    """Import the modules that the arguments name and fork."""
    for module in sys.argv[1:]:
        importlib.import_module(module)
    serve(socket.socket(fileno=0))


def serve(orders: socket.socket) -> None:
    """Fork a child for each order, until nobody is left who would give one."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        order, ends, _, _ = socket.recv_fds(orders, 1_000_000, 3)
        if not order:
            return
        if os.fork() == 0:
            orders.close()
            _attend(*json.loads(order), *ends)
        for end in ends:
            os.close(end)


def _attend(module: str, arguments: list[str], env: dict[str, str], stdin: int, stdout: int, tell: int) -> None:
    """Fork the child, wait for it and tell how it ended; between the two, as many may run at once as are wanted."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        _run(module, arguments, env, stdin, stdout, tell)
    for end in (stdin, stdout):
        os.close(end)
    os.write(tell, f"{pid:8}".encode())
    _, status = os.waitpid(pid, 0)
    os.write(tell, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _run(module: str, arguments: list[str], env: dict[str, str], stdin: int, stdout: int, tell: int) -> None:
    """Be the program, as if it were just started."""
    code = 1
    try:
        os.dup2(stdin, 0)
        os.dup2(stdout, 1)
        for end in (stdin, stdout, tell):
            os.close(end)
        os.environ.clear()
        os.environ.update(env)
        sys.argv = [module, *arguments]
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
        sys.modules[module].main()
        code = 0
    finally:
        # Whatever happens, the child must not take the orders of the process that it was forked from.
        if code:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
