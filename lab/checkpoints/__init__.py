"""Checkpointers, and all that is read from their tables."""

from lab.checkpoints.answers import kept_answers
from lab.checkpoints.index import (
    IndexRow,
    calling_checkpoint_id,
    count_checkpoints,
    index_rows,
    index_rows_by_id,
    marked_writes,
    newest_checkpoint_id,
    state_sizes,
    subgraph_rows,
    task_marks,
)
from lab.checkpoints.rows import Link, OpenRows, Write, open_for_reading, open_for_writing
from lab.checkpoints.savers import SummarySqliteSaver
from lab.checkpoints.sizes import StorageSize, ThreadSize, compact, storage_size, thread_sizes
from lab.checkpoints.step_summary import NO_SUMMARY, KeyChange
from lab.checkpoints.storage import INDEX, Storage, open_storage
from lab.checkpoints.summary_saver import SummarySaver
from lab.checkpoints.summary_table import SummarySearch, nodes_that_ran, read_summaries, search_summaries
from lab.checkpoints.thread_savers import ThreadSaver, ThreadSavers, restart_calls

__all__ = [
    "INDEX",
    "NO_SUMMARY",
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
    "calling_checkpoint_id",
    "compact",
    "count_checkpoints",
    "index_rows",
    "index_rows_by_id",
    "kept_answers",
    "marked_writes",
    "newest_checkpoint_id",
    "nodes_that_ran",
    "open_for_reading",
    "open_for_writing",
    "open_storage",
    "read_summaries",
    "restart_calls",
    "search_summaries",
    "state_sizes",
    "storage_size",
    "subgraph_rows",
    "task_marks",
    "thread_sizes",
]
