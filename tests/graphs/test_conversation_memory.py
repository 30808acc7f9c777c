"""Conversation memory: what a later turn knows, with and without a checkpointer, before and after a summary."""

import pytest

from graphs.outcome import Ended
from graphs.pattern import Example, Turn
from graphs.persistence.conversation_memory import LIMIT, RECENT
from graphs.persistence.conversation_memory_demo import PATTERN
from tests.support.example_player import Play, Played

LANES = tuple(lane.key for lane in PATTERN.lanes)
RECALL, LONG, NEVER_TOLD = range(3)
UNKNOWN = "I don't know your name: you haven't told it in this conversation."


def _chat(*messages: str) -> Example:
    first, *more = messages
    turns = tuple(Turn({"message": text}) for text in more)
    return Example("chat", {"message": first}, dict.fromkeys(LANES, turns))


def _said(played: Played) -> list[str]:
    return [message.text for message in played.values["messages"]]


def test_the_name_is_known_in_the_next_turn(play: Play) -> None:
    played = play("conversation-memory", "remembers", RECALL)

    assert played.answers == ["Nice to meet you, Alice.", "Your name is Alice."]
    assert _said(played) == ["My name is Alice.", played.answers[0], "What is my name?", played.answers[1]]
    assert (played.status, played.visited) == ("finished", ["chat", "chat"])


def test_the_name_is_lost_without_a_checkpointer(play: Play) -> None:
    played = play("conversation-memory", "forgets", RECALL)

    assert played.answers == ["Nice to meet you, Alice.", UNKNOWN]
    assert _said(played) == ["What is my name?", UNKNOWN]


@pytest.mark.parametrize("lane", LANES)
def test_a_name_that_was_never_told_is_not_made_up(play: Play, lane: str) -> None:
    played = play("conversation-memory", lane, NEVER_TOLD)

    assert played.answers == [UNKNOWN]
    assert _said(played) == ["What is my name?", UNKNOWN]
    assert played.error is None


def test_more_than_ten_messages_are_summarised_once_and_the_summary_answers(play: Play) -> None:
    played = play("conversation-memory", "remembers", LONG)

    assert played.visited == ["chat"] * 6 + ["summarise", "chat"]
    assert played.answers[-1] == "Your name is Alice."
    assert "Alice" in played.values["summary"]
    assert "chickens" in played.values["summary"]


def test_summarised_messages_are_gone_and_the_last_ones_stay_word_for_word(play: Play) -> None:
    said = _said(play("conversation-memory", "remembers", LONG))

    assert len(said) == RECENT + 2
    assert said[0] == "Last winter the harbour was frozen for a month."
    assert "My name is Alice." not in said


def test_a_lane_that_forgets_never_has_anything_to_summarise(play: Play) -> None:
    played = play("conversation-memory", "forgets", LONG)

    assert played.visited == ["chat"] * 7
    assert played.answers[-1] == UNKNOWN
    assert "summary" not in played.values
    assert len(played.values["messages"]) == 2


def test_ten_messages_are_not_yet_too_many(play: Play) -> None:
    played = play("conversation-memory", "remembers", _chat(*["It rains."] * (LIMIT // 2)))

    assert "summarise" not in played.visited
    assert len(played.values["messages"]) == LIMIT


def test_a_second_summary_keeps_what_the_first_one_told(play: Play) -> None:
    played = play("conversation-memory", "remembers", _chat("My name is Bob.", *["It rains."] * 10, "What's my name?"))

    assert played.visited.count("summarise") == 2
    assert played.answers[-1] == "Your name is Bob."


def test_a_summary_without_a_name_does_not_invent_one(play: Play) -> None:
    played = play("conversation-memory", "remembers", _chat(*["It rains."] * 6, "What is my name?"))

    assert played.visited.count("summarise") == 1
    assert played.answers[-1] == UNKNOWN


def test_the_name_told_last_counts(play: Play) -> None:
    played = play("conversation-memory", "remembers", _chat("My name is Bob.", "No, my name is Ann Lee.", "Who am I?"))

    assert played.answers[-1] == "Your name is Ann Lee."


def test_every_message_has_an_id_of_its_own(play: Play) -> None:
    ids = [message.id for message in play("conversation-memory", "remembers", LONG).values["messages"]]

    assert None not in ids
    assert len(set(ids)) == len(ids)


OUTCOMES = {
    ("forgets", RECALL): "Forgot the name: Alice",
    ("remembers", RECALL): "Knew the name: Alice",
    ("forgets", LONG): "Forgot the name: Alice",
    ("remembers", LONG): "Knew the name: Alice",
    ("forgets", NEVER_TOLD): "Nobody told it the name",
    ("remembers", NEVER_TOLD): "Nobody told it the name",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_whether_the_name_was_known(play: Play, lane: str, example: int) -> None:
    played = play("conversation-memory", lane, example)

    assert played.outcome == OUTCOMES[lane, example]
    assert ("Alice" in _said(played)[-1]) == played.outcome.startswith("Knew")


@pytest.mark.parametrize(
    ("lane", "turns", "line"),
    [
        ("forgets", 1, "Saved nothing of 1 turn"),
        ("forgets", 3, "Saved nothing of 3 turns"),
        ("remembers", 1, "Remembers 1 turn"),
        ("remembers", 3, "Remembers 3 turns"),
        ("remembers", 7, "Remembers 7 turns, the older ones by a summary"),
    ],
)
def test_the_outcome_of_a_chat_without_a_question_says_what_is_remembered(
    play: Play, lane: str, turns: int, line: str
) -> None:
    assert play("conversation-memory", lane, _chat(*["The sea is calm."] * turns)).outcome == line


def test_a_name_of_any_length_leaves_the_outcome_on_its_line(play: Play) -> None:
    line = play("conversation-memory", "remembers", _chat(f"My name is {'Bartholomew ' * 20}.", "Who am I?")).outcome

    assert line.startswith("Knew the name: Bartholomew Bartholomew ")
    assert line.endswith("…")
    assert len(line) <= 60


@pytest.mark.parametrize("lane", LANES)
def test_a_chat_whose_beginning_is_no_longer_known_claims_nothing_about_it(lane: str) -> None:
    told = PATTERN.lane(lane).outcome
    assert told is not None
    assert told(Ended({"messages": []})) == "Answered the newest message"
