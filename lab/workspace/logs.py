"""The log of a thread, brought up to date with what other processes saved of it."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from langgraph.types import StateSnapshot

from lab.checkpoints import restart_calls
from lab.engine import Engine
from lab.errors import ThreadBusy, UnknownThread, Unreadable
from lab.events import EventLog, RunEnded, RunStarted, SaverDropped, WentBack
from lab.history import RESTORED, read_tree, restore_events
from lab.jsonable import Json
from lab.runs import Accepted
from lab.state import value_text
from lab.threads import Thread
from lab.workspace.states import find_thread, state_of

COMPARED_EVERY = 0.5
"""Seconds after which a thread is compared again with what other processes saved of it."""
AFFORDABLE = 2**23
"""Bytes of states that are read again to tell a thread's past; earlier ones stay in its history."""
DIED = (
    "The process that ran this ended without a word. What its checkpoints hold is saved; the node at work runs again "
    "from its top. Resume, answer again what the thread asks, or restart from the beginning where nothing was saved."
)


def _affordable(way: Sequence[str], sizes: Mapping[str, int]) -> list[str]:
    """Return the last checkpoints on a way whose states are small enough together, but at least two."""
    ids: list[str] = []
    room = AFFORDABLE
    for checkpoint_id in reversed([ident for ident in way if ident in sizes]):
        room -= sizes[checkpoint_id]
        if room < 0 and len(ids) >= 2:
            break
        ids.append(checkpoint_id)
    return ids[::-1]


def _said_by_the_lab(answers: Mapping[str, Json]) -> list[Json]:
    """Return what is told of answers that the lab itself gave, as far as it's known without their questions."""
    return [{"answer": answer, "text": value_text(answer), "expired": True} for answer in answers.values()]


class ThreadLogs:
    """The logs of a workspace's threads, each filled from the database before it's read."""

    def __init__(self, engine: Engine, workspace: str) -> None:
        self._engine = engine
        self._workspace = workspace

    def followed(self, thread_id: str) -> EventLog:
        """Return the thread's log; who follows a run asks often, and a log that is known needs no look at the table."""
        log = self._engine.runs.logs.known(self._workspace, thread_id)
        if log is None:
            return self.of(find_thread(self._engine, self._workspace, thread_id))
        # Of a run at work here nobody else tells anything.
        here = self._engine.runs.active(thread_id) is not None
        if not here and time.monotonic() - log.compared > COMPARED_EVERY:
            return self.of(find_thread(self._engine, self._workspace, thread_id))
        return log

    def of(self, thread: Thread) -> EventLog:
        """Return the log of a thread of this workspace."""
        log = self._engine.runs.logs.get(self._workspace, thread.thread_id, partial(self._filled, thread))
        if self._engine.runs.active(thread.thread_id) is None and time.monotonic() - log.compared > COMPARED_EVERY:
            self._compare(thread, log)
        return log

    def up_to_date(self, thread: Thread) -> EventLog:
        """Return the log of a thread of this workspace with all that other processes have saved of it by now."""
        log = self.of(thread)
        if self._engine.runs.active(thread.thread_id) is None:
            self.load(thread.thread_id, log)
        return log

    def _filled(self, thread: Thread, log: EventLog) -> None:
        """Fill a log with what was saved of the thread's events, and with what checkpoints alone tell."""
        store = self._engine.runs.store
        log.load(store.load(thread.thread_id))
        log.stored = store.size(thread.thread_id)
        standing = self._engine.claims.standing(thread.thread_id)
        if standing.holder is None and not standing.left and not log.open_run:
            self._complete(thread, log)
            self._forgotten(thread, log)

    def _forgotten(self, thread: Thread, log: EventLog) -> None:
        """Tell of a thread whose checkpoints went with the process that had them in its memory."""
        saver = self._engine.graphs.lane(thread.pattern, thread.lane).saver
        checkpoints = len(log.checkpoint_ids)
        if (
            saver
            and checkpoints
            and not log.dropped
            and not self._engine.graphs.storage_of(thread).checkpoints.newest_id(thread.thread_id)
        ):
            log.append(SaverDropped("restart", checkpoints, 0, restart_calls(saver)))

    def _compare(self, thread: Thread, log: EventLog) -> None:
        """Take over what other processes told of a thread, and the end of a run whose process died."""
        log.compared = time.monotonic()
        self.load(thread.thread_id, log)
        standing = self._engine.claims.standing(thread.thread_id)
        if standing.holder is not None or not (standing.left or log.open_run):
            return
        # Whoever else finds it first tells it.
        with suppress(ThreadBusy, UnknownThread), self._engine.runs.claimed(self._workspace, thread.thread_id):
            self.load(thread.thread_id, log)
            self._buried(thread, log, standing.accepted)

    def load(self, thread_id: str, log: EventLog) -> None:
        """Take over what other processes have saved of a thread's events since."""
        store = self._engine.runs.store
        if store.last(thread_id) > log.newest_saved:
            log.load(store.load(thread_id, log.newest_saved))
            log.stored = store.size(thread_id)

    def _buried(self, thread: Thread, log: EventLog, accepted: Accepted | None) -> None:
        """Tell how a run ended whose process died, and what it had been asked, where it came to tell neither."""
        run_id = log.open_run
        if not run_id and accepted is not None:
            asked = accepted.request
            run_id = f"lost-{thread.thread_id}"
            said = asked.given if not accepted.unattended else _said_by_the_lab(asked.given or {})
            log.append(RunStarted(run_id, asked.kind, asked.model, said, ""))
        self._complete(thread, log)
        if run_id:
            log.append(RunEnded(run_id, "crashed", DIED))

    def _complete(self, thread: Thread, log: EventLog) -> None:
        """Tell from checkpoints what no event tells: of an import, of an older version, or of a killed process."""
        if not self._engine.graphs.lane(thread.pattern, thread.lane).remembers:
            return
        storage, graph = self._engine.graphs.storage_of(thread), self._engine.graphs.reading_of(thread)
        known_ids = log.checkpoint_ids
        if storage.checkpoints.newest_id(thread.thread_id) in {"", *known_ids}:
            return
        tree = read_tree(storage, thread.thread_id)
        way = [mark.checkpoint_id for mark in tree.lineage(tree.head)] if tree.head else []
        known = next((number for number in reversed(range(len(way))) if way[number] in known_ids), 0)
        if way[known] in known_ids and way[known] != log.newest_checkpoint_id:
            step = tree.marks[way[known]].step
            log.append(WentBack(way[known], step))
        read = _affordable(way[known:], storage.checkpoints.state_sizes(thread.thread_id, way[known:][-RESTORED:]))
        states: list[StateSnapshot] = []
        for checkpoint_id in read:
            # The page tells of one that can't be read where the checkpoint itself is looked at.
            with suppress(Unreadable):
                states.append(state_of(graph, thread.thread_id, checkpoint_id))
        restore_events(log, graph, states, model=thread.model, covered=known_ids)
