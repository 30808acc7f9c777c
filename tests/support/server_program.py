"""The lab's server as a program that is forked, with all that `streamlit run` and its first page import at hand."""

import os
import signal
import socket
import sys
import threading
from pathlib import Path
from unittest.mock import patch

from streamlit.web import cli

from tests.support.forked_processes import STARTS_RUNS, Forker, serve


def main() -> None:
    """Be the server whose log and command line the arguments give, and never return."""
    log, *command = sys.argv[1:]
    # A signal to the server's group reaches the processes of its runs too, as it does in life.
    os.setsid()
    _write_to(log)
    _fork_runs()
    sys.argv = ["streamlit", *command]
    try:
        cli.main(prog_name="streamlit")
    except SystemExit as ended:
        # As Python does at the end of every program: wait for all threads but daemons, executors' first of all.
        threading._shutdown()  # type: ignore[attr-defined]
        sys.stdout.flush()
        os._exit(ended.code if isinstance(ended.code, int) else ended.code is not None)


def _write_to(log: str) -> None:
    with Path(log).open("ab") as file, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        for number in (1, 2):
            os.dup2(file.fileno(), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, encoding="utf-8", closefd=False) for number in (1, 2))


def _fork_runs() -> None:
    """Fork the processes of runs from one that is forked here and now, before there are threads and open sockets."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        serve(theirs)
        os._exit(0)
    theirs.close()
    patch(STARTS_RUNS, Forker(orders=ours).instead_of_subprocess()).start()
