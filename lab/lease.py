"""Renews a process's lease, saves what its runs tell, and passes on what other processes ask of them."""

import logging
import threading
import time

from lab.claims import Claims
from lab.errors import StorageUnavailable
from lab.runs import Runs

LOG = logging.getLogger(__name__)

EVERY = 0.5
"""Seconds between two looks; a killed process has told no more than that which isn't saved."""


class LeaseRenewal:
    """A thread that looks after a process's claims until it's closed."""

    def __init__(self, claims: Claims, runs: Runs, lease: float) -> None:
        self._claims = claims
        self._runs = runs
        self._pause = min(EVERY, lease / 5)
        self._due = lease / 3
        self._renewed = 0.0
        self._missing: set[str] = set()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="lease", daemon=True)
        self._lock = threading.Lock()
        self._begun = False

    def begin(self) -> None:
        """Starts the thread, once."""
        with self._lock:
            if not self._begun and not self._closed.is_set():
                self._begun = True
                self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        with self._lock:
            self._closed.set()
            begun = self._begun
        if begun:
            self._thread.join()

    def _go_on(self) -> None:
        while not self._closed.wait(self._pause):
            try:
                self._look()
            except StorageUnavailable:
                # Another program may hold the database for a while; as long as it does, nobody takes a thread over.
                LOG.warning("The lease couldn't be renewed yet.", exc_info=True)

    def _look(self) -> None:
        if time.monotonic() - self._renewed > self._due:
            self._claims.renew()
            self._renewed = time.monotonic()
        working = self._runs.at_work()
        if working:
            own = self._claims.own()
            # A run that's just ending has given its thread back already; one that has lost it misses it twice.
            missing = {run.run_id for run in working if run.request.thread_id not in own}
            for run in working:
                if run.run_id in missing & self._missing:
                    run.lose()
                elif own.get(run.request.thread_id):
                    run.stop()
            self._missing = missing
        self._runs.catch_up()
