"""How often pages that follow a run look for news: all of the process alike, less often when it has much to do."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

HZ = 18
"""Looks a second of a page where there's room for it."""
LOOKS = 900
"""Looks a second that all pages together may take; each has the server draw and send about one element."""
SLOWEST = 1.0
"""Seconds between two looks at most, so that no page seems to stand still."""
PATIENCE = 3.0
"""Seconds more between two looks for each second that looks come late."""
SHARE = 0.05
"""Of one look in how late they come on the average."""


class Pace:
    """The pause between two looks, by how many pages follow and by how late their pauses end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._followers = 0
        self._late = 0.0
        """Seconds that pauses of late took longer than they should."""

    @property
    def pause(self) -> float:
        """Seconds between two looks of any page."""
        return min(SLOWEST, max(1 / HZ, self._followers / LOOKS) + PATIENCE * self._late)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Count a page among those that follow, for the block."""
        with self._lock:
            self._followers += 1
        try:
            yield
        finally:
            with self._lock:
                self._followers -= 1

    def rest(self) -> None:
        """Pause until the next look, and note how much later than that it comes."""
        pause = self.pause
        until = time.monotonic() + pause
        time.sleep(pause)
        self.note(time.monotonic() - until)

    def note(self, late: float) -> None:
        """Take into account that a pause ended so many seconds late."""
        with self._lock:
            self._late += SHARE * (late - self._late)


PACE = Pace()
"""That of this process."""
