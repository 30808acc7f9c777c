"""Checkpointers, and all that is read from their tables."""

from lab.checkpoints.answers import kept_answers
from lab.checkpoints.compaction import compact
from lab.checkpoints.config import (
    at_checkpoint,
    checkpoint_config,
    checkpoint_id_of,
    place_of,
    thread_config,
    thread_id_of,
)
from lab.checkpoints.index import IndexRow
from lab.checkpoints.rows import Link, OpenRows, Write
from lab.checkpoints.savers import SummarySqliteSaver
from lab.checkpoints.sizes import StorageSize, ThreadSize
from lab.checkpoints.step_summary import NO_SUMMARY, KeyChange
from lab.checkpoints.storage import INDEX, Storage, open_storage
from lab.checkpoints.summary_saver import SummarySaver
from lab.checkpoints.summary_table import SummarySearch, nodes_that_ran, read_summaries, search_summaries
from lab.checkpoints.tables import CheckpointTables
from lab.checkpoints.thread_savers import ThreadSaver, ThreadSavers, restart_calls

__all__ = [
    "INDEX",
    "NO_SUMMARY",
    "CheckpointTables",
    "IndexRow",
    "KeyChange",
    "Link",
    "OpenRows",
    "Storage",
    "StorageSize",
    "SummarySaver",
    "SummarySearch",
    "SummarySqliteSaver",
    "ThreadSaver",
    "ThreadSavers",
    "ThreadSize",
    "Write",
    "at_checkpoint",
    "checkpoint_config",
    "checkpoint_id_of",
    "compact",
    "kept_answers",
    "nodes_that_ran",
    "open_storage",
    "place_of",
    "read_summaries",
    "restart_calls",
    "search_summaries",
    "thread_config",
    "thread_id_of",
]
