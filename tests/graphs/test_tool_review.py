"""Tool review: what may be decided of each call, and that only what was approved or edited is paid or sent."""

from typing import Any

import pytest
from langchain_core.messages import ToolMessage

from graphs.human.tool_review_demo import PATTERN, YES
from graphs.outcome import Ended
from graphs.pattern import Example, Reply
from lab.errors import InvalidInput, StaleAnswer
from lab.lab import Lab
from tests.support.example_player import Play, before, begun, ended

LANES = tuple(lane.key for lane in PATTERN.lanes)
EACH_LANE = pytest.mark.parametrize("lane", LANES)
APPROVED, EDITED, SECOND_ROUND, ASKED, REJECTED = range(5)
PAID = [("A-17", 1_200_00)]


def booked(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(row["order"], row["cents"]) for row in rows]


@EACH_LANE
def test_what_is_approved_is_paid_and_sent_once(play: Play, lane: str) -> None:
    played = play("tool-review", lane, APPROVED)

    assert (played.status, played.error) == ("finished", None)
    assert booked(played.ledger) == PAID
    assert [mail["recipient"] for mail in played.outbox] == ["anna@example.org"]


@EACH_LANE
def test_an_edited_call_runs_as_it_was_edited_and_a_rejected_one_doesnt(play: Play, lane: str) -> None:
    played = play("tool-review", lane, EDITED)

    assert booked(played.ledger) == [("A-17", 1_000_00)]
    assert played.outbox == []
    (rejected,) = [one for one in played.values["messages"] if isinstance(one, ToolMessage) and one.status == "error"]
    assert rejected.text.endswith("with reason: Anna is on leave until Monday.")


@EACH_LANE
def test_a_reason_leads_to_another_call_that_is_asked_about_anew(play: Play, lane: str) -> None:
    played = play("tool-review", lane, SECOND_ROUND)

    assert len(played.asked) == 2
    assert booked(played.ledger) == [("B-4", 980_00)]


@EACH_LANE
def test_an_answer_stands_in_for_the_tool_and_the_agent_works_with_it(play: Play, lane: str) -> None:
    played = play("tool-review", lane, ASKED)

    assert [(mail["recipient"], mail["subject"]) for mail in played.outbox] == [("tom@example.org", "We move on 3 May")]


@EACH_LANE
def test_nothing_that_is_rejected_is_paid_or_sent(play: Play, lane: str) -> None:
    played = play("tool-review", lane, REJECTED)

    assert (played.status, played.ledger, played.outbox) == ("finished", [], [])


@EACH_LANE
def test_nothing_is_paid_or_sent_before_somebody_decides(play: Play, lane: str) -> None:
    played = play("tool-review", lane, Example("Undecided", PATTERN.examples[APPROVED].input))

    assert (played.status, played.ledger, played.outbox) == ("waiting", [], [])
    assert len(played.asked) == (1 if lane == "together" else 2)


@EACH_LANE
@pytest.mark.parametrize("sum_", [0, 20_000, "1,000", None])
def test_an_edit_that_doesnt_fit_the_tool_is_refused_and_the_question_stays(
    sqlite_lab: Lab, lane: str, sum_: object
) -> None:
    workspace = sqlite_lab.workspace("w")
    playing = begun(workspace, "tool-review", lane, PATTERN.examples[APPROVED])
    ident = playing.thread.thread_id
    asked = {question.tool: question for question in workspace.history.pending(ident)}
    question = asked["" if lane == "together" else "pay_invoice"]
    bad = {"type": "edit", "edited_action": {"name": "pay_invoice", "args": {"invoice": "A-17", "euros": sum_}}}
    answer = {"decisions": [bad, YES]} if lane == "together" else bad
    snapshot = workspace.history.snapshot(ident)
    assert snapshot is not None

    with pytest.raises(InvalidInput) as refused:
        workspace.resume(ident, {question.id: answer}, snapshot.checkpoint_id)
    assert list(refused.value.fields) == ["0.args.euros"]
    assert question in workspace.history.pending(ident)
    assert workspace.threads.business("ledger", [ident]) == workspace.threads.business("outbox", [ident]) == []


