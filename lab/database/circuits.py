"""Circuit breakers of threads: the storage that the library's breakers of one thread share over processes."""

from datetime import UTC, datetime
from typing import Any

from pybreaker import STATE_CLOSED, CircuitBreakerStorage
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from lab.database.database import Database
from lab.database.tables import CIRCUITS


class CircuitTable:
    """The circuit breakers of one thread."""

    def __init__(self, database: Database, thread_id: str) -> None:
        self._database = database
        self._thread_id = thread_id

    def storage(self, name: str) -> CircuitBreakerStorage:
        """Return the storage of the breaker of that name."""
        return _CircuitRow(self._database, self._thread_id, name)


class _CircuitRow(CircuitBreakerStorage):
    """A breaker's row, which is closed until something else is written."""

    def __init__(self, database: Database, thread_id: str, name: str) -> None:
        super().__init__(name)
        self._database = database
        self._thread_id = thread_id

    @property
    def state(self) -> str:
        """Return the breaker's state by its name."""
        return str(self._read(CIRCUITS.c.state) or STATE_CLOSED)

    @state.setter
    def state(self, state: str) -> None:
        self._write(state=state)

    @property
    def counter(self) -> int:
        """Return the number of failures since the last success."""
        return int(self._read(CIRCUITS.c.failures) or 0)

    def increment_counter(self) -> None:
        """Count a failure."""
        self._write(failures=CIRCUITS.c.failures + 1)

    def reset_counter(self) -> None:
        """Begin to count failures anew."""
        self._write(failures=0)

    @property
    def success_counter(self) -> int:
        """Return the number of successes since it was half open."""
        return int(self._read(CIRCUITS.c.successes) or 0)

    def increment_success_counter(self) -> None:
        """Count a success."""
        self._write(successes=CIRCUITS.c.successes + 1)

    def reset_success_counter(self) -> None:
        """Begin to count successes anew."""
        self._write(successes=0)

    @property
    def opened_at(self) -> datetime | None:
        """Return when the breaker was opened last."""
        opened = self._read(CIRCUITS.c.opened)
        return None if opened is None else datetime.fromtimestamp(opened, UTC)

    @opened_at.setter
    def opened_at(self, opened: datetime) -> None:
        self._write(opened=opened.timestamp())

    @property
    def _here(self) -> Any:
        return (CIRCUITS.c.thread_id == self._thread_id) & (CIRCUITS.c.name == self.name)

    def _read(self, column: Any) -> Any:
        with self._database.read() as connection:
            return connection.execute(select(column).where(self._here)).scalar()

    def _write(self, **values: Any) -> None:
        new = insert(CIRCUITS).values(
            thread_id=self._thread_id, name=self.name, state=STATE_CLOSED, failures=0, successes=0
        )
        change = update(CIRCUITS).where(self._here).values(**values)
        try:
            with self._database.begin() as connection:
                if connection.execute(change).rowcount == 0:
                    connection.execute(new)
                    connection.execute(change)
        except IntegrityError:
            # A node beside this one made the row in the same moment.
            self._write(**values)
