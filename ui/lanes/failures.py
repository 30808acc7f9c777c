"""Texts of failed and killed runs: the reason, and the steps that were lost."""

from lab.events import Killed, Reopened, RunView, StepView, ThreadView
from lab.history import Status
from ui.common import code, counted, node_name, node_path

UNEXPLAINED = {
    "failed": "The run failed and gave no reason. What its checkpoints hold is saved; retry.",
    "crashed": "The process of this run ended in the middle of it. What its checkpoints hold is saved; the node at "
    "work runs again from its top. Resume, answer again what the thread asks, or restart from the beginning where "
    "nothing was saved.",
}
OVER = "No node is left to run, so there is nothing to retry: go back to an earlier checkpoint, or start a new thread."
"""What to do about a run that failed once all its nodes had written."""


def ended_badly(view: ThreadView | None) -> RunView | None:
    """Return the last run where it failed or was killed, and nothing has changed the thread since."""
    last = view.runs[-1] if view is not None and view.runs else None
    if view is None or last is None or last.outcome not in UNEXPLAINED:
        return None
    return None if last.ended is not None and view.changed_at > last.ended else last


def reason(view: ThreadView | None, status: Status) -> str:
    """Return why the last run failed, where none of its steps says it."""
    last = ended_badly(view)
    if view is None or last is None or last.outcome is None or status == "running":
        return ""
    if any(_says(step, last) for step in view.steps):
        return ""
    why = last.error or UNEXPLAINED[last.outcome]
    return f"{why} {OVER}" if last.outcome == "failed" and status == "finished" else why


def _says(step: StepView, run: RunView) -> bool:
    return step.status == "failed" and bool(step.error) and (step.error in run.error or run.error in step.error)


def inside(view: ThreadView, step: StepView) -> StepView | None:
    """Return the step of a subgraph that failed with the very error of the step that called it."""
    if not step.error:
        return None
    depth = len(step.path)
    failed = [one for one in view.steps if len(one.path) > depth and one.path[:depth] == step.path]
    return next((one for one in reversed(failed) if one.error == step.error), None)


def killed(item: Killed, lost: list[StepView]) -> str:
    """Say, as Markdown, what was at work when the process was killed, and which steps were lost with it."""
    names = ", ".join(dict.fromkeys(code(node_path(step.path)) for step in item.working))
    at_work = f"{names} was at work and runs again from its top." if names else "No node was at work."
    if not lost:
        return f"**Its process was killed here.** {at_work} No step that had ended was lost."
    which = ", ".join(code(node_name(step.path[-1])) for step in lost)
    steps = "step that had ended was" if len(lost) == 1 else "steps that had ended were"
    return (
        f"**Its process was killed here.** {at_work} {counted(len(lost), steps, steps)} lost too, as no checkpoint "
        f"holds what they wrote: {which}. They run again as well."
    )


def reopened(item: Reopened) -> str:
    """Say, as Markdown, what a new checkpointer found."""
    why = "Restarted" if item.why == "restart" else "Made room for other threads"
    left = f"Of {item.before} checkpoints, {item.left} are left." if item.before else "There was nothing to lose."
    return f"**{why}.** The checkpointer and the graph were dropped. {left}"
