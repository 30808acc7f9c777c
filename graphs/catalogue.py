"""The catalogue: every pattern of the lab, in the order in which it's shown."""

from graphs.agents import hierarchical
from graphs.human import approval_gate, breakpoints, expense_approval
from graphs.pattern import Pattern
from graphs.persistence import checkpointers, conversation_memory, crash_recovery, time_travel, validated_recovery
from graphs.resilience import durable_task
from graphs.shapes import branching, linear_pipeline_demo, parallel
from graphs.state import stateful_reducer
from graphs.streaming import progress_events

CATALOGUE: tuple[Pattern, ...] = (
    stateful_reducer.PATTERN,
    linear_pipeline_demo.PATTERN,
    branching.PATTERN,
    parallel.PATTERN,
    progress_events.PATTERN,
    conversation_memory.PATTERN,
    checkpointers.PATTERN,
    time_travel.PATTERN,
    crash_recovery.PATTERN,
    validated_recovery.PATTERN,
    approval_gate.PATTERN,
    breakpoints.PATTERN,
    expense_approval.PATTERN,
    durable_task.PATTERN,
    hierarchical.PATTERN,
)


def find(slug: str) -> Pattern:
    """Gives the pattern of that slug; raises KeyError where there is none."""
    for pattern in CATALOGUE:
        if pattern.slug == slug:
            return pattern
    raise KeyError(f"There is no pattern '{slug}'.")
