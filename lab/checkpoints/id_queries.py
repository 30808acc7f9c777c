"""Queries that name many checkpoints by their ids, some hundreds at a time."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import TextClause, bindparam, text

from lab.database import Database

CHUNK = 500
"""Ids that one query asks for; a statement takes a limited number of values."""
ONE_BY_ONE = "thread_id = :thread AND checkpoint_ns = :namespace AND checkpoint_id IN :ids"


def by_ids(query: str) -> TextClause:
    """Make a query that takes any number of ids."""
    return text(query).bindparams(bindparam("ids", expanding=True))


def rows_by_ids(database: Database, query: TextClause, ids: Collection[str], **values: str) -> Iterator[Sequence[Any]]:
    """Return the rows of a query for these ids and these other values."""
    wanted = list(ids)
    with database.read() as connection:
        for start in range(0, len(wanted), CHUNK):
            yield from connection.execute(query, {**values, "ids": wanted[start : start + CHUNK]}).all()
