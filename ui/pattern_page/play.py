"""Play: an example's recorded steps, each shown on the page and then done by the calls of a press."""

import time
from collections.abc import Mapping, Sequence

import streamlit as st

from graphs.pattern import Comparison, Example, Pattern, Restart, Step, Turn
from lab.errors import LabError
from lab.threads import Thread
from lab.workspace import ExamplePlayer, LanePlay, NextStep, Workspace, example_of
from ui.common import SCREEN, bring_into_view, login_configured, look_at, run_options, show_thread, the_lab
from ui.pattern_page.play_state import (
    PlayState,
    begin_play,
    change_play,
    end_play,
    read_play,
    start_play,
)

AT_LEAST = 1.0
"""Seconds for which a step is still shown after the page was drawn anew, by a click or by the end of another run."""
PAST = 0.2
"""Seconds after a deadline from which on every clock says that it has passed."""
ENDED = "The example has played to its end. Go on by hand, or choose another one."


class Play:
    """The play of a pattern's page, as it stands in one drawing."""

    def __init__(self, pattern: Pattern, visitor: Workspace, threads: Mapping[str, Thread]) -> None:
        self.pattern = pattern
        self._visitor = visitor
        self._threads = [threads[lane.key] for lane in pattern.lanes if lane.key in threads]
        self.next: tuple[NextStep, ...] = ()
        """The step on show, in each lane in which one press does it."""
        self._state = read_play(pattern)
        if self._state is not None and self._state.session not in {thread.session for thread in self._threads}:
            end_play(pattern)
            self._state = None
        if self.going_on:
            self._stamps = {thread.thread_id: self._stamp(thread.thread_id) for thread in self._threads}
            self._look()

    @property
    def going_on(self) -> bool:
        """Whether there is a play that hasn't ended."""
        return self._state is not None and not self._state.over

    @property
    def paused(self) -> bool:
        """Whether the step on show waits for a press of the person."""
        return self._state is not None and self._state.paused

    @property
    def over(self) -> str:
        """Why the play has ended."""
        return self._state.over if self._state is not None else ""

    @property
    def seconds_left(self) -> float:
        """The seconds for which the step on show isn't done yet."""
        return max(0.0, self._state.due - time.time()) if self._state is not None else 0.0

    @property
    def moved(self) -> bool:
        """Whether a thread of the step on show has moved on since the page was drawn."""
        return any(self._stamp(step.thread_id) != self._stamps[step.thread_id] for step in self.next)

    @property
    def rests(self) -> bool:
        """Whether other lanes are at work by now than when the page was drawn."""
        return self._state is not None and [look.working for look in self._looks(self._state)] != self._working

    @property
    def waits_for_deadline(self) -> bool:
        """Whether the step on show is done by the clock, and by nobody's press."""
        return bool(self.next and self.next[0].until)

    @property
    def input(self) -> Step | None:
        """The step on show where the page's own form sends it."""
        step = self.next[0].steps[0] if self.next else None
        return step if isinstance(step, Turn | Comparison) else None

    def _change(self, **fields: object) -> None:
        self._state = change_play(self.pattern, **fields)

    def _end(self, why: str) -> None:
        self.next = ()
        self._change(over=why)

    def _stamp(self, thread_id: str) -> object:
        return self._visitor.history.stamp([thread_id])

    def _player(self, state: PlayState) -> ExamplePlayer:
        return ExamplePlayer(self._visitor, self.pattern, self.pattern.examples[state.example])

    def _looks(self, state: PlayState) -> list[LanePlay]:
        player = self._player(state)
        return [player.look(thread) for thread in self._threads]

    def _look(self) -> None:
        """Read what comes next from the threads, and begin or go on to show it."""
        assert self._state is not None
        try:
            looks = self._looks(self._state)
        except LabError as error:
            self._end(str(error))
            return
        steps = [look.step for look in looks if look.step is not None]
        self._working = [look.working for look in looks]
        works = any(self._working)
        if problem := next((look.problem for look in looks if look.problem), ""):
            self._end(problem)
        elif not steps and not works:
            self._end(ENDED)
        else:
            self.next = _chosen(steps, [lane.key for lane in self.pattern.lanes], self._state.last, alone=not works)
            self._show(self._state)

    def _show(self, state: PlayState) -> None:
        """Give the step on show its time; one that was shown before has what is left of it."""
        shown, seconds = repr(self.next), the_lab().settings.play_seconds
        if self.next and self.next[0].until:
            seconds = max(seconds, self.next[0].until - the_lab().now() + PAST)
        if shown != state.shown:
            self._change(shown=shown, due=time.time() + seconds)
        else:
            self._change(due=max(state.due, time.time() + min(seconds, AT_LEAST)))

    def begin(self) -> None:
        """Play the chosen example: on with the threads on show where it has more to do in them, else from its start."""
        number = int(st.session_state.get(f"{self.pattern.slug}_example", 0) or 0)
        if session := self._unfinished(self.pattern.examples[number], number):
            begin_play(self.pattern, number, session)
            return
        show_thread(self.pattern, start_play(self.pattern, self._visitor, number))
        bring_into_view(SCREEN)

    def _unfinished(self, example: Example, number: int) -> str:
        """Return the session of the threads on show where the example has more to do in them."""
        player = ExamplePlayer(self._visitor, self.pattern, example)
        for thread in self._threads:
            view = self._visitor.view(thread.thread_id)
            view.catch_up()
            if example_of(self.pattern, view, number) is example:
                look = player.look(thread)
                if look.working or look.step is not None:
                    return thread.session
        return ""

    def pause(self) -> None:
        """Pause, or go on after a pause."""
        self._change(paused=not self.paused, shown="")

    def do_next(self) -> None:
        """Do the step on show; what refuses it ends the play."""
        state = read_play(self.pattern)
        if state is None or self._state is None or state.shown != self._state.shown:
            # It was done, or ended, since this page was drawn.
            return
        self._change(shown="", last=self.next[-1].lane)
        player, how = self._player(state), run_options()
        try:
            # A lane that remembers may refuse; then the others mustn't have done it already.
            for step in sorted(self.next, key=lambda step: not self.pattern.lane(step.lane).remembers):
                # Who has signed in acts as nobody else.
                player.take(step, named=not login_configured(), **how)
        except LabError as error:
            self._end(str(error))
        look_at(None)


def _chosen(steps: Sequence[NextStep], lanes: Sequence[str], last: str, *, alone: bool) -> tuple[NextStep, ...]:
    """Choose what comes next: lanes take turns, and what one button does for all waits until none is at work.

    A deadline passes while others are at it, so it's shown where nothing else is to be done.
    """
    after = lanes.index(last) + 1 if last in lanes else 0
    own = [step for step in steps if not isinstance(step.steps[0], Turn | Restart | Comparison)]
    if own:
        return (min(own, key=lambda step: (step.until, (lanes.index(step.lane) - after) % len(lanes))),)
    return tuple(step for step in steps if step.steps == steps[0].steps) if alone else ()
