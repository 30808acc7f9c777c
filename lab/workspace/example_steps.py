"""Where a thread stands among the recorded steps of its example, told by what was done with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from graphs.pattern import (
    Comparison,
    Edit,
    Example,
    Go,
    Lane,
    Pattern,
    Recover,
    Reply,
    Restart,
    Rewind,
    Step,
    Turn,
    Wait,
    WayBack,
)
from lab.events import Act, RunView, SaverDropped, StateEdited, ThreadView, WentBack
from lab.history import is_restored

Kind = Literal["start", "reply", "expiry", "edit", "go", "turn", "restart", "travel", "other"]

DOES: Mapping[Kind, tuple[type[Step], ...]] = {
    "start": (Recover,),
    "reply": (Reply,),
    "expiry": (Wait,),
    "edit": (Edit,),
    "go": (Go, Recover),
    "turn": (Turn,),
    "restart": (Restart,),
    "travel": (WayBack,),
    "other": (),
}
"""The steps that somebody does by each kind of act."""

STRANGE: tuple[Kind, ...] = ("reply", "expiry", "turn", "travel", "other")
"""Acts that lead elsewhere where they aren't the step that comes next; the others lead on to the same place."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a thread has come among the steps of its example."""

    done: int
    """Steps that are done, or passed over."""
    strayed: bool = False
    """True where something else was done than the example does, or where what was done is no longer known."""


def example_of(pattern: Pattern, view: ThreadView | None, chosen: int) -> Example | None:
    """Return the example on whose input a thread was started, the chosen one first; None where it was another input."""
    examples = [pattern.examples[chosen], *pattern.examples]
    return next((one for one in examples if view is not None and is_given(view, one.input)), None)


def is_given(view: ThreadView, values: Mapping[str, object]) -> bool:
    """Return whether a thread was started on this input."""
    started = next((run.said for run in view.runs if run.kind == "start"), None)
    return isinstance(started, dict) and all(name in started and started[name] == values[name] for name in values)


def is_killed(pattern: Pattern, example: Example) -> bool:
    """Return whether the example has its process killed."""
    return bool(pattern.crash_field) and example.input.get(pattern.crash_field, "never") != "never"


def cut_short(run: RunView | None, *, killed: bool) -> bool:
    """Return whether a run was ended by something that the example doesn't do: a person, or the end of its process."""
    return run is not None and (run.outcome == "stopped" or (run.outcome == "crashed" and not killed))


def is_at_pause(view: ThreadView) -> bool:
    """Return whether a thread stands where a run paused, be it that a later one has failed on the spot."""
    return next((run.outcome == "paused" for run in reversed(view.runs) if run.moved or run.outcome == "paused"), False)


def position(pattern: Pattern, example: Example, lane: Lane, view: ThreadView) -> Position:
    """Tell how far a thread of this lane has come among the steps of its example."""
    steps, killed = example.steps.get(lane.key, ()), is_killed(pattern, example)
    if view.dropped or any(is_restored(run.run_id) for run in view.runs):
        # What its checkpoints alone tell doesn't say who did what.
        return Position(0, strayed=True)
    done = 0
    before: RunView | None = None
    for kind, run in _acts(lane, view.acts):
        # One that answers a single node's question is done with it, whatever else waits.
        alone = any(isinstance(step, Reply) and step.node for step in steps[done : done + 1])
        if not _goes_on(kind, run, before, killed=killed, together=not alone):
            taken = _taken(kind, run, before, steps[done:])
            done += taken
            if not taken and kind in STRANGE and done < len(steps):
                return Position(done, strayed=True)
        before = run or before
    return Position(done)


def upcoming(pattern: Pattern, example: Example | None, lane: Lane, view: ThreadView) -> Step | None:
    """Return the step that the example does next in this very thread; None where it does nothing more, or strayed."""
    if example is None:
        return None
    stands = position(pattern, example, lane, view)
    own = (step for step in example.steps.get(lane.key, ())[stands.done :] if not isinstance(step, Comparison | Wait))
    return None if stands.strayed else next(own, None)


def _acts(lane: Lane, acts: Sequence[Act]) -> Iterator[tuple[Kind, RunView | None]]:
    """Give each act by its kind, with its run if it has one; a way back is one act."""
    rest = list(acts)
    while rest:
        match rest:
            case [WentBack(), StateEdited(), RunView(kind="continue") as run, *rest]:
                yield "travel", run
            case [WentBack(), RunView(kind="replay") as run, *rest]:
                yield "travel", run
            case [WentBack(), RunView() as run, *rest]:
                yield "other", run
            case [WentBack(), StateEdited(), *rest]:
                yield "travel", None
            case [StateEdited(), RunView(kind="continue") as run, *rest] if isinstance(lane.travel, Rewind):
                yield "travel", run
            case [StateEdited(), *rest]:
                yield "edit", None
            case [SaverDropped(why="restart"), *rest]:
                yield "restart", None
            case [RunView() as run, *rest]:
                yield _kind(run), run
            case [_, *rest]:
                pass


def _kind(run: RunView) -> Kind:
    kinds: Mapping[str, Kind] = {"start": "start", "turn": "turn", "resume": "reply", "continue": "go"}
    return "expiry" if run.expired else kinds.get(run.kind, "other")


def _goes_on(kind: Kind, run: RunView | None, before: RunView | None, *, killed: bool, together: bool) -> bool:
    """Return whether an act is no step of its own: it begins the thread, or takes up what was begun before it.

    `together`: questions that wait together are one step.
    """
    if run is None or before is None:
        return run is not None
    if together and kind in ("reply", "expiry") and run.left and run.left < before.left:
        # Several questions that wait together are one step, which is done with the last of them.
        return True
    if not cut_short(before, killed=killed):
        return False
    # Of a turn whose process died before it began nothing is said anew.
    return kind in ("start", "go") or (run.kind == before.kind and (kind == "reply" or run.said is None))


def _taken(kind: Kind, run: RunView | None, before: RunView | None, steps: Sequence[Step]) -> int:
    """Return how many of these steps an act does or passes over; 0 where it's another one."""
    bare = kind == "go" and before is not None and before.outcome == "paused"
    # A wait whose question stays open is over once that is answered.
    passed = (Comparison, Edit) if bare else (Comparison, Wait) if kind == "reply" else (Comparison,)
    for number, step in enumerate(steps, 1):
        if isinstance(step, DOES[kind]):
            # What goes on with nothing written and fails leaves the person where the values are written.
            missed = run is not None and run.outcome == "failed" and Edit in map(type, steps[: number - 1])
            return 0 if missed else number
        if not isinstance(step, passed):
            break
    return 0
