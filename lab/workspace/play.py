"""Plays an example: tells of each lane the recorded step that comes next, and does it as a person's press does."""

from collections.abc import Mapping
from typing import Unpack

from graphs.pattern import (
    Comparison,
    Edit,
    Example,
    Fork,
    Go,
    Mend,
    Pattern,
    Recover,
    Replay,
    Reply,
    Restart,
    Rewind,
    Step,
    Turn,
    Wait,
    WayBack,
)
from lab.errors import NotPossible, StaleAnswer, ThreadBusy, Unreadable
from lab.events import ThreadView
from lab.history import Question, Snapshot, Status, question_text
from lab.jsonable import Json
from lab.threads import Thread
from lab.workspace.editing import StateEdit
from lab.workspace.example_steps import cut_short, is_at_pause, is_given, is_killed, position
from lab.workspace.lanes import start_lanes
from lab.workspace.launching import RunOptions
from lab.workspace.next_step import BY_HAND, LanePlay, NextStep, Standing
from lab.workspace.workspace import Workspace

ROWS = 200
"""Checkpoints among which the one is looked for to which an example goes back."""


class ExamplePlayer:
    """Plays one example in a workspace; how far it has come is read from the threads each time."""

    def __init__(self, workspace: Workspace, pattern: Pattern, example: Example) -> None:
        self._workspace = workspace
        self._pattern = pattern
        self._example = example

    def start(self, **options: Unpack[RunOptions]) -> list[Thread]:
        """Start the example in all lanes of the pattern, side by side; raises what `Workspace.start` raises."""
        return start_lanes(self._workspace, self._pattern, self._example.input, **self._with_pauses(options))

    def start_lane(self, lane: str, session: str | None = None, **options: Unpack[RunOptions]) -> Thread:
        """Start the example in one lane, beside those of a session; raises what `Workspace.start` raises."""
        given = self._example.input
        return self._workspace.start(self._pattern.slug, lane, given, session=session, **self._with_pauses(options))

    def _with_pauses(self, options: RunOptions) -> RunOptions:
        return {"breakpoints": self._example.breakpoints, **options}

    def look(self, thread: Thread) -> LanePlay:
        """Tell what comes next in a lane's thread."""
        stands = self._standing(thread)
        if stands.status in ("running", "elsewhere"):
            return LanePlay(working=True)
        if self._is_cut_short(stands):
            return stands.next_step(Recover(nothing_saved=stands.status == "new"))
        view = self._view(thread)
        place = position(self._pattern, self._example, stands.lane, view)
        steps = self._example.steps.get(stands.lane.key, ())[place.done :]
        if steps and place.strayed:
            return LanePlay(
                problem=f"What was done in the lane '{stands.lane.title}' isn't what the example does, or is no longer "
                f"known, so that its next steps don't fit. {BY_HAND}"
            )
        for number, step in enumerate(steps):
            if isinstance(step, Wait):
                if (waits := stands.waited(self._workspace.inbox.now())) is not None:
                    return waits
                continue
            if not isinstance(step, Comparison):
                return stands.fitted(steps[number:], self._target(stands, step))
            ran = self.comparisons(thread, step)
            if len(ran) <= steps[:number].count(step):
                return stands.next_step(step)
            if any(self._workspace.history.running(one.thread_id) for one in ran):
                return LanePlay(working=True)
        return LanePlay()

    def _standing(self, thread: Thread) -> Standing:
        lane = self._pattern.lane(thread.lane)
        view = self._view(thread)
        status: Status
        snapshot: Snapshot | None
        try:
            status, snapshot = self._workspace.history.stand(thread.thread_id)
        except Unreadable:
            if not isinstance(lane.travel, Mend):
                raise
            status, snapshot = "resumable", None
        return Standing(thread, lane, status, snapshot, view.runs[-1] if view.runs else None, is_at_pause(view))

    def _view(self, thread: Thread) -> ThreadView:
        view = self._workspace.view(thread.thread_id)
        view.catch_up()
        return view

    def _is_cut_short(self, stands: Standing) -> bool:
        """Return whether the last run was stopped, or its process ended, before it came to its rest."""
        if not stands.lane.remembers or not cut_short(stands.last, killed=is_killed(self._pattern, self._example)):
            return False
        answered = stands.status == "waiting" and not stands.questions
        return answered or stands.status in ("new", "resumable") or self._unbegun(stands.thread.thread_id)

    def _unbegun(self, thread_id: str) -> bool:
        """Return whether something was accepted for a thread of which nothing is saved."""
        return self._workspace.history.accepted(thread_id) is not None

    def _target(self, stands: Standing, step: Step) -> str:
        """Return the checkpoint to which a step goes back, empty where there is none."""
        if not isinstance(step, WayBack) or stands.lane.travel is None:
            return ""
        rows = self._workspace.history.page(stands.thread.thread_id, limit=ROWS).rows
        return next((row.checkpoint_id for row in rows if step.to in row.next), "")

    def comparisons(self, thread: Thread, step: Comparison) -> list[Thread]:
        """Return the lane's threads that ran a comparison's input since this one was started."""
        return [other for other in self._since(thread, step.input) if other.lane == thread.lane]

    def _since(self, thread: Thread, values: Mapping[str, Json]) -> list[Thread]:
        newest = self._workspace.threads.newest(pattern=thread.pattern)
        others = [one for one in newest if one.session != thread.session and one.created >= thread.created]
        return [one for one in others if is_given(self._view(one), values)]

    def take(self, step: NextStep, *, named: bool = True, **options: Unpack[RunOptions]) -> None:
        """Do what `look` said comes next, as the person whom the example names for it, unless `named` is off.

        A deadline passes by itself. Raises ThreadBusy and StaleAnswer where the thread has moved on since, and what
        the call raises that does it.
        """
        if step.until:
            self._must_have_passed(step.until)
            return
        thread = self._workspace.threads.find(step.thread_id)
        now = self.look(thread)
        if now.working:
            raise ThreadBusy(thread.thread_id)
        if now.step != step:
            raise StaleAnswer
        head, how = step.checkpoint_id, self._with_pauses(options)
        for one in step.steps:
            if named and isinstance(one, Reply | Edit) and one.person:
                how = {**how, "person": one.person}
            head = self._do(thread, step, one, head, how) or head

    def _must_have_passed(self, deadline: float) -> None:
        if self._workspace.inbox.now() < deadline:
            raise NotPossible("This deadline hasn't passed yet, and nobody can have it pass sooner. Wait for it.")

    def _do(self, thread: Thread, step: NextStep, one: Step, head: str, options: RunOptions) -> str | None:
        """Do one recorded step on the thread; return the checkpoint that it wrote, if it wrote one."""
        ident = thread.thread_id
        match one:
            case Reply():
                pending = {question.id: question for question in self._workspace.history.pending(ident)}
                answers = {asked: _answer(one, pending[asked]) for asked in step.questions}
                self._workspace.resume(ident, answers, head, **options)
            case Edit(values):
                return self._workspace.edit(ident, values, head, person=options.get("person", ""))
            case Go():
                self._workspace.proceed(ident, head, **options)
            case Turn(values):
                self._workspace.turn(ident, values, **options)
            case Restart():
                self._workspace.restart(ident)
            case Recover() if not head or self._unbegun(ident):
                self._workspace.again(ident, **options)
            case Recover():
                self._workspace.proceed(ident, head, **options)
            case WayBack(_, values):
                self._travel(thread, step.to, values, options)
            case Comparison(values):
                others = self._since(thread, values)
                known = {other.session for other in others if other.lane == thread.lane}
                session = next((other.session for other in others if other.session not in known), None)
                self._workspace.start(self._pattern.slug, thread.lane, values, session=session, **options)
        return None

    def _travel(self, thread: Thread, to: str, values: Mapping[str, Json], options: RunOptions) -> None:
        """Go back in the way that the thread's lane is about."""
        match self._pattern.lane(thread.lane).travel:
            case Rewind():
                self._workspace.travel.rewind(thread.thread_id, to, **options)
            case Replay():
                self._workspace.travel.replay(thread.thread_id, to, confirmed=True, **options)
            case Mend():
                self._workspace.travel.mend(thread.thread_id, values, **options)
            case Fork():
                self._workspace.travel.fork(thread.thread_id, to, StateEdit(values, {}), run=True, **options)


def _answer(step: Reply, question: Question) -> Json:
    return step.answer(question.tool, question_text(question.value))
