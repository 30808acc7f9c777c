"""The lab's own tables, on SQLite and PostgreSQL alike."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text, text

from lab.database.append_only import append_only

METADATA = MetaData()
_OUTDATED = text("indexed IS NULL")
_EXPIRES = text("expires IS NOT NULL")
_UNATTENDED = text("unattended > 0")

THREADS = Table(
    "lab_threads",
    METADATA,
    Column("thread_id", String(36), primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("pattern", String(64), nullable=False),
    Column("lane", String(64), nullable=False),
    Column("session", String(36), nullable=False),
    Column("title", Text, nullable=False),
    Column("model", String(16), nullable=False),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("indexed", Text),
    Column("inherited", Text, nullable=False, server_default=text("''")),
    Index("lab_threads_by_workspace", "workspace", "updated"),
    Index("lab_threads_by_session", "session"),
    Index("lab_threads_outdated", "workspace", sqlite_where=_OUTDATED, postgresql_where=_OUTDATED),
)
"""One row a thread; the threads that one click started share a `session`. `indexed` is the newest checkpoint of which
`lab_waiting` tells: NULL while somebody works on the thread, and where nobody has looked at it yet. `inherited` is the
newest checkpoint that came with a copy or a file: no run of this thread has asked what is asked there."""

STARTS = Table(
    "lab_starts",
    METADATA,
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), primary_key=True),
    Column("input", Text, nullable=False),
)
"""The input of each thread as JSON, for a start that is killed before its first checkpoint is saved."""

LEDGER = Table(
    "lab_ledger",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), nullable=False, index=True),
    Column("order", Text, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("key", Text, unique=True),
    Column("at", Float, nullable=False),
    Column("repeats", Integer),
)
"""A row that `repeats` another one is an attempt that was refused, as that one had its idempotency key first."""

OUTBOX = Table(
    "lab_outbox",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), nullable=False, index=True),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("key", Text),
    Column("at", Float, nullable=False),
    Column("repeats", Integer),
    Index("lab_outbox_by_key", "key", unique=True),
)
"""As in the ledger, a row that `repeats` another one was refused."""

ARCHIVE = Table(
    "lab_archive",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("status", String(12), nullable=False),
    Column("error", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Float, nullable=False),
)

RECORDS = Table(
    "lab_records",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), nullable=False, index=True),
    Column("record", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("key", Text),
    Column("at", Float, nullable=False),
    Column("repeats", Integer),
    Index("lab_records_by_key", "key", unique=True),
)
"""Changes of customers' records, a row each; as in the ledger, a row that `repeats` another one was refused."""

FAULTS = Table(
    "lab_faults",
    METADATA,
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), primary_key=True),
    Column("point", Text, primary_key=True),
    Column("calls", Integer, nullable=False),
)

CIRCUITS = Table(
    "lab_circuits",
    METADATA,
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("successes", Integer, nullable=False),
    Column("opened", Float),
)
"""The circuit breakers of each thread; `opened` is when one was opened last, NULL where it never was."""

NOTES = Table(
    "lab_notes",
    METADATA,
    Column("thread_id", String(36), primary_key=True),
    Column("checkpoint_ns", Text, primary_key=True),
    Column("checkpoint_id", Text, primary_key=True),
    Column("ran", Text, nullable=False),
    Column("next", Text, nullable=False),
    Column("changed", Text, nullable=False),
    Column("text", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What each checkpoint's step did; made anew from the checkpoints where a row is missing."""

OWNERS = Table(
    "lab_owners",
    METADATA,
    Column("owner", String(36), primary_key=True),
    Column("address", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("until", Float, nullable=False),
)
"""The processes that work on this database; one whose lease ran out is taken for dead."""

CLAIMS = Table(
    "lab_claims",
    METADATA,
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("owner", String(36), nullable=False),
    Column("answering", Text, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("stop", Integer, nullable=False),
    Column("request", Text),
    Column("head", Text),
    Column("unattended", Integer, nullable=False, server_default=text("0")),
    Index("lab_claims_unattended", "thread_id", sqlite_where=_UNATTENDED, postgresql_where=_UNATTENDED),
)
"""The threads that somebody works on, one row each. A row whose owner is dead, or empty, holds nobody off: it
keeps what was accepted and not begun. `unattended` counts how often the lab itself has begun this work, which it does
where a question's time has run out; 0 where a person asked for it, and where it has ended."""

EVENTS = Table(
    "lab_events",
    METADATA,
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), primary_key=True),
    Column("last", Integer, primary_key=True, autoincrement=False),
    Column("bytes", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
"""What happened in each thread, in batches of events as JSON, each by the number of its last one."""

WAITING = Table(
    "lab_waiting",
    METADATA,
    Column("thread_id", String(36), ForeignKey("lab_threads.thread_id"), primary_key=True),
    Column("interrupt_id", Text, primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("pattern", String(64), nullable=False),
    Column("lane", String(64), nullable=False),
    Column("node", Text, nullable=False),
    Column("checkpoint_id", Text, nullable=False),
    Column("asked", Float, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("due", Float, nullable=False),
    Column("priority", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("deadline", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("expires", Float),
    Index("lab_waiting_by_urgency", "workspace", "rank", "due", "asked", "thread_id", "interrupt_id"),
    Index("lab_waiting_by_expiry", "expires", sqlite_where=_EXPIRES, postgresql_where=_EXPIRES),
)
"""The open questions of all threads, a row each; made anew from the checkpoints, which alone are the truth. `expires`
is when the lab itself answers one; NULL where it never does."""

DECISIONS = Table(
    "lab_decisions",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("workspace", String(64), nullable=False),
    Column("person", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("pattern", String(64), nullable=False),
    Column("lane", String(64), nullable=False),
    Column("thread_id", String(36), nullable=False),
    Column("title", Text, nullable=False),
    Column("checkpoint_id", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("interrupt_id", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("answered", Text, nullable=False),
    Index("lab_decisions_by_workspace", "workspace", "number"),
    Index("lab_decisions_by_pattern", "workspace", "pattern", "number"),
)
"""What people decided, a row each, which stays when its thread goes; the database itself refuses to change a row."""

append_only(DECISIONS)

PEOPLE = Table(
    "lab_people",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("position", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("mail", Text, unique=True),
)
"""Who may act in the lab, a row each; `roles` is a list as JSON. Whoever runs the lab changes it as they like."""

SECRETS = Table("lab_secrets", METADATA, Column("name", String(40), primary_key=True), Column("value", Text))

BUSINESS = {"ledger": LEDGER, "outbox": OUTBOX, "archive": ARCHIVE, "records": RECORDS}
