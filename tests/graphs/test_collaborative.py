"""Collaborative agents: how the rounds end, what each agent reads, and what isn't taken for consent."""

import pytest
from langchain_core.language_models import FakeListChatModel

from graphs.agents.collaborative import agrees, build
from graphs.agents.collaborative_demo import PATTERN
from graphs.outcome import Ended
from graphs.pattern import Example
from tests.support.example_player import Play

SLUG, LANE = "collaborative", "discussion"
THREE_ROUNDS, AT_ONCE, NEVER, TOO_FEW = range(4)
ROUND = ["writer", "critic", "editor"]


@pytest.mark.parametrize(("example", "rounds"), [(THREE_ROUNDS, 3), (AT_ONCE, 1)])
def test_the_discussion_ends_as_soon_as_both_reviewers_agree_on_one_draft(
    play: Play, example: int, rounds: int
) -> None:
    played = play(SLUG, LANE, example)

    assert played.status == "finished"
    assert played.values["ended_by"] == "agreement"
    assert played.visited == [*ROUND * rounds, "finish"]
    assert rounds < PATTERN.examples[example].input["most_rounds"]
    assert all(one["agrees"] for one in played.values["discussion"][-3:])


@pytest.mark.parametrize("example", [NEVER, TOO_FEW])
def test_without_agreement_it_ends_at_the_limit_of_rounds_and_says_so(play: Play, example: int) -> None:
    played = play(SLUG, LANE, example)
    limit = PATTERN.examples[example].input["most_rounds"]

    assert played.status == "finished"
    assert played.values["ended_by"] == "the limit of rounds"
    assert played.visited == [*ROUND * limit, "finish"]
    assert not all(one["agrees"] for one in played.values["discussion"][-3:])


@pytest.mark.parametrize("example", range(4))
def test_nobody_s_contribution_is_lost_or_told_twice(play: Play, example: int) -> None:
    played = play(SLUG, LANE, example)
    said = [(one["round"], one["agent"]) for one in played.values["discussion"]]

    assert said == [(number, agent) for number in range(1, played.values["round"] + 1) for agent in ROUND]


def test_the_writer_meets_what_the_critic_missed(play: Play) -> None:
    discussion = play(SLUG, LANE, THREE_ROUNDS).values["discussion"]

    assert "says nothing about the place" in discussion[1]["text"]
    assert "the place" in discussion[3]["text"]


def test_more_rounds_change_the_end(play: Play) -> None:
    given = {**PATTERN.examples[TOO_FEW].input, "most_rounds": 5}
    played = play(SLUG, LANE, Example("longer", given))

    assert (played.values["ended_by"], played.values["round"]) == ("agreement", 4)


@pytest.mark.parametrize(
    ("answer", "consent"),
    [
        ("AGREE It's fine.", True),
        ("**Agree**: fine", True),
        ("CHANGE It's too long.", False),
        ("I think it's lovely.", False),
        ("Disagree", False),
        ("1. AGREE", True),
        ("> AGREE", True),
        ("AGREE. Nothing has to change.", True),
        ("Agreement isn't possible: change it all.", False),
        ("AGREED? Not yet", False),
        ("Agreeable? No. CHANGE the ending.", False),
        ("AGREE, but CHANGE the ending", False),
        ("Agree, but\nthe ending is too long.", False),
        ("AGREE in part.\nCHANGE the ending.", False),
        ("", False),
    ],
)
def test_only_a_review_that_says_so_is_consent(answer: str, consent: bool) -> None:
    assert agrees(answer) is consent


def test_a_model_that_gives_no_verdict_never_agrees_and_the_limit_ends_the_rounds() -> None:
    graph = build(FakeListChatModel(responses=["Lovely weather."])).compile()
    values = graph.invoke({"task": "Say hello.", "most_rounds": 2})

    assert (values["ended_by"], values["round"]) == ("the limit of rounds", 2)


OUTCOMES = {
    (LANE, THREE_ROUNDS): "Agreed after 3 rounds",
    (LANE, AT_ONCE): "Agreed after 1 round",
    (LANE, NEVER): "No agreement after 4 rounds: the critic still objected",
    (LANE, TOO_FEW): "No agreement after 2 rounds: the critic still objected",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_how_the_discussion_ended(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]


def test_the_outcome_of_a_failure_counts_the_rounds_before_it() -> None:
    told = PATTERN.lane(LANE).outcome
    assert told is not None
    assert told(Ended({"round": 2}, failed=True)) == "No agreement: stopped by an error after 2 rounds"
