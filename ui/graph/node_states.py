"""What state each node of the picture is in, from a thread's steps."""

from collections.abc import Iterable, Mapping

from lab.events import StepView, ThreadView
from lab.history import Snapshot, Status
from ui.common import HANDLER
from ui.graph.diagram import NodeState, Phase

PHASES = {
    "running": Phase.RUNNING,
    "done": Phase.DONE,
    "failed": Phase.FAILED,
    "waiting": Phase.WAITING,
    "stopped": Phase.PAUSED,
    "killed": Phase.FAILED,
}


def states_of_nodes(
    names: Iterable[str], view: ThreadView, status: Status, snapshot: Snapshot | None
) -> dict[str, NodeState]:
    """Return the state of every node in `names`, which are paths joined by a colon."""
    visits: dict[str, list[StepView]] = {}
    for step in view.steps:
        visits.setdefault(":".join(step.path), []).append(step)
    over = status == "finished" and not view.running
    states = {name: _state(name, visits.get(name, []), view, over=over) for name in names}
    for question in snapshot.questions if status == "waiting" and snapshot is not None else ():
        # One that was killed on an answer asks again, though its last attempt says otherwise.
        if question.node in states:
            states[question.node] = NodeState(Phase.WAITING, states[question.node].visits)
    if status == "resumable" and snapshot is not None:
        for name in snapshot.next:
            if states.get(name, NodeState(Phase.PENDING)).phase is not Phase.FAILED:
                states[name] = NodeState(Phase.PAUSED, _runs(visits.get(name, [])))
    return states


def is_handled(name: str, states: Mapping[str, NodeState]) -> bool:
    """Return whether a node has failed and its error handler has run, so that the graph goes on elsewhere."""
    *parents, last = name.split(":")
    handler = states.get(":".join((*parents, f"{HANDLER}{last}")))
    return states[name].phase is Phase.FAILED and handler is not None and handler.phase is Phase.DONE


def _state(name: str, steps: list[StepView], view: ThreadView, *, over: bool) -> NodeState:
    if name.endswith("__start__"):
        return NodeState(Phase.DONE if view.runs else Phase.PENDING, 1)
    if name.endswith("__end__"):
        return NodeState(Phase.DONE if over else Phase.PENDING, 1)
    if not steps:
        return NodeState(Phase.SKIPPED if over else Phase.PENDING, 0)
    working = [step for step in steps if step.status == "running"]
    return NodeState(PHASES[(working or steps)[-1].status], _runs(steps))


def _runs(steps: list[StepView]) -> int:
    """Count how often a node really ran: one whose process was killed did so before it ran again."""
    return sum(step.kills + (step.status != "killed") for step in steps)
