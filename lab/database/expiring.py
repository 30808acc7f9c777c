"""Which questions run out of time, and which of the lab's own answers to such questions wait for a process."""

from dataclasses import dataclass

from sqlalchemy import text

from lab.database.database import Database

_ALIVE = (
    "SELECT 1 FROM lab_claims AS c JOIN lab_owners AS o ON o.owner = c.owner "
    "WHERE c.thread_id = w.thread_id AND o.until > :alive"
)
_DUE = text(
    "SELECT w.thread_id, w.workspace, w.interrupt_id, w.expires FROM lab_waiting AS w "  # noqa: S608 - our own names
    f"WHERE w.expires IS NOT NULL AND w.expires <= :until AND NOT EXISTS ({_ALIVE}) ORDER BY w.expires"
)
_LEFT = text(
    "SELECT w.thread_id, t.workspace FROM lab_claims AS w "  # noqa: S608 - our own names
    f"JOIN lab_threads AS t ON t.thread_id = w.thread_id WHERE w.unattended > 0 AND NOT EXISTS ({_ALIVE})"
)


@dataclass(frozen=True, slots=True)
class ExpiringQuestion:
    """A question of a thread on which nobody works, and to which the lab gives an answer once its time has run out."""

    thread_id: str
    workspace: str
    interrupt_id: str
    expires: float


def expiring_questions(database: Database, until: float, alive: float) -> list[ExpiringQuestion]:
    """Return the questions of all workspaces whose time runs out by then, the first one first.

    `alive` is the time after which the lease of a process that lives ends.
    """
    with database.read() as connection:
        rows = connection.execute(_DUE, {"until": until, "alive": alive}).mappings()
        return [ExpiringQuestion(**row) for row in rows]


def unattended_threads(database: Database, alive: float) -> list[tuple[str, str]]:
    """Return threads, each with its workspace, on which a process was at work for the lab itself when it died."""
    with database.read() as connection:
        return [(row.thread_id, row.workspace) for row in connection.execute(_LEFT, {"alive": alive})]
