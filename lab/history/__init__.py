"""A thread's past: its states, its tree of branches, its table of checkpoints, its questions and costs."""

from lab.history.costs import Cost, measure_costs, measure_pace
from lab.history.expiry import Expiry, expiry_of
from lab.history.questions import answer_fields, answer_text, answered, check_answers, question_text
from lab.history.restore import RESTORED, is_restored, restore_events
from lab.history.snapshots import (
    Question,
    Snapshot,
    Status,
    ToolSchemas,
    id_seconds,
    pending_questions,
    seconds,
    state_to_json,
    status,
    to_snapshot,
)
from lab.history.state_reading import channel_at_fault, read_state
from lab.history.table import Only, Page, Row, read_page, read_rows, read_tree
from lab.history.tree import Branch, Mark, Tree, build_tree
from lab.history.urgency import Urgency, urgency_of

__all__ = [
    "RESTORED",
    "Branch",
    "Cost",
    "Expiry",
    "Mark",
    "Only",
    "Page",
    "Question",
    "Row",
    "Snapshot",
    "Status",
    "ToolSchemas",
    "Tree",
    "Urgency",
    "answer_fields",
    "answer_text",
    "answered",
    "build_tree",
    "channel_at_fault",
    "check_answers",
    "expiry_of",
    "id_seconds",
    "is_restored",
    "measure_costs",
    "measure_pace",
    "pending_questions",
    "question_text",
    "read_page",
    "read_rows",
    "read_state",
    "read_tree",
    "restore_events",
    "seconds",
    "state_to_json",
    "status",
    "to_snapshot",
    "urgency_of",
]
