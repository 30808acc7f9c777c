"""Answers whose node then fails: kept for another try of the same, and never in the way of a different one."""

from collections.abc import Callable
from typing import Any

import pytest
from langgraph.graph import START
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from graphs.pattern import Breakpoints, Build
from graphs.world import World
from lab.errors import AnswerKept, AnswerPending, NotPossible
from lab.workspace import StateEdit, Workspace
from tests.support.asking_nodes import asks
from tests.support.toy_patterns import (
    Node,
    OpenLab,
    State,
    chain,
    done,
    end,
    everywhere,
    fan,
    graph,
    head,
    lane,
    names,
    ran,
    saved,
    toy,
)


class Line:
    """A line to the bank that is down for so many calls."""

    def __init__(self, down: int = 1) -> None:
        self.down = down

    def pays(self, state: State, runtime: Runtime[World]) -> dict[str, Any]:
        """Charge once somebody says yes, if the line is up."""
        answer = interrupt({"question": "Pay?"})
        if answer == "yes":
            if self.down:
                self.down -= 1
                raise ConnectionError("no line")
            runtime.context.ledger.charge("order", 100)
        return {"done": [f"pay={answer}"]}


def inside(**made: Node) -> Build:
    """Make a graph whose node calls a subgraph of these nodes in a row."""

    def build(_: object) -> Any:
        inner = graph()
        for name, node in made.items():
            inner.add_node(name, node)
        for one, other in zip([START, *made], made, strict=False):
            inner.add_edge(one, other)
        return graph().add_node("sub", inner.compile()).add_edge(START, "sub")

    return build


def called(**made: Node) -> Build:
    """Make a graph whose node calls such a subgraph by itself."""

    def build(_: object) -> Any:
        inner, before_it = graph(), START
        for name, node in made.items():
            inner.add_node(name, node).add_edge(before_it, name)
            before_it = name
        compiled: Any = inner.compile()

        def calls(state: State) -> dict[str, Any]:
            return {"done": compiled.invoke({"n": 1, "done": []})["done"]}

        return graph().add_node("calls", calls).add_edge(START, "calls")

    return build


def charged(workspace: Workspace, thread_id: str) -> int:
    return len(workspace.threads.business("ledger", [thread_id]))


def answer(workspace: Workspace, thread_id: str, given: object, node: str | None = None) -> str:
    """Answer what is pending, in the way of a fresh form, and return the question's id."""
    asked = head(workspace, thread_id)
    question = next(found for found in asked.questions if node in (None, found.node))
    workspace.resume(thread_id, {question.id: given}, asked.checkpoint_id)
    end(workspace, thread_id)
    return question.id


def fork_that_waits(workspace: Workspace, thread_id: str) -> None:
    workspace.travel.fork(thread_id, head(workspace, thread_id).checkpoint_id, StateEdit({"n": 2}, {}), run=True)
    end(workspace, thread_id)


def replay_that_waits(workspace: Workspace, thread_id: str) -> None:
    workspace.travel.replay(thread_id, head(workspace, thread_id).checkpoint_id)
    end(workspace, thread_id)


def edit_and_replay(workspace: Workspace, thread_id: str) -> None:
    fork_that_waits(workspace, thread_id)
    replay_that_waits(workspace, thread_id)


PLACES: dict[str, Callable[[Line], Build]] = {
    "a node": lambda line: chain(pay=line.pays, z=done("z")),
    "a subgraph": lambda line: inside(pre=done("pre"), pay=line.pays),
    "a subgraph that a node calls": lambda line: called(pre=done("pre"), pay=line.pays),
}
HEADS: dict[str, Callable[[Workspace, str], None]] = {
    "the first question": lambda *_: None,
    "an edited one": fork_that_waits,
    "a replayed one": replay_that_waits,
    "an edited one, replayed": edit_and_replay,
}


