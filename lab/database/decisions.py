"""The record of decisions: written with what is decided, read by page, never changed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, func, insert, select

from lab.database.database import Database
from lab.database.storable_text import storable
from lab.database.tables import DECISIONS
from lab.jsonable import Json
from lab.secrets import redact, redact_json

DecisionKind = Literal["answer", "reanswer", "retry", "edit", "fork", "resume", "replay", "rewind", "expired"]
"""An answer, another one in an earlier one's place, the same one tried again; values written to the state at a pause or
at an earlier checkpoint; a thread let go on, also from an earlier checkpoint or with its values written over the newest
ones; a question whose time ran out."""

ASKED = 4_000
"""Characters of what was asked that are written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One thing that a person decided."""

    at: float
    workspace: str
    kind: DecisionKind
    pattern: str
    lane: str
    thread_id: str
    title: str
    """The thread's, as it was then."""
    checkpoint_id: str
    """The one for which the question or the pause was shown."""
    node: str
    """The one that asked; of a pause those that came next."""
    interrupt_id: str = ""
    """Of the question; empty where none was asked."""
    asked: str = ""
    answered: Json = None
    """The answer; of an edit its `values` by field, and the fields that were `replaced` in place of appended to."""
    person: str = ""
    """Who decided; empty where only the workspace is known, and so is the role."""
    role: str = ""
    number: int | None = None
    """Counts all workspaces' decisions in the order of writing; None until it's saved."""


def add_decisions(connection: Connection, decisions: Sequence[Decision]) -> None:
    """Write decisions down, without the secrets that are known, in the transaction of what they decide."""
    if decisions:
        connection.execute(insert(DECISIONS), [_row(decision) for decision in decisions])


def read_decisions(
    database: Database,
    workspace: str,
    pattern: str | None = None,
    *,
    limit: int,
    offset: int = 0,
    before: int | None = None,
) -> list[Decision]:
    """Return a workspace's decisions, the newest first: those of a pattern, those with a number below `before`."""
    query = select(DECISIONS).where(*_chosen(workspace, pattern))
    if before is not None:
        query = query.where(DECISIONS.c.number < before)
    query = query.order_by(DECISIONS.c.number.desc()).limit(limit).offset(offset)
    with database.read() as connection:
        rows = connection.execute(query).mappings().all()
    return [Decision(**{**row, "answered": json.loads(row["answered"])}) for row in rows]


def count_decisions(database: Database, workspace: str, pattern: str | None = None) -> int:
    """Count a workspace's decisions, or those of a pattern."""
    query = select(func.count()).select_from(DECISIONS).where(*_chosen(workspace, pattern))
    with database.read() as connection:
        return int(connection.execute(query).scalar_one())


def _chosen(workspace: str, pattern: str | None) -> Iterator[ColumnElement[bool]]:
    yield DECISIONS.c.workspace == workspace
    if pattern is not None:
        yield DECISIONS.c.pattern == storable(pattern)


def _row(decision: Decision) -> dict[str, object]:
    answered = json.dumps(redact_json(decision.answered), ensure_ascii=False)
    asked = redact(decision.asked)
    row = asdict(decision) | {"title": redact(decision.title), "answered": answered}
    row["asked"] = asked if len(asked) <= ASKED else f"{asked[: ASKED - 1]}…"
    return {
        name: storable(value) if isinstance(value, str) else value for name, value in row.items() if name != "number"
    }
