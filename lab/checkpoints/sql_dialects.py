"""The queries in which SQLite's checkpointer and PostgreSQL's differ."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from sqlite3 import Cursor
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import TableClause, TextClause, column, table, text

from lab.checkpoints.id_queries import ONE_BY_ONE, by_ids
from lab.checkpoints.savers import ExactPostgres


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one database keeps checkpoints, and how it's asked for them by its own indexes."""

    writes: TableClause
    """What tasks wrote."""
    index_rows_by_id: TextClause
    task_marks: TextClause
    marked_writes: TextClause
    subgraph_rows: TextClause
    state_sizes: TextClause
    thread_sizes: tuple[TextClause, ...]
    """Each gives threads' ids, numbers of checkpoints, and bytes, to be added up."""
    storage_size: TextClause
    saver: Callable[[Any, SerializerProtocol | None], BaseCheckpointSaver[Any]]
    """Makes a checkpointer that takes part in the transaction of a driver's connection."""
    values: TableClause | None = None
    """What channels hold, where it isn't in the checkpoints themselves."""
    drop_unused_values: TextClause | None = None


class _Joined(SqliteSaver):
    """A SQLite checkpointer inside a transaction that somebody else began and ends."""

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[Cursor]:
        """Return a cursor; the library's own would make its tables and commit."""
        cursor = self.conn.cursor()
        try:
            yield cursor
        finally:
            cursor.close()


def _table(name: str, columns: str) -> TableClause:
    return table(name, *map(column, columns.split()))


_KEY = "thread_id checkpoint_ns checkpoint_id"
CHECKPOINTS = _table("checkpoints", f"{_KEY} parent_checkpoint_id type checkpoint metadata")
_MARKED = "channel IN ('__interrupt__', '__error__')"

SQLITE = Dialect(
    writes=_table("writes", f"{_KEY} task_id task_path idx channel type value"),
    # Without statistics, which nobody makes, SQLite takes the index that covers most, and walks the whole thread by
    # it; so the index is named.
    index_rows_by_id=by_ids(
        # In the row itself the metadata stand behind the state, which would have to be walked.
        "SELECT checkpoint_id, parent_checkpoint_id, metadata FROM checkpoints INDEXED BY ck_meta "  # noqa: S608 - our own names
        f"WHERE {ONE_BY_ONE}"
    ),
    task_marks=text(
        "SELECT checkpoint_id, channel FROM writes WHERE thread_id = :thread AND checkpoint_ns = :namespace "  # noqa: S608 - our own names
        f"AND {_MARKED}"
    ),
    marked_writes=by_ids(
        "SELECT checkpoint_id, channel, type, value FROM writes INDEXED BY lab_marks "  # noqa: S608 - our own names
        f"WHERE {ONE_BY_ONE} AND {_MARKED} ORDER BY checkpoint_id, task_id, idx"
    ),
    subgraph_rows=by_ids(
        "SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata FROM checkpoints INDEXED BY lab_inner "
        "WHERE thread_id = :thread AND checkpoint_ns <> '' AND (CASE WHEN json_valid(CAST(metadata AS TEXT)) "
        "THEN json_extract(CAST(metadata AS TEXT), '$.parents.\"\"') END) IN :ids ORDER BY checkpoint_id"
    ),
    # The length of a blob is in the head of its row: no state is read for it.
    state_sizes=by_ids(f"SELECT checkpoint_id, length(checkpoint) FROM checkpoints WHERE {ONE_BY_ONE}"),  # noqa: S608 - our own names
    thread_sizes=(
        by_ids(
            "SELECT thread_id, count(*), total(length(checkpoint)) + total(length(metadata)) FROM checkpoints "
            "WHERE thread_id IN :ids GROUP BY thread_id"
        ),
        by_ids("SELECT thread_id, 0, total(length(value)) FROM writes WHERE thread_id IN :ids GROUP BY thread_id"),
    ),
    storage_size=text(
        "SELECT page_size * page_count, page_size * freelist_count "
        "FROM pragma_page_size, pragma_page_count, pragma_freelist_count"
    ),
    saver=lambda driver, serde: _Joined(driver, serde=serde),
)

