"""What a thread's checkpointer costs, measured on the thread itself: time a superstep and bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.events import CheckpointSaved, Event, NodeEnded, NodeStarted, RunEnded, RunStarted, SaverDropped
from lab.index import count
from lab.meter import thread_sizes
from lab.storage import Storage


@dataclass(slots=True)
class Pace:
    """How long the supersteps of a thread's runs in this process took."""

    supersteps: int = 0
    seconds: float = 0.0
    """Of all runs, from begin to end."""
    working: float = 0.0
    """Of these, seconds in which at least one node worked; in the others the run saved, planned and was told."""

    @property
    def each(self) -> float | None:
        """Milliseconds a superstep; None where none was measured."""
        return self.seconds * 1000 / self.supersteps if self.supersteps else None

    @property
    def beside(self) -> float | None:
        """Milliseconds a superstep in which no node worked; None where none was measured."""
        return (self.seconds - self.working) * 1000 / self.supersteps if self.supersteps else None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a thread's checkpoints cost, and what the last restart left of them."""

    pace: Pace
    checkpoints: int
    bytes: int
    restart: SaverDropped | None


def cost(storage: Storage, thread_id: str, events: Sequence[Event]) -> Cost:
    """Measures a thread by its events and its storage."""
    dropped = [event for event in events if isinstance(event, SaverDropped)]
    return Cost(
        pace(events),
        count(storage, thread_id),
        thread_sizes(storage, [thread_id])[thread_id].bytes,
        dropped[-1] if dropped else None,
    )


def pace(events: Sequence[Event]) -> Pace:
    """Measures the runs that have ended; what a former process ran is told without its real times and left out."""
    found, run = Pace(), list[Event]()
    for event in events:
        if isinstance(event, RunStarted):
            run.clear()
        run.append(event)
        begin = run[0]
        if isinstance(event, RunEnded) and isinstance(begin, RunStarted) and not _restored(begin):
            found.supersteps += _supersteps(run)
            found.seconds += event.at - begin.at
            found.working += _working(run)
    return found


def _restored(run: RunStarted) -> bool:
    return run.run_id.startswith("restored-")


def _supersteps(run: Sequence[Event]) -> int:
    """Counts the supersteps of the outermost graph: what begins between two of its checkpoints is one."""
    steps, begun = 0, False
    for event in run:
        if isinstance(event, NodeStarted) and len(event.path) == 1 and not begun:
            steps, begun = steps + 1, True
        elif isinstance(event, CheckpointSaved) and not event.path:
            begun = False
    return steps


def _working(run: Sequence[Event]) -> float:
    """Adds up the time in which at least one node of the outermost graph was at work."""
    total, since, busy = 0.0, 0.0, set[str]()
    for event in run:
        if isinstance(event, NodeStarted) and len(event.path) == 1:
            since = event.at if not busy else since
            busy.add(event.task_id)
        elif isinstance(event, NodeEnded) and event.task_id in busy:
            busy.remove(event.task_id)
            total += 0.0 if busy else event.at - since
    return total
