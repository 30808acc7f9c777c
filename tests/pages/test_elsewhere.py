"""A thread that another process on the same database works on, as the pages of this one show it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.lab import Lab
from lab.workspace_cookie import LOCAL
from tests.support.app_pages import badges, markdowns, open_page
from tests.support.labs import quiet

SLOW = 0.5
"""Words a second at which a run goes on while its page is opened."""


@pytest.fixture
def elsewhere(pages_lab: Lab, tmp_path: Path) -> Iterator[str]:
    """Provide a thread that runs in another lab on the same file."""
    other = Lab(quiet(str(tmp_path / "lab.sqlite")))
    visitor = other.workspace(LOCAL)
    thread = visitor.start("linear-pipeline", "pipeline", {"text": "One. Two. Three."}, pace=SLOW).thread_id
    yield thread
    visitor.stop(thread)
    assert visitor.wait(thread)
    other.close()


def test_a_thread_at_work_in_another_process_is_shown_as_that_and_asks_for_nothing(elsewhere: str) -> None:
    at = open_page("linear-pipeline", thread=elsewhere)
    assert badges(at) == ["Running in another process"]
    assert "Another process" in markdowns(at)
    assert at.button(key="linear-pipeline_run").disabled
    assert not at.button(key="linear-pipeline_stop").disabled
    assert not [found for found in at.button if str(found.key).endswith(("_continue", "_again", "_anew", "_send"))]


def test_the_list_of_threads_and_the_explorer_show_it_too(elsewhere: str) -> None:
    assert badges(open_page("threads")) == ["Running in another process"]
    at = open_page("explorer", thread=elsewhere)
    assert any("Running in another process" in found.label for found in at.expander)
