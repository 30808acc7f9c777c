"""Event-driven agent: a flag of one turn approves the next, and an answer to an interrupt approves its call alone."""

from typing import Any

import pytest
from langchain_core.messages import ToolMessage

from graphs.human.event_driven_agent import CUSTOMERS, DOCUMENTS, search_documents
from graphs.human.event_driven_agent_demo import PATTERN, YES
from graphs.outcome import Ended
from graphs.pattern import Edit, Example, Go, Turn
from lab.errors import InvalidInput, StaleAnswer
from lab.lab import Lab
from tests.support.example_player import Play, Played, before, begun, ended

SLUG = PATTERN.slug
LANES = tuple(lane.key for lane in PATTERN.lanes)
EACH_LANE = pytest.mark.parametrize("lane", LANES)
STALE, LOOKED_UP, EDITED, SECOND_ROUND, ONLY_LOOKED_UP, CANCELLED = range(6)
OF_ALL = {"request": "Mail all@example.org that the shop closes for good."}


def mailed(played: Played) -> list[str]:
    return [row["recipient"] for row in played.outbox]


def test_the_second_turn_runs_on_the_yes_of_the_first_where_that_is_a_flag(play: Play) -> None:
    played = play(SLUG, "flag", STALE)

    assert mailed(played) == ["anna@example.org", "all@example.org"]
    assert played.values["approved"] is True


def test_the_second_turn_asks_anew_where_each_call_asks_for_itself(play: Play) -> None:
    played = play(SLUG, "interrupt", STALE)

    assert mailed(played) == ["anna@example.org"]
    assert [asked["args"]["recipient"] for asked in played.asked] == ["anna@example.org", "all@example.org"]
    assert "approved" not in played.values


@EACH_LANE
def test_the_second_turn_waits_until_somebody_goes_on(play: Play, lane: str) -> None:
    first = PATTERN.examples[STALE].steps[lane]
    waits = Example("waits", PATTERN.examples[STALE].input, {lane: first[: first.index(Turn(OF_ALL)) + 1]})
    played = play(SLUG, lane, waits)

    assert played.status == {"flag": "resumable", "interrupt": "waiting"}[lane]
    assert mailed(played) == ["anna@example.org"]


@EACH_LANE
def test_nothing_that_acts_runs_before_somebody_decides(play: Play, lane: str) -> None:
    played = play(SLUG, lane, Example("undecided", PATTERN.examples[EDITED].input))

    assert (played.outbox, played.records) == ([], [])


@EACH_LANE
def test_what_was_looked_up_is_what_is_mailed(play: Play, lane: str) -> None:
    played = play(SLUG, lane, LOOKED_UP)

    assert mailed(played) == ["anna@example.org"]
    assert DOCUMENTS["Returns"].rstrip(".") in played.outbox[0]["body"]


@EACH_LANE
def test_looking_something_up_asks_nobody(play: Play, lane: str) -> None:
    played = play(SLUG, lane, ONLY_LOOKED_UP)

    assert (played.status, played.asked, played.outbox, played.records) == ("finished", [], [], [])
    assert DOCUMENTS["Warranty"] in played.answers[-1]


@EACH_LANE
def test_nothing_that_is_cancelled_is_sent_or_changed_and_the_agent_says_so(play: Play, lane: str) -> None:
    played = play(SLUG, lane, CANCELLED)

    assert (played.status, played.outbox, played.records) == ("finished", [], [])
    assert "Not done: update_record, send_mail." in played.answers[-1]


def test_of_two_calls_one_runs_as_it_was_edited_and_the_rejected_one_doesnt(play: Play) -> None:
    played = play(SLUG, "interrupt", EDITED)

    assert [(row["record"], row["field"], row["old"], row["new"]) for row in played.records] == [
        ("C-101", "address", CUSTOMERS["C-101"]["address"], "4 Mill Lane, York YO1 7AB")
    ]
    assert played.outbox == []


def test_a_reason_leads_to_another_call_that_is_asked_about_anew(play: Play) -> None:
    played = play(SLUG, "interrupt", SECOND_ROUND)

    assert [asked["args"]["recipient"] for asked in played.asked] == ["bob@example.com", "bob@example.org"]
    assert mailed(played) == ["bob@example.org"]


@EACH_LANE
@pytest.mark.parametrize("example", range(len(PATTERN.examples)))
def test_every_call_has_a_result_so_that_a_model_s_service_takes_the_conversation(
    play: Play, lane: str, example: int
) -> None:
    messages = play(SLUG, lane, example).values["messages"]
    calls = [call["id"] for one in messages for call in getattr(one, "tool_calls", ())]

    assert sorted(calls) == sorted(one.tool_call_id for one in messages if isinstance(one, ToolMessage))


@pytest.mark.parametrize(
    ("query", "name"), [("when goods are sent back", "Returns"), ("free delivery", "Delivery"), ("xyzzy", "")]
)
def test_the_documents_are_searched_by_the_words_of_the_query(query: str, name: str) -> None:
    found = search_documents.invoke({"query": query})

    assert found == (f"{name}: {DOCUMENTS[name]}" if name else f"No document has anything about {query!r}.")


