"""Approval gate: nothing is sent before a yes, each revision follows its feedback, and one yes sends one mail."""

from typing import Any

import pytest

from graphs.human.approval_gate import verdict_on
from graphs.human.approval_gate_demo import PATTERN
from graphs.pattern import Edit, Example, Go, Reply, Step
from lab.errors import InvalidInput, StaleAnswer
from lab.lab import Lab
from lab.state import check_answer
from tests.support.example_player import Play, before, begun, ended

LANES = tuple(lane.key for lane in PATTERN.lanes)
AT_ONCE, CHANGED_TWICE, UNDECIDED, NO_ADDRESS, EDITED, REJECTED = range(6)
_APPROVE = Reply({"decision": "approve"})
ASKED: dict[str, Any] = {"recipient": "ben@example.org", "request": "Thank Ben for the workshop"}


def changed(lane: str, *wishes: str) -> Example:
    """Make an example that asks for these changes and then approves."""
    by_form: list[Step] = [step for wish in wishes for step in (Edit({"feedback": wish}), Go())]
    by_answer = [Reply({"decision": "change", "feedback": wish}) for wish in wishes]
    steps = {
        "static": (*by_form, Edit({"approved": True}), Go()),
        "interrupt": (*by_answer, Reply({"decision": "approve"})),
    }
    return Example("changed", ASKED, {lane: steps[lane]})


