"""What an example does next in a lane, and whether it's possible as the thread stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphs.pattern import Comparison, Edit, Go, Lane, Recover, Reply, Restart, Step, Turn, Wait, WayBack
from lab.events import RunView
from lab.history import Snapshot, Status, urgency_of
from lab.threads import Thread
from lab.workspace.deadlines import expiry_in

DOING: Mapping[type[Step], str] = {
    Comparison: "runs other input in a further thread",
    Edit: "writes to the state at a pause",
    Go: "goes on from a pause or a failure",
    Recover: "takes up a run whose process was killed",
    Reply: "answers a question",
    Restart: "drops a checkpointer that a thread has for itself",
    Turn: "sends further input",
    Wait: "lets a deadline pass",
    WayBack: "goes back to an earlier checkpoint",
}
STANDS: Mapping[Status, str] = {
    "new": "nothing of it is saved",
    "waiting": "it waits for an answer",
    "resumable": "it has work left",
    "finished": "it has finished",
}
"""How a lane stands in which a step isn't possible."""
BY_HAND = "Go on by hand, or start the example anew."


@dataclass(frozen=True, slots=True)
class NextStep:
    """What an example does next in a lane by one press, where the thread stood when it was looked at."""

    lane: str
    thread_id: str
    steps: tuple[Step, ...]
    """The recorded steps; what is written at a pause goes with the press that goes on."""
    checkpoint_id: str
    """The thread's newest checkpoint, empty where nothing is saved."""
    questions: tuple[str, ...] = ()
    """The ids of the questions that are answered."""
    to: str = ""
    """The checkpoint to which it goes back."""
    until: float = 0.0
    """The deadline that it lets pass, by the lab's clock; 0 where a press does it."""


@dataclass(frozen=True, slots=True)
class LanePlay:
    """How an example stands in one lane; at its end there is neither a step, nor work, nor a problem."""

    step: NextStep | None = None
    working: bool = False
    """True while a run is at work; what comes next shows at its rest."""
    problem: str = ""
    """Why the example's further steps don't fit the thread."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A thread of a lane between two runs."""

    thread: Thread
    lane: Lane
    status: Status
    snapshot: Snapshot | None
    last: RunView | None
    """Its last run."""
    at_pause: bool

    @property
    def questions(self) -> tuple[str, ...]:
        """The ids of the questions for which no answer is saved."""
        if self.snapshot is None:
            return ()
        return tuple(one.id for one in self.snapshot.questions if one.id not in self.snapshot.saved_answers)

    def next_step(self, *steps: Step, questions: tuple[str, ...] = (), to: str = "", until: float = 0.0) -> LanePlay:
        """Return these steps as what comes next."""
        head = self.snapshot.checkpoint_id if self.snapshot is not None else ""
        return LanePlay(NextStep(self.lane.key, self.thread.thread_id, steps, head, questions, to, until))

    def waited(self, now: float) -> LanePlay | None:
        """Return how far a wait for a deadline is; None where it's over, and what was asked stays open."""
        asked = [one for one in self.snapshot.questions if one.id in self.questions] if self.snapshot else []
        deadlines = [due for one in asked if (due := urgency_of(one.value).due) is not None]
        if self.status != "waiting" or not deadlines:
            return LanePlay(problem=self._unfit(Wait()))
        if now < max(deadlines):
            return self.next_step(Wait(), questions=self.questions, until=max(deadlines))
        expires = any(expiry_in(self.thread, self.snapshot.checkpoint_id, one) for one in asked if self.snapshot)
        return LanePlay(working=True) if expires else None

    def fitted(self, steps: Sequence[Step], to: str) -> LanePlay:
        """Return what one press does of these steps, or why it can't; `to` is where a way back leads, if anywhere."""
        step = steps[0]
        match step:
            case Reply(node=node) if self.status == "waiting" and (asked := self._asked_by(node)):
                return self.next_step(step, questions=asked)
            case Edit() if self.status == "resumable" and self.at_pause:
                goes_on = len(steps) > 1 and isinstance(steps[1], Go)
                return self.next_step(*steps[: 2 if goes_on else 1])
            case Go() if self.status == "resumable":
                return self.next_step(step)
            case Turn() if self.status in ("finished", "new"):
                return self.next_step(step)
            case Restart() if self.lane.saver:
                return self.next_step(step)
            case Recover() if self.status in ("resumable", "new"):
                return self.next_step(step)
            case WayBack() if self.status in ("resumable", "finished") and to:
                return self.next_step(step, to=to)
        return LanePlay(problem=self._unfit(step))

    def _asked_by(self, node: str) -> tuple[str, ...]:
        """Return the open questions of a node, or all where none is named."""
        asked = self.snapshot.questions if self.snapshot is not None else ()
        return tuple(one.id for one in asked if one.id in self.questions and node in ("", one.node))

    def _unfit(self, step: Step) -> str:
        failed = self.status == "resumable" and self.last is not None and self.last.outcome == "failed"
        stands = "its last run failed" if failed else STANDS.get(self.status, "it's at work")
        return (
            f"The example's next step in the lane '{self.lane.title}' {DOING[type(step)]}, which isn't possible as "
            f"{stands}. {BY_HAND}"
        )
