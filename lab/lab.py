"""The process's one Lab: opened once, closed once, and giving each visitor a workspace."""

import functools
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern
from lab.database import SECRETS
from lab.engine import Engine
from lab.secrets import know_secrets
from lab.settings import Settings
from lab.workspace import Deadlines, DeadlineTimer, Workspace


class Lab(Engine):
    """An engine with workspaces; close it when the process ends."""

    def __init__(self, settings: Settings | None = None, *, patterns: Sequence[Pattern] = CATALOGUE) -> None:
        super().__init__(settings, patterns=patterns)
        self.deadlines = Deadlines(self)
        self._timer = DeadlineTimer(self.deadlines.look)
        self._stack.callback(self._timer.close)

    def announce(self, address: str) -> None:
        """Tell other processes on this database where this one is reached, and begin to keep deadlines."""
        super().announce(address)
        self._timer.begin()

    def workspace(self, name: str, *, near: bool = False) -> Workspace:
        """Return a workspace, which reaches its own threads alone; `near`: its visitor sits at this very machine."""
        return Workspace(self, name, near=near)

    @functools.cached_property
    def secret(self) -> str:
        """The secret that signs workspace cookies, made once where the settings have none."""
        if self.settings.secret is not None:
            return self.settings.secret.get_secret_value()
        saved = self._saved_secret()
        if saved is None:
            # Another process may make one in the same moment; the first one counts for both.
            with suppress(IntegrityError), self.storage.database.begin() as connection:
                connection.execute(insert(SECRETS).values(name="cookie", value=secrets.token_urlsafe(32)))
            saved = self._saved_secret()
        assert saved is not None
        know_secrets(saved)
        return saved

    def _saved_secret(self) -> str | None:
        with self.storage.database.read() as connection:
            value: str | None = connection.execute(
                select(SECRETS.c.value).where(SECRETS.c.name == "cookie")
            ).scalar_one_or_none()
        return value


_lock = threading.Lock()
_opened: list[Lab] = []


def open_lab(settings: Settings | None = None) -> Lab:
    """Return the process's lab and open it where it isn't yet; raises LabError where it can't be."""
    with _lock:
        if not _opened:
            _opened.append(Lab(settings))
        return _opened[0]


def close_lab() -> int:
    """Close the process's lab and return how many runs didn't end; the next one who asks opens another."""
    left = 0
    with _lock:
        while _opened:
            lab = _opened.pop()
            lab.close()
            left += lab.left
    return left
