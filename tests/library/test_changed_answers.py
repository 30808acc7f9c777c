"""Answers changed afterwards: what the library does with them silently, shown on a bare graph, and the lab's guard."""

from typing import Any

import pytest
from langgraph.types import Command, interrupt

from lab.workspace import Workspace
from tests.support.asking_nodes import asks
from tests.support.toy_patterns import (
    OpenLab,
    State,
    bare,
    chain,
    done,
    end,
    everywhere,
    fan,
    head,
    lane,
    names,
    ran,
    toy,
)

GIVEN = {"n": 1, "done": [], "crash": ""}


def answered(workspace: Workspace, answer: object) -> tuple[str, str, str]:
    """Run a toy to its question and answer it; return the thread, the question's checkpoint and the question's id."""
    thread_id = ran(workspace)
    asked = head(workspace, thread_id)
    (question,) = asked.questions
    workspace.resume(thread_id, {question.id: answer}, asked.checkpoint_id)
    end(workspace, thread_id)
    return thread_id, asked.checkpoint_id, question.id


@pytest.mark.parametrize("by_id", [False, True])
def test_bare_an_answer_at_an_answered_checkpoint_is_passed_over_for_the_old_one(by_id: bool) -> None:
    graph, config = bare(chain(ask=asks("ask")))
    graph.invoke(GIVEN, config)
    asked = graph.get_state(config)
    graph.invoke(Command(resume="old"), config)
    graph.invoke(Command(resume={asked.interrupts[0].id: "new"} if by_id else "new"), asked.config)

    assert graph.get_state(config).values["done"] == ["ask='old'"]


@everywhere
def test_another_answer_takes_the_place_of_the_old_one_on_a_branch_of_its_own(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(ask=asks("ask"), z=done("z"))))).workspace("w")
    thread_id, asked, question = answered(workspace, "old")
    old = head(workspace, thread_id)
    workspace.travel.reanswer(thread_id, asked, {question: "new"}, label="another")

    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["ask='new'", "z"]
    assert workspace.history.snapshot(thread_id, old.checkpoint_id) == old
    assert [branch.name for branch in workspace.history.tree(thread_id).branches] == ["main", "another"]


def test_an_answer_given_anew_twice_is_the_last_one_each_time(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(ask=asks("ask"))))).workspace("w")
    thread_id, asked, question = answered(workspace, "old")
    for answer in ("second", "third"):
        workspace.travel.reanswer(thread_id, asked, {question: answer})
        end(workspace, thread_id)
        assert names(workspace, thread_id) == [f"ask={answer!r}"]


def test_one_of_two_answers_given_anew_leaves_the_other_question_open(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(fan(a=asks("a"), b=asks("b"))))).workspace("w")
    thread_id = ran(workspace)
    asked = head(workspace, thread_id)
    workspace.resume(thread_id, {question.id: "old" for question in asked.questions}, asked.checkpoint_id)
    end(workspace, thread_id)
    (of_b,) = [question.id for question in asked.questions if question.node == "b"]
    workspace.travel.reanswer(thread_id, asked.checkpoint_id, {of_b: "new"})

    assert end(workspace, thread_id).outcome == "waiting"
    (left,) = workspace.history.pending(thread_id)
    assert left.node == "a"
    workspace.resume(thread_id, {left.id: "again"}, head(workspace, thread_id).checkpoint_id)
    end(workspace, thread_id)
    assert names(workspace, thread_id) == ["a='again'", "b='new'", "join"]


def test_an_answer_is_not_given_to_another_question_that_is_asked_in_its_place(open_toys: OpenLab) -> None:
    prices = iter([10, 99])

    def asks_of_price(_: State) -> dict[str, Any]:
        price = next(prices) if not seen else seen[-1]
        seen.append(price)
        return {"done": [interrupt(f"Pay {price}?")]}

    seen = list[int]()
    workspace = open_toys(toy(lane(chain(ask=asks_of_price)))).workspace("w")
    thread_id, asked, question = answered(workspace, "yes")
    seen.clear()
    workspace.travel.reanswer(thread_id, asked, {question: "yes"})

    assert end(workspace, thread_id).outcome == "waiting"
    assert [question.value for question in workspace.history.pending(thread_id)] == ["Pay 99?"]


def test_the_last_of_two_questions_of_a_node_is_no_answer_to_the_first_when_asked_again(open_toys: OpenLab) -> None:
    def twice(_: State) -> dict[str, Any]:
        return {"done": [interrupt("first?"), interrupt("second?")]}

    workspace = open_toys(toy(lane(chain(twice=twice)))).workspace("w")
    thread_id, asked, _ = answered(workspace, 1)
    workspace.resume(thread_id, {head(workspace, thread_id).questions[0].id: 2}, asked)
    end(workspace, thread_id)
    shown = workspace.history.snapshot(thread_id, asked)
    assert shown is not None
    workspace.travel.reanswer(thread_id, asked, {shown.questions[0].id: "two"})

    assert end(workspace, thread_id).outcome == "waiting"
    assert [question.value for question in workspace.history.pending(thread_id)] == ["first?"]


def test_where_the_question_cannot_be_looked_up_the_run_fails_and_gives_the_thread_back(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = open_toys(toy(lane(chain(ask=asks("ask"))))).workspace("w")
    thread_id, asked, question = answered(workspace, "old")
    monkeypatch.setattr("lab.engine.asked_again", lambda *_: dict[str, str]()["gone"])
    workspace.travel.reanswer(thread_id, asked, {question: "new"})

    assert end(workspace, thread_id)[1:3] == ("failed", "KeyError: 'gone'")
    assert workspace.history.status(thread_id) == "waiting"


def test_bare_one_answer_to_two_questions_is_an_error() -> None:
    graph, config = bare(fan(a=asks("a"), b=asks("b")))
    graph.invoke(GIVEN, config)
    with pytest.raises(RuntimeError, match="interrupt id"):
        graph.invoke(Command(resume="yes"), config)


def test_each_of_two_questions_gets_its_own_answer(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(fan(a=asks("a"), b=asks("b"))))).workspace("w")
    thread_id = ran(workspace)
    asked = head(workspace, thread_id)
    answers = {question.id: question.node * 2 for question in reversed(asked.questions)}
    workspace.resume(thread_id, answers, asked.checkpoint_id)
    end(workspace, thread_id)

    assert names(workspace, thread_id) == ["a='aa'", "b='bb'", "join"]