POSTGRESQL = Dialect(
    writes=_table("checkpoint_writes", f"{_KEY} task_id task_path idx channel type blob"),
    index_rows_by_id=by_ids(
        f"SELECT checkpoint_id, parent_checkpoint_id, metadata FROM checkpoints WHERE {ONE_BY_ONE}"  # noqa: S608 - our own names
    ),
    task_marks=text(
        "SELECT checkpoint_id, channel FROM checkpoint_writes "  # noqa: S608 - our own names
        f"WHERE thread_id = :thread AND checkpoint_ns = :namespace AND {_MARKED}"
    ),
    marked_writes=by_ids(
        "SELECT checkpoint_id, channel, type, blob FROM checkpoint_writes "  # noqa: S608 - our own names
        f"WHERE {ONE_BY_ONE} AND {_MARKED} ORDER BY checkpoint_id, task_id, idx"
    ),
    subgraph_rows=by_ids(
        "SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata FROM checkpoints "
        "WHERE thread_id = :thread AND checkpoint_ns <> '' AND (metadata -> 'parents' ->> '') IN :ids "
        "ORDER BY checkpoint_id"
    ),
    state_sizes=by_ids(
        "SELECT c.checkpoint_id, pg_column_size(c.checkpoint) + coalesce((SELECT sum(pg_column_size(b.blob)) "  # noqa: S608 - our own names
        "FROM jsonb_each_text(c.checkpoint -> 'channel_versions') AS v JOIN checkpoint_blobs AS b "
        "ON b.thread_id = c.thread_id AND b.checkpoint_ns = c.checkpoint_ns AND b.channel = v.key "
        f"AND b.version = v.value), 0) FROM checkpoints AS c WHERE c.{ONE_BY_ONE.replace(' AND ', ' AND c.')}"
    ),
    thread_sizes=(
        by_ids(
            "SELECT thread_id, count(*), sum(pg_column_size(checkpoint) + pg_column_size(metadata)) FROM checkpoints "
            "WHERE thread_id IN :ids GROUP BY thread_id"
        ),
        by_ids(
            "SELECT thread_id, 0, sum(pg_column_size(blob)) FROM checkpoint_writes "
            "WHERE thread_id IN :ids GROUP BY thread_id"
        ),
        by_ids(
            "SELECT thread_id, 0, sum(coalesce(pg_column_size(blob), 0)) FROM checkpoint_blobs "
            "WHERE thread_id IN :ids GROUP BY thread_id"
        ),
    ),
    # It gives the room of deleted rows back by itself.
    storage_size=text("SELECT pg_database_size(current_database()), 0"),
    saver=lambda driver, serde: ExactPostgres(driver, serde=serde),
    # Each version of a channel's value once; SQLite keeps them all in each checkpoint.
    values=_table("checkpoint_blobs", "thread_id checkpoint_ns channel version type blob"),
    # By EXCEPT, because a join of a thread's blobs with its checkpoints may be planned as a product of the two.
    drop_unused_values=text(
        "DELETE FROM checkpoint_blobs AS blob USING ("
        "SELECT checkpoint_ns, channel, version FROM checkpoint_blobs WHERE thread_id = :thread EXCEPT "
        "SELECT kept.checkpoint_ns, used.key, used.value FROM checkpoints AS kept "
        "CROSS JOIN LATERAL jsonb_each_text(kept.checkpoint -> 'channel_versions') AS used "
        "WHERE kept.thread_id = :thread) AS gone "
        "WHERE blob.thread_id = :thread AND blob.checkpoint_ns = gone.checkpoint_ns "
        "AND blob.channel = gone.channel AND blob.version = gone.version"
    ),
)
