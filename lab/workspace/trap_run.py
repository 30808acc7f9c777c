"""Runs a trap and its cure on the same example to the end of both, and counts what the trap costs."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Unpack

from graphs.pattern import Harm, Lane, Pattern
from lab.errors import StaleAnswer, ThreadBusy
from lab.threads import Thread
from lab.workspace.launching import RunOptions
from lab.workspace.play import ExamplePlayer
from lab.workspace.workspace import Workspace


class TrapRun:
    """A trap beside its cure; each goes through the example's steps by itself, as soon as its last run has ended."""

    def __init__(self, workspace: Workspace, pattern: Pattern, trap: Lane) -> None:
        if trap.harm is None:
            raise ValueError(f"The lane '{trap.key}' of '{pattern.slug}' is no trap with a harm that can be counted.")
        self.harm: Harm = trap.harm
        self.trap = trap
        self.cure = pattern.lane(trap.harm.cure)
        self._workspace = workspace
        self._pattern = replace(pattern, lanes=(self.trap, self.cure))
        self._player = ExamplePlayer(workspace, self._pattern, pattern.examples[trap.harm.example])

    def start(self, **options: Unpack[RunOptions]) -> str:
        """Start the trap and return its session, in which its cure is to be started; raises as `Workspace.start`."""
        return self._player.start_lane(self.trap.key, **options).session

    def start_cure(self, session: str, **options: Unpack[RunOptions]) -> None:
        """Start the cure beside its trap on the same input; raises what `Workspace.start` raises."""
        self._player.start_lane(self.cure.key, session, **options)

    def threads(self, session: str) -> Sequence[Thread]:
        """Return the thread of the trap and the one of the cure, as far as they're there still."""
        threads = self._workspace.threads.newest(pattern=self._pattern.slug, session=session)
        by_lane = {thread.lane: thread for thread in threads}
        return [by_lane[lane.key] for lane in self._pattern.lanes if lane.key in by_lane]

    def go_on(self, session: str, *, named: bool = True, **options: Unpack[RunOptions]) -> bool:
        """Do the example's next step in each lane that rests; True while there is more to come.

        `named` acts as the people whom the example names. Raises what the step's own call raises.
        """
        more = False
        for thread in self.threads(session):
            looked = self._player.look(thread)
            if looked.step is not None and not looked.working:
                # Where another tab was quicker the next look sees what it did.
                with suppress(ThreadBusy, StaleAnswer):
                    self._player.take(looked.step, named=named, **options)
            more = more or looked.working or looked.step is not None
        return more

    def counts(self, session: str) -> Mapping[str, int]:
        """Return what is counted, by lane; a lane that isn't at its end has no count."""
        ends = {thread.lane: self._workspace.history.ends.of(thread.thread_id) for thread in self.threads(session)}
        return {lane: self.harm.count(end) for lane, end in ends.items() if end is not None}
