"""PostgreSQL databases with the lab's tables, lent to one test after the other: making one takes longer than a test."""

import psycopg
from psycopg import Connection, sql

from lab.lab import Lab
from tests.support.labs import quiet
from tests.support.servers import PostgresServer

KEPT = {"lab_meta", "checkpoint_migrations"}
"""Tables that say which version the others are of."""
# The server's own catalogue: the views of the standard take ten times as long.
SHAPE = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text, pg_get_expr(d.adbin, d.adrelid)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
UNION ALL SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled::text, ''
FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relnamespace = 'public'::regnamespace
ORDER BY 1, 2
"""
WRITTEN = """
SELECT relname, pg_relation_size(oid) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
"""
SMALL = 2**17
"""Bytes up to which a table is emptied faster row by row; what its rows leave behind stays in its file."""
FROM_ONE = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
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
        with self._connect(self._first) as connection:
            self._shape = connection.execute(SHAPE).fetchall()
            self._people = connection.execute(f"SELECT {PEOPLE} FROM lab_people ORDER BY number").fetchall()
            self._empty(connection)
        self._free: list[str] = []

    def lend(self) -> str:
        """Return the name of a database that nobody else has."""
        return self._free.pop() if self._free else self._server.create_database(self._first)

    def take_back(self, name: str) -> None:
        """End whatever connections a lent database still has, and empty it for the next test."""
        with self._connect(name) as connection:
            connection.execute(OTHERS, [connection.info.backend_pid])
            unchanged = connection.execute(SHAPE).fetchall() == self._shape
            if unchanged:
                self._empty(connection)
        if unchanged:
            self._free.append(name)
        else:
            self._server.drop_database(name)

    def _connect(self, name: str) -> Connection:
        return psycopg.connect(self._server.url(name), autocommit=True)

    def _empty(self, connection: Connection) -> None:
        with connection.transaction():
            # Passes by the trigger that keeps decisions, which only a superuser of the server can.
            connection.execute("SET LOCAL session_replication_role = replica")
            for table, size in connection.execute(WRITTEN).fetchall():
                if table not in KEPT:
                    empties = "DELETE FROM {}" if size <= SMALL else "TRUNCATE {} CASCADE"
                    connection.execute(sql.SQL(empties).format(sql.Identifier(table)))
            connection.execute(FROM_ONE)
            connection.cursor().executemany(f"INSERT INTO lab_people ({PEOPLE}) VALUES (%s, %s, %s, %s)", self._people)