@EACH_LANE
def test_a_customer_that_does_not_exist_is_not_changed(play: Play, lane: str) -> None:
    steps = {"flag": (Edit({"approved": True}), Go()), "interrupt": PATTERN.examples[LOOKED_UP].steps["interrupt"]}
    played = play(SLUG, lane, Example("unknown", {"request": "Set the phone of C-999 to 5."}, {lane: steps[lane]}))

    assert (played.status, played.records) == ("finished", [])


def test_a_second_change_begins_with_what_the_first_one_left(play: Play) -> None:
    turns = (Go(), Turn({"request": "Set the phone of C-100 to 6."}), Go())
    steps = (Edit({"approved": True}), *turns)
    played = play(SLUG, "flag", Example("twice", {"request": "Set the phone of C-100 to 5."}, {"flag": steps}))

    assert [(row["old"], row["new"]) for row in played.records] == [(CUSTOMERS["C-100"]["phone"], "5"), ("5", "6")]


@pytest.mark.parametrize("recipient", ["everybody", "", None])
def test_an_edit_that_doesnt_fit_the_tool_is_refused_and_the_question_stays(
    sqlite_lab: Lab, recipient: str | None
) -> None:
    workspace = sqlite_lab.workspace("w")
    ident = begun(workspace, SLUG, "interrupt", PATTERN.examples[STALE]).thread.thread_id
    snapshot = workspace.history.snapshot(ident)
    assert snapshot is not None
    (question,) = snapshot.questions
    args = {**question.value["args"], "recipient": recipient}
    answer = {"type": "edit", "edited_action": {"name": "send_mail", "args": args}}

    with pytest.raises(InvalidInput) as refused:
        workspace.resume(ident, {question.id: answer}, snapshot.checkpoint_id)
    assert list(refused.value.fields) == ["0.args.recipient"]
    assert workspace.history.pending(ident) == (question,)
    assert workspace.threads.business("outbox", [ident]) == []


def test_a_late_answer_is_refused_and_changes_nothing(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("w")
    ident = begun(workspace, SLUG, "interrupt", PATTERN.examples[STALE]).thread.thread_id
    snapshot = workspace.history.snapshot(ident)
    assert snapshot is not None
    answers = {snapshot.questions[0].id: YES}
    workspace.resume(ident, answers, snapshot.checkpoint_id, pace=0)
    ended(workspace, ident)

    with pytest.raises(StaleAnswer):
        workspace.resume(ident, answers, snapshot.checkpoint_id, pace=0)
    assert len(workspace.threads.business("outbox", [ident])) == 1


def test_what_the_calls_do_outside_the_state_is_said_before_an_answer(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("w")
    ident = begun(workspace, SLUG, "interrupt", PATTERN.examples[EDITED]).thread.thread_id

    assert workspace.travel.after_answer(ident, ["execute"]).effects == {"execute": ("outbox", "records")}


def test_a_replay_on_purpose_asks_anew_and_sends_again(sqlite_lab: Lab, play: Play) -> None:
    ident = play(SLUG, "interrupt", LOOKED_UP).thread_id
    workspace = sqlite_lab.workspace("tests")
    workspace.travel.replay(ident, before(workspace, ident, "execute"), confirmed=True)
    ended(workspace, ident)
    snapshot = workspace.history.snapshot(ident)
    assert snapshot is not None
    workspace.resume(ident, {snapshot.questions[0].id: YES}, snapshot.checkpoint_id)
    ended(workspace, ident)

    assert len(workspace.threads.business("outbox", [ident])) == 2


def test_a_request_that_names_nothing_to_do_is_told_what_can_be_done(play: Play) -> None:
    assert play(SLUG, "flag", Example("idle", {"request": "Make coffee."})).answers[-1].startswith("I can do this")


OUTCOMES = {
    ("flag", STALE): "Sent 2 mails, once without a yes of its own",
    ("flag", LOOKED_UP): "Sent 1 mail",
    ("flag", EDITED): "Sent 1 mail and changed 1 record",
    ("flag", SECOND_ROUND): "Nothing sent or changed, 1 call not run",
    ("flag", ONLY_LOOKED_UP): "Nothing sent or changed",
    ("flag", CANCELLED): "Nothing sent or changed, 2 calls not run",
    ("interrupt", STALE): "Sent 1 mail, 1 call not run",
    ("interrupt", LOOKED_UP): "Sent 1 mail",
    ("interrupt", EDITED): "Changed 1 record, 1 call not run",
    ("interrupt", SECOND_ROUND): "Sent 1 mail, 1 call not run",
    ("interrupt", ONLY_LOOKED_UP): "Nothing sent or changed",
    ("interrupt", CANCELLED): "Nothing sent or changed, 2 calls not run",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_was_sent_and_changed_and_what_nobody_approved(
    play: Play, lane: str, example: int
) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]


def test_each_turn_that_runs_on_an_old_yes_is_counted(play: Play) -> None:
    steps = (*PATTERN.examples[STALE].steps["flag"], Turn(OF_ALL), Go())
    played = play(SLUG, "flag", Example("thrice", PATTERN.examples[STALE].input, {"flag": steps}))

    assert played.outcome == "Sent 3 mails, twice without a yes of its own"


@pytest.mark.parametrize("lane", LANES)
def test_the_outcome_of_a_failure_tells_what_was_done_before_it(lane: str) -> None:
    told = PATTERN.lane(lane).outcome
    assert told is not None
    outbox: list[dict[str, Any]] = [{}]

    assert told(Ended({}, outbox=outbox, failed=True)) == "Sent 1 mail, stopped by an error"
