"""The list of threads: who owns which, of what pattern and lane, and what each was started with."""

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, or_, select, text, update

from lab.database import STARTS, THREADS, Database, Prepared
from lab.errors import InvalidInput, UnknownThread
from lab.jsonable import Json, to_jsonable
from lab.state import Fault, printable_line, sentence
from lab.types import ModelName


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread of a lane, in one workspace."""

    thread_id: str
    workspace: str
    pattern: str
    lane: str
    session: str
    """Shared by the threads that one click started side by side."""
    title: str
    model: ModelName
    created: float
    updated: float
    inherited: str = ""
    """The newest checkpoint that came with a copy or a file; no run of this thread has asked what is asked there."""

    @classmethod
    def new(cls, workspace: str, pattern: str, lane: str, session: str, title: str, model: ModelName) -> Self:
        """Make a thread with a random id, which is in no table yet."""
        now = time.time()
        return cls(str(uuid.uuid4()), workspace, pattern, lane, session, title, model, now, now)


TITLE = 120
"""Characters of a thread's title."""


def titled(text: str) -> str:
    """Return a title on one line, of printable signs, cut to its length; raises InvalidInput where nothing is left."""
    title = printable_line(text)
    if not title:
        raise InvalidInput({"title": "The title is empty. Write one."})
    # Cut behind a word, or inside an emoji of several parts, what joined them to the rest would be left over.
    return title[:TITLE].rstrip("\u200d ")


BRANCH = "Name of the branch"
"""Title of the field for it, by which a message about it is found."""


def given_title(text: str, field: str = "Title") -> str:
    """Return a title that somebody typed; raises InvalidInput where it's empty or too long, for nothing is cut."""
    if len(title := printable_line(text)) > TITLE:
        raise InvalidInput({field: sentence(Fault("long", TITLE, title), field)})
    return titled(text)


_NEW, _STARTED = Prepared(insert(THREADS)), Prepared(insert(STARTS))
_OF_THREAD = [THREADS.c[name] for name in Thread.__slots__]
_FIND = Prepared(
    select(*_OF_THREAD).where(THREADS.c.thread_id == bindparam("thread"), THREADS.c.workspace == bindparam("owner"))
)
_USED = Prepared(text("UPDATE lab_threads SET updated = :now WHERE thread_id = :thread"))


class Threads:
    """The thread table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        workspace: str,
        pattern: str,
        lane: str,
        session: str,
        title: str,
        model: ModelName,
        given: Mapping[str, Json] | None = None,
    ) -> Thread:
        """Add a thread with a random id, and the input that it's given, if it is."""
        thread = Thread.new(workspace, pattern, lane, session, title, model)
        with self._database.begin() as connection:
            self.add(connection, thread, given)
        return thread

    @staticmethod
    def add(connection: Connection, thread: Thread, given: Mapping[str, Json] | None = None) -> None:
        """Add a thread, and the input that it's given, if it is."""
        _NEW.execute(connection, {name: getattr(thread, name) for name in Thread.__slots__} | {"indexed": None})
        if given is not None:
            _STARTED.execute(connection, {"thread_id": thread.thread_id, "input": json.dumps(to_jsonable(given))})

    def given(self, thread_id: str) -> dict[str, Json] | None:
        """Return the input that the thread was started with; None where none was kept."""
        query = select(STARTS.c.input).where(STARTS.c.thread_id == thread_id)
        with self._database.read() as connection:
            values = connection.execute(query).scalar_one_or_none()
        return None if values is None else json.loads(values)

    def find(self, workspace: str, thread_id: str) -> Thread | None:
        """Return the thread if this workspace owns it."""
        # What an address names may be anything; ids are plain.
        if not thread_id.isprintable():
            return None
        with self._database.read() as connection:
            row = _FIND.first(connection, {"thread": thread_id, "owner": workspace})
        return Thread(**row) if row else None

    def list(
        self,
        workspace: str,
        *,
        pattern: str | None = None,
        session: str | None = None,
        text: str = "",
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[Thread, ...]:
        """Return the workspace's threads, the last used first; with `text`, those that have it in title or id."""
        query = select(*_OF_THREAD).where(*_chosen(workspace, pattern, session, text))
        query = query.order_by(THREADS.c.updated.desc(), THREADS.c.thread_id).limit(limit).offset(offset)
        with self._database.read() as connection:
            return tuple(Thread(**row) for row in connection.execute(query).mappings())

    def count(self, workspace: str, *, pattern: str | None = None, text: str = "") -> int:
        """Count the threads that a list of them has on all its pages."""
        query = select(func.count()).select_from(THREADS).where(*_chosen(workspace, pattern, None, text))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def of_workspace(self, workspace: str, thread_ids: Sequence[str]) -> tuple[Thread, ...]:
        """Return these threads; raises UnknownThread where one isn't the workspace's."""
        known_ids = [thread_id for thread_id in thread_ids if thread_id.isprintable()]
        own = THREADS.c.thread_id.in_(known_ids) & (THREADS.c.workspace == workspace)
        with self._database.read() as connection:
            threads = tuple(Thread(**row) for row in connection.execute(select(*_OF_THREAD).where(own)).mappings())
        known = {thread.thread_id for thread in threads}
        for thread_id in thread_ids:
            if thread_id not in known:
                raise UnknownThread(thread_id)
        return threads

    @staticmethod
    def touch(connection: Connection, thread_id: str) -> None:
        """Note that the thread was used now."""
        _USED.execute(connection, {"thread": thread_id, "now": time.time()})

    def rename(self, workspace: str, thread_id: str, title: str) -> None:
        """Give a thread of this workspace another title; raises InvalidInput, UnknownThread."""
        if not thread_id.isprintable():
            raise UnknownThread(thread_id)
        own = (THREADS.c.thread_id == thread_id) & (THREADS.c.workspace == workspace)
        with self._database.begin() as connection:
            if connection.execute(update(THREADS).where(own).values(title=given_title(title))).rowcount == 0:
                raise UnknownThread(thread_id)


def _chosen(workspace: str, pattern: str | None, session: str | None, text: str) -> Iterator[ColumnElement[bool]]:
    yield THREADS.c.workspace == workspace
    if pattern is not None:
        yield THREADS.c.pattern == pattern
    if session is not None:
        yield THREADS.c.session == (session if session.isprintable() else "")
    # No title has control characters, which PostgreSQL wouldn't even take.
    if wanted := printable_line(text):
        in_title = THREADS.c.title.icontains(wanted, autoescape=True)
        yield or_(in_title, THREADS.c.thread_id.startswith(wanted.lower(), autoescape=True))
