"""Reducers: two writers in one step are an error without them, and with them each channel joins both values."""

from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from graphs.pattern import Example
from graphs.state.reducers import (
    InvalidOperation,
    InvalidReview,
    add_counts,
    append_unique,
    build_reduced,
    edit_list,
    highest,
    merge_by_priority,
    merge_deep,
    read_review,
)
from graphs.state.reducers_demo import CHANNELS, PATTERN
from tests.support.example_player import Play

SLUG, LANES = PATTERN.slug, tuple(lane.key for lane in PATTERN.lanes)
TWO, SILENT, SAME, NO_SCORE = range(4)


def held(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in CHANNELS if name != "messages"}


@pytest.mark.parametrize("example", [TWO, SAME])
def test_two_writers_of_a_channel_without_a_reducer_fail_and_nothing_of_either_is_saved(
    play: Play, example: int
) -> None:
    played = play(SLUG, "without", example)

    assert sorted(played.visited) == ["ann", "ben"]
    assert "InvalidUpdateError: At key 'best'" in (played.error or "")
    assert not set(CHANNELS) & set(played.values)


def test_one_writer_without_a_reducer_is_no_error_and_is_replaced_by_the_next_step(play: Play) -> None:
    values = play(SLUG, "without", SILENT).values

    assert values["counts"] == {"taken off": 1}
    assert values["facts"] == {"editor": {"took off": ["cable"]}}
    assert values["desk"] == {"remove": ["cable"], "prepend": ["headline"]}


def test_with_reducers_each_channel_holds_both_reviews(play: Play) -> None:
    assert held(play(SLUG, "reduced", TWO).values) == {
        "best": 8,
        "facts": {"scores": {"Ann": 8, "Ben": 5}, "named": {"Ann": 3, "Ben": 2}, "editor": {"took off": ["price"]}},
        "quote": {"front page": {"by": "Ann", "score": 8, "priority": 3}},
        "counts": {"light": 2, "price": 2, "size": 1, "taken off": 1},
        "topics": [{"topic": "light"}, {"topic": "price"}, {"topic": "size"}],
        "desk": ["headline", "light", "light", "size"],
        "mean": {"n": 2, "sum": 13},
    }


def test_a_message_is_edited_by_its_id_and_not_said_twice(play: Play) -> None:
    said = play(SLUG, "reduced", SAME).values["messages"]
    edited = play(SLUG, "reduced", TWO).values["messages"]

    assert [(one.id, one.text) for one in said] == [
        ("Ann", "10 of 10: colour, light, size"),
        ("Ben", "7 of 10: colour, light"),
    ]
    assert [(one.id, one.text.endswith("(edited)")) for one in edited] == [("Ann", True), ("Ben", True)]


@pytest.mark.parametrize("lane", LANES)
def test_a_review_without_a_score_fails_on_its_node(play: Play, lane: str) -> None:
    played = play(SLUG, lane, NO_SCORE)

    assert (played.status, played.failed_node) == ("resumable", "ben")
    assert "edit" not in played.visited


@pytest.mark.parametrize("ben", ["1: size", "10: a, b, c, d"])
def test_the_channels_follow_the_reviews(play: Play, ben: str) -> None:
    values = play(SLUG, "reduced", Example("other", {"ann": "4: light, price", "ben": ben, "editor": ""})).values
    score, topics = read_review(ben)

    assert values["best"] == max(4, score)
    assert values["quote"]["front page"]["by"] == ("Ben" if len(topics) > 2 else "Ann")


def test_nobody_s_review_is_no_error(play: Play) -> None:
    nothing = Example("nothing", {"ann": " ", "ben": "", "editor": ""})

    assert [play(SLUG, lane, nothing).outcome for lane in LANES] == ["No review"] * 2


def test_the_graph_needs_no_lab() -> None:
    graph = build_reduced(FakeListChatModel(responses=["Yes."])).compile()

    assert graph.invoke({"ann": "3: a", "ben": "9: a", "editor": "a"})["counts"] == {"a": 2, "taken off": 1}


def test_a_deep_merge_goes_to_the_last_level_and_changes_neither_value() -> None:
    old, new = {"a": {"x": 1, "y": {"z": 1}}, "b": 1}, {"a": {"y": {"w": 2}}, "b": {"c": 3}}

    assert merge_deep(old, new) == {"a": {"x": 1, "y": {"z": 1, "w": 2}}, "b": {"c": 3}}
    assert (old["a"], new["a"]) == ({"x": 1, "y": {"z": 1}}, {"y": {"w": 2}})


def test_the_higher_priority_wins_in_either_order() -> None:
    low, high = {"k": {"v": 1, "priority": 1}}, {"k": {"v": 2, "priority": 2}}

    assert merge_by_priority(low, high) == merge_by_priority(high, low) == high
    assert merge_by_priority(low, {"k": {"v": 9, "priority": 1}}) == low


def test_items_are_unique_also_inside_one_update_and_where_they_have_no_hash() -> None:
    assert append_unique([1], [2, 2, 1]) == [1, 2]
    assert append_unique([], [{"a": [1]}, {"a": [1]}]) == [{"a": [1]}]


def test_a_list_takes_operations_and_a_list_alone() -> None:
    assert edit_list(["a"], ["b"]) == ["a", "b"]
    assert edit_list(["a", "b", "a"], {"remove": ["a"], "prepend": ["x"], "append": ["a"]}) == ["x", "b", "a"]
    with pytest.raises(InvalidOperation, match="apend"):
        edit_list([], {"apend": ["b"]})


def test_counts_add_up_and_the_highest_stays() -> None:
    assert add_counts({"a": 1}, {"a": 2, "b": 1}) == {"a": 3, "b": 1}
    assert (highest(3, 2), highest(2, 3)) == (3, 3)


@pytest.mark.parametrize("text", ["light", "11: light", "0", "8 light", "-1: a", "8.5: a"])
def test_a_review_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidReview):
        read_review(text)


def test_a_score_alone_is_a_review() -> None:
    assert read_review(" 10 ") == (10, [])
    assert read_review("8: Light , price;size") == (8, ["light", "price", "size"])


FAILED = "Nothing joined, stopped by an error"
OUTCOMES = {
    ("without", TWO): FAILED,
    ("without", SILENT): "The review is lost from 3 channels: counts, desk, facts",
    ("without", SAME): FAILED,
    ("without", NO_SCORE): FAILED,
    ("reduced", TWO): "2 reviews joined: mean 6.5, best 8, 3 topics",
    ("reduced", SILENT): "1 review joined: mean 9, best 9, 2 topics",
    ("reduced", SAME): "2 reviews joined: mean 8.5, best 10, 3 topics",
    ("reduced", NO_SCORE): FAILED,
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_was_joined_and_what_was_lost(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]
