"""SQL statements of every run, compiled once and given to SQLite directly, because that's faster."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, Executable
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.elements import ClauseElement

_SQLITE = sqlite.dialect(paramstyle="named")


class Prepared:
    """A statement written out once, that changes rows or reads one.

    SQLite is given its text itself: to take it through SQLAlchemy costs several times what SQLite needs for it. A
    connection to a server may be lost, which SQLAlchemy has to see; there the way makes no difference.
    """

    def __init__(self, statement: Executable, postgresql: Executable | None = None) -> None:
        """Carry out `postgresql` in its place there, if it's given."""
        self._statement = postgresql if postgresql is not None else statement
        self._text = str(cast("ClauseElement", statement).compile(dialect=_SQLITE))

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Carry the statement out with these values by name, and return how many rows it has changed."""
        if connection.dialect.name == "sqlite":
            cursor = connection.connection.cursor()
            cursor.execute(self._text, values)
            return cursor.rowcount
        return cast("CursorResult[Any]", connection.execute(self._statement, values)).rowcount

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Carry the statement out with these values by name, and return its first row by the columns' names."""
        if connection.dialect.name == "sqlite":
            cursor = connection.connection.cursor()
            try:
                cursor.execute(self._text, values)
                row = cursor.fetchone()
                return (
                    None
                    if row is None
                    else {column[0]: value for column, value in zip(cursor.description, row, strict=True)}
                )
            finally:
                # A statement that isn't read to its end would go on reading.
                cursor.close()
        row = cast("CursorResult[Any]", connection.execute(self._statement, values)).mappings().first()
        return None if row is None else dict(row)
