"""A pattern's marks are read from what it does."""

import pytest

from graphs.catalogue import CATALOGUE, find
from graphs.marks import Mark, marks_of


@pytest.mark.parametrize(
    ("slug", "marks"),
    [
        ("linear-pipeline", ()),
        ("checkpointers", (Mark.TURNS, Mark.POSTGRESQL)),
        ("time-travel", (Mark.TRAP, Mark.TRAVEL)),
        ("approval-gate", (Mark.ASKS,)),
        ("durable-task", (Mark.ASKS, Mark.TRAP, Mark.CRASH)),
    ],
)
def test_a_pattern_has_the_marks_of_what_it_does(slug: str, marks: tuple[Mark, ...]) -> None:
    assert marks_of(find(slug)) == marks


def test_each_mark_tells_patterns_apart() -> None:
    for mark in Mark:
        assert 0 < sum(mark in marks_of(pattern) for pattern in CATALOGUE) < len(CATALOGUE)
