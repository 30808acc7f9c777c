"""What tasks of a subgraph ask at once is told in their order, and each answer given again finds its question."""

from typing import Any

import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import Send, interrupt

from graphs.pattern import Pattern
from lab.workspace import Workspace
from tests.support.toy_patterns import OpenLab, State, end, everywhere, graph, head, lane, names, ran, toy

MANY = 6
"""Questions, of which the library met a given order once in 720 times."""


def asks(state: State) -> dict[str, Any]:
    answer = interrupt({"question": f"Number {state['n']}?"})
    return {"done": [f"{state['n']}={answer}"]}


def office() -> Pattern:
    """Make a graph whose one node is a subgraph of tasks that all ask."""
    inner = StateGraph(State).add_node("asks", asks)
    inner.add_conditional_edges(START, lambda _: [Send("asks", {"n": number}) for number in range(MANY)], ["asks"])
    compiled = inner.compile()

    def build(_: object) -> Any:
        return graph().add_node("office", compiled).add_edge(START, "office")

    return toy(lane(build))


def asked(workspace: Workspace, thread_id: str) -> list[str]:
    questions: list[Any] = [question.value for question in workspace.history.pending(thread_id)]
    return [value["question"] for value in questions]


@everywhere
def test_questions_come_in_the_order_of_the_tasks_that_ask_them(open_toys: OpenLab) -> None:
    workspace = open_toys(office()).workspace("w")
    thread_id = ran(workspace)
    numbered = [f"Number {number}?" for number in range(MANY)]

    assert asked(workspace, thread_id) == numbered
    first = workspace.history.pending(thread_id)[0]
    workspace.resume(thread_id, {first.id: "yes"}, head(workspace, thread_id).checkpoint_id)
    end(workspace, thread_id)
    assert asked(workspace, thread_id) == numbered[1:]


@pytest.mark.parametrize("answered", [1, MANY])
def test_answers_given_again_go_to_their_own_questions(open_toys: OpenLab, answered: int) -> None:
    workspace = open_toys(office()).workspace("w")
    thread_id = ran(workspace)
    snapshot = head(workspace, thread_id)
    workspace.resume(thread_id, {question.id: "no" for question in snapshot.questions}, snapshot.checkpoint_id)
    end(workspace, thread_id)
    answers = {question.id: f"again {number}" for number, question in enumerate(snapshot.questions)}
    workspace.travel.reanswer(thread_id, snapshot.checkpoint_id, dict([*answers.items()][:answered]))
    last = end(workspace, thread_id)

    if answered < MANY:
        assert last.outcome == "waiting"
        assert asked(workspace, thread_id) == [f"Number {number}?" for number in range(answered, MANY)]
    else:
        assert last.outcome == "finished"
        assert sorted(names(workspace, thread_id)) == [f"{number}=again {number}" for number in range(MANY)]
