"""The lab's own tables, on SQLite and PostgreSQL: reaching them, migrating them, and what their errors mean."""

from lab.database.address import Kind, read_address
from lab.database.business import ArchiveTable, FaultTable, LedgerTable, OutboxTable, RecordsTable, business_rows
from lab.database.circuits import CircuitTable
from lab.database.database import Database, Guard, unguarded
from lab.database.decisions import Decision, DecisionKind, add_decisions, count_decisions, read_decisions
from lab.database.disk_reserve import DiskReserve, Done
from lab.database.errors import DATABASE_ERRORS, in_words, lab_error
from lab.database.expiring import ExpiringQuestion, expiring_questions, unattended_threads
from lab.database.migrations import migrate
from lab.database.people import Directory, is_same
from lab.database.postgresql import make_engine, make_pool, one_setup_at_a_time, set_up_tables
from lab.database.prepared import Prepared
from lab.database.sqlite_file import BUSY_TIMEOUT, WholeCheck, connect, prepare
from lab.database.tables import (
    BUSINESS,
    CLAIMS,
    DECISIONS,
    EVENTS,
    METADATA,
    NOTES,
    OWNERS,
    PEOPLE,
    SECRETS,
    STARTS,
    THREADS,
)
from lab.database.waiting import (
    OutdatedThread,
    WaitingQuestion,
    count_waiting,
    drop_waiting,
    find_thread_place,
    outdate_waiting,
    outdated_threads,
    read_waiting,
    waiting_values,
    write_waiting,
)

__all__ = [
    "BUSINESS",
    "BUSY_TIMEOUT",
    "CLAIMS",
    "DATABASE_ERRORS",
    "DECISIONS",
    "EVENTS",
    "METADATA",
    "NOTES",
    "OWNERS",
    "PEOPLE",
    "SECRETS",
    "STARTS",
    "THREADS",
    "ArchiveTable",
    "CircuitTable",
    "Database",
    "Decision",
    "DecisionKind",
    "Directory",
    "DiskReserve",
    "Done",
    "ExpiringQuestion",
    "FaultTable",
    "Guard",
    "Kind",
    "LedgerTable",
    "OutboxTable",
    "OutdatedThread",
    "Prepared",
    "RecordsTable",
    "WaitingQuestion",
    "WholeCheck",
    "add_decisions",
    "business_rows",
    "connect",
    "count_decisions",
    "count_waiting",
    "drop_waiting",
    "expiring_questions",
    "find_thread_place",
    "in_words",
    "is_same",
    "lab_error",
    "make_engine",
    "make_pool",
    "migrate",
    "one_setup_at_a_time",
    "outdate_waiting",
    "outdated_threads",
    "prepare",
    "read_address",
    "read_decisions",
    "read_waiting",
    "set_up_tables",
    "unattended_threads",
    "unguarded",
    "waiting_values",
    "write_waiting",
]
