"""Linear pipeline: each node adds its part, in order, and nothing runs behind a failure."""

import re

import pytest

from graphs.pattern import Example
from tests.support.example_player import Play

REPORT, UNTIDY, BLANK = range(3)


def test_the_nodes_run_in_a_row_and_each_adds_its_name(play: Play) -> None:
    played = play("linear-pipeline", "pipeline", REPORT)

    assert (played.status, played.error) == ("finished", None)
    assert played.visited == played.values["processed"] == ["clean", "summarise", "headline"]


def test_spaces_are_tidied_before_anything_else_reads_the_text(play: Play) -> None:
    values = play("linear-pipeline", "pipeline", UNTIDY).values

    assert values["clean"] == "Tabs and line breaks become single spaces. Then the rest runs."
    assert values["text"] != values["clean"]


def test_the_answers_are_what_the_model_said(play: Play) -> None:
    played = play("linear-pipeline", "pipeline", REPORT)

    assert played.answers == [played.values["summary"], played.values["headline"]]
    assert len(played.values["headline"].split()) <= 8


@pytest.mark.parametrize("word", ["lighthouse", "umbrella"])
def test_the_result_depends_on_the_text(play: Play, word: str) -> None:
    played = play("linear-pipeline", "pipeline", Example(word, {"text": f"The {word} stands alone."}))

    assert word in played.values["summary"]
    assert word in played.values["headline"].lower()


def test_a_blank_text_fails_in_the_first_node_and_no_other_runs(play: Play) -> None:
    played = play("linear-pipeline", "pipeline", BLANK)

    assert (played.status, played.failed_node, played.visited) == ("resumable", "clean", ["clean"])
    assert played.error == "ValueError: The text has no word in it. Give at least one."
    assert played.answers == []


OUTCOMES = {
    ("pipeline", REPORT): "27 words became a headline of 8",
    ("pipeline", UNTIDY): "11 words became a headline of 6",
    ("pipeline", BLANK): "No headline, stopped by an error",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_counts_the_words(play: Play, lane: str, example: int) -> None:
    played = play("linear-pipeline", lane, example)
    counts = [len(played.values.get(name, "").split()) for name in ("clean", "headline")]

    assert played.outcome == OUTCOMES[lane, example]
    assert [int(number) for number in re.findall(r"\d+", played.outcome)] == [count for count in counts if count]
