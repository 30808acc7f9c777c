"""Threads as rows and as files: the list, copying, pruning, deleting, exporting and importing."""

from lab.threads.copying import LARGEST_COPY, copy_thread
from lab.threads.deleting import delete_thread
from lab.threads.exporting import ExportRefused, export_thread
from lab.threads.file_format import LIMITS, ImportRefused, Limits
from lab.threads.importing import import_threads
from lab.threads.pruning import Pruned, branch_heads, keep_newest_branches, prune_branches
from lab.threads.table import BRANCH, TITLE, Thread, Threads, given_title, titled

__all__ = [
    "BRANCH",
    "LARGEST_COPY",
    "LIMITS",
    "TITLE",
    "ExportRefused",
    "ImportRefused",
    "Limits",
    "Pruned",
    "Thread",
    "Threads",
    "branch_heads",
    "copy_thread",
    "delete_thread",
    "export_thread",
    "given_title",
    "import_threads",
    "keep_newest_branches",
    "prune_branches",
    "titled",
]
