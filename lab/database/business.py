"""Example tables that nodes write to as side effects (ledger, outbox, archive, records), and provoked failures."""

import hashlib
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from graphs.world import Failure, RateLimited, Rejected, Saved
from lab.database.database import Database, Guard, unguarded
from lab.database.storable_text import storable
from lab.database.tables import ARCHIVE, BUSINESS, FAULTS, LEDGER, OUTBOX, RECORDS

KEY = 300
"""Characters of a key that stand in an index as they are."""


DONE = {"ledger": "booked", "outbox": "sent", "records": "changed"}
"""What the status says of a row that isn't refused, in the tables in which rows can be."""


def business_rows(
    database: Database, name: str, thread_ids: Sequence[str], *, refused: bool = False
) -> list[dict[str, Any]]:
    """Return a business table's rows of these threads, in the order of booking.

    Each tells what was really done; with `refused` there are also those of attempts under a key seen before.
    """
    table = BUSINESS[name]
    query = select(table).where(table.c.thread_id.in_(thread_ids)).order_by(table.c.number)
    if name in DONE and not refused:
        query = query.where(table.c.repeats.is_(None))
    with database.read() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    if name not in DONE:
        return rows
    keys = {row["number"]: row["key"] for row in rows}
    return [_with_status(row, DONE[name], keys) for row in rows]


def _with_status(row: dict[str, Any], done: str, keys: Mapping[int, str | None]) -> dict[str, Any]:
    """Say behind a row's number what came of it, for in a narrow window its last columns aren't seen."""
    first = row.pop("repeats")
    if first is None:
        return {"number": row["number"], "status": done, **row}
    refused = f"refused: the same key as number {first}"
    return {"number": row["number"], "status": refused, **row, "key": keys.get(first)}


class ThreadTable:
    """A table's rows of one thread."""

    def __init__(self, database: Database, thread_id: str, guard: Guard = unguarded) -> None:
        """Ask `guard` before anything is written."""
        self._database = database
        self._thread_id = thread_id
        self._guard = guard

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._database.begin() as connection:
            self._guard(self._thread_id)
            yield connection

    def _once(self, table: Table, values: Mapping[str, Any], key: str | None) -> int:
        """Add a row and return its number; under a key seen before in this thread, add a refused one instead."""
        unique = None if key is None else _indexable(storable(f"{self._thread_id}/{key}"))
        row = {**values, "thread_id": self._thread_id, "at": time.time()}
        try:
            with self._begin() as connection:
                return _number(connection, table, {**row, "key": unique})
        except IntegrityError:
            if unique is None:
                raise
            with self._begin() as connection:
                first = connection.execute(select(table.c.number).where(table.c.key == unique)).scalar_one_or_none()
                if first is None:
                    raise
                _number(connection, table, {**row, "repeats": first})
            return int(first)


class LedgerTable(ThreadTable):
    """The ledger of one thread."""

    def booked(self) -> list[str]:
        """Return the orders of all bookings, in the order of booking."""
        query = select(LEDGER.c.order).where(LEDGER.c.thread_id == self._thread_id, LEDGER.c.repeats.is_(None))
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(LEDGER.c.number)).scalars())

    def charge(self, order: str, cents: int, key: str | None = None) -> int:
        """Book a charge and return its number; a `key` seen before in this thread books nothing more."""
        return self._once(LEDGER, {"order": storable(order), "cents": cents}, key)


class OutboxTable(ThreadTable):
    """The outbox of one thread."""

    def send(self, recipient: str, subject: str, body: str, key: str | None = None) -> int:
        """Hand over one mail and return its number; a `key` seen before in this thread sends nothing more."""
        mail = {"recipient": storable(recipient), "subject": storable(subject), "body": storable(body)}
        return self._once(OUTBOX, mail, key)


class RecordsTable(ThreadTable):
    """The customers' records as one thread has changed them."""

    def newest(self, record: str, field: str) -> str | None:
        """Return what a field was last changed to, None where it never was."""
        own = (RECORDS.c.thread_id == self._thread_id) & RECORDS.c.repeats.is_(None)
        named = (RECORDS.c.record == storable(record)) & (RECORDS.c.field == storable(field))
        query = select(RECORDS.c.new).where(own & named).order_by(RECORDS.c.number.desc()).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).scalar()

    def change(self, record: str, field: str, old: str, new: str, key: str | None = None) -> int:
        """Change a field and return the change's number; a `key` seen before in this thread changes nothing more."""
        values = {"record": record, "field": field, "old": old, "new": new}
        return self._once(RECORDS, {name: storable(value) for name, value in values.items()}, key)


