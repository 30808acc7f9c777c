"""A thread of the process that looks, at each deadline and from time to time, at what is due."""

import logging
from collections.abc import Callable

from lab.errors import StorageUnavailable
from lab.runs import BackgroundThread

LOG = logging.getLogger(__name__)

AGAIN = 1.0
"""Seconds until the next look where the database can't be used."""


class DeadlineTimer(BackgroundThread):
    """Looks at once when it begins, and then whenever the look before said so, until it's closed."""

    def __init__(self, look: Callable[[], float]) -> None:
        """Call `look`, which returns the seconds until it's to be called again."""
        super().__init__("deadlines")
        self._look = look
        self._in_trouble = False

    def _go_on(self) -> None:
        pause = 0.0
        while not self._closed.wait(pause):
            pause = self._looked()

    def _looked(self) -> float:
        try:
            pause = self._look()
        except StorageUnavailable as error:
            # Another program may hold the database for a while; that it does is said once.
            if not self._in_trouble:
                LOG.warning("Questions whose time has run out can't be looked for now: %s", error)
            self._in_trouble = True
            return AGAIN
        # Nobody is left above this thread who could be told, and the next look may well succeed.
        except Exception:
            if not self._in_trouble:
                LOG.exception("Questions whose time has run out can't be looked for now.")
            self._in_trouble = True
            return AGAIN
        self._in_trouble = False
        return pause
