"""A thread of the process that renews its lease, saves new events, and stops runs that others asked to stop."""

import logging
import time

from lab.database import DATABASE_ERRORS
from lab.errors import StorageUnavailable
from lab.runs.background import BackgroundThread
from lab.runs.claims import Claims
from lab.runs.registry import Runs

LOG = logging.getLogger(__name__)

EVERY = 0.5
"""Seconds between two looks; a killed process has told no more than that which isn't saved."""


class LeaseRenewal(BackgroundThread):
    """A thread that looks after a process's claims until it's closed."""

    def __init__(self, claims: Claims, runs: Runs, lease: float) -> None:
        super().__init__("lease")
        self._claims = claims
        self._runs = runs
        self._pause = min(EVERY, lease / 5)
        self._lease = lease
        self._renewed = 0.0

    def _go_on(self) -> None:
        while not self._closed.wait(self._pause):
            try:
                self._look()
            except StorageUnavailable as error:
                # Another program may hold the database for a while; as long as it does, nobody takes a thread over.
                LOG.warning("The lease couldn't be renewed yet: %s", error)
            except DATABASE_ERRORS:
                # Such as news of a thread that another process has deleted at this moment; the next look is without it.
                LOG.exception("A look at the runs was refused by the database.")

    def _look(self) -> None:
        if not self._claims.registered:
            return
        began = time.monotonic()
        if began >= self._claims.safe_until:
            # This process stood still for so long that others may have taken its threads over.
            self._claims.renew(safe=False)
            self._runs.lose(self._claims.own())
            self._claims.safe_until = began + self._lease
            self._renewed = began
        elif began - self._renewed > self._lease / 3:
            self._claims.renew()
            self._renewed = began
        working = self._runs.at_work()
        asked = self._claims.own() if working else {}
        for run in working:
            if asked.get(run.request.thread_id):
                run.stop()
        self._runs.catch_up()
