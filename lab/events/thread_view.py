"""What a thread's events add up to: the chat, the steps and the nodes' states that a page draws."""

import threading
import time
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Literal

from lab.events.log import EventLog
from lab.events.types import (
    RESTORED_RUN,
    AttemptFailed,
    AttemptStarted,
    CheckpointMade,
    CheckpointSaved,
    Event,
    NodeEnded,
    NodeStarted,
    Outcome,
    Path,
    Progress,
    RunEnded,
    RunStarted,
    RunStopping,
    SaverDropped,
    Skipped,
    StateEdited,
    StreamPart,
    Tokens,
    WentBack,
)
from lab.jsonable import Json

StepStatus = Literal["running", "done", "failed", "waiting", "stopped", "killed"]


@dataclass(slots=True)
class Said:
    """What a person gave: the input, an answer, or an edit."""

    key: str
    kind: Literal["start", "turn", "resume", "reanswer", "edit"]
    values: Json
    at: float
    version: int = 0

    @property
    def expired(self) -> bool:
        """True where nobody gave it, but the lab itself did, as the time had run out."""
        return _is_expired(self.values)


@dataclass(slots=True)
class Message:
    """A model's message as far as it has come."""

    key: str
    path: Path
    text: str = ""
    tool: str = ""
    """The tool calls as far as they have come, as text."""
    pieces: int = 0
    """In how many pieces the text has come, which of a model that streams are its tokens; 0 where nobody counted."""
    at: float = 0.0
    last: float = 0.0
    done: bool = False
    version: int = 0


@dataclass(slots=True)
class Attempt:
    """One try of a node that failed, in seconds since the epoch."""

    started: float
    ended: float
    error: str
    killed: bool = False
    """True where it didn't fail: its process was killed."""


@dataclass(slots=True)
class StepView:
    """One task of a node, over all its runs; a question answered later continues the same step."""

    key: str
    path: Path
    status: StepStatus = "running"
    started: float = 0.0
    ended: float | None = None
    wrote: Json = None
    error: str = ""
    asked: tuple[Json, ...] = ()
    failed_attempts: list[Attempt] = field(default_factory=list)
    tried_again: list[float] = field(default_factory=list)
    """When each try began that followed a failed one by itself, in seconds since the epoch."""
    spans: list[tuple[float, float]] = field(default_factory=list)
    """When it worked; the time between two spans is a wait for a person or a retry by one."""
    progress: list[Json] = field(default_factory=list)
    cached: bool = False
    reused: bool = False
    """True where it's a task that began again after it was done, and whose result was kept."""
    version: int = 0

    @property
    def waits(self) -> list[tuple[float, float]]:
        """The times between a failed attempt and the next try, within the spans."""
        failures = [attempt.ended for attempt in self.failed_attempts]
        return [(max(at for at in failures if at <= begun), begun) for begun in self.tried_again]

    @property
    def kills(self) -> int:
        """How often its process was killed while it was at work."""
        return sum(attempt.killed for attempt in self.failed_attempts)


@dataclass(slots=True)
class Killed:
    """The place where a run's process was killed."""

    key: str
    working: tuple[StepView, ...]
    """The steps that were at work; they run again from their top."""
    ended: tuple[tuple[StepView, str], ...]
    """The steps of the run that had ended, each with the checkpoint that was told to hold its writes."""
    at: float
    version: int = 0

    def lost(self, saved: Container[str]) -> list[StepView]:
        """Return the steps that had ended and are in none of the checkpoints that were really saved."""
        return [step for step, checkpoint_id in self.ended if checkpoint_id not in saved]


@dataclass(slots=True)
class Reopened:
    """A checkpointer that was dropped, and what the new one finds."""

    key: str
    why: Literal["restart", "room"]
    before: int
    left: int
    at: float
    calls: str
    """What was called for it, as code."""
    version: int = 0


@dataclass(slots=True)
class RunView:
    """One run of the thread."""

    run_id: str
    kind: str
    model: str
    calls: str
    started: float
    said: Json = None
    """The input or the answers that it began with, None where it went on by itself."""
    ended: float | None = None
    stopping: bool = False
    """True once somebody stopped it, until its end."""
    outcome: Outcome | None = None
    error: str = ""
    worked: float = 0.0
    """Seconds from its beginning to its end; none before that, and none of a run that only checkpoints tell of."""
    moved: bool = False
    """True where it made a checkpoint."""
    left: frozenset[str] = frozenset()
    """The questions that waited for an answer at its end."""

    @property
    def expired(self) -> bool:
        """True where it began with an answer that the lab itself gave, as the time had run out."""
        return _is_expired(self.said)


def _is_expired(said: Json) -> bool:
    """Return whether the lab itself gave these answers."""
    return isinstance(said, list) and any(isinstance(one, dict) and one.get("expired") is True for one in said)


Item = Said | Message | StepView | Killed | Reopened
Act = RunView | StateEdited | WentBack | SaverDropped
"""What somebody did with a thread."""


