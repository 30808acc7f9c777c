"""The index of what waits for a person: read by page, most urgent first, without opening a thread."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, text

from lab.database.database import Database
from lab.database.prepared import Prepared
from lab.database.storable_text import storable
from lab.database.tables import THREADS, WAITING
from lab.secrets import redact

NEVER = 1e15
"""Stands for the deadline of what has none, behind all that have one."""

_ORDER = (WAITING.c.rank, WAITING.c.due, WAITING.c.asked, WAITING.c.thread_id, WAITING.c.interrupt_id)
_OUTDATE = Prepared(text("UPDATE lab_threads SET indexed = NULL WHERE thread_id = :thread AND indexed IS NOT NULL"))
_DROP = Prepared(delete(WAITING).where(WAITING.c.thread_id == bindparam("thread")))
_INDEXED = Prepared(text("UPDATE lab_threads SET indexed = :head WHERE thread_id = :thread"))
_WAITS = Prepared(insert(WAITING))
# Not where somebody has taken the thread since it was read: what waits by then is told at that one's end.
_STILL_OUTDATED = Prepared(
    text(
        "UPDATE lab_threads SET indexed = :head WHERE thread_id = :thread AND indexed IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM lab_claims AS c JOIN lab_owners AS o ON o.owner = c.owner "
        "WHERE c.thread_id = lab_threads.thread_id AND o.until > :now)"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingQuestion:
    """A question that waits for a person, or a static pause, which asks for an edit or a word to go on."""

    workspace: str
    thread_id: str
    pattern: str
    lane: str
    node: str
    """The one that asked; of a pause those that come next."""
    interrupt_id: str
    """Empty for a pause."""
    checkpoint_id: str
    """The thread's newest one, of which this was read."""
    asked: float
    rank: int
    """The smaller, the more urgent."""
    due: float | None
    """The deadline in seconds, None where there is none or it can't be read."""
    priority: str
    """What the question itself says, and so are role and deadline; empty where it says nothing."""
    role: str
    deadline: str
    text: str
    """What is asked, in short."""
    expires: float | None = None
    """When the lab itself answers it, None where it never does."""


@dataclass(frozen=True, slots=True)
class OutdatedThread:
    """A thread that has to be read again to tell what it waits for."""

    thread_id: str
    workspace: str
    pattern: str
    lane: str
    inherited: str
    """The newest checkpoint that came with a copy or a file; empty where none did."""


def outdate_waiting(connection: Connection, thread_id: str) -> None:
    """Note that the index may be wrong about a thread, as it is while somebody works on it and may die."""
    _OUTDATE.execute(connection, {"thread": thread_id})


def drop_waiting(connection: Connection, thread_id: str) -> None:
    """Delete what a thread waited for."""
    _DROP.execute(connection, {"thread": thread_id})


def write_waiting(
    connection: Connection, thread_id: str, head: str, questions: Sequence[WaitingQuestion], *, overdue: bool = False
) -> None:
    """Write down what a thread waits for at its newest checkpoint, in place of what it waited for before.

    With `overdue` nothing is written where somebody else has done so meanwhile.
    """
    values = {"thread": thread_id, "head": head}
    written = (
        _STILL_OUTDATED.execute(connection, values | {"now": time.time()})
        if overdue
        else _INDEXED.execute(connection, values)
    )
    if written == 0:
        return
    drop_waiting(connection, thread_id)
    for question in questions:
        _WAITS.execute(connection, _row(question))


def find_thread_place(database: Database, thread_id: str) -> OutdatedThread | None:
    """Return where a thread of any workspace belongs; None where there is no such thread."""
    with database.read() as connection:
        row = _PLACE.first(connection, {"thread": thread_id})
    return None if row is None else OutdatedThread(**row)


def outdated_threads(database: Database, workspace: str | None, limit: int) -> list[OutdatedThread]:
    """Return threads of a workspace that have to be read again, or of all workspaces."""
    query = _PLACES.where(THREADS.c.indexed.is_(None)).limit(limit)
    query = query if workspace is None else query.where(THREADS.c.workspace == workspace)
    with database.read() as connection:
        return [OutdatedThread(**row) for row in connection.execute(query).mappings()]


def read_waiting(
    database: Database, workspace: str, only: Mapping[str, str | None], *, limit: int, offset: int
) -> list[WaitingQuestion]:
    """Return a page of what waits in a workspace, most urgent first; `only` gives columns their values."""
    query = select(WAITING).where(*_chosen(workspace, only)).order_by(*_ORDER).limit(limit).offset(offset)
    with database.read() as connection:
        return [_question(dict(row)) for row in connection.execute(query).mappings()]


def count_waiting(database: Database, workspace: str, only: Mapping[str, str | None]) -> int:
    """Count what waits in a workspace; `only` gives columns their values."""
    query = select(func.count()).select_from(WAITING).where(*_chosen(workspace, only))
    with database.read() as connection:
        return int(connection.execute(query).scalar_one())


def waiting_values(database: Database, workspace: str, name: Literal["role", "priority"]) -> list[str]:
    """Return what the questions that wait in a workspace have in a column, each once; not the empty text."""
    column = WAITING.c[name]
    query = select(column).where(WAITING.c.workspace == workspace, column != "").distinct().order_by(column)
    with database.read() as connection:
        return [str(value) for value in connection.execute(query).scalars()]


_PLACES = select(THREADS.c.thread_id, THREADS.c.workspace, THREADS.c.pattern, THREADS.c.lane, THREADS.c.inherited)
_PLACE = Prepared(_PLACES.where(THREADS.c.thread_id == bindparam("thread")))


def _chosen(workspace: str, only: Mapping[str, str | None]) -> Iterator[ColumnElement[bool]]:
    yield WAITING.c.workspace == workspace
    for name, value in only.items():
        if value is not None:
            yield WAITING.c[name] == storable(value)


def _row(question: WaitingQuestion) -> dict[str, object]:
    row = asdict(question) | {"due": NEVER if question.due is None else question.due}
    clean = {name: storable(redact(row[name])) for name in ("node", "priority", "role", "deadline", "text")}
    return row | clean


def _question(row: dict[str, Any]) -> WaitingQuestion:
    return WaitingQuestion(**row | {"due": None if row["due"] >= NEVER else row["due"]})