class ArchiveTable(ThreadTable):
    """The archive of one thread."""

    def store(self, name: str, body: str) -> int:
        """Add a row under that name and return its number."""
        row = {
            "thread_id": self._thread_id,
            "name": storable(name),
            "status": "stored",
            "error": "",
            "body": storable(body),
            "at": time.time(),
        }
        with self._begin() as connection:
            return _number(connection, ARCHIVE, row)

    def newest(self, name: str) -> Saved | None:
        """Return the thread's last row under that name, None where there is none."""
        query = (
            select(ARCHIVE.c.number, ARCHIVE.c.body, ARCHIVE.c.status == "quarantined")
            .where(ARCHIVE.c.thread_id == self._thread_id, ARCHIVE.c.name == storable(name))
            .order_by(ARCHIVE.c.number.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else Saved(*row)

    def restored(self, number: int) -> None:
        """Note that the row was found valid and taken up again."""
        self._change(number, status="restored")

    def quarantine(self, number: int, error: str) -> None:
        """Note that the row can't be used, and why; its text stays as it is."""
        self._change(number, status="quarantined", error=storable(error))

    def overwrite(self, number: int, body: str) -> None:
        """Put another text into the row."""
        self._change(number, body=storable(body))

    def _change(self, number: int, **values: str) -> None:
        own = (ARCHIVE.c.number == number) & (ARCHIVE.c.thread_id == self._thread_id)
        with self._begin() as connection:
            connection.execute(update(ARCHIVE).where(own).values(**values))


def _indexable(key: str) -> str:
    """Return a key that any database can index, another one for each key; PostgreSQL takes some 2700 bytes."""
    return key if len(key) <= KEY else f"{key[:KEY]}…{hashlib.sha256(key.encode()).hexdigest()}"


def _number(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    return int(connection.execute(insert(table).values(row).returning(table.c.number)).scalar_one())


FAILURES: Mapping[Failure, tuple[type[Exception], str]] = {
    "connection lost": (ConnectionError, "dropped the connection"),
    "timeout": (TimeoutError, "gave no answer in time"),
    "rate limit": (RateLimited, "takes no more calls for now"),
    "rejected": (Rejected, "said no"),
}
"""What a failing service raises, and what it did."""


class FaultTable:
    """The failures that a visitor asked for in one thread, counted across restarts."""

    def __init__(self, database: Database, thread_id: str, *, expendable: bool) -> None:
        self._database = database
        self._thread_id = thread_id
        self._expendable = expendable

    def trip(self, point: str, times: int, failure: Failure = "connection lost") -> None:
        """Raise on the first `times` calls at this point of the thread, by the kind of failure."""
        call = self._count(point)
        if call <= times:
            error, did = FAILURES[failure]
            raise error(f"The service behind '{point}' {did} (call {call}).")

    def calls(self, point: str) -> int:
        """Return how many calls this point of the thread has had."""
        here = (FAULTS.c.thread_id == self._thread_id) & (FAULTS.c.point == _indexable(storable(point)))
        with self._database.read() as connection:
            return int(connection.execute(select(FAULTS.c.calls).where(here)).scalar() or 0)

    def crash(self, point: str) -> None:
        """Kill this process with SIGKILL the first time it's called at this point, if the process may be killed."""
        if self._count(f"crash {point}") == 1 and self._expendable:
            os.kill(os.getpid(), signal.SIGKILL)

    def _count(self, point: str) -> int:
        point = _indexable(storable(point))
        here = (FAULTS.c.thread_id == self._thread_id) & (FAULTS.c.point == point)
        try:
            with self._database.begin() as connection:
                if connection.execute(update(FAULTS).where(here).values(calls=FAULTS.c.calls + 1)).rowcount == 0:
                    connection.execute(insert(FAULTS).values(thread_id=self._thread_id, point=point, calls=1))
                return int(connection.execute(select(FAULTS.c.calls).where(here)).scalar_one())
        except IntegrityError:
            # A node beside this one made the row in the same moment; now it can be counted on.
            return self._count(point)
