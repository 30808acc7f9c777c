"""Customer service: when a person is asked, what is retried, and that the customer gets one mail whatever happens."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from graphs.figures import States
from graphs.pattern import Example, Go, Reply, Step
from graphs.resilience.customer_service import CUSTOMERS, OPEN, OPENS, Help, build
from graphs.resilience.customer_service_demo import PATTERN
from lab.errors import InvalidInput, WrongRole
from lab.lab import Lab
from lab.state import check_answer
from lab.workspace import StateEdit
from tests.support.example_player import Play, Played, before, begun, ended
from tests.support.scripted_clock import ScriptedClock

SLUG, LANE = PATTERN.slug, "request"
TWICE, ALL, WELL, AGAIN, DOWN, NOBODY = range(6)
TRY = Reply({"decision": "try again"}, person="Sam")

OUTCOMES = {
    (LANE, TWICE): "1 reply sent, written by the model",
    (LANE, ALL): "1 reply sent, written by the model, a person was asked once",
    (LANE, WELL): "1 reply sent, written by the model",
    (LANE, AGAIN): "1 reply sent, written by the model, a person was asked once",
    (LANE, DOWN): "1 reply sent, written by a person, a person was asked once",
    (LANE, NOBODY): "1 reply sent, written by a person, a person was asked once",
}


def request(failures: int, failure: str = "timeout", *steps: Step, **more: str) -> Example:
    given = {"customer": "C-100", "message": "Where is my parcel?", "failures": failures, "failure": failure}
    return Example("own", {**given, "crash": "never", **more}, {LANE: steps})


def calls(lab: Lab, played: Played) -> int:
    return lab.world(played.thread_id).faults.calls("records")


def circuits(played: Played) -> list[str]:
    return [state for state, _ in groupby(data["circuit"] for _, data in played.custom)]


@pytest.mark.parametrize("example", [TWICE, WELL, AGAIN, DOWN, NOBODY])
def test_a_request_ends_with_one_mail_and_says_who_wrote_it(play: Play, example: int) -> None:
    played = play(SLUG, LANE, example)

    assert (played.status, played.outcome) == ("finished", OUTCOMES[LANE, example])
    assert [row["body"] for row in played.outbox] == [played.values["reply"]]


@pytest.mark.processes
@pytest.mark.usefixtures("forked_workers")
def test_one_request_goes_through_retries_an_open_circuit_a_person_and_a_kill(play: Play, sqlite_lab: Lab) -> None:
    played = play(SLUG, LANE, ALL)

    assert (played.status, played.outcome) == ("finished", OUTCOMES[LANE, ALL])
    assert circuits(played) == ["closed", "open", "half-open", "closed"]
    assert [row["recipient"] for row in played.outbox] == ["tom@example.org"]
    # Those that failed, one after which the process was killed, and the one that counted.
    assert calls(sqlite_lab, played) == OPENS + 2


@pytest.mark.processes
@pytest.mark.usefixtures("forked_workers")
def test_a_kill_after_the_mail_sends_no_second_one(play: Play) -> None:
    played = play(SLUG, LANE, request(0, "timeout", Go(), crash="after-sending"))

    assert (played.status, len(played.outbox)) == ("finished", 1)


@pytest.mark.parametrize("failure", ["connection lost", "timeout", "rate limit"])
@pytest.mark.parametrize("failures", [0, 2, 3])
def test_a_person_is_asked_once_the_circuit_is_open_and_not_before(
    play: Play, sqlite_lab: Lab, failure: str, failures: int
) -> None:
    played = play(SLUG, LANE, request(failures, failure))
    opened = failures >= OPENS

    assert (played.status, len(played.asked), len(played.outbox)) == (
        ("waiting", 1, 0) if opened else ("finished", 0, 1)
    )
    assert calls(sqlite_lab, played) == (OPENS if opened else failures + 1)
    assert circuits(played) == (["closed", "open"] if opened else ["closed"])


def test_a_try_again_waits_for_the_circuit_and_closes_it_where_the_service_works(
    play: Play, waits: ScriptedClock
) -> None:
    played = play(SLUG, LANE, AGAIN)

    assert circuits(played) == ["closed", "open", "half-open", "closed"]
    assert waits.waits[played.thread_id] == [OPEN]


def test_a_try_again_that_fails_asks_once_more(play: Play) -> None:
    played = play(SLUG, LANE, request(9, "timeout", TRY))

    assert (played.status, len(played.asked), played.outbox) == ("waiting", 2, [])


def test_the_question_has_the_request_its_kind_and_the_reason(play: Play) -> None:
    (asked,) = play(SLUG, LANE, request(9)).asked

    assert (asked["role"], asked["kind"], asked["request"]) == ("support", "delivery", "Where is my parcel?")
    assert asked["reason"] == (
        "CircuitBreakerError: The service behind 'records' gave no answer in time (call 3). The circuit is open now."
    )


def test_a_customer_whom_nobody_knows_is_no_failure_of_the_service(play: Play, sqlite_lab: Lab) -> None:
    played = play(SLUG, LANE, NOBODY)

    assert (calls(sqlite_lab, played), circuits(played)) == (1, ["closed"])
    assert "Rejected: There is no customer 'C-999'" in played.asked[0]["reason"]


def test_only_support_may_answer(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("tests")
    thread_id = begun(workspace, SLUG, LANE, PATTERN.examples[DOWN]).thread.thread_id
    stood = workspace.history.snapshot(thread_id)
    assert stood is not None
    with pytest.raises(WrongRole):
        workspace.resume(
            thread_id, {stood.questions[0].id: {"decision": "try again"}}, stood.checkpoint_id, pace=0, person="Emil"
        )


@pytest.mark.parametrize("given", [{}, {"decision": "answer"}, {"decision": "answer", "text": " "}, {"decision": "no"}])
def test_an_answer_without_a_text_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInput):
        check_answer(Help.model_json_schema(), given)


@pytest.mark.parametrize(
    ("answers", "kind", "asked"),
    [
        (["It's about a REFUND, I think.", "Hello."], "refund", False),
        (["Bananas", "Hello."], "other", False),
        (["delivery", "  "], "delivery", True),
    ],
)
def test_other_words_of_a_model_are_read_and_an_empty_reply_is_not_sent(
    sqlite_lab: Lab, play: Play, answers: list[str], kind: str, asked: bool
) -> None:
    world = sqlite_lab.world(play(SLUG, LANE, WELL).thread_id)
    given: Any = {**PATTERN.examples[WELL].input}
    left = build(FakeListChatModel(responses=answers)).compile().invoke(given, context=world)

    assert left["kind"] == kind
    assert ("__interrupt__" in left) == asked
    assert ("mail" in left) != asked


def figures_of(lab: Lab, played: Played) -> dict[str, str]:
    tell = PATTERN.lanes[0].figures
    assert tell is not None
    view = lab.workspace("tests").view(played.thread_id)
    view.catch_up()
    return {one.name: one.current if isinstance(one, States) else one.value for one in tell(view)}


def test_a_replay_that_meets_an_open_circuit_shows_it_open(play: Play, sqlite_lab: Lab) -> None:
    played = play(SLUG, LANE, request(9))
    workspace = sqlite_lab.workspace("tests")
    row = sqlite_lab.world(played.thread_id).circuits.storage("records")
    row.opened_at = datetime.now(UTC) + timedelta(hours=1)
    place = before(workspace, played.thread_id, "look_up")
    workspace.travel.replay(played.thread_id, place, pace=0, confirmed=True)
    ended(workspace, played.thread_id)

    assert (row.state, figures_of(sqlite_lab, played)["Circuit"]) == ("open", "open")


def test_the_figures_show_the_circuit_the_attempts_and_the_person(play: Play, sqlite_lab: Lab) -> None:
    shown = figures_of(sqlite_lab, play(SLUG, LANE, AGAIN))

    assert shown == {"Circuit": "closed", "Attempts": "4", "Failed": "3", "Person asked": "1", "Kills": "0"}


def test_a_kind_of_request_that_an_edit_makes_up_gets_the_reply_to_any_other(play: Play, sqlite_lab: Lab) -> None:
    workspace, thread_id = sqlite_lab.workspace("tests"), play(SLUG, LANE, WELL).thread_id
    place = before(workspace, thread_id, "write")
    workspace.travel.fork(thread_id, place, StateEdit({"kind": "zzz"}, {}), run=True, pace=0)
    ended(workspace, thread_id)

    assert workspace.history.status(thread_id) == "finished"
    assert "comes back to you today" in workspace.threads.business("outbox", [thread_id])[-1]["body"]


@pytest.mark.parametrize("node", ["write", "send"])
@pytest.mark.parametrize(
    ("record", "lacks"), [({}, "no name and no mail and no order."), ({**CUSTOMERS["C-102"], "mail": " "}, "no mail.")]
)
def test_a_record_that_an_edit_empties_is_refused_with_what_it_lacks_and_nothing_is_sent(
    play: Play, sqlite_lab: Lab, node: str, record: dict[str, str], lacks: str
) -> None:
    workspace, thread_id = sqlite_lab.workspace("tests"), play(SLUG, LANE, WELL).thread_id
    place, rows = before(workspace, thread_id, node), [{"key": key, "value": value} for key, value in record.items()]
    workspace.travel.fork(thread_id, place, StateEdit({"record": rows}, {}), run=True, pace=0)
    ended(workspace, thread_id)
    stood = workspace.history.snapshot(thread_id)
    assert stood is not None

    assert f"NoRecord: The record has {lacks} A reply needs all of it" in stood.errors[node]
    assert len(workspace.threads.business("outbox", [thread_id])) == 1
