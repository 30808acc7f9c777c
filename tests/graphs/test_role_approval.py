"""Role approval: who is asked for which request, in which order, and who is refused with which reason."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from graphs.human.role_approval import CHAINS, Verdict
from graphs.human.role_approval_demo import PATTERN
from graphs.pattern import Example
from lab.errors import (
    DecidedBefore,
    InvalidInput,
    LabError,
    NobodyActs,
    OwnRequest,
    StaleAnswer,
    UnknownPerson,
    WrongRole,
    WrongTurn,
)
from lab.lab import Lab
from lab.state import check_answer
from lab.workspace import Workspace
from tests.support.example_player import Play, ended

SLUG, LANE = PATTERN.slug, "chain"
TECHNICAL, BILLING, SECURITY, MANAGER_SAYS_NO, OWN = range(5)
YES = {"decision": "approve"}


@pytest.mark.parametrize("example", [TECHNICAL, BILLING, SECURITY])
def test_each_kind_of_request_goes_through_its_own_chain_and_is_told_once(play: Play, example: int) -> None:
    chosen = PATTERN.examples[example]
    played = play(SLUG, LANE, example)

    assert [asked["role"] for asked in played.asked] == CHAINS[chosen.input["kind"]]
    assert [made["role"] for made in played.values["decisions"]] == CHAINS[chosen.input["kind"]]
    assert [mail["subject"] for mail in played.outbox] == [f"Done: {chosen.input['request']}"]


def test_a_no_ends_the_chain_and_is_told_with_its_reason(play: Play) -> None:
    played = play(SLUG, LANE, MANAGER_SAYS_NO)
    (mail,) = played.outbox

    assert [asked["role"] for asked in played.asked] == ["security", "manager"]
    assert "Not even for a day." in mail["body"]
    assert "carry_out" not in played.visited


def test_who_comes_later_reads_what_was_said_before(play: Play) -> None:
    assert play(SLUG, LANE, TECHNICAL).asked[2]["so far"] == [
        "support Sam: approve It is slow.", "technical Tess: approve 8 GB will do.",
    ]  # fmt: skip


@pytest.fixture
def standing(sqlite_lab: Lab, play: Play) -> Callable[[int, int], tuple[Workspace, str]]:
    """Provide threads in which so many of an example's people have decided."""

    def stands(example: int, decided: int) -> tuple[Workspace, str]:
        chosen: Example = PATTERN.examples[example]
        begun = replace(chosen, steps={LANE: chosen.steps[LANE][:decided]})
        return sqlite_lab.workspace("tests"), play(SLUG, LANE, begun).thread_id

    return stands


def approve(workspace: Workspace, thread_id: str, person: str) -> None:
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    workspace.resume(thread_id, {snapshot.questions[0].id: YES}, snapshot.checkpoint_id, person=person)
    ended(workspace, thread_id)


@pytest.mark.parametrize(
    ("example", "decided", "person", "error", "why"),
    [
        (TECHNICAL, 0, "Fiona", WrongRole, "it's for the role 'support'"),
        (TECHNICAL, 0, "Maya", WrongTurn, "'manager' comes later"),
        (TECHNICAL, 2, "Sam", WrongTurn, "'support' has had its turn"),
        (SECURITY, 1, "Selma", WrongTurn, "'security' has had its turn"),
        (OWN, 1, "Maya", OwnRequest, "nobody decides on their own"),
        (TECHNICAL, 1, "", NobodyActs, "for the role 'technical'"),
        (TECHNICAL, 1, "Mallory", UnknownPerson, "no 'Mallory'"),
    ],
)
def test_the_wrong_one_is_refused_with_the_reason_and_nothing_is_decided(
    standing: Callable[[int, int], tuple[Workspace, str]],
    example: int,
    decided: int,
    person: str,
    error: type[LabError],
    why: str,
) -> None:
    workspace, thread_id = standing(example, decided)
    with pytest.raises(error, match=why):
        approve(workspace, thread_id, person)
    snapshot = workspace.history.snapshot(thread_id)

    assert workspace.history.status(thread_id) == "waiting"
    assert snapshot is not None
    assert len(snapshot.values["decisions"]) == decided
    assert workspace.threads.business("outbox", [thread_id]) == []


def test_somebody_with_two_roles_of_a_chain_decides_by_one_of_them_only(
    standing: Callable[[int, int], tuple[Workspace, str]],
) -> None:
    workspace, thread_id = standing(TECHNICAL, 0)
    approve(workspace, thread_id, "Tess")
    with pytest.raises(DecidedBefore, match="nobody decides twice"):
        approve(workspace, thread_id, "Tess")

    assert workspace.history.status(thread_id) == "waiting"


def test_a_second_go_at_a_decided_turn_is_refused(standing: Callable[[int, int], tuple[Workspace, str]]) -> None:
    workspace, thread_id = standing(TECHNICAL, 0)
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    approve(workspace, thread_id, "Sam")
    with pytest.raises(StaleAnswer, match="answered already"):
        workspace.resume(thread_id, {snapshot.questions[0].id: YES}, snapshot.checkpoint_id, person="Sam")


@pytest.mark.parametrize("answer", [{"decision": "reject"}, {"decision": "reject", "comment": " "}, {}])
def test_the_schema_refuses_a_rejection_without_a_comment(answer: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        check_answer(Verdict.model_json_schema(), answer)
    with pytest.raises(ValueError, match="Verdict"):
        Verdict.model_validate(answer)


OUTCOMES = {
    (LANE, TECHNICAL): "Approved by support, technical, manager, 1 mail sent",
    (LANE, BILLING): "Approved by billing, manager, 1 mail sent",
    (LANE, SECURITY): "Approved by security, manager, director, 1 mail sent",
    (LANE, MANAGER_SAYS_NO): "Rejected by the role manager after 1 approval, 1 mail sent",
    (LANE, OWN): "Approved by billing, manager, 1 mail sent",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_by_which_roles_it_was_decided(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]