@everywhere
@pytest.mark.parametrize("where", PLACES)
def test_after_a_yes_whose_node_failed_a_no_is_the_answer_and_charges_nothing(open_toys: OpenLab, where: str) -> None:
    line = Line()
    workspace = open_toys(toy(lane(PLACES[where](line)))).workspace("w")
    for bring_to in HEADS.values():
        line.down = 3
        thread_id = ran(workspace)
        bring_to(workspace, thread_id)
        answer(workspace, thread_id, "yes")
        # Given anew, the answer fails at a head that the new asking wrote; replayed, it's asked without an answer.
        failed = head(workspace, thread_id)
        workspace.travel.reanswer(thread_id, failed.checkpoint_id, failed.saved_answers)
        assert end(workspace, thread_id).outcome == "failed"
        assert list(head(workspace, thread_id).saved_answers.values()) == ["yes"]
        replay_that_waits(workspace, thread_id)
        assert head(workspace, thread_id).saved_answers == {}
        question = answer(workspace, thread_id, "yes")
        line.down = 0
        failed = head(workspace, thread_id)
        assert (failed.saved_answers, workspace.history.status(thread_id)) == ({question: "yes"}, "waiting")
        with pytest.raises(AnswerKept):
            workspace.resume(thread_id, {question: "no"}, failed.checkpoint_id)
        workspace.travel.reanswer(thread_id, failed.checkpoint_id, {question: "no"})

        assert end(workspace, thread_id).outcome == "finished"
        assert [name for name in names(workspace, thread_id) if "pay" in name] == ["pay=no"]
        assert charged(workspace, thread_id) == 0


@everywhere
@pytest.mark.parametrize("where", PLACES)
def test_the_same_answer_can_be_tried_again_and_charges_once(open_toys: OpenLab, where: str) -> None:
    line = Line()
    workspace = open_toys(toy(lane(PLACES[where](line)))).workspace("w")
    for bring_to in HEADS.values():
        line.down = 2
        thread_id = ran(workspace)
        bring_to(workspace, thread_id)
        answer(workspace, thread_id, "yes")
        rows = saved(workspace, thread_id)
        workspace.proceed(thread_id)
        assert end(workspace, thread_id).outcome == "failed"
        assert saved(workspace, thread_id) == rows
        workspace.proceed(thread_id, head(workspace, thread_id).checkpoint_id)

        assert end(workspace, thread_id).outcome == "finished"
        assert [name for name in names(workspace, thread_id) if "pay" in name] == ["pay=yes"]
        assert charged(workspace, thread_id) == 1


@everywhere
def test_an_answer_that_the_node_refuses_is_no_dead_end(open_toys: OpenLab) -> None:
    def counts(_: State) -> dict[str, Any]:
        given = interrupt("How many?")
        if not isinstance(given, int):
            raise TypeError(f"{given!r} is no number")
        return {"done": [f"{given} pieces"]}

    workspace = open_toys(toy(lane(chain(counts=counts)))).workspace("w")
    thread_id = ran(workspace)
    question = answer(workspace, thread_id, "a few")
    assert head(workspace, thread_id).errors == {"counts": "TypeError: 'a few' is no number"}
    with pytest.raises(AnswerKept):
        workspace.resume(thread_id, {question: 3}, head(workspace, thread_id).checkpoint_id)
    workspace.travel.reanswer(thread_id, head(workspace, thread_id).checkpoint_id, {question: 3})

    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["3 pieces"]


@everywhere
def test_a_second_answer_from_another_tab_is_refused_once_the_first_one_failed(open_toys: OpenLab) -> None:
    line = Line()
    workspace = open_toys(toy(lane(chain(pay=line.pays)))).workspace("w")
    thread_id = ran(workspace)
    shown = head(workspace, thread_id)
    answer(workspace, thread_id, "yes")
    told = len(workspace.events(thread_id))
    for given in ("no", "yes"):
        with pytest.raises(AnswerKept, match="asks anew"):
            workspace.resume(thread_id, {shown.questions[0].id: given}, shown.checkpoint_id)

    assert (charged(workspace, thread_id), len(workspace.events(thread_id))) == (0, told)
    assert workspace.history.status(thread_id) == "waiting"


