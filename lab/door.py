"""The process's one lab: opened by the application or by whoever asks first, closed with the process."""

import threading

from lab.lab import Lab
from lab.settings import Settings

_lock = threading.Lock()
_opened: list[Lab] = []


def open_lab(settings: Settings | None = None) -> Lab:
    """Gives the process's lab and opens it where it isn't yet; raises LabError where it can't be."""
    with _lock:
        if not _opened:
            _opened.append(Lab(settings))
        return _opened[0]


def close_lab() -> int:
    """Closes the process's lab and gives how many runs didn't end; the next one who asks opens another."""
    left = 0
    with _lock:
        while _opened:
            lab = _opened.pop()
            lab.close()
            left += lab.left
    return left
