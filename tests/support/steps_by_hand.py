"""Does a step of an example as a person does who reads it off the page."""

from graphs.catalogue import find
from graphs.pattern import (
    Comparison,
    Edit,
    Example,
    Fork,
    Go,
    Mend,
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
from lab.history import question_text
from lab.threads import Thread
from lab.workspace import RunOptions, StateEdit, Workspace
from tests.support.example_player import before, ended
from tests.support.expiring import pass_deadlines


def by_hand(workspace: Workspace, thread: Thread, step: Step, example: Example) -> None:
    """Do a step by the workspace alone, with no player, and wait for the rest after it."""
    ident = thread.thread_id
    person: str = getattr(step, "person", "")
    how: RunOptions = {"pace": 0, "breakpoints": example.breakpoints, "person": person}
    travel = find(thread.pattern).lane(thread.lane).travel
    # Nobody can read the state that is to be mended.
    snapshot = None if isinstance(travel, Mend) else workspace.history.snapshot(ident)
    head = snapshot.checkpoint_id if snapshot else ""
    match step:
        case Reply():
            asked = [one for one in workspace.history.pending(ident) if step.node in ("", one.node)]
            answers = {one.id: step.answer(one.tool, question_text(one.value)) for one in asked}
            workspace.resume(ident, answers, head, **how)
        case Edit(values, _):
            workspace.edit(ident, values, head, person=person)
        case Go():
            workspace.proceed(ident, head, **how)
        case Turn(values):
            workspace.turn(ident, values, **how)
        case Restart():
            workspace.restart(ident)
        case Recover() if workspace.history.status(ident) == "new":
            workspace.again(ident, **how)
        case Recover():
            workspace.proceed(ident, head, **how)
        case Comparison(values):
            ended(workspace, workspace.start(thread.pattern, thread.lane, values, **how).thread_id)
        case Wait():
            pass_deadlines(workspace)
        case WayBack(to, values):
            target = before(workspace, ident, to)
            if isinstance(travel, Mend):
                workspace.travel.mend(ident, values, **how)
            elif isinstance(travel, Rewind):
                workspace.travel.rewind(ident, target, **how)
            elif isinstance(travel, Replay):
                workspace.travel.replay(ident, target, confirmed=True, **how)
            elif isinstance(travel, Fork):
                workspace.travel.fork(ident, target, StateEdit(values, {}), run=True, **how)
    ended(workspace, ident)
