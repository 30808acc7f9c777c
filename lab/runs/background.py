"""A thread that a process has for itself, from when it's begun until it's closed."""

import threading


class BackgroundThread:
    """Does what `_go_on` says, beside all runs; begun at most once."""

    def __init__(self, name: str) -> None:
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name=name, daemon=True)
        self._lock = threading.Lock()
        self._begun = False

    def begin(self) -> None:
        """Start the thread, once."""
        with self._lock:
            if not self._begun and not self._closed.is_set():
                self._begun = True
                self._thread.start()

    def close(self) -> None:
        """End the thread, after what it's doing."""
        with self._lock:
            self._closed.set()
            begun = self._begun
        if begun:
            self._thread.join()

    def _go_on(self) -> None:
        """Work until `_closed` is set."""
        raise NotImplementedError