OUTCOMES = {
    ("static", AT_ONCE): "Sent once, as it was drafted",
    ("interrupt", AT_ONCE): "Sent once, as it was drafted",
    ("static", CHANGED_TWICE): "Sent once, after 2 revisions",
    ("interrupt", CHANGED_TWICE): "Sent once, after 2 revisions",
    ("static", UNDECIDED): "Nothing sent, stopped by an error",
    ("interrupt", UNDECIDED): "",
    ("static", NO_ADDRESS): "Nothing sent, stopped by an error",
    ("interrupt", NO_ADDRESS): "Nothing sent, stopped by an error",
    ("static", EDITED): "Sent once, after an edit by hand",
    ("interrupt", EDITED): "Sent once, after an edit by hand",
    ("static", REJECTED): "Rejected, nothing sent",
    ("interrupt", REJECTED): "Rejected, nothing sent",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_the_outbox_says(play: Play, lane: str, example: int) -> None:
    played = play("approval-gate", lane, example)

    assert played.outcome == OUTCOMES[lane, example]
    assert len(played.outbox) == played.outcome.startswith("Sent once")
    drafted = "by hand" if example == EDITED else "as it was drafted"
    assert str(played.visited.count("revise") or drafted) in played.outcome or not played.outbox


def test_one_revision_is_one_revision(play: Play) -> None:
    assert play("approval-gate", "interrupt", changed("interrupt", "Shorter")).outcome == "Sent once, after 1 revision"


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("example", [AT_ONCE, CHANGED_TWICE])
def test_an_approved_draft_is_sent_exactly_once(play: Play, lane: str, example: int) -> None:
    played = play("approval-gate", lane, example)

    assert (played.status, played.error) == ("finished", None)
    assert [mail["body"] for mail in played.outbox] == [played.values["draft"]]
    assert played.outbox[0]["recipient"] == PATTERN.examples[example].input["recipient"]
    assert played.values["mail"] == played.outbox[0]["number"]
    assert played.visited.count("send") == 1


@pytest.mark.parametrize("lane", LANES)
def test_approval_at_once_revises_nothing(play: Play, lane: str) -> None:
    played = play("approval-gate", lane, AT_ONCE)

    assert played.values["log"] == ["approved", "sent"]
    assert "revise" not in played.visited


@pytest.mark.parametrize("lane", LANES)
def test_two_wishes_revise_the_draft_twice(play: Play, lane: str) -> None:
    played = play("approval-gate", lane, CHANGED_TWICE)

    assert played.values["log"] == [
        "changes asked: More grateful, please",
        "revised",
        "changes asked: Make it shorter",
        "revised",
        "approved",
        "sent",
    ]
    assert "Thank you" in played.values["draft"]
    assert "I'm writing to you" not in played.values["draft"]


@pytest.mark.parametrize("example", [AT_ONCE, CHANGED_TWICE])
def test_both_lanes_send_the_same_mail(play: Play, example: int) -> None:
    static, interrupted = (play("approval-gate", lane, example) for lane in LANES)

    assert static.outbox[0]["body"] == interrupted.outbox[0]["body"]


@pytest.mark.parametrize("lane", LANES)
def test_another_wish_gives_another_draft(play: Play, lane: str) -> None:
    drafts = {play("approval-gate", lane, changed(lane, wish)).values["draft"] for wish in ("shorter", "friendlier")}
    mentions = play("approval-gate", lane, changed(lane, "Mention the slides")).values["draft"]

    assert len(drafts | {mentions}) == 3
    assert "Mention the slides" in mentions


@pytest.mark.parametrize("lane", LANES)
def test_changes_may_be_asked_for_as_often_as_wanted(play: Play, lane: str) -> None:
    played = play("approval-gate", lane, changed(lane, "one", "two", "three", "four", "five"))

    assert played.values["log"].count("revised") == 5
    assert len(played.outbox) == 1


@pytest.mark.parametrize("lane", LANES)
def test_a_revised_draft_needs_a_decision_of_its_own(play: Play, lane: str) -> None:
    first = {"static": (Edit({"feedback": "shorter"}), Go()), "interrupt": (_wish("shorter"),)}
    played = play("approval-gate", lane, Example("changed once", ASKED, first))

    assert played.status == {"static": "resumable", "interrupt": "waiting"}[lane]
    assert (played.values["approved"], played.values["feedback"]) == (False, "")
    assert played.outbox == []


def test_the_question_shows_the_draft_that_would_be_sent(play: Play) -> None:
    played = play("approval-gate", "interrupt", CHANGED_TWICE)

    assert len(played.asked) == 3
    assert played.asked[-1]["draft"] == played.outbox[0]["body"]
    assert [asked["revisions so far"] for asked in played.asked] == [0, 1, 2]


@pytest.mark.parametrize("lane", LANES)
def test_nothing_is_sent_while_nobody_decides(play: Play, lane: str) -> None:
    played = play("approval-gate", lane, UNDECIDED)

    assert played.status != "finished"
    assert played.outbox == []
    assert {"send", "revise"}.isdisjoint(played.visited)


def test_the_static_gate_says_what_is_missing_and_opens_after_it_is_written(play: Play) -> None:
    refused = play("approval-gate", "static", UNDECIDED)
    steps = (Go(), Edit({"approved": True}), Go())
    written = play("approval-gate", "static", Example("late", ASKED, {"static": steps}))

    assert refused.error is not None
    assert refused.error.startswith("NotDecided: ")
    assert refused.failed_node == "await_approval"
    assert written.status == "finished"
    assert len(written.outbox) == 1


@pytest.mark.parametrize("lane", LANES)
def test_a_recipient_without_address_is_refused_before_anything_is_drafted(play: Play, lane: str) -> None:
    played = play("approval-gate", lane, NO_ADDRESS)

    assert played.error is not None
    assert played.error.startswith("NoAddress: ")
    assert played.visited == ["draft"]
    assert (played.answers, played.asked, played.outbox) == ([], [], [])


@pytest.mark.parametrize(
    "answer",
    [
        {"decision": "change"},
        {"decision": "change", "feedback": " "},
        {"decision": "reject"},
        {"decision": "reject", "feedback": "\n"},
        {"decision": "approve", "draft": " "},
        {},
        {"decision": "?"},
    ],
)
def test_the_schema_refuses_a_decision_without_its_words(answer: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        check_answer(verdict_on("Hello").model_json_schema(), answer)
    with pytest.raises(ValueError, match="Verdict"):
        verdict_on("Hello").model_validate(answer)


@pytest.mark.parametrize(
    "answer",
    [{"decision": "approve"}, {"decision": "change", "feedback": "shorter"}, {"decision": "reject", "feedback": "no"}],
)
def test_the_schema_accepts_a_decision(answer: dict[str, str]) -> None:
    check_answer(verdict_on("Hello").model_json_schema(), answer)
    verdict = verdict_on("Hello").model_validate(answer)

    assert (verdict.decision, verdict.draft) == (answer["decision"], "Hello")


@pytest.mark.parametrize("lane", LANES)
def test_what_a_person_edited_is_what_is_sent(play: Play, lane: str) -> None:
    played = play("approval-gate", lane, EDITED)

    assert [mail["body"].partition("\n")[0] for mail in played.outbox] == ["Hello Tom,"]
    assert played.values["drafted"].startswith("Dear colleague")
    assert "revise" not in played.visited


@pytest.mark.parametrize("lane", LANES)
def test_a_wish_for_changes_goes_to_the_draft_as_the_person_edited_it(play: Play, lane: str) -> None:
    mine = "Dear Ben,\n\nthank you.\n\nBest"
    steps = {
        "static": (Edit({"draft": mine, "feedback": "Mention the slides"}), Go(), Edit({"approved": True}), Go()),
        "interrupt": (Reply({"decision": "change", "draft": mine, "feedback": "Mention the slides"}), _APPROVE),
    }
    played = play("approval-gate", lane, Example("both", ASKED, {lane: steps[lane]}))

    assert played.outbox[0]["body"].startswith("Dear Ben,")
    assert "Mention the slides" in played.outbox[0]["body"]
    assert played.outcome == "Sent once, after 1 revision"


@pytest.mark.parametrize("lane", LANES)
def test_a_rejected_draft_is_never_sent_and_the_log_has_the_reason(play: Play, lane: str) -> None:
    played = play("approval-gate", lane, REJECTED)

    assert (played.status, played.outbox, "send" in played.visited) == ("finished", [], False)
    assert played.values["log"][-1] == "rejected: That's for the board to announce."
    assert played.visited.count("revise") == 1


@pytest.mark.parametrize(
    "edit",
    [{"rejected": True}, {"rejected": True, "feedback": " "}, {"approved": True, "rejected": True, "feedback": "?"}],
)
def test_the_static_gate_stays_shut_for_half_a_decision(play: Play, edit: dict[str, Any]) -> None:
    refused = play("approval-gate", "static", Example("half", ASKED, {"static": (Edit(edit), Go())}))

    assert refused.error is not None
    assert refused.error.startswith("NotDecided: ")
    assert refused.outbox == []


def test_a_blank_draft_is_refused_at_its_field_and_the_pause_stays(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("w")
    thread_id = begun(workspace, "approval-gate", "static", PATTERN.examples[AT_ONCE]).thread.thread_id
    with pytest.raises(InvalidInput) as refused:
        workspace.edit(thread_id, {"draft": "  "})

    assert list(refused.value.fields) == ["draft"]
    assert workspace.history.status(thread_id) == "resumable"


def test_a_late_answer_is_refused_and_changes_nothing(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("w")
    thread_id = begun(workspace, "approval-gate", "interrupt", PATTERN.examples[AT_ONCE]).thread.thread_id
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    answers = {snapshot.questions[0].id: {"decision": "approve"}}
    workspace.resume(thread_id, answers, snapshot.checkpoint_id, pace=0)
    ended(workspace, thread_id)

    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, answers, snapshot.checkpoint_id, pace=0)
    assert len(workspace.threads.business("outbox", [thread_id])) == 1


def _wish(feedback: str) -> Reply:
    return Reply({"decision": "change", "feedback": feedback})


@pytest.mark.parametrize("lane", LANES)
def test_a_replay_on_purpose_sends_again(sqlite_lab: Lab, play: Play, lane: str) -> None:
    thread_id = play("approval-gate", lane, AT_ONCE).thread_id
    workspace = sqlite_lab.workspace("tests")
    workspace.travel.replay(thread_id, before(workspace, thread_id, "send"), confirmed=True)
    ended(workspace, thread_id)

    assert len(workspace.threads.business("outbox", [thread_id])) == 2
    assert len(workspace.threads.business("outbox", [thread_id], refused=True)) == 2
    assert workspace.history.outcome(thread_id) == "Sent twice, as it was drafted"