class ThreadView:
    """Follows one thread's log; `catch_up` brings it to the newest event."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self.version = 0
        """The number of the last event taken in."""
        self.stepped = 0
        """The number of the last of them that told something else than more of a text or a part of the stream."""
        self.items: list[Item] = []
        """Chat and steps in the order in which they began."""
        self.runs: list[RunView] = []
        self.acts: list[Act] = []
        """What was done with the thread, in its order and on all branches."""
        self.parts: list[StreamPart] = []
        """The parts of the stream, of all runs, where the lane tells them."""
        self.dropped = 0
        self.whole = True
        """False where the log has lost the thread's first run, and others with it."""
        self.progress: Json = None
        """What a node told last of how far it is."""
        self.back_at: WentBack | None = None
        """Where the shown branch begins, after the thread was taken back."""
        self._reached: dict[str, tuple[list[Item], int]] = {}
        """By checkpoint, the items when it was saved: those of its branch, as many as there were."""
        self.changed_at = 0.0
        """When the thread was last edited or taken back, in seconds since the epoch."""
        self._last_at = 0.0
        """When the last event that was taken in happened."""
        self._messages: dict[str, Message] = {}
        self._steps: dict[str, StepView] = {}
        self._unsaved: list[StepView] = []
        """Steps that have ended since the last checkpoint was told."""
        self._saved: list[tuple[StepView, str]] = []
        """Steps of this run with the checkpoints that were told after their end."""

    def catch_up(self) -> int:
        """Take in all new events and return the version."""
        with self._lock:
            for event in self._log.after(self.version):
                self._take(event)
                self.version, self._last_at = event.no, event.at
                if not isinstance(event, (Tokens, StreamPart)):
                    self.stepped = event.no
            return self.version

    @property
    def running(self) -> bool:
        """True while a run goes on, by the events alone."""
        return bool(self.runs) and self.runs[-1].outcome is None

    @property
    def stopping(self) -> bool:
        """True while a run that was stopped hasn't ended yet."""
        return self.running and self.runs[-1].stopping

    @property
    def worked(self) -> float:
        """Seconds that the thread's runs took, without the waits between them; 0.0 where not all are known any more."""
        return sum(run.worked for run in list(self.runs)) if self.whole else 0.0

    @property
    def newest(self) -> Item | None:
        """What was said or done last."""
        return self.items[-1] if self.items else None

    @property
    def steps(self) -> Sequence[StepView]:
        """The steps alone, in the order in which they began."""
        return [item for item in list(self.items) if isinstance(item, StepView)]

    @property
    def now(self) -> float:
        """The time while a run goes on, afterwards that of the last event; in seconds since the epoch."""
        return time.time() if self.running else self._last_at

    @property
    def messages(self) -> Sequence[Message]:
        """The models' messages alone, in the order in which they began."""
        return [item for item in list(self.items) if isinstance(item, Message)]

    def _take(self, event: Event) -> None:
        match event:
            case Tokens():
                self._tokens(event)
            case RunStarted():
                self._started(event)
            case RunStopping():
                if self.runs and self.runs[-1].run_id == event.run_id:
                    self.runs[-1].stopping = True
            case RunEnded():
                self._ended(event)
            case StateEdited():
                self.acts.append(event)
                self.items.append(Said(f"edit-{event.no}", "edit", event.values, event.at, event.no))
                self._reached.setdefault(event.checkpoint_id, (self.items, len(self.items)))
                self.changed_at = event.at
            case SaverDropped():
                self.acts.append(event)
                key = f"reopened-{event.no}"
                self.items.append(Reopened(key, event.why, event.before, event.found, event.at, event.calls, event.no))
            case NodeStarted():
                self._node_started(event)
            case AttemptFailed():
                step = self._step(event.task_id, event.path, event.started, event.no)
                step.failed_attempts.append(Attempt(event.started, event.at, event.error))
            case AttemptStarted():
                self._step(event.task_id, event.path, event.at, event.no).tried_again.append(event.at)
            case NodeEnded():
                self._node_ended(event)
            case Progress():
                self._progress(event)
            case StreamPart():
                self.parts.append(event)
            case Skipped():
                self.dropped = event.dropped
            case CheckpointMade() | CheckpointSaved():
                if isinstance(event, CheckpointMade) or not event.path:
                    self._saved += [(step, event.checkpoint_id) for step in self._unsaved]
                    self._unsaved.clear()
                    if self.runs and event.checkpoint_id not in self._reached:
                        self.runs[-1].moved = True
                # An answer's run tells the checkpoint of its question again; the answer isn't before it.
                self._reached.setdefault(event.checkpoint_id, (self.items, len(self.items)))
            case WentBack():
                self.acts.append(event)
                self._return_to(event)

    def _return_to(self, event: WentBack) -> None:
        """Leave what came after the checkpoint to its own branch; a list of another one stays as it is."""
        items, length = self._reached.get(event.checkpoint_id, ([], 0))
        self.items = items[:length]
        self.back_at, self.changed_at = event, event.at
        self.progress = None

    def _tokens(self, event: Tokens) -> None:
        message = self._messages.get(event.message_id)
        if message is None:
            message = Message(event.message_id, event.path, at=event.at)
            self._messages[event.message_id] = message
            self.items.append(message)
        if event.tool:
            message.tool = message.tool[: event.offset] + event.text
        else:
            message.text = message.text[: event.offset] + event.text
            message.pieces = event.pieces
        message.last, message.version = event.at, event.no

    def _started(self, event: RunStarted) -> None:
        # A thread's first event is that a run began.
        self.whole = self.whole and bool(self.runs or event.no == 1)
        run = RunView(event.run_id, event.kind, event.model, event.calls, event.at, event.said)
        self.runs.append(run)
        self.acts.append(run)
        self._unsaved, self._saved = [], []
        # What is carried out after all was said when it was accepted.
        if event.kind in ("start", "turn", "resume", "reanswer") and event.said is not None:
            self.items.append(Said(event.run_id, event.kind, event.said, event.at, event.no))

    def _ended(self, event: RunEnded) -> None:
        if self.runs:
            run = self.runs[-1]
            run.ended, run.outcome, run.error = event.at, event.outcome, event.error
            if not run.run_id.startswith(RESTORED_RUN):
                # Of a process that died, others tell the end whenever they come upon it.
                run.worked = max(0.0, (self._last_at if event.outcome == "crashed" else event.at) - run.started)
        working = [step for step in self.steps if step.status == "running"]
        for step in working:
            self._interrupted(step, event)
        if self.runs:
            waiting = (step for step in self.steps if step.status == "waiting")
            self.runs[-1].left = frozenset(str(question["id"]) for step in waiting for question in step.asked)
        if event.outcome == "crashed":
            killed = tuple(step for step in working if step.status == "killed")
            self.items.append(Killed(f"killed-{event.no}", killed, tuple(self._saved), event.at, event.no))
        for message in self._messages.values():
            if not message.done:
                message.done, message.version = True, event.no

    def _interrupted(self, step: StepView, event: RunEnded) -> None:
        """End a step that was at work when its run ended."""
        step.version = event.no
        if step.reused:
            # Its result is that of an earlier run; this one took it over and told no end of it.
            step.status, step.ended = "done", step.spans[-2][1] if len(step.spans) > 1 else event.at
            del step.spans[-1:]
            return
        killed = event.outcome == "crashed"
        step.status = "killed" if killed else "stopped"
        failure = step.failed_attempts[-1] if step.failed_attempts and event.outcome == "failed" else None
        if failure is not None and failure.started >= self.runs[-1].started:
            # The library tells no end of a node that fails in the moment in which another one has ended the run.
            step.status, step.error = "failed", failure.error
        self._close(step, event.at)
        if killed:
            begun = step.spans[-1][0] if step.spans else step.started
            step.failed_attempts.append(Attempt(begun, event.at, event.error, killed=True))

    def _step(self, task_id: str, path: Path, at: float, number: int) -> StepView:
        step = self._steps.get(task_id)
        if step is None:
            step = self._steps[task_id] = StepView(task_id, path, started=at)
            self.items.append(step)
        step.version = number
        return step

    def _node_started(self, event: NodeStarted) -> None:
        step = self._step(event.task_id, event.path, event.at, event.no)
        # A task's result is kept for the node that called it; a node begins anew only where its writes were lost.
        step.reused = step.status == "done" and isinstance(step.wrote, dict) and "__return__" in step.wrote
        step.status, step.ended, step.error = "running", None, ""
        step.spans.append((event.at, event.at))

    def _node_ended(self, event: NodeEnded) -> None:
        step = self._step(event.task_id, event.path, event.at, event.no)
        self._close(step, event.at)
        step.wrote, step.error, step.cached = event.wrote, event.error, event.cached
        known = {question["id"] for question in step.asked}
        step.asked = (*step.asked, *(question for question in event.asked if question["id"] not in known))
        step.status = "failed" if event.error else "waiting" if event.waits else "done"
        if step.status == "done" and len(step.path) == 1:
            self._unsaved.append(step)
        for message in self._messages.values():
            if message.path[: len(event.path)] == event.path and not message.done:
                message.done, message.version = True, event.no

    @staticmethod
    def _close(step: StepView, at: float) -> None:
        step.ended = at
        if step.spans:
            step.spans[-1] = (step.spans[-1][0], at)

    def _progress(self, event: Progress) -> None:
        self.progress = event.data
        for step in reversed(self._steps.values()):
            if step.path == event.path or (step.path[:-1] == event.path and step.status == "running"):
                step.progress.append(event.data)
                step.version = event.no
                return
        step = StepView(f"progress-{event.no}", event.path, "done", event.at, event.at, version=event.no)
        step.progress.append(event.data)
        self.items.append(step)
