"""Multi-approver: who has to approve, what one no and one wish do, and that nobody reviews a version twice."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from graphs.human.multi_approver import Verdict
from graphs.human.multi_approver_demo import NOTICE, PATTERN, SHORTER
from graphs.pattern import Example
from lab.errors import (
    DecidedBefore,
    InvalidInput,
    LabError,
    OtherPerson,
    OwnRequest,
    StaleAnswer,
    ThreadBusy,
    WrongRole,
)
from lab.lab import Lab
from lab.state import check_answer
from lab.workspace import Workspace
from tests.support.example_player import Play, begun, ended
from tests.support.labs import quiet

SLUG = PATTERN.slug
SEQUENCE, QUORUM = (lane.key for lane in PATTERN.lanes)
ALL, ONE_NO, REVISED, OWN = range(4)
YES = {"status": "approve"}


@pytest.mark.parametrize("lane", [SEQUENCE, QUORUM])
def test_each_review_is_kept_with_its_person_status_and_comment(play: Play, lane: str) -> None:
    reviews = play(SLUG, lane, REVISED).values["reviews"]

    assert {(one["person"], one["status"]) for one in reviews if one["round"] == 1} >= {
        ("Fiona", "approve"), ("Maya", "revise"),
    }  # fmt: skip
    assert [one["person"] for one in reviews if one["round"] == 2] == ["Fiona", "Maya", "Selma"]
    assert [one["comment"] for one in reviews if one["comment"]] == ["Leave the dates out, burglars read too."]


@pytest.mark.parametrize("lane", [SEQUENCE, QUORUM])
def test_a_text_is_sent_once_in_its_last_version_and_never_before(play: Play, lane: str) -> None:
    for example, text in ((ALL, NOTICE), (REVISED, SHORTER)):
        assert [mail["body"] for mail in play(SLUG, lane, example).outbox] == [text]


def test_one_no_ends_the_sequence_and_is_outvoted_by_the_quorum(play: Play) -> None:
    sequence, quorum = play(SLUG, SEQUENCE, ONE_NO), play(SLUG, QUORUM, ONE_NO)

    assert (sequence.values["status"], sequence.outbox) == ("withdrawn", [])
    assert "security" not in {asked.get("role") for asked in sequence.asked}
    assert (quorum.values["status"], len(quorum.outbox)) == ("published", 1)


def test_a_reviewer_abstains_from_their_own_text_where_they_would_be_asked_by_name(play: Play) -> None:
    played = play(SLUG, QUORUM, OWN)

    assert [one["status"] for one in played.values["reviews"]] == ["approve", "abstained", "approve"]
    assert {asked["person"] for asked in played.asked} == {"Fiona", "Selma"}


def waiting(lab: Lab, lane: str, taken: int = 0) -> tuple[Workspace, str]:
    """Return a thread in which so many have answered."""
    workspace = lab.workspace("tests")
    example: Example = replace(PATTERN.examples[ALL])
    playing = begun(workspace, SLUG, lane, example)
    for _ in range(taken):
        playing.take_next()
    return workspace, playing.thread.thread_id


def approve(workspace: Workspace, thread_id: str, person: str, node: str = "") -> None:
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    question = next(one for one in snapshot.questions if node in ("", one.node))
    workspace.resume(thread_id, {question.id: YES}, snapshot.checkpoint_id, person=person)
    ended(workspace, thread_id)


def test_nobody_approves_twice_in_turn(sqlite_lab: Lab) -> None:
    with sqlite_lab.storage.database.begin() as connection:
        connection.exec_driver_sql("""UPDATE lab_people SET roles = '["finance", "manager"]' WHERE name = 'Fiona'""")
    workspace, thread_id = waiting(sqlite_lab, SEQUENCE, 1)
    with pytest.raises(DecidedBefore):
        approve(workspace, thread_id, "Fiona")

    assert workspace.history.status(thread_id) == "waiting"


def test_nobody_answers_in_the_place_of_somebody_who_is_asked_by_name(sqlite_lab: Lab) -> None:
    workspace, thread_id = waiting(sqlite_lab, QUORUM)
    for person in ("Fiona", "Dana"):
        with pytest.raises(OtherPerson):
            approve(workspace, thread_id, person, "manager")
    approve(workspace, thread_id, "Maya", "manager")
    snapshot = workspace.history.snapshot(thread_id)

    assert snapshot is not None
    assert [one.node for one in snapshot.questions] == ["finance", "security"]


def patiently(act: Callable[[], None]) -> Callable[[], list[str]]:
    """Make a call that waits for whoever is at work on the thread, and tells how it ended."""

    def acts() -> list[str]:
        while True:
            try:
                act()
            except ThreadBusy:
                continue
            except LabError as error:
                return [type(error).__name__]
            return ["taken"]

    return acts


def test_each_of_two_people_in_two_tabs_of_two_servers_answers_exactly_once(tmp_path: Path) -> None:
    labs = [Lab(quiet(str(tmp_path / "lab.sqlite"))) for _ in range(2)]
    workspace, thread_id = waiting(labs[0], QUORUM)
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    asked = {one.node: one.id for one in snapshot.questions}
    outcomes: list[tuple[str, list[str]]] = []

    def answers(lab: Lab, person: str, node: str) -> None:
        tab = lab.workspace("tests")
        resume = patiently(lambda: tab.resume(thread_id, {asked[node]: YES}, snapshot.checkpoint_id, person=person))
        outcomes.append((person, resume()))

    # Each of them has the question open twice, in a tab of either server.
    people = [("Fiona", "finance"), ("Maya", "manager")]
    tabs = [threading.Thread(target=answers, args=(lab, *who)) for lab in labs for who in people]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    for lab in labs:
        ended(lab.workspace("tests"), thread_id)
    decisions = workspace.history.decisions.page(limit=10).decisions

    assert sorted(outcomes) == [
        ("Fiona", [StaleAnswer.__name__]), ("Fiona", ["taken"]), ("Maya", [StaleAnswer.__name__]), ("Maya", ["taken"]),
    ]  # fmt: skip
    assert sorted((one.person, one.node) for one in decisions) == people
    assert [one.node for one in workspace.history.pending(thread_id)] == ["security"]
    for lab in labs:
        lab.close()


@pytest.mark.parametrize(("author", "refused", "reviser"), [("Alice", "Fiona", "Noah"), (" robin", "Noah", "Robin")])
def test_a_text_is_revised_by_its_author_or_where_nobody_knows_them_by_who_hasnt_reviewed_it(
    sqlite_lab: Lab, author: str, refused: str, reviser: str
) -> None:
    workspace = sqlite_lab.workspace("tests")
    example = Example("revised", {"text": NOTICE, "requested_by": author})
    thread_id = begun(workspace, SLUG, SEQUENCE, example).thread.thread_id

    def give(person: str, **values: str) -> None:
        snapshot = workspace.history.snapshot(thread_id)
        assert snapshot is not None
        workspace.resume(thread_id, {snapshot.questions[0].id: {**values}}, snapshot.checkpoint_id, person=person)
        ended(workspace, thread_id)

    give("Fiona", status="revise", comment="Leave the dates out.")
    with pytest.raises((DecidedBefore, OtherPerson)):
        give(refused, text=SHORTER)
    give(reviser, text=SHORTER)
    for person in ("Fiona", "Dana"):
        give(person, status="approve")
    # Who has revised a text doesn't review it.
    with pytest.raises((OwnRequest, WrongRole)):
        give(reviser, status="approve")
    give("Selma", status="approve")

    assert workspace.history.status(thread_id) == "finished"
    assert [mail["body"] for mail in workspace.threads.business("outbox", [thread_id])] == [SHORTER]


@pytest.mark.parametrize("answer", [{"status": "revise"}, {"status": "reject", "comment": " "}, {"status": "maybe"}])
def test_the_schema_refuses_a_wish_and_a_no_without_a_comment(answer: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        check_answer(Verdict.model_json_schema(), answer)
    with pytest.raises(ValueError, match="Verdict"):
        Verdict.model_validate(answer)


OUTCOMES = {
    **{(lane, ALL): "Published in 1 round, 3 of 3 approved, 1 mail sent" for lane in (SEQUENCE, QUORUM)},
    **{(lane, REVISED): "Published in 2 rounds, 3 of 3 approved, 1 mail sent" for lane in (SEQUENCE, QUORUM)},
    (SEQUENCE, ONE_NO): "Withdrawn in 1 round, 1 of 3 approved",
    (QUORUM, ONE_NO): "Published in 1 round, 2 of 3 approved, 1 mail sent",
    (SEQUENCE, OWN): "Published in 1 round, 3 of 3 approved, 1 mail sent",
    (QUORUM, OWN): "Published in 1 round, 2 of 3 approved, 1 mail sent",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_how_many_approved_in_how_many_rounds(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]
