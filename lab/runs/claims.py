"""Which process works on which thread, so that one run a thread holds across all processes of a database."""

import logging
import os
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError
from sqlalchemy import Connection, func, insert, select, text, update

from lab.database import CLAIMS, OWNERS, THREADS, Database, Prepared
from lab.errors import ClaimLost, StaleAnswer, StorageUnavailable, ThreadBusy, TooManyRuns, UnknownThread
from lab.events import Kind
from lab.runs.requests import REQUEST, Request

LOG = logging.getLogger(__name__)

# One statement looks and takes, so that of two processes only one can be first. It takes a thread that exists, that
# nobody alive has, and whose workspace has fewer runs at work than it may.
_TAKE_ANYWHERE = (
    "INSERT INTO lab_claims (thread_id, workspace, owner, answering, runs, stop, request, head) "
    "SELECT t.thread_id, t.workspace, :owner, :answering, :runs, 0, :request, :head FROM lab_threads AS t "
    "WHERE t.thread_id = :thread AND t.workspace = :workspace AND (:runs = 0 OR :limit > "
    "(SELECT count(*) FROM lab_claims AS c JOIN lab_owners AS o ON o.owner = c.owner "
    "WHERE c.workspace = :workspace AND c.runs = 1 AND c.thread_id <> :thread AND o.until > :now)) "
    "ON CONFLICT (thread_id) DO UPDATE SET owner = excluded.owner, answering = excluded.answering, "
    "runs = excluded.runs, stop = 0, request = coalesce(excluded.request, lab_claims.request), "
    "head = coalesce(excluded.head, lab_claims.head) "
    "WHERE lab_claims.owner = excluded.owner OR NOT EXISTS "
    "(SELECT 1 FROM lab_owners AS o WHERE o.owner = lab_claims.owner AND o.until > :now)"
)
_TAKE_POSTGRESQL = (
    _TAKE_ANYWHERE.replace(":owner, :answering, :runs, 0, :request, :head", "CAST(:owner AS text), CAST(:answering AS "
    "text), CAST(:runs AS integer), 0, CAST(:request AS text), CAST(:head AS text)")
    .replace("(:runs = 0 OR", "(CAST(:runs AS integer) = 0 OR")
    # Who deletes the thread at this moment is waited for, and then it isn't there.
    .replace(" ON CONFLICT", " FOR KEY SHARE OF t ON CONFLICT")
)  # fmt: skip


_TAKE = Prepared(text(_TAKE_ANYWHERE), postgresql=text(_TAKE_POSTGRESQL))
_ACCEPT = Prepared(
    text(
        "UPDATE lab_claims SET request = :request, head = :head, unattended = :unattended "
        "WHERE thread_id = :thread AND owner = :owner"
    )
)
_LEAVE = Prepared(
    text(
        "UPDATE lab_claims SET owner = '', runs = 0 "
        "WHERE thread_id = :thread AND owner = :owner AND request IS NOT NULL"
    )
)
_SETTLE = Prepared(
    text("UPDATE lab_claims SET unattended = 0 WHERE thread_id = :thread AND owner = :owner AND unattended > 0")
)
_RELEASE = Prepared(text("DELETE FROM lab_claims WHERE thread_id = :thread AND owner = :owner"))
_CLAIM_OF = Prepared(
    text(
        "SELECT c.owner, c.answering, c.runs, c.request, c.head, c.unattended, o.address, o.pid, o.until "
        "FROM lab_claims AS c LEFT JOIN lab_owners AS o ON o.owner = c.owner AND o.until > :now "
        "WHERE c.thread_id = :thread"
    )
)
_RENEW = Prepared(text("UPDATE lab_owners SET address = :address, pid = :pid, until = :until WHERE owner = :owner"))
_FORGET = Prepared(text("DELETE FROM lab_owners WHERE until < :before"))
_REGISTER = Prepared(insert(OWNERS))
_END = Prepared(text("DELETE FROM lab_owners WHERE owner = :owner"))


