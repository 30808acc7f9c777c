"""The inbox while an example is played: at each rest it has exactly the questions that are open."""

import pytest

from graphs.pattern import Edit, Example, Lane, Pattern, Reply
from lab.lab import Lab
from tests.support.example_player import begun, example_id, examples_that
from tests.support.inboxes import indexed, open_questions, waiting
from tests.support.labs import quiet

ASKING = [
    pytest.param(pattern, lane, example, where, id=f"{example_id(pattern, lane, example)}-{where}")
    for pattern, lane, example in examples_that(Reply, Edit)
    for where in ("memory", "sqlite", "postgresql")
    # A killed process takes its memory with it, so that the lab refuses such a run there.
    if where != "memory" or example.input.get(pattern.crash_field, "never") == "never"
]


@pytest.mark.usefixtures("forked_workers")
@pytest.mark.parametrize(("pattern", "lane", "example", "where"), ASKING, indirect=["where"])
def test_at_each_rest_of_an_example_the_inbox_has_the_questions_that_are_open(
    where: str, pattern: Pattern, lane: Lane, example: Example
) -> None:
    lab = Lab(quiet(where))
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
