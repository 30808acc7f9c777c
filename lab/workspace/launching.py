"""Beginning a run: what it's asked to do, in this process or in one of its own."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypedDict

from sqlalchemy import Connection

from graphs.pattern import Breakpoints, Pattern
from graphs.people import Person
from lab.database import Decision, add_decisions, drop_waiting
from lab.errors import NotPossible
from lab.jsonable import Json
from lab.runs import Claim, Request, RunConditions, SubprocessRun, Work
from lab.threads import BRANCH, Thread, given_title
from lab.types import ModelName
from lab.workspace.access import OpenedThread, ThreadAccess
from lab.workspace.permissions import acting_person

NO_BREAKPOINTS = Breakpoints()


class RunOptions(TypedDict, total=False):
    """How a run goes on, where it's to be otherwise than the thread's model, the lab's pace and no pauses."""

    model: ModelName | None
    pace: float | None
    """Words a second of the offline model; 0 doesn't wait."""
    breakpoints: Breakpoints
    person: str
    """Who decides, by a name of the directory; empty for nobody in particular."""


class Launcher:
    """Begins the runs of a workspace's threads."""

    def __init__(self, access: ThreadAccess) -> None:
        self._access = access
        self._engine = access.engine

    def pace(self, options: RunOptions) -> float:
        """Return the pace of a run, in words a second."""
        pace = options.get("pace")
        return self._engine.settings.pace if pace is None else pace

    def acting(self, options: RunOptions) -> Person:
        """Return who decides; raises UnknownPerson."""
        return acting_person(self._engine.people, options.get("person", ""))

    def _needs_subprocess(self, pattern: Pattern, values: Mapping[str, Any]) -> bool:
        """Return whether a run is to kill its process, for which it gets one of its own; raises NotPossible."""
        if not pattern.crash_field or values.get(pattern.crash_field, "never") == "never":
            return False
        if self._engine.storage.kind == "memory":
            raise NotPossible(
                "A killed process takes its memory with it, and this lab keeps its threads there. "
                f"Choose 'never' for '{pattern.crash_field}', or start the lab with a file as LAB_DATABASE."
            )
        return True

    def conditions(self, thread: Thread, options: RunOptions, label: str = "") -> RunConditions:
        """Return what the request of a run says whatever it does: the thread, and how its run is carried out."""
        return {
            "thread_id": thread.thread_id,
            "workspace": self._access.workspace,
            "pattern": thread.pattern,
            "lane": thread.lane,
            "model": options.get("model") or thread.model,
            "pace": self.pace(options),
            "breakpoints": options.get("breakpoints", NO_BREAKPOINTS),
            "label": given_title(label, BRANCH) if label.strip() else "",
        }

    def work(self, request: Request, values: Any) -> Work:
        """Return what a run of this request does, by the values that it begins with.

        Raises NotPossible where its model isn't configured, or where it would kill a process that has all threads.
        """
        in_subprocess = self._needs_subprocess(self._engine.graphs.pattern(request.pattern), values)
        work = self._engine.work(request)
        return SubprocessRun(self._engine.settings, request, work.calls()) if in_subprocess else work

    def launch(
        self,
        claim: Claim,
        opened: OpenedThread,
        request: Request,
        said: Json,
        work: Work,
        decisions: Sequence[Decision] = (),
        *,
        unattended: int = 0,
    ) -> None:
        """Accept a request, which is written down at once with what was decided by it, and begin its run.

        `unattended` counts how often the lab itself has begun it by now; 0 where a person asks for it.
        """
        written = partial(self._accepted, opened.thread_id, decisions)
        claim.accept(request, self._access.head(opened.thread), written, unattended=unattended)
        claim.hand_over(request, said, work, opened.log)

    def _accepted(self, thread_id: str, decisions: Sequence[Decision], connection: Connection) -> None:
        self._engine.threads.touch(connection, thread_id)
        drop_waiting(connection, thread_id)
        add_decisions(connection, decisions)