@dataclass(frozen=True, slots=True)
class Holder:
    """The living process, other than this one, that has a thread."""

    where: str
    """Its address, or its process id where it has none."""
    runs: bool
    """False where it only edits, prunes or deletes."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Work that was accepted and, as far as is saved, never begun."""

    request: Request
    head: str
    """The thread's newest checkpoint when it was accepted; empty where it had none."""
    unattended: int = 0
    """How often the lab itself has begun it, where a question's time ran out; 0 of what a person asked for."""

    @property
    def kind(self) -> Kind:
        """What was asked for, as a run's kind."""
        return self.request.kind


@dataclass(frozen=True, slots=True)
class Standing:
    """What the table says of a thread that this process doesn't have."""

    holder: Holder | None = None
    left: bool = False
    """True where the owner died without giving the thread back."""
    accepted: Accepted | None = None


FREE = Standing()


class Claims:
    """The claims of one process; a lease renewed in time tells the others that it lives."""

    def __init__(self, database: Database, lease: float, runs_per_workspace: int) -> None:
        """Register nothing yet; `lease` is in seconds."""
        self.owner = str(uuid.uuid4())
        self._database = database
        self._lease = lease
        self._limit = runs_per_workspace
        self._address = ""
        self._ahead = 0.0
        """Seconds by which the clock that all processes go by is ahead of this process's."""
        self.safe_until = 0.0
        """Until then, by the monotonic clock, no other process can have taken a thread over."""

    def announce(self, address: str) -> None:
        """Tell other processes where this one is reached."""
        self._address = address
        self.renew()

    @property
    def registered(self) -> bool:
        """True once this process has a lease."""
        return self.safe_until > 0

    def renew(self, *, safe: bool = True) -> None:
        """Make the lease last its full length from now; with `safe` False, no claim counts as this process's yet."""
        with self._database.begin() as connection:
            began = self._renewed(connection)
        if safe:
            self.safe_until = began + self._lease

    def register(self) -> None:
        """Give this process its lease where it has none, in a transaction that no refused claim takes back."""
        if not self.registered:
            self.renew()

    def _renewed(self, connection: Connection) -> float:
        began = time.monotonic()
        if connection.dialect.name == "postgresql":
            # Processes on several machines go by the server's clock.
            self._ahead = float(connection.execute(_CLOCK).scalar_one()) - time.time()
        until = self.now() + self._lease
        row = {"owner": self.owner, "address": self._address, "pid": os.getpid(), "until": until}
        if _RENEW.execute(connection, row) == 0:
            # Who died long ago is of no use to anybody any more.
            _FORGET.execute(connection, {"before": self.now() - 10 * self._lease})
            _REGISTER.execute(connection, row)
        return began

    def now(self) -> float:
        """Return the time in seconds since the epoch, by the clock that all processes of the database go by."""
        return time.time() + self._ahead

    def others(self) -> list[str]:
        """Return where the other living processes of this database are reached."""
        alive = select(OWNERS).where(OWNERS.c.owner != self.owner, OWNERS.c.until > self.now())
        with self._database.read() as connection:
            return [_where(row) for row in connection.execute(alive).mappings()]

    def take(
        self,
        connection: Connection,
        workspace: str,
        thread_id: str,
        answering: frozenset[str] = frozenset(),
        *,
        runs: bool,
        request: bytes | None = None,
    ) -> None:
        """Take a thread for this process.

        Raises UnknownThread where the workspace has no such thread any more, ThreadBusy where another living process
        has it, StaleAnswer where that one is answering the same question, and TooManyRuns.
        """
        values = {
            "thread": thread_id,
            "workspace": workspace,
            "owner": self.owner,
            "answering": orjson.dumps(sorted(answering)).decode(),
            "runs": int(runs),
            "limit": self._limit,
            "now": self.now(),
            "request": None if request is None else request.decode(),
            "head": None if request is None else "",
        }
        if _TAKE.execute(connection, values) == 0:
            self._refuse(connection, workspace, thread_id, answering)

    def _refuse(self, connection: Connection, workspace: str, thread_id: str, answering: frozenset[str]) -> None:
        here = select(THREADS.c.thread_id).where(THREADS.c.thread_id == thread_id, THREADS.c.workspace == workspace)
        if connection.execute(here).first() is None:
            raise UnknownThread(thread_id)
        claim = _CLAIM_OF.first(connection, {"thread": thread_id, "now": self.now()})
        if claim is None or claim["until"] is None or claim["owner"] == self.owner:
            raise TooManyRuns(self._limit)
        if answering & set(orjson.loads(claim["answering"])):
            raise StaleAnswer
        raise ThreadBusy(thread_id, _where(claim))

    def accept(self, connection: Connection, thread_id: str, request: bytes, head: str, *, unattended: int = 0) -> None:
        """Write down what a run is about to do, and at which checkpoint the thread stood; raises ClaimLost.

        `unattended` counts how often the lab itself has begun it by now, so that another process carries it on.
        """
        of_thread = {"thread": thread_id, "owner": self.owner}
        values = of_thread | {"request": request.decode(), "head": head, "unattended": unattended}
        if _ACCEPT.execute(connection, values) == 0:
            raise ClaimLost(thread_id)

    def settle(self, connection: Connection, thread_id: str) -> None:
        """Note that no other process is to carry on what the lab itself began in a thread of this process."""
        _SETTLE.execute(connection, {"thread": thread_id, "owner": self.owner})

    def release(self, connection: Connection, thread_id: str, *, left: bool) -> bool:
        """Give a thread back and return whether it was still this process's.

        With `left`, what was accepted for it is kept to be offered again.
        """
        own = {"thread": thread_id, "owner": self.owner}
        if left and _LEAVE.execute(connection, own):
            return True
        return _RELEASE.execute(connection, own) > 0

    def standing(self, thread_id: str) -> Standing:
        """Tell who has a thread that this process doesn't, and what was left of its work."""
        with self._database.read() as connection:
            row = _CLAIM_OF.first(connection, {"thread": thread_id, "now": self.now()})
        if row is None:
            return FREE
        if row["until"] is not None and row["owner"] != self.owner:
            return Standing(holder=Holder(_where(row), bool(row["runs"])))
        accepted = _accepted(thread_id, row) if row["request"] else None
        return Standing(None, bool(row["owner"]) and row["owner"] != self.owner, accepted)

    def ask_to_stop(self, thread_id: str) -> bool:
        """Ask the process that has the thread to stop its run; False where none has it."""
        with self._database.begin() as connection:
            return connection.execute(update(CLAIMS).where(CLAIMS.c.thread_id == thread_id).values(stop=1)).rowcount > 0

    def own(self) -> dict[str, bool]:
        """Return the threads that this process has, and of each whether another one asks for its stop."""
        query = select(CLAIMS.c.thread_id, CLAIMS.c.stop).where(CLAIMS.c.owner == self.owner)
        with self._database.read() as connection:
            return {thread_id: bool(stop) for thread_id, stop in connection.execute(query)}

    def has(self, thread_id: str) -> bool:
        """Return whether this process still has a thread; ask the table only where its lease may have run out."""
        if time.monotonic() < self.safe_until:
            return True
        query = select(CLAIMS.c.owner).where(CLAIMS.c.thread_id == thread_id)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none() == self.owner

    def end(self) -> None:
        """End the lease at once, so that nobody waits for a process that went in order."""
        if self.registered:
            # On a full disk, or without a connection, it ends by itself.
            with suppress(StorageUnavailable), self._database.begin() as connection:
                _END.execute(connection, {"owner": self.owner})
            self.safe_until = 0.0


_CLOCK = select(func.extract("epoch", func.clock_timestamp()))


def _accepted(thread_id: str, row: Mapping[str, Any]) -> Accepted | None:
    try:
        return Accepted(REQUEST.validate_json(row["request"]), row["head"] or "", row["unattended"])
    except ValidationError as error:
        # What can't be read can't be carried out; what the thread's checkpoints tell is offered instead.
        LOG.warning("What was accepted for thread %s can't be read: %s", thread_id, error.title)
        return None


def _where(row: Any) -> str:
    return row["address"] or f"process {row['pid']}"


Change = Callable[[Connection], None]
"""What is written in the same transaction as a claim."""
