"""What a thread's checkpointer costs, measured on the thread itself: time a superstep and bytes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from lab.checkpoints import Storage
from lab.events import CheckpointSaved, Event, NodeEnded, NodeStarted, RunStarted, SaverDropped
from lab.history.restore import is_restored


@dataclass(slots=True)
class Pace:
    """How long the supersteps of a thread's runs in this process took, in milliseconds.

    By the median, because other runs and readers at the same moment hold up a step here and there.
    """

    supersteps: int = 0
    periods: list[float] = field(default_factory=list)
    """From the begin of a superstep to that of the next."""
    gaps: list[float] = field(default_factory=list)
    """Of these, what no node worked in: it was saved, planned and told."""

    @property
    def each(self) -> float | None:
        """Milliseconds a superstep; None where none was measured."""
        return median(self.periods) if self.periods else None

    @property
    def overhead(self) -> float | None:
        """Milliseconds a superstep in which no node worked; None where none was measured."""
        return median(self.gaps) if self.gaps else None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a thread's checkpoints cost, and what the last restart left of them."""

    pace: Pace
    checkpoints: int
    bytes: int
    restart: SaverDropped | None


def measure_costs(storage: Storage, thread_id: str, events: Sequence[Event]) -> Cost:
    """Measure a thread by its events and its storage."""
    dropped = [event for event in events if isinstance(event, SaverDropped)]
    return Cost(
        measure_pace(events),
        storage.checkpoints.count(thread_id),
        storage.checkpoints.thread_sizes([thread_id])[thread_id].bytes,
        dropped[-1] if dropped else None,
    )


def measure_pace(events: Sequence[Event]) -> Pace:
    """Measure the runs of this process; a former one's are told without their real times and left out."""
    pace, run = Pace(), list[Event]()
    for event in (*events, None):
        if event is None or isinstance(event, RunStarted):
            _add(pace, run)
            run = []
        if event is not None:
            run.append(event)
    return pace


def _add(pace: Pace, run: Sequence[Event]) -> None:
    if not run or not isinstance(run[0], RunStarted) or is_restored(run[0].run_id):
        return
    steps = _supersteps(run)
    pace.supersteps += len(steps)
    for (begun, ended), (following, _) in pairwise(steps):
        pace.periods.append((following - begun) * 1000)
        pace.gaps.append((following - ended) * 1000)


def _supersteps(run: Sequence[Event]) -> list[tuple[float, float]]:
    """Return begin and end of the nodes' work between two checkpoints of the outermost graph, for each such time."""
    steps, inside = list[tuple[float, float]](), False
    for event in run:
        if isinstance(event, CheckpointSaved) and not event.path:
            inside = False
        elif isinstance(event, NodeStarted) and len(event.path) == 1 and not inside:
            steps.append((event.at, event.at))
            inside = True
        elif isinstance(event, NodeEnded) and len(event.path) == 1 and steps:
            steps[-1] = (steps[-1][0], event.at)
    return steps
