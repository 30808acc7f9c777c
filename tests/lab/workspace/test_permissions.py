"""Who may answer: the engine refuses everybody else with the reason, and then nothing runs and nothing is written."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import pytest
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, Field

from graphs.pattern import Build
from graphs.people import Person
from graphs.world import World
from lab.database import Decision
from lab.errors import (
    AnswerKept,
    DecidedBefore,
    NobodyActs,
    NotAllowed,
    OtherPerson,
    OwnRequest,
    StaleAnswer,
    UnknownPerson,
    WrongRole,
    WrongTurn,
)
from lab.history import Question
from lab.jsonable import Json
from lab.workspace import StateEdit, Workspace, who_may
from tests.support.toy_patterns import OpenLab, State, chain, done, end, everywhere, fan, head, lane, names, ran, toy

TURNS = ["support", "technical", "manager"]


class Verdict(BaseModel):
    """An answer that names who gave it."""

    decision: Literal["yes", "no"]
    by: str = Field("", json_schema_extra={"acting_person": True})


def pays(*payloads: Mapping[str, Json]) -> Callable[..., dict[str, Any]]:
    """Make a node that asks once for each payload, and books a charge once all have said yes."""

    def node(_: State, runtime: Runtime[World]) -> dict[str, Any]:
        verdicts = [interrupt({"question": "Pay?", **payload}, response_schema=Verdict) for payload in payloads]
        if all(verdict.decision == "yes" for verdict in verdicts):
            runtime.context.ledger.charge("order", 100)
        return {"done": [f"{verdict.by}={verdict.decision}" for verdict in verdicts]}

    return node


def asking(**payload: Json) -> Build:
    return chain(pay=pays(payload), z=done("z"))


def opened(open_toys: OpenLab, build: Build) -> tuple[Workspace, str]:
    """Return a workspace and a thread that asks."""
    workspace = open_toys(toy(lane(build))).workspace("w")
    return workspace, ran(workspace)


def decided(workspace: Workspace) -> list[Decision]:
    return [*reversed(workspace.history.decisions.page(limit=100).decisions)]


def answer(workspace: Workspace, thread_id: str, person: str = "", decision: str = "yes", **more: Json) -> None:
    """Answer all that is asked as somebody."""
    asked = head(workspace, thread_id)
    answers = {question.id: {"decision": decision, **more} for question in asked.questions}
    workspace.resume(thread_id, answers, asked.checkpoint_id, person=person)
    end(workspace, thread_id)


def left_alone(workspace: Workspace, thread_id: str, act: Callable[[], object], error: type[NotAllowed]) -> str:
    """Return why something is refused that leaves the thread, its questions and all tables as they were."""

    def stands() -> object:
        booked = workspace.threads.business("ledger", [thread_id])
        return head(workspace, thread_id), decided(workspace), booked, len(workspace.events(thread_id))

    before = stands()
    with pytest.raises(error) as refused:
        act()
    assert not workspace.history.running(thread_id)
    assert stands() == before
    return str(refused.value)


REFUSED = [
    pytest.param({"role": "manager"}, "", NobodyActs, "for the role 'manager'", id="nobody for a role"),
    pytest.param({"person": "Dana"}, "", NobodyActs, "for Dana alone", id="nobody for a person"),
    pytest.param({"requested_by": "Robin"}, "", NobodyActs, "nobody in particular", id="nobody who may have asked"),
    pytest.param({"decided_by": ["Robin"]}, "", NobodyActs, "nobody in particular", id="nobody who may have decided"),
    pytest.param({"role": "manager"}, "Mallory", UnknownPerson, "no 'Mallory'", id="unknown"),
    pytest.param({}, "Mallory", UnknownPerson, "no 'Mallory'", id="unknown where anybody may"),
    pytest.param({"role": "manager"}, "Sam", WrongRole, "Sam has 'support'", id="wrong role"),
    pytest.param({"role": "lawyer"}, "Dana", WrongRole, "'director' and 'manager'", id="a role that nobody has"),
    pytest.param({"role": ["manager"]}, "Sam", WrongRole, "the role 'manager'", id="a role that is no text"),
    pytest.param({"role": "technical", "turns": TURNS}, "Maya", WrongTurn, "'manager' comes later", id="too early"),
    pytest.param({"role": "manager", "turns": TURNS}, "Sam", WrongTurn, "'support' has had its turn", id="too late"),
    pytest.param({"role": "manager", "turns": TURNS}, "Fiona", WrongRole, "'finance' and 'billing'", id="no turn"),
    pytest.param({"role": "manager", "requested_by": "Maya"}, "Maya", OwnRequest, "Maya's own request", id="own"),
    pytest.param({"requested_by": " maya"}, "Maya", OwnRequest, "nobody decides on their own", id="own by case"),
    pytest.param({"requested_by": "\uff2d\uff21ya "}, "Maya", OwnRequest, "own request", id="own by width"),
    pytest.param({"person": "Dana"}, "Maya", OtherPerson, "for Dana alone", id="another person"),
    pytest.param({"person": "Dana", "role": "billing"}, "Dana", WrongRole, "billing", id="the person without the role"),
    pytest.param({"role": "manager", "decided_by": ["Sam", "Dana"]}, "Dana", DecidedBefore, "twice", id="second time"),
    pytest.param({"decided_by": "Dana"}, "dana", DecidedBefore, "Dana has decided", id="second time by another case"),
]


@pytest.mark.parametrize(("payload", "person", "error", "why"), REFUSED)
def test_who_may_not_answer_is_refused_with_the_reason_and_nothing_happens(
    open_toys: OpenLab, payload: Mapping[str, Json], person: str, error: type[NotAllowed], why: str
) -> None:
    workspace, thread_id = opened(open_toys, asking(**payload))

    assert why in left_alone(workspace, thread_id, lambda: answer(workspace, thread_id, person), error)


LONG_NAME = "Eve " + "x" * 150


@pytest.mark.parametrize("key", ["requested_by", "decided_by"])
def test_long_names_are_compared_whole(open_toys: OpenLab, key: str) -> None:
    lab = open_toys(toy(lane(asking(**{key: LONG_NAME}))))
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    own, other = (lab.people.signed_in(name, is_mail=False).name for name in (LONG_NAME, LONG_NAME + "y"))

    left_alone(workspace, thread_id, lambda: answer(workspace, thread_id, own), NotAllowed)
    answer(workspace, thread_id, other)
    assert names(workspace, thread_id) == [f"{other}=yes", "z"]


def test_a_name_with_another_blank_is_another_persons(open_toys: OpenLab) -> None:
    workspace, thread_id = opened(open_toys, asking(requested_by="m aya"))
    answer(workspace, thread_id, "Maya")

    assert names(workspace, thread_id) == ["Maya=yes", "z"]


ALLOWED = [
    pytest.param({}, "", "", id="nobody in particular where anybody may"),
    pytest.param({}, "Tess", "technical", id="by the first role"),
    pytest.param({"role": "Manager "}, "Dana", "Manager", id="by the role that is asked for"),
    pytest.param({"role": "technical", "turns": TURNS}, "Tess", "technical", id="in turn"),
    pytest.param({"role": "manager", "requested_by": "Maya", "decided_by": ["Sam"]}, "Dana", "manager", id="another"),
    pytest.param({"person": "dana"}, "Dana", "director", id="the person"),
]


@everywhere
@pytest.mark.parametrize(("payload", "person", "role"), ALLOWED)
def test_who_may_answer_is_recorded_with_the_role_by_which_they_did(
    open_toys: OpenLab, payload: Mapping[str, Json], person: str, role: str
) -> None:
    workspace, thread_id = opened(open_toys, asking(**payload))
    answer(workspace, thread_id, person)
    (decision,) = decided(workspace)

    assert (decision.kind, decision.person, decision.role) == ("answer", person, role)
    assert names(workspace, thread_id) == [f"{person}=yes", "z"]
    assert len(workspace.threads.business("ledger", [thread_id])) == 1


@everywhere
def test_the_name_in_an_answer_is_that_of_the_person_whatever_was_sent(open_toys: OpenLab) -> None:
    workspace, thread_id = opened(open_toys, asking(role="manager"))
    answer(workspace, thread_id, "Maya", by="Dana")
    (decision,) = decided(workspace)

    assert names(workspace, thread_id) == ["Maya=yes", "z"]
    assert decision.answered == {"decision": "yes", "by": "Maya"}


def test_several_answers_are_refused_together_where_one_of_them_is(open_toys: OpenLab) -> None:
    both = fan(a=pays({"role": "manager"}), b=pays({"role": "security"}))
    workspace, thread_id = opened(open_toys, both)

    left_alone(workspace, thread_id, lambda: answer(workspace, thread_id, "Maya"), WrongRole)
    asked = head(workspace, thread_id)
    (own,) = [question for question in asked.questions if question.node == "a"]
    workspace.resume(thread_id, {own.id: {"decision": "yes"}}, asked.checkpoint_id, person="Maya")
    end(workspace, thread_id)
    assert [question.node for question in head(workspace, thread_id).questions] == ["b"]


def test_another_answer_to_an_old_question_is_refused_as_the_first_one_is(open_toys: OpenLab) -> None:
    workspace, thread_id = opened(open_toys, asking(role="manager", requested_by="Dana"))
    asked = head(workspace, thread_id)
    answer(workspace, thread_id, "Maya")
    answers = {asked.questions[0].id: {"decision": "no", "by": "Dana"}}

    def again(person: str) -> None:
        workspace.travel.reanswer(thread_id, asked.checkpoint_id, answers, person=person)

    for person, error in (("Sam", WrongRole), ("Dana", OwnRequest), ("", NobodyActs), ("Mallory", UnknownPerson)):
        left_alone(workspace, thread_id, lambda one=person: again(one), error)  # type: ignore[misc]
    again("Maya")
    end(workspace, thread_id)
    assert [(one.kind, one.person, one.role) for one in decided(workspace)][1:] == [("reanswer", "Maya", "manager")]
    assert names(workspace, thread_id) == ["Maya=no", "z"]


def test_the_same_answer_is_tried_again_only_by_who_may_answer(open_toys: OpenLab) -> None:
    down = [1]

    def fails_once(_: State) -> dict[str, Any]:
        verdict = interrupt({"question": "Pay?", "role": "manager"}, response_schema=Verdict)
        if down and down.pop():
            raise ConnectionError("no line")
        return {"done": [f"{verdict.by}={verdict.decision}"]}

    workspace, thread_id = opened(open_toys, chain(pay=fails_once))
    answer(workspace, thread_id, "Maya")
    for person, error in (("Sam", WrongRole), ("", NobodyActs)):
        left_alone(workspace, thread_id, lambda one=person: workspace.proceed(thread_id, person=one), error)  # type: ignore[misc]
    with pytest.raises(AnswerKept):
        answer(workspace, thread_id, "Dana")
    workspace.proceed(thread_id, person="Dana")
    end(workspace, thread_id)

    assert [(one.kind, one.person) for one in decided(workspace)] == [("answer", "Maya"), ("retry", "Dana")]
    # Whose answer it is doesn't change.
    assert names(workspace, thread_id) == ["Maya=yes"]


def test_a_decided_question_is_refused_a_second_time_whoever_answers(open_toys: OpenLab) -> None:
    workspace, thread_id = opened(open_toys, chain(pay=pays({"role": "technical"}), more=pays({"role": "manager"})))
    asked = head(workspace, thread_id)
    answer(workspace, thread_id, "Tess")
    answers = {asked.questions[0].id: {"decision": "no"}}
    for person in ("Tess", "Maya"):
        with pytest.raises(StaleAnswer):
            workspace.resume(thread_id, answers, asked.checkpoint_id, person=person)

    assert [one.person for one in decided(workspace)] == ["Tess"]


def test_the_state_that_a_question_is_about_is_edited_only_by_who_may_answer_it(open_toys: OpenLab) -> None:
    workspace, thread_id = opened(open_toys, asking(role="manager"))
    at = head(workspace, thread_id).checkpoint_id

    def fork(person: str, as_node: str | None) -> None:
        workspace.travel.fork(thread_id, at, StateEdit({"crash": "x"}, {}, as_node), person=person)

    for as_node in (None, "pay"):
        left_alone(workspace, thread_id, lambda node=as_node: fork("Sam", node), WrongRole)  # type: ignore[misc]
        left_alone(workspace, thread_id, lambda node=as_node: fork("", node), NobodyActs)  # type: ignore[misc]
    fork("Maya", None)
    fork("Dana", "pay")
    assert [(one.kind, one.person) for one in decided(workspace)] == [("fork", "Maya"), ("fork", "Dana")]


def test_an_edit_goes_past_somebody_else_s_question_in_no_case(open_toys: OpenLab) -> None:
    workspace, thread_id = opened(open_toys, fan(a=pays({"person": "Maya"}), b=pays({"person": "Dana"})))
    at = head(workspace, thread_id).checkpoint_id

    def fork(as_node: str | None) -> None:
        workspace.travel.fork(thread_id, at, StateEdit({"crash": "x"}, {}, as_node), person="Maya")

    left_alone(workspace, thread_id, lambda: fork("join"), OtherPerson)
    fork(None)
    assert [one.kind for one in decided(workspace)] == ["fork"]


def test_every_way_on_and_back_is_recorded_with_who_went_it(open_toys: OpenLab) -> None:
    workspace, thread_id = opened(open_toys, asking())
    at = head(workspace, thread_id).checkpoint_id
    workspace.travel.replay(thread_id, at, person="Sam")
    end(workspace, thread_id)
    workspace.travel.what_if(thread_id, at, StateEdit({"crash": "x"}, {}), person="Tess")
    end(workspace, thread_id)
    workspace.travel.fork(thread_id, at, StateEdit({"crash": "y"}, {}), person="Emil")

    assert [(one.kind, one.person, one.role) for one in decided(workspace)] == [
        ("replay", "Sam", "support"), ("fork", "Tess", "technical"), ("fork", "Emil", "editor"),
    ]  # fmt: skip


def test_those_who_may_answer_are_named(open_toys: OpenLab) -> None:
    people = open_toys(toy(lane(asking()))).people.people()

    def may(**payload: Json) -> list[str]:
        return [one.name for one in who_may(Question("i", payload, None, "n"), people)]

    assert may(role="manager") == ["Maya", "Dana"]
    assert may(role="manager", requested_by="Maya") == ["Dana"]
    assert may(role="lawyer") == []
    assert len(may()) == len(people)
    assert Person("Robin", "Employee", ("requester",)) in people
