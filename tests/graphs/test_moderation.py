"""Moderation: internal messages pass, and nothing leaves the house without the yes of a moderator."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from graphs.human.moderation import MOST, BadBatch, Verdict, is_internal, read_batch, verdict_on
from graphs.human.moderation_demo import PATTERN, SEND
from graphs.outcome import Ended
from graphs.pattern import Example
from lab.errors import InvalidInput, StaleAnswer, WrongRole
from lab.jsonable import Json
from lab.lab import Lab
from lab.state import check_answer
from lab.workspace import Workspace
from tests.support.example_player import Play, Played, before, begun, ended

SLUG, LANE = PATTERN.slug, "pipeline"
MIXED, INTERNAL, REJECTED, APPROVED, ALL_REJECTED, BAD_LINE = range(6)
NO = {"decision": "reject", "reason": "Not now."}


def trail(played: Played) -> list[tuple[str, str]]:
    return sorted((entry["decision"], entry["by"]) for entry in played.values["trail"])


def sent(workspace: Workspace, thread_id: str) -> list[str]:
    return [row["recipient"] for row in workspace.threads.business("outbox", [thread_id])]


def open_batch(lab: Lab, example: int = MIXED) -> tuple[Workspace, str, str, Mapping[str, str]]:
    """Start a batch; return the thread, its checkpoint and the questions' ids by the recipient's first name."""
    workspace = lab.workspace("w")
    thread_id = begun(workspace, SLUG, LANE, PATTERN.examples[example]).thread.thread_id
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    ids = {one.value["question"].split(" to ")[1].partition("@")[0]: one.id for one in snapshot.questions}
    return workspace, thread_id, snapshot.checkpoint_id, ids


def resume(workspace: Workspace, thread_id: str, answers: Mapping[str, Json], at: str) -> None:
    workspace.resume(thread_id, dict(answers), at, pace=0, person="Emil")
    ended(workspace, thread_id)


def test_internal_messages_pass_without_a_question(play: Play) -> None:
    played = play(SLUG, LANE, INTERNAL)

    assert (played.status, played.asked) == ("finished", [])
    assert len(played.outbox) == 2
    assert trail(played) == [("internal", "")] * 2


def test_every_message_to_the_outside_waits_and_the_internal_one_has_left(sqlite_lab: Lab) -> None:
    workspace, thread_id, _, ids = open_batch(sqlite_lab)

    assert set(ids) == {"anna", "press"}
    assert sent(workspace, thread_id) == ["team@harbour.example"]


def test_an_edited_message_is_sent_as_it_was_edited_and_the_trail_has_both_texts_who_and_when(play: Play) -> None:
    played = play(SLUG, LANE, MIXED)
    (edited,) = [entry for entry in played.values["trail"] if entry["decision"] == "edited"]

    assert [row["body"] for row in played.outbox if "press" in row["recipient"]] == [edited["after"]]
    assert (edited["before"], edited["after"], edited["by"]) == (
        "We guarantee that our lamps never break.",
        "Our lamps have a warranty of two years.",
        "Emil",
    )
    assert abs((datetime.now(UTC) - datetime.fromisoformat(edited["at"])).total_seconds()) < 60
    assert trail(played) == [("approved", "Emil"), ("edited", "Emil"), ("internal", "")]


def test_the_page_of_decisions_has_who_decided_what(sqlite_lab: Lab, play: Play) -> None:
    play(SLUG, LANE, MIXED)
    listed = sqlite_lab.workspace("tests").history.decisions.page().decisions

    assert {(one.person, one.role) for one in listed} == {("Emil", "moderator")}
    assert "Our lamps have a warranty of two years." in [one.answered.get("text") for one in listed]


@pytest.mark.parametrize("example", [REJECTED, ALL_REJECTED])
def test_a_rejected_message_is_never_sent_and_the_trail_has_the_reason(play: Play, example: int) -> None:
    played = play(SLUG, LANE, example)
    rejected = [entry for entry in played.values["trail"] if entry["decision"] == "rejected"]

    assert len(rejected) == 2 - len(played.outbox)
    assert all(entry["reason"] and not entry["after"] for entry in rejected)
    assert not {entry["before"] for entry in rejected} & {row["body"] for row in played.outbox}


def test_one_message_is_decided_and_leaves_while_the_other_one_waits(sqlite_lab: Lab) -> None:
    workspace, thread_id, at, ids = open_batch(sqlite_lab)
    resume(workspace, thread_id, {ids["press"]: SEND}, at)

    assert sent(workspace, thread_id) == ["team@harbour.example", "press@paper.example"]
    assert [one.id for one in workspace.history.pending(thread_id)] == [ids["anna"]]
    resume(workspace, thread_id, {ids["anna"]: NO}, at)
    assert workspace.history.status(thread_id) == "finished"
    assert len(sent(workspace, thread_id)) == 2


def test_somebody_without_the_role_is_refused_and_nothing_leaves(sqlite_lab: Lab) -> None:
    workspace, thread_id, at, ids = open_batch(sqlite_lab)
    with pytest.raises(WrongRole, match="moderator"):
        workspace.resume(thread_id, {ids["anna"]: SEND}, at, person="Fiona")

    assert set(workspace.history.pending(thread_id)[0].value) >= {"role", "remark"}
    assert sent(workspace, thread_id) == ["team@harbour.example"]


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"decision": "reject", "reason": " "}, "reason"),
        ({"decision": "send", "text": " \n"}, "text"),
        ({"decision": "later"}, "decision"),
    ],
)
def test_an_answer_that_doesnt_fit_is_refused_at_its_field_and_the_question_stays(
    sqlite_lab: Lab, answer: dict[str, str], field: str
) -> None:
    workspace, thread_id, at, ids = open_batch(sqlite_lab)
    with pytest.raises(InvalidInput) as refused:
        workspace.resume(thread_id, {ids["anna"]: answer}, at, person="Emil")

    assert list(refused.value.fields) == [field]
    assert len(workspace.history.pending(thread_id)) == 2
    assert sent(workspace, thread_id) == ["team@harbour.example"]
    with pytest.raises(ValueError, match="Verdict"):
        verdict_on("Hello").model_validate(answer)


def test_a_late_answer_is_refused_and_changes_nothing(sqlite_lab: Lab) -> None:
    workspace, thread_id, at, ids = open_batch(sqlite_lab)
    resume(workspace, thread_id, dict.fromkeys(ids.values(), NO), at)

    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, {ids["anna"]: SEND}, at, person="Emil")
    assert sent(workspace, thread_id) == ["team@harbour.example"]


def test_a_replay_on_purpose_sends_internal_messages_again_and_asks_anew_about_the_others(
    sqlite_lab: Lab, play: Play
) -> None:
    thread_id = play(SLUG, LANE, APPROVED).thread_id
    workspace = sqlite_lab.workspace("tests")
    workspace.travel.replay(thread_id, before(workspace, thread_id, "moderate"), confirmed=True)
    ended(workspace, thread_id)

    assert len(workspace.history.pending(thread_id)) == 2
    assert len(sent(workspace, thread_id)) == 2


def test_the_model_s_remark_depends_on_the_message(play: Play) -> None:
    played = play(SLUG, LANE, REJECTED)

    assert [asked["remark"] for asked in played.asked] == ["Nothing stands out.", "Look at an insult."]


@pytest.mark.parametrize("batch", ["anna@example.org", "anna: hello", "a b@c: hello", "x@y:", " \n ", "x@y: z\n" * 21])
def test_a_batch_that_is_none_is_refused(batch: str) -> None:
    with pytest.raises(BadBatch):
        read_batch(batch)


@pytest.mark.parametrize(
    "recipient",
    [
        "boss@evil.example,a@harbour.example",
        "boss@evil.example;a@harbour.example",
        "boss@evil.example@harbour.example",
        "<boss@evil.example>a@harbour.example",
        "boss@evil.example\ta@harbour.example",
        "boss@evil.example\u00a0a@harbour.example",
        "boss\u200b@harbour.example",
        "boss%evil.example@harbour.example",
        "@harbour.example",
        "a@",
    ],
)
def test_a_recipient_that_isnt_one_address_alone_is_refused_and_nothing_is_sent(recipient: str) -> None:
    with pytest.raises(BadBatch, match="one address"):
        read_batch(f"{recipient}: secret plans")


@pytest.mark.parametrize(
    ("recipient", "internal"),
    [
        ("a@harbour.example", True),
        ("A@Harbour.Example", True),
        ("a@evilharbour.example", False),
        ("a@sub.harbour.example", False),
        ("a@harbour.example.org", False),
        ("a@harbour.example.", False),
    ],
)
def test_a_message_is_internal_by_the_whole_domain_of_its_one_address(recipient: str, internal: bool) -> None:
    (message,) = read_batch(f"{recipient}: Tea?")

    assert is_internal(message) is internal


def test_a_batch_is_read_line_by_line() -> None:
    read = read_batch("a@b: one: two\n\n c@d :three\n")

    assert [(one["number"], one["recipient"], one["text"]) for one in read] == [
        (1, "a@b", "one: two"),
        (2, "c@d", "three"),
    ]
    assert len(read_batch("x@y: z\n" * MOST)) == MOST


def test_an_answer_without_a_text_sends_the_message_as_it_is() -> None:
    schema: Any = verdict_on("Hello")
    check_answer(schema.model_json_schema(), SEND)

    assert schema.model_validate(SEND).text == "Hello"
    assert issubclass(schema, Verdict)


OUTCOMES = {
    (LANE, MIXED): "Sent 3 of 3 messages: 1 internal, 1 approved, 1 edited",
    (LANE, INTERNAL): "Sent 2 of 2 messages: 2 internal",
    (LANE, REJECTED): "Sent 1 of 2 messages: 1 approved, 1 rejected",
    (LANE, APPROVED): "Sent 2 of 2 messages: 2 approved",
    (LANE, ALL_REJECTED): "Sent 0 of 2 messages: 2 rejected",
    (LANE, BAD_LINE): "Sent 0 messages, stopped by an error",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_left_and_by_which_decision(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]


def test_the_outcome_of_a_failure_tells_what_had_left() -> None:
    told = PATTERN.lane(LANE).outcome
    assert told is not None

    assert told(Ended({}, outbox=[{}], failed=True)) == "Sent 1 message, stopped by an error"


def test_another_batch_gives_another_result(play: Play) -> None:
    played = play(SLUG, LANE, Example("one", {"batch": "eva@harbour.example: Tea?"}))

    assert [(row["recipient"], row["body"]) for row in played.outbox] == [("eva@harbour.example", "Tea?")]
