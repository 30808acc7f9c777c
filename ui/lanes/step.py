"""One step of a lane: name, time and attempts on one line; progress and writes below."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from lab.events import Attempt, StepView
from ui.common import code, node_path, safe, seconds, shown

ICONS = {
    "running": ":material/play_arrow:",
    "done": ":material/check:",
    "failed": ":material/error:",
    "waiting": ":material/front_hand:",
    "stopped": ":material/stop_circle:",
    "killed": ":material/power_off:",
}
LOST = ":material/remove_done:"
"""Marks a step that was done and whose writes went with the process."""


def draw_step(place: Any, step: StepView, *, lost: bool = False, inside: StepView | None = None) -> None:
    """Draw the step; `inside` is the step of a subgraph that tells its error already."""
    took = "" if step.ended is None else f" · {seconds(sum(end - begin for begin, end in step.spans))}"
    # The error of a step that failed for good is that of its last attempt.
    tried = step.failed_attempts[:-1] if step.status in ("failed", "killed") else step.failed_attempts
    label = f"{code(node_path(step.path))}{took}{_again(step, tried)}{' · from cache' if step.cached else ''}"
    if lost:
        label += " · lost, as it wasn't saved"
    icon = LOST if lost else ICONS[step.status]
    with place.expander(label, icon=icon, type="step", expanded=step.status == "failed"):
        _body(step, tried, inside)


def _again(step: StepView, tried: Sequence[Attempt]) -> str:
    if step.status == "killed":
        return " · killed"
    if not tried:
        return ""
    return f" · attempt {len(tried) + 1}" + (": killed, ran again" if tried[-1].killed else "")


def _body(step: StepView, tried: Sequence[Attempt], inside: StepView | None) -> None:
    for attempt in tried:
        st.text(shown(_attempt_text(attempt), 2000))
    if step.status == "killed":
        st.text(
            "Its process was killed while it was at work, so nothing that it wrote was saved. What it did outside the "
            "state stays done, and it runs again from its top."
        )
    if step.error:
        st.text(f"Failed in {node_path(inside.path)}." if inside else shown(step.error, 4000))
    if step.progress:
        st.caption("told on the way")
        st.json(safe(step.progress), expanded=False)
    if step.wrote:
        st.caption("wrote")
        st.json(safe(step.wrote), expanded=1)
    elif step.status == "done":
        st.caption("wrote nothing")


def _attempt_text(attempt: Attempt) -> str:
    took = seconds(attempt.ended - attempt.started)
    if attempt.killed:
        return (
            f"Its process was killed after {took}, and it ran again from its top. What it did outside the state "
            "before stays done."
        )
    return f"Attempt failed after {took}: {attempt.error}"
