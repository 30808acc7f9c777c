"""Answers: each belongs to one question as it was shown, is checked before anything runs, and takes effect once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langgraph.types import interrupt
from pydantic import TypeAdapter

from lab.errors import AnswerPending, InvalidInput, LabError, StaleAnswer, ThreadBusy, UnknownThread
from lab.lab import Lab
from tests.support.asking_nodes import Verdict, asking, asks, books, shown
from tests.support.labs import quiet
from tests.support.toy_patterns import GIVEN, Hold, OpenLab, State, begin, chain, done, end, fan, lane, names, ran, toy


def test_an_answer_comes_back_from_the_interrupt_and_the_run_goes_on(open_toys: OpenLab) -> None:
    workspace = open_toys(asking()).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    assert (workspace.history.status(thread_id), question.node, question.value) == (
        "waiting",
        "ask",
        {"question": "ask?"},
    )
    workspace.resume(thread_id, {question.id: "fine"}, snapshot.checkpoint_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["ask='fine'", "z"]
    assert workspace.history.pending(thread_id) == ()


def test_two_simultaneous_answers_to_the_same_question_have_one_effect(tmp_path: Path) -> None:
    lab = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=[toy(lane(chain(books=books)))])
    workspace = lab.workspace("w")
    with ThreadPoolExecutor(2) as pool:
        for _ in range(50):
            thread_id = ran(workspace)
            snapshot, question = shown(workspace, thread_id)
            together = threading.Barrier(2)

            def answer(
                who: str,
                thread_id: str = thread_id,
                ident: str = question.id,
                checkpoint_id: str = snapshot.checkpoint_id,
                together: threading.Barrier = together,
            ) -> str:
                together.wait(10)
                try:
                    workspace.resume(thread_id, {ident: who}, checkpoint_id)
                except LabError as error:
                    return type(error).__name__
                return who

            told = set(pool.map(answer, ("anna", "ben")))
            end(workspace, thread_id)

            assert "StaleAnswer" in told
            assert told - {"StaleAnswer"} == set(names(workspace, thread_id))
            assert len(workspace.threads.business("ledger", [thread_id])) == 1
    lab.close()


def test_a_second_answer_while_the_first_is_at_work_is_stale(open_toys: OpenLab) -> None:
    hold = Hold()

    def slow(_: State) -> dict[str, Any]:
        answer = interrupt("slow?")
        hold()
        return {"done": [answer]}

    workspace = open_toys(toy(lane(chain(slow=slow)))).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: "first"}, snapshot.checkpoint_id)
    hold.reached()
    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, {question.id: "second"}, snapshot.checkpoint_id)
    hold.let_go.set()
    end(workspace, thread_id)

    assert names(workspace, thread_id) == ["first"]


def test_an_answer_after_the_thread_moved_on_is_stale_and_changes_nothing(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=asks("a"), b=asks("b"))))).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: 1}, snapshot.checkpoint_id)
    end(workspace, thread_id)
    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, {question.id: 2}, snapshot.checkpoint_id)

    assert names(workspace, thread_id) == ["a=1"]
    assert shown(workspace, thread_id)[1].node == "b"


def test_a_double_click_does_not_answer_the_next_question_of_the_same_node(open_toys: OpenLab) -> None:
    def twice(_: State) -> dict[str, Any]:
        return {"done": [interrupt("sure?"), interrupt("sure?")]}

    workspace = open_toys(toy(lane(chain(twice=twice)))).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: "one"}, snapshot.checkpoint_id)
    end(workspace, thread_id)
    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, {question.id: "one"}, snapshot.checkpoint_id)
    again, second = shown(workspace, thread_id)
    workspace.resume(thread_id, {second.id: "two"}, again.checkpoint_id)
    end(workspace, thread_id)

    assert names(workspace, thread_id) == ["one", "two"]


def test_the_right_question_at_another_checkpoint_is_stale(open_toys: OpenLab) -> None:
    workspace = open_toys(asking()).workspace("w")
    thread_id = ran(workspace)
    _, question = shown(workspace, thread_id)
    for checkpoint_id in (workspace.history.page(thread_id).rows[0].checkpoint_id, "made-up", ""):
        with pytest.raises(StaleAnswer):
            workspace.resume(thread_id, {question.id: "x"}, checkpoint_id)

    assert workspace.history.status(thread_id) == "waiting"


@pytest.mark.parametrize("answers", [{}, {"made-up": "x"}])
def test_answers_to_nothing_that_is_asked_are_stale_and_run_nothing(
    open_toys: OpenLab, answers: dict[str, str]
) -> None:
    workspace = open_toys(asking()).workspace("w")
    thread_id = ran(workspace)
    snapshot, _ = shown(workspace, thread_id)
    told = len(workspace.events(thread_id))
    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, answers, snapshot.checkpoint_id)

    assert workspace.history.status(thread_id) == "waiting"
    assert len(workspace.events(thread_id)) == told


def test_a_known_question_beside_an_unknown_one_is_not_answered_either(open_toys: OpenLab) -> None:
    workspace = open_toys(asking()).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, {question.id: "x", "made-up": "y"}, snapshot.checkpoint_id)

    assert workspace.history.status(thread_id) == "waiting"


def test_an_answer_for_a_finished_thread_is_stale(open_toys: OpenLab) -> None:
    count = list[str]()
    workspace = open_toys(asking(count=count)).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: "x"}, snapshot.checkpoint_id)
    end(workspace, thread_id)
    left = workspace.history.snapshot(thread_id)
    assert left is not None
    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, {question.id: "x"}, left.checkpoint_id)

    assert count == ["ask"]


def test_an_answer_for_a_thread_that_does_not_exist_runs_nothing(open_toys: OpenLab) -> None:
    count = list[str]()
    workspace = open_toys(toy(lane(chain(a=done("a", count))))).workspace("w")
    with pytest.raises(UnknownThread):
        workspace.resume("made-up", {"made-up": "x"}, "made-up")

    assert count == []


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({}, "decision"),
        ({"decision": "perhaps"}, "decision"),
        ({"decision": "yes", "note": "far too long"}, "note"),
        ({"decision": "yes", "note": 5}, "note"),
        ("yes", ""),
        (None, ""),
        ([], ""),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_by_field_and_the_question_stays(
    open_toys: OpenLab, answer: Any, field: str
) -> None:
    count = list[str]()
    workspace = open_toys(asking(Verdict, count)).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    with pytest.raises(InvalidInput) as refused:
        workspace.resume(thread_id, {question.id: answer}, snapshot.checkpoint_id)

    assert set(refused.value.fields) == {field}
    assert (count, shown(workspace, thread_id)) == ([], (snapshot, question))
    workspace.resume(thread_id, {question.id: {"decision": "no"}}, snapshot.checkpoint_id)
    end(workspace, thread_id)
    assert names(workspace, thread_id) == ["ask=no", "z"]


@pytest.mark.parametrize(
    ("schema", "answer"), [(bool, False), (int, 0), (str, ""), (list[int], []), (None, {}), (float, 0.0)]
)
def test_an_empty_answer_is_one_where_the_schema_allows_it(open_toys: OpenLab, schema: Any, answer: Any) -> None:
    offered = None if schema is None else TypeAdapter(schema).json_schema()
    workspace = open_toys(asking(offered)).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: answer}, snapshot.checkpoint_id)

    assert end(workspace, thread_id)[1:3] == ("finished", "")
    assert names(workspace, thread_id) == [f"ask={answer!r}", "z"]


def test_one_of_two_parallel_questions_can_be_answered_alone(open_toys: OpenLab) -> None:
    count = list[str]()
    workspace = open_toys(toy(lane(fan(a=asks("a", count=count), b=asks("b", count=count))))).workspace("w")
    thread_id = ran(workspace)
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    first, second = snapshot.questions
    workspace.resume(thread_id, {second.id: 2}, snapshot.checkpoint_id)
    assert end(workspace, thread_id).outcome == "waiting"
    assert (workspace.history.pending(thread_id), count) == ((first,), ["b"])
    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, {second.id: 3}, snapshot.checkpoint_id)
    left, _ = shown(workspace, thread_id)
    workspace.resume(thread_id, {first.id: 1}, left.checkpoint_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["a=1", "b=2", "join"]
    assert count == ["b", "a"]


def test_parallel_questions_can_be_answered_together(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(fan(a=asks("a"), b=asks("b"))))).workspace("w")
    thread_id = ran(workspace)
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    answers = {question.id: question.node for question in snapshot.questions}
    workspace.resume(thread_id, answers, snapshot.checkpoint_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["a='a'", "b='b'", "join"]


def test_an_answer_to_the_other_question_while_one_is_at_work_finds_the_thread_busy(open_toys: OpenLab) -> None:
    hold = Hold()

    def slow(_: State) -> dict[str, Any]:
        interrupt("slow?")
        hold()
        return {}

    workspace = open_toys(toy(lane(fan(slow=slow, b=asks("b"))))).workspace("w")
    thread_id = ran(workspace)
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    by_node = {question.node: question.id for question in snapshot.questions}
    workspace.resume(thread_id, {by_node["slow"]: 1}, snapshot.checkpoint_id)
    hold.reached()
    with pytest.raises(ThreadBusy):
        workspace.resume(thread_id, {by_node["b"]: 2}, snapshot.checkpoint_id)
    hold.let_go.set()

    assert end(workspace, thread_id).outcome == "waiting"


@pytest.mark.parametrize("act", ["proceed", "turn", "edit"])
def test_a_thread_that_waits_for_an_answer_does_nothing_else(open_toys: OpenLab, act: str) -> None:
    workspace = open_toys(asking()).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    acts: dict[str, Callable[[], object]] = {
        "proceed": lambda: workspace.proceed(thread_id),
        "turn": lambda: workspace.turn(thread_id, GIVEN),
        "edit": lambda: workspace.edit(thread_id, {"n": 2}),
    }
    with pytest.raises(AnswerPending):
        acts[act]()

    assert shown(workspace, thread_id) == (snapshot, question)


def test_a_stranger_does_not_learn_that_the_thread_waits(open_toys: OpenLab) -> None:
    lab = open_toys(asking())
    thread_id = begin(lab.workspace("w"))
    end(lab.workspace("w"), thread_id)
    snapshot, question = shown(lab.workspace("w"), thread_id)
    with pytest.raises(UnknownThread):
        lab.workspace("other").resume(thread_id, {question.id: "x"}, snapshot.checkpoint_id)

    assert lab.workspace("w").history.status(thread_id) == "waiting"
