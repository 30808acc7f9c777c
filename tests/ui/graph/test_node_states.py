"""States of nodes: a node whose failure was handled is none that waits for somebody."""

import pytest

from ui.graph import NodeState, Phase, is_handled

FAILED, DONE, SKIPPED = (NodeState(phase, 1) for phase in (Phase.FAILED, Phase.DONE, Phase.SKIPPED))


@pytest.mark.parametrize(
    ("states", "handled"),
    [
        ({"pay": FAILED, "__error_handler__pay": DONE}, True),
        ({"pay": FAILED, "__error_handler__pay": SKIPPED}, False),
        ({"pay": FAILED}, False),
        ({"pay": DONE, "__error_handler__pay": DONE}, False),
    ],
)
def test_a_failure_is_handled_once_its_handler_has_run(states: dict[str, NodeState], handled: bool) -> None:
    assert is_handled("pay", states) == handled


def test_a_failure_in_a_subgraph_has_its_handler_there() -> None:
    assert is_handled("team:pay", {"team:pay": FAILED, "team:__error_handler__pay": DONE})
    assert not is_handled("team:pay", {"team:pay": FAILED, "__error_handler__pay": DONE})
