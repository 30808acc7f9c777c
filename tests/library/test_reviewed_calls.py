"""What the library does with an answer to a review that doesn't fit, shown on a bare agent, and the lab's guard."""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from lab.errors import InvalidInput
from lab.jsonable import Json
from lab.models import make_model
from tests.support.asking_nodes import shown
from tests.support.labs import quiet
from tests.support.reviewed_agent import AGENT, GIVEN, RAN
from tests.support.toy_patterns import OpenLab, end

YES = {"type": "approve"}
TOO_FEW = {"decisions": [YES]}
MANY_SEATS = {"type": "edit", "edited_action": {"name": "book_room", "args": {"room": "Blue", "seats": "many"}}}
THREAD: Any = {"configurable": {"thread_id": "t"}}


@pytest.fixture
def agent() -> Iterator[Any]:
    """Provide an agent as the library alone runs it, which waits for the review of two calls."""
    model = make_model("offline", AGENT.script, 0, quiet("memory"))
    made = AGENT.lane("together").build(model).compile(checkpointer=InMemorySaver())
    made.invoke(GIVEN, THREAD)
    RAN.clear()
    yield made
    RAN.clear()


@pytest.mark.parametrize("by_id", [False, True], ids=["plain", "by id"])
def test_an_answer_with_too_few_decisions_stays_and_the_right_one_after_it_is_passed_over(
    agent: Any, *, by_id: bool
) -> None:
    asked = agent.get_state(THREAD).interrupts[0].id
    for answer in (TOO_FEW, {"decisions": [YES, YES]}):
        with pytest.raises(ValueError, match=r"human decisions \(1\) does not match"):
            agent.invoke(Command(resume={asked: answer} if by_id else answer), THREAD)

    assert RAN == []


def test_an_edit_that_doesnt_fit_the_tool_uses_the_question_up(agent: Any) -> None:
    agent.invoke(Command(resume={"decisions": [MANY_SEATS, {"type": "reject"}]}), THREAD)

    state = agent.get_state(THREAD)
    said = [one.text for one in state.values["messages"] if isinstance(one, ToolMessage) and one.name == "book_room"]
    assert state.interrupts == ()
    assert len(said) == 1
    assert "seats: Input should be a valid integer" in said[0]


@pytest.mark.parametrize(
    ("answer", "place"), [(TOO_FEW, ""), ({"decisions": [MANY_SEATS, {"type": "reject"}]}, "0.args.seats")]
)
def test_the_lab_refuses_such_an_answer_and_asks_on(open_toys: OpenLab, answer: Json, place: str) -> None:
    workspace = open_toys(AGENT).workspace("w")
    ident = workspace.start("agent", "together", GIVEN).thread_id
    end(workspace, ident)
    snapshot, question = shown(workspace, ident)
    RAN.clear()

    with pytest.raises(InvalidInput) as refused:
        workspace.resume(ident, {question.id: answer}, snapshot.checkpoint_id)
    assert list(refused.value.fields) == [place]
    assert workspace.history.pending(ident) == (question,)
    workspace.resume(ident, {question.id: {"decisions": [YES, YES]}}, snapshot.checkpoint_id)
    end(workspace, ident)
    assert sorted(name for name, _ in RAN) == ["book_room", "invite", "look_up"]
