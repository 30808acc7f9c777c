"""The configs that name threads and checkpoints, as LangGraph itself reads them."""

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import StateGraph

from lab.checkpoints.config import (
    at_checkpoint,
    checkpoint_config,
    checkpoint_id_of,
    place_of,
    thread_config,
    thread_id_of,
)
from tests.support.toy_patterns import done, graph


@pytest.fixture
def ran() -> Any:
    """Provide a graph that ran in the thread `t`."""
    built: StateGraph[Any, Any, Any, Any] = graph().add_node("a", done("a")).set_entry_point("a")
    compiled = built.compile(checkpointer=InMemorySaver())
    compiled.invoke({"n": 1}, thread_config("t"))
    return compiled


def test_a_thread_is_read_at_its_newest_checkpoint(ran: Any) -> None:
    newest = ran.get_state(thread_config("t"))

    assert newest.values["done"] == ["a"]
    assert thread_id_of(newest.config) == "t"
    assert ran.get_state(thread_config("u")).values == {}


def test_a_checkpoint_is_read_by_its_id(ran: Any) -> None:
    newest = ran.get_state(thread_config("t"))
    before = checkpoint_id_of(newest.parent_config)
    state = ran.get_state(checkpoint_config("t", before))

    assert (checkpoint_id_of(state.config), state.next) == (before, ("a",))


def test_what_names_no_checkpoint_has_no_id() -> None:
    assert checkpoint_id_of(thread_config("t")) == checkpoint_id_of(None) == checkpoint_id_of({}) == ""
    assert checkpoint_id_of(at_checkpoint(thread_config("t"), None)) == ""


def test_a_run_goes_to_a_checkpoint_with_its_limits_and_leaves_its_own_config_alone() -> None:
    run: Any = {**thread_config("t"), "recursion_limit": 7}
    there = at_checkpoint(run, "c")

    assert there == {**checkpoint_config("t", "c"), "recursion_limit": 7}
    assert place_of(there) == checkpoint_config("t", "c")
    assert run == {**thread_config("t"), "recursion_limit": 7}


def test_a_subgraphs_checkpoint_is_named_in_its_namespace() -> None:
    assert checkpoint_config("t", "c", "sub:1") == at_checkpoint(thread_config("t", "sub:1"), "c")
    assert list(checkpoint_config("t", "c")["configurable"]) == ["thread_id", "checkpoint_ns", "checkpoint_id"]