@pytest.mark.parametrize(("decision", "sent"), [(YES, ["anna@example.org"]), ({"type": "reject"}, [])])
def test_one_call_is_decided_while_the_other_one_waits(
    sqlite_lab: Lab, decision: dict[str, str], sent: list[str]
) -> None:
    workspace = sqlite_lab.workspace("w")
    ident = begun(workspace, "tool-review", "each", PATTERN.examples[APPROVED]).thread.thread_id
    # Those of a subgraph come in the order in which their tasks stopped.
    mail, pay = sorted(workspace.history.pending(ident), key=lambda question: question.tool, reverse=True)
    snapshot = workspace.history.snapshot(ident)
    assert snapshot is not None

    workspace.resume(ident, {mail.id: decision}, snapshot.checkpoint_id, pace=0)
    assert workspace.wait(ident)
    assert workspace.history.pending(ident) == (pay,)
    assert [row["recipient"] for row in workspace.threads.business("outbox", [ident])] == sent
    workspace.resume(ident, {pay.id: YES}, snapshot.checkpoint_id, pace=0)
    assert workspace.wait(ident)

    assert workspace.history.status(ident) == "finished"
    assert booked(workspace.threads.business("ledger", [ident])) == PAID
    assert [row["recipient"] for row in workspace.threads.business("outbox", [ident])] == sent


@EACH_LANE
def test_what_the_tools_do_outside_the_state_is_said_before_an_answer_and_before_a_replay(
    sqlite_lab: Lab, lane: str
) -> None:
    workspace = sqlite_lab.workspace("w")
    ident = begun(workspace, "tool-review", lane, PATTERN.examples[APPROVED]).thread.thread_id
    snapshot = workspace.history.snapshot(ident)
    assert snapshot is not None

    assert workspace.travel.after_answer(ident, ["agent"]).effects == {"agent": ("ledger", "outbox")}
    assert workspace.travel.ahead(ident, snapshot.checkpoint_id).effects == {"agent": ("ledger", "outbox")}


@EACH_LANE
def test_a_late_answer_is_refused_and_changes_nothing(sqlite_lab: Lab, lane: str) -> None:
    workspace = sqlite_lab.workspace("w")
    ident = begun(workspace, "tool-review", lane, PATTERN.examples[APPROVED]).thread.thread_id
    snapshot = workspace.history.snapshot(ident)
    assert snapshot is not None
    decisions = {"decisions": [YES, YES]} if lane == "together" else YES
    answers = {question.id: decisions for question in snapshot.questions}
    workspace.resume(ident, answers, snapshot.checkpoint_id, pace=0)
    assert workspace.wait(ident)

    with pytest.raises(StaleAnswer):
        workspace.resume(ident, answers, snapshot.checkpoint_id, pace=0)
    assert booked(workspace.threads.business("ledger", [ident])) == PAID
    assert len(workspace.threads.business("outbox", [ident])) == 1


def test_a_request_that_names_nothing_to_do_is_told_what_can_be_done(play: Play) -> None:
    played = play("tool-review", "together", Example("Idle", {"request": "Make coffee."}))

    assert played.status == "finished"
    assert played.answers[-1].startswith("I can do this")


OUTCOMES = {
    (lane, example): line
    for lane in LANES
    for example, line in {
        APPROVED: "Paid 1,200.00 € and sent 1 mail",
        EDITED: "Paid 1,000.00 €, 1 call rejected",
        SECOND_ROUND: "Paid 980.00 €, 1 call rejected",
        ASKED: "Sent 1 mail",
        REJECTED: "Nothing paid or sent, 2 calls rejected",
    }.items()
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_was_paid_sent_and_rejected(play: Play, lane: str, example: int) -> None:
    assert play("tool-review", lane, example).outcome == OUTCOMES[lane, example]


def test_the_outcome_of_a_failure_tells_what_was_done_before_it() -> None:
    told = PATTERN.lane("each").outcome
    assert told is not None

    assert told(Ended({}, ledger=[{"cents": 5_00}], failed=True)) == "Paid 5.00 €, stopped by an error"


def test_a_replay_on_purpose_asks_anew_and_pays_again(sqlite_lab: Lab, play: Play) -> None:
    ident = play("tool-review", "together", EDITED).thread_id
    workspace = sqlite_lab.workspace("tests")
    workspace.travel.replay(ident, before(workspace, ident, "agent"), confirmed=True)
    ended(workspace, ident)
    snapshot = workspace.history.snapshot(ident)
    assert snapshot is not None
    (step,) = PATTERN.examples[EDITED].steps["together"]
    assert isinstance(step, Reply)
    workspace.resume(ident, {snapshot.questions[0].id: step.answer()}, snapshot.checkpoint_id)
    ended(workspace, ident)

    assert booked(workspace.threads.business("ledger", [ident], refused=True)) == [("A-17", 1_000_00)] * 2
    assert len(workspace.threads.business("ledger", [ident])) == 2
