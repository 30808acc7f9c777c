"""The events of threads in the database, so that a page shows after a restart what it showed before."""

import json
import logging
from collections.abc import Collection, Sequence
from typing import Any, get_args

import orjson
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, bindparam, delete, func, insert, select

from lab.database import EVENTS, Database, Prepared
from lab.events.limits import joined, shrunk
from lab.events.pruning import without_branches
from lab.events.types import Event
from lab.jsonable import Json

LOG = logging.getLogger(__name__)

ROOM = 2**21
"""Bytes of events that are kept of one thread."""
ROOM_IN_MEMORY = 2**18
"""The same where the database is in memory, which all threads share."""

_ADAPTERS: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Event)}
_ADD = Prepared(insert(EVENTS))
_LAST = Prepared(select(func.max(EVENTS.c.last).label("last")).where(EVENTS.c.thread_id == bindparam("thread")))


def encode(event: Event) -> dict[str, Json]:
    """Return an event as JSON data."""
    return {"event": type(event).__name__, **event._asdict()}


def decode(saved: Json) -> Event:
    """Return the event that `encode` told of; raises ValidationError, KeyError."""
    values = dict(saved)
    event: Event = _ADAPTERS[values.pop("event")].validate_python(values)
    return event


class EventStore:
    """Reads and writes the batches of events, of at most `room` bytes a thread."""

    def __init__(self, database: Database, *, room: int = ROOM) -> None:
        self._database = database
        self._room = room

    def add(self, connection: Connection, thread_id: str, events: Sequence[Event]) -> int:
        """Save a batch of events in their order and return its bytes; nothing is written where there are none."""
        if not events:
            return 0
        body = events_as_json(events)
        _ADD.execute(connection, {"thread_id": thread_id, "last": events[-1].no, "bytes": len(body), "body": body})
        return len(body)

    def limit(self, connection: Connection, thread_id: str, size: int) -> int:
        """Make one smaller batch of a thread's events where they take more than the room; return their bytes."""
        if size <= self._room:
            return size
        events = shrunk(self._loaded(connection, thread_id, 0), room=self._room)
        connection.execute(delete(EVENTS).where(EVENTS.c.thread_id == thread_id))
        return self.add(connection, thread_id, events)

    def drop_branches(self, connection: Connection, thread_id: str, gone: Collection[str]) -> None:
        """Delete what was told of a thread's branches whose checkpoints are gone."""
        events = self._loaded(connection, thread_id, 0)
        staying = without_branches(events, gone)
        if len(staying) < len(events):
            connection.execute(delete(EVENTS).where(EVENTS.c.thread_id == thread_id))
            self.add(connection, thread_id, staying)

    def load(self, thread_id: str, after: int = 0) -> list[Event]:
        """Return a thread's saved events past that number."""
        with self._database.read() as connection:
            return self._loaded(connection, thread_id, after)

    def _loaded(self, connection: Connection, thread_id: str, after: int) -> list[Event]:
        query = select(EVENTS.c.body).where(EVENTS.c.thread_id == thread_id, EVENTS.c.last > after)
        events: list[Event] = []
        newest = after
        for body in connection.execute(query.order_by(EVENTS.c.last)).scalars():
            try:
                batch = list(map(decode, orjson.loads(body)))
            except (ValidationError, KeyError, TypeError, ValueError) as error:
                # What the thread's checkpoints tell is shown in its place.
                LOG.warning("Some events of thread %s can't be read: %s", thread_id, type(error).__name__)
                continue
            # The end of a run may be saved with what was just saved in its middle.
            events += [event for event in batch if event.no > newest]
            newest = max(newest, batch[-1].no)
        return list(joined(events))

    def last(self, thread_id: str) -> int:
        """Return the number of a thread's newest saved event, 0 where there is none."""
        with self._database.read() as connection:
            newest = _LAST.first(connection, {"thread": thread_id})
        return int((newest and newest["last"]) or 0)

    def size(self, thread_id: str) -> int:
        """Return the bytes that a thread's saved events take."""
        query = select(func.sum(EVENTS.c.bytes)).where(EVENTS.c.thread_id == thread_id)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one() or 0)


def events_as_json(events: Sequence[Event]) -> str:
    """Return events as the text of a JSON list."""
    rows = [encode(event) for event in events]
    try:
        return orjson.dumps(rows).decode()
    except TypeError:
        # A lone surrogate or an integer of more than 64 bits, of which only the slower encoder knows.
        return json.dumps(rows)
