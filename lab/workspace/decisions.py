"""What people decided in a workspace's threads: made into rows of the record, read by page, exported as CSV."""

import csv
import io
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from langgraph.types import StateSnapshot

from graphs.people import Person
from lab.checkpoints import checkpoint_id_of
from lab.database import Decision, DecisionKind, count_decisions, read_decisions
from lab.history import Question, pending_questions, question_text
from lab.jsonable import Json, to_jsonable
from lab.state import printable_line, value_text, values_text
from lab.threads import Thread
from lab.workspace.access import OpenedThread, ThreadAccess
from lab.workspace.permissions import role_of

COLUMNS = (
    "Number", "Time", "Person", "Role", "Decision", "Pattern", "Lane", "Node", "Thread", "Asked", "Answer",
    "Thread ID", "Checkpoint ID", "Interrupt ID",
)  # fmt: skip
"""Titles of a CSV file's columns."""
AT_ONCE = 500
"""Rows of a CSV file that are read at once."""
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With what a spreadsheet begins a formula, in the wide signs of East Asia too."""


def decide_answers(
    opened: OpenedThread, snapshot: StateSnapshot, answers: Mapping[str, Json], kind: DecisionKind, person: Person
) -> list[Decision]:
    """Return the decisions that somebody makes by answering these questions of a checkpoint, by their ids."""
    return [
        _decision(
            opened.thread,
            snapshot,
            kind,
            person,
            role=role_of(question.value, person),
            node=question.node,
            interrupt_id=question.id,
            asked=_asked(question),
            answered=answers[question.id],
        )
        for question in pending_questions(snapshot, opened.tools)
        if question.id in answers
    ]


def decide_at_pause(
    thread: Thread, snapshot: StateSnapshot, kind: DecisionKind, person: Person, answered: Json = None
) -> Decision:
    """Return the decision that somebody makes where a thread asks nothing: to go on, or to write to the state."""
    node = ", ".join(map(to_jsonable, snapshot.next))
    return _decision(thread, snapshot, kind, person, role=role_of(None, person), node=node, answered=answered)


def _decision(
    thread: Thread,
    snapshot: StateSnapshot,
    kind: DecisionKind,
    person: Person,
    *,
    role: str,
    node: str,
    interrupt_id: str = "",
    asked: str = "",
    answered: Json,
) -> Decision:
    return Decision(
        at=time.time(),
        workspace=thread.workspace,
        kind=kind,
        person=person.name,
        role=role,
        pattern=thread.pattern,
        lane=thread.lane,
        thread_id=thread.thread_id,
        title=thread.title,
        checkpoint_id=checkpoint_id_of(snapshot.config),
        node=node,
        interrupt_id=interrupt_id,
        asked=asked,
        answered=to_jsonable(answered),
    )


def _asked(question: Question) -> str:
    """Return all that a question showed: the sentence, and below it what it was asked about."""
    value, about = question.value, ""
    if question.review is not None:
        about = "\n".join(f"{call.name}: {value_text(call.args)}" for call in question.review.calls)
    elif isinstance(value, dict) and "question" in value:
        about = values_text({name: item for name, item in value.items() if name != "question"}, (), titled=True)
    return "\n".join(filter(None, (question_text(value), about)))


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """A page of the record."""

    decisions: tuple[Decision, ...]
    """The newest first."""
    total: int
    """Of all pages."""


class WorkspaceDecisions:
    """The record of what was decided in a workspace's threads, those too that were deleted since."""

    def __init__(self, access: ThreadAccess) -> None:
        self._database = access.engine.storage.database
        self._workspace = access.workspace

    def page(self, *, pattern: str | None = None, limit: int = 20, offset: int = 0) -> DecisionPage:
        """Return a page of the decisions, or of those in a pattern's threads, the newest first."""
        rows = read_decisions(self._database, self._workspace, pattern, limit=limit, offset=offset)
        return DecisionPage(tuple(rows), count_decisions(self._database, self._workspace, pattern))

    def to_csv(self, *, pattern: str | None = None) -> Iterator[str]:
        """Return the decisions as the text of a CSV file, in pieces, the newest first.

        What a spreadsheet would take for a formula begins with an apostrophe.
        """
        yield _lines([COLUMNS])
        before: int | None = None
        while rows := read_decisions(self._database, self._workspace, pattern, limit=AT_ONCE, before=before):
            yield _lines(map(_cells, rows))
            before = rows[-1].number


def _cells(decision: Decision) -> tuple[str, ...]:
    return (
        str(decision.number),
        datetime.fromtimestamp(decision.at, UTC).isoformat(timespec="seconds"),
        decision.person,
        decision.role,
        decision.kind,
        decision.pattern,
        decision.lane,
        decision.node,
        decision.title,
        decision.asked,
        json.dumps(decision.answered, ensure_ascii=False),
        decision.thread_id,
        decision.checkpoint_id,
        decision.interrupt_id,
    )


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if printable_line(cell).startswith(FORMULA) else cell
