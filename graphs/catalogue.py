"""The catalogue: every pattern of the lab, in the order in which it's shown."""

from graphs.agents import collaborative_demo, competitive_demo, hierarchical_demo
from graphs.human import (
    approval_gate_demo,
    approval_timeout_demo,
    ask_human_demo,
    breakpoints_demo,
    escalation_demo,
    event_driven_agent_demo,
    expense_approval_demo,
    moderation_demo,
    multi_approver_demo,
    role_approval_demo,
    task_executor_demo,
    tool_review_demo,
)
from graphs.pattern import Pattern
from graphs.persistence import (
    checkpointers_demo,
    conversation_memory_demo,
    crash_recovery_demo,
    node_cache_demo,
    time_travel_demo,
    validated_recovery_demo,
)
from graphs.resilience import (
    circuit_breaker_demo,
    customer_service_demo,
    durable_task_demo,
    error_recovery_demo,
    fallback_demo,
    order_processing_demo,
    retry_demo,
    swallowed_interrupt_demo,
)
from graphs.shapes import branching_demo, linear_pipeline_demo, map_reduce_demo, parallel_demo, refine_loop_demo
from graphs.state import reducers_demo, run_context_demo, state_schema_demo, stateful_reducer_demo
from graphs.streaming import live_clients_demo, progress_events_demo, stream_modes_demo, token_streaming_demo

CATALOGUE: tuple[Pattern, ...] = (
    state_schema_demo.PATTERN,
    reducers_demo.PATTERN,
    stateful_reducer_demo.PATTERN,
    run_context_demo.PATTERN,
    linear_pipeline_demo.PATTERN,
    branching_demo.PATTERN,
    refine_loop_demo.PATTERN,
    parallel_demo.PATTERN,
    map_reduce_demo.PATTERN,
    stream_modes_demo.PATTERN,
    token_streaming_demo.PATTERN,
    progress_events_demo.PATTERN,
    live_clients_demo.PATTERN,
    conversation_memory_demo.PATTERN,
    checkpointers_demo.PATTERN,
    time_travel_demo.PATTERN,
    crash_recovery_demo.PATTERN,
    validated_recovery_demo.PATTERN,
    node_cache_demo.PATTERN,
    approval_gate_demo.PATTERN,
    ask_human_demo.PATTERN,
    escalation_demo.PATTERN,
    breakpoints_demo.PATTERN,
    expense_approval_demo.PATTERN,
    multi_approver_demo.PATTERN,
    role_approval_demo.PATTERN,
    tool_review_demo.PATTERN,
    moderation_demo.PATTERN,
    task_executor_demo.PATTERN,
    approval_timeout_demo.PATTERN,
    event_driven_agent_demo.PATTERN,
    retry_demo.PATTERN,
    durable_task_demo.PATTERN,
    circuit_breaker_demo.PATTERN,
    fallback_demo.PATTERN,
    error_recovery_demo.PATTERN,
    swallowed_interrupt_demo.PATTERN,
    customer_service_demo.PATTERN,
    order_processing_demo.PATTERN,
    hierarchical_demo.PATTERN,
    collaborative_demo.PATTERN,
    competitive_demo.PATTERN,
)


def find(slug: str) -> Pattern:
    """Return the pattern of that slug; raise KeyError where there is none."""
    for pattern in CATALOGUE:
        if pattern.slug == slug:
            return pattern
    raise KeyError(f"There is no pattern '{slug}'.")
