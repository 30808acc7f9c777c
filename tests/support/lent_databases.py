"""PostgreSQL databases with the lab's tables, lent to one test after the other: making one takes longer than a test."""

import psycopg
from psycopg import Connection, sql

from lab.lab import Lab
from tests.support.labs import quiet
from tests.support.servers import PostgresServer

KEPT = {"lab_meta", "checkpoint_migrations"}
"""Tables that say which version the others are of."""
SHAPE = """
SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
WHERE table_schema = 'public'
UNION ALL SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT event_object_table, trigger_name, action_statement, '', '' FROM information_schema.triggers
ORDER BY 1, 2
"""
PEOPLE = "name, position, roles, mail"
OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


class LentDatabases:
    """Databases as the lab makes them, with the people alone; one whose tables a test has changed isn't lent again."""

    def __init__(self, server: PostgresServer) -> None:
        """Make the first one, which all others are copied from."""
        self._server = server
        self._first = server.create_database()
        Lab(quiet(server.url(self._first))).close()
        with psycopg.connect(server.url(self._first)) as connection:
            self._shape = connection.execute(SHAPE).fetchall()
            self._people = connection.execute(f"SELECT {PEOPLE} FROM lab_people ORDER BY number").fetchall()
            self._empty(connection)
        self._free: list[str] = []

    def lend(self) -> str:
        """Return the name of a database that nobody else has."""
        return self._free.pop() if self._free else self._server.create_database(self._first)

    def take_back(self, name: str) -> None:
        """End whatever connections a lent database still has, and empty it for the next test."""
        with psycopg.connect(self._server.url(name)) as connection:
            connection.execute(OTHERS, [connection.info.backend_pid])
            unchanged = connection.execute(SHAPE).fetchall() == self._shape
            if unchanged:
                self._empty(connection)
        if unchanged:
            self._free.append(name)
        else:
            self._server.drop_database(name)

    def _empty(self, connection: Connection) -> None:
        tables = sorted({str(row[0]) for row in self._shape} - KEPT)
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        # Passes by the trigger that keeps decisions, which only a superuser of the server can.
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))
        connection.cursor().executemany(f"INSERT INTO lab_people ({PEOPLE}) VALUES (%s, %s, %s, %s)", self._people)
