"""Reads from a thread's newest checkpoint what it waits for, and writes it into the index of what waits."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from operator import attrgetter

from langgraph.types import StateSnapshot
from pydantic import ValidationError
from sqlalchemy import Connection

from lab.checkpoints import Storage, checkpoint_id_of, kept_answers, thread_config
from lab.database import (
    OutdatedThread,
    WaitingQuestion,
    find_thread_place,
    outdate_waiting,
    outdated_threads,
    write_waiting,
)
from lab.errors import StorageUnavailable, UnknownLane
from lab.history import (
    Question,
    Urgency,
    expiry_of,
    pending_questions,
    question_text,
    read_state,
    seconds,
    status,
    urgency_of,
)
from lab.jsonable import Json, to_jsonable
from lab.runs.lane_graphs import InLane, LaneGraphs
from lab.runs.registry import Runs
from lab.state import printable_line, tool_schemas

LOG = logging.getLogger(__name__)

AT_ONCE = 50
"""Threads that are read again at once; who asks for the index again gets the next ones."""
LOOKED_THROUGH = 500
"""Threads among which those are found on which nobody works; a workspace has far fewer runs at work."""
SHORT = 200
"""Characters of a question that the index keeps."""


def answers_saved(graphs: LaneGraphs, thread: InLane, snapshot: StateSnapshot) -> dict[str, Json]:
    """Return by question of a checkpoint the answer that its node got before it failed."""
    asked = {question.id for question in snapshot.interrupts}
    if not asked:
        return {}
    drawn = graphs.drawing(thread.pattern, thread.lane).nodes
    nodes = {part for name in drawn for part in name.split(":")}
    return kept_answers(graphs.storage_of(thread), thread.thread_id, checkpoint_id_of(snapshot.config), asked, nodes)


class WaitingIndex:
    """Keeps the index of what waits as the threads' newest checkpoints say."""

    def __init__(self, runs: Runs, graphs: LaneGraphs, storage: Storage) -> None:
        """Read what lanes share in `storage`."""
        self._runs = runs
        self._storage = storage
        self._graphs = graphs

    def at_rest(self, thread_id: str, *, finished: bool) -> Callable[[Connection], None]:
        """Read a thread that comes to rest, and return what writes down what it waits for; `finished`: for nothing."""
        thread = find_thread_place(self._runs.database, thread_id)
        if thread is None:
            return _write_nothing
        head, questions = (self._newest(thread), []) if finished else self._read(thread)
        return partial(write_waiting, thread_id=thread_id, head=head, questions=questions)

    def refresh(self, workspace: str | None = None) -> None:
        """Read again the threads of which the index may be wrong and on which nobody works, by default of everybody.

        These are threads whose process died, imported and copied ones, and those of an earlier version's database.
        """
        outdated = outdated_threads(self._runs.database, workspace, LOOKED_THROUGH)
        free = list(islice((thread for thread in outdated if not self._is_claimed(thread.thread_id)), AT_ONCE))
        if not free:
            return
        # In one order, so that of two processes none waits for the other's rows while it has some that the other needs.
        rests = [(one.thread_id, *self._read(one)) for one in sorted(free, key=attrgetter("thread_id"))]
        with self._runs.database.begin() as connection:
            for thread_id, head, questions in rests:
                write_waiting(connection, thread_id, head, questions, overdue=True)

    def _is_claimed(self, thread_id: str) -> bool:
        return thread_id in self._runs.running() or self._runs.claims.standing(thread_id).holder is not None

    def compare(self, questions: Sequence[WaitingQuestion]) -> bool:
        """Return whether all are of their threads' newest checkpoints; the threads of others are to be read again."""
        shared = [question for question in questions if not self._has_own_saver(question)]
        heads = self._storage.checkpoints.newest_ids({question.thread_id for question in shared})
        heads |= {one.thread_id: self._newest(one) for one in questions if self._has_own_saver(one)}
        stale = {one.thread_id for one in questions if one.checkpoint_id != heads.get(one.thread_id, "")}
        if stale:
            with self._runs.database.begin() as connection:
                for thread_id in sorted(stale):
                    outdate_waiting(connection, thread_id)
        return not stale

    def _has_own_saver(self, thread: InLane) -> bool:
        try:
            return self._graphs.lane(thread.pattern, thread.lane).saver is not None
        except UnknownLane:
            return False

    def _newest(self, thread: InLane) -> str:
        try:
            remembers = self._graphs.lane(thread.pattern, thread.lane).remembers
            return self._graphs.storage_of(thread).checkpoints.newest_id(thread.thread_id) if remembers else ""
        except UnknownLane:
            return ""

    def _read(self, thread: OutdatedThread) -> tuple[str, list[WaitingQuestion]]:
        """Return the thread's newest checkpoint and what waits there; nothing does where it can't be read."""
        head = ""
        try:
            head = self._newest(thread)
            return head, self._questions(thread) if head else []
        except StorageUnavailable:
            raise
        except ValidationError as refused:
            # The state's own model refuses it at each reading, which the thread's page says with all that's wrong.
            fields = ", ".join(sorted({str(error["loc"][0]) for error in refused.errors() if error["loc"]}))
            LOG.warning("What thread %s waits for can't be read: %s isn't valid.", thread.thread_id, fields)
            return head, []
        # What a damaged row, or a value that its own type refuses, makes the reading raise can be anything.
        except Exception:
            LOG.warning("What thread %s waits for can't be read.", thread.thread_id, exc_info=True)
            return head, []

    def _questions(self, thread: OutdatedThread) -> list[WaitingQuestion]:
        state = read_state(self._graphs.reading_of(thread), thread_config(thread.thread_id))
        if status(state) == "waiting":
            given, tools = answers_saved(self._graphs, thread, state), tool_schemas(self._graphs.reading_of(thread))
            asked = pending_questions(state, tools)
            return [_waiting(thread, state, one) for one in asked if one.id not in given]
        lane = self._graphs.lane(thread.pattern, thread.lane)
        failed = any(task.error for task in state.tasks)
        if status(state) != "resumable" or not lane.edits or lane.travel or failed:
            return []
        return [_waiting(thread, state)]


def _waiting(thread: OutdatedThread, state: StateSnapshot, question: Question | None = None) -> WaitingQuestion:
    """Return the index's row of a question, or of the pause at which a thread stands."""
    following = ", ".join(map(to_jsonable, state.next))
    urgency = Urgency() if question is None else urgency_of(question.value)
    # Who asked what came with a copy or a file isn't known here, so that a person answers it.
    inherited = thread.inherited == checkpoint_id_of(state.config)
    expiry = None if question is None or inherited else expiry_of(question)
    line = printable_line(f"Paused before {following}." if question is None else question_text(question.value))
    return WaitingQuestion(
        workspace=thread.workspace,
        thread_id=thread.thread_id,
        pattern=thread.pattern,
        lane=thread.lane,
        node=following if question is None else question.node,
        interrupt_id="" if question is None else question.id,
        checkpoint_id=checkpoint_id_of(state.config),
        asked=seconds(state.created_at),
        rank=urgency.rank,
        due=urgency.due,
        priority=urgency.priority,
        role=urgency.role,
        deadline=urgency.deadline,
        text=line if len(line) <= SHORT else f"{line[: SHORT - 1]}…",
        expires=None if expiry is None else expiry.due,
    )


def _write_nothing(_: Connection) -> None:
    """Write nothing."""