@everywhere
def test_the_next_question_of_a_node_takes_its_own_answer_also_after_a_failure(open_toys: OpenLab) -> None:
    line = Line()

    def twice(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        paid = line.pays(state, runtime)
        return {"done": [*paid["done"], str(interrupt("Receipt?"))]}

    workspace = open_toys(toy(lane(chain(twice=twice)))).workspace("w")
    thread_id = ran(workspace)
    answer(workspace, thread_id, "yes")
    workspace.proceed(thread_id)
    assert end(workspace, thread_id).outcome == "waiting"
    assert head(workspace, thread_id).saved_answers == {}
    with pytest.raises(AnswerPending):
        workspace.proceed(thread_id)
    answer(workspace, thread_id, "by mail")

    assert names(workspace, thread_id) == ["pay=yes", "by mail"]


@everywhere
def test_an_accepted_answer_that_is_kept_never_answers_the_next_question(
    open_toys: OpenLab,
) -> None:
    line = Line()

    def twice(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        paid = line.pays(state, runtime)
        return {"done": [*paid["done"], str(interrupt("Receipt?"))]}

    workspace = open_toys(toy(lane(chain(twice=twice)))).workspace("w")
    thread_id = ran(workspace)
    answer(workspace, thread_id, "yes")
    assert workspace.history.accepted(thread_id) is None
    with pytest.raises(NotPossible):
        workspace.again(thread_id)
    workspace.proceed(thread_id)

    assert end(workspace, thread_id).outcome == "waiting"
    assert [question.value for question in workspace.history.pending(thread_id)] == ["Receipt?"]


@everywhere
def test_an_answer_beside_one_that_failed_is_taken_and_the_failed_one_tried_again(open_toys: OpenLab) -> None:
    count = list[str]()
    line = Line()
    workspace = open_toys(toy(lane(fan(pay=line.pays, b=asks("b", count=count))))).workspace("w")
    thread_id = ran(workspace)
    question = answer(workspace, thread_id, "yes", "pay")
    failed = head(workspace, thread_id)
    assert [found.node for found in failed.questions] == ["pay", "b"]
    assert failed.saved_answers == {question: "yes"}
    both = {found.id: "no" for found in failed.questions}
    with pytest.raises(AnswerKept):
        workspace.resume(thread_id, both, failed.checkpoint_id)
    answer(workspace, thread_id, 2, "b")

    assert names(workspace, thread_id) == ["b=2", "pay=yes", "join"]
    assert (charged(workspace, thread_id), count) == (1, ["b"])


@everywhere
def test_another_answer_beside_a_question_that_waits_leaves_that_one_to_be_answered(open_toys: OpenLab) -> None:
    line = Line()
    workspace = open_toys(toy(lane(fan(pay=line.pays, b=asks("b"))))).workspace("w")
    thread_id = ran(workspace)
    question = answer(workspace, thread_id, "yes", "pay")
    failed = head(workspace, thread_id)
    assert set(workspace.travel.ahead(thread_id, failed.checkpoint_id).next) == {"b", "pay"}
    workspace.travel.reanswer(thread_id, failed.checkpoint_id, {question: "no"})
    assert end(workspace, thread_id).outcome == "waiting"
    assert [found.node for found in workspace.history.pending(thread_id)] == ["b"]
    answer(workspace, thread_id, 2, "b")

    assert names(workspace, thread_id) == ["b=2", "pay=no", "join"]
    assert charged(workspace, thread_id) == 0


@everywhere
def test_what_a_subgraph_asked_before_another_of_its_nodes_failed_counts_as_answered(open_toys: OpenLab) -> None:
    line = Line(down=0)
    books = Line()

    def booking(_: State) -> dict[str, Any]:
        if books.down:
            books.down -= 1
            raise ConnectionError("the books are closed")
        return {"done": ["booked"]}

    workspace = open_toys(toy(lane(inside(pay=line.pays, book=booking)))).workspace("w")
    thread_id = ran(workspace)
    question = answer(workspace, thread_id, "yes")
    failed = head(workspace, thread_id)
    assert (failed.saved_answers, charged(workspace, thread_id)) == ({question: "yes"}, 1)
    with pytest.raises(AnswerKept):
        workspace.resume(thread_id, {question: "no"}, failed.checkpoint_id)
    workspace.proceed(thread_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert (names(workspace, thread_id), charged(workspace, thread_id)) == (["pay=yes", "booked"], 1)


def test_a_question_that_was_not_answered_yet_can_be_asked_anew_with_an_answer(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(pay=Line(down=0).pays)))).workspace("w")
    thread_id = ran(workspace, breakpoints=Breakpoints(before=("pay",)))
    workspace.proceed(thread_id)
    end(workspace, thread_id)
    asked = head(workspace, thread_id)
    workspace.travel.reanswer(thread_id, asked.checkpoint_id, {asked.questions[0].id: "no"})

    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["pay=no"]
