"""The inbox while an example is played: at each rest it has exactly the questions that are open."""

from pathlib import Path

import pytest

from graphs.catalogue import CATALOGUE
from graphs.pattern import Edit, Example, Lane, Pattern, Reply
from lab.lab import Lab
from tests.support.example_player import begun
from tests.support.inboxes import indexed, open_questions, waiting
from tests.support.labs import database, quiet

ASKING = [
    pytest.param(pattern, lane, example, where, id=f"{pattern.slug}-{lane.key}-{example.label}-{where}")
    for pattern in CATALOGUE
    for lane in pattern.lanes
    for example in pattern.examples
    for where in ("memory", "sqlite", "postgresql")
    if any(isinstance(step, Reply | Edit) for step in example.steps.get(lane.key, ()))
    # A killed process takes its memory with it, so that the lab refuses such a run there.
    if where != "memory" or example.input.get(pattern.crash_field, "never") == "never"
]


@pytest.fixture
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name the database."""
    return database(request, tmp_path)


@pytest.mark.usefixtures("forked_workers")
@pytest.mark.parametrize(("pattern", "lane", "example", "address"), ASKING, indirect=["address"])
def test_at_each_rest_of_an_example_the_inbox_has_the_questions_that_are_open(
    address: str, pattern: Pattern, lane: Lane, example: Example
) -> None:
    lab = Lab(quiet(address))
    try:
        workspace = lab.workspace("tests")
        playing = begun(workspace, pattern.slug, lane.key, example)
        rests = [indexed(workspace)]
        while playing.take_next() is not None:
            rests.append(indexed(workspace))
            assert rests[-1] == open_questions(workspace)

        assert len(rests) > 1
        assert any(rests)
        assert waiting(workspace) == open_questions(workspace)
    finally:
        lab.close()
