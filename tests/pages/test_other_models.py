"""Each pattern's page where a model answers something else than the script: what came of it is shown, not raised."""

from collections.abc import Iterator

import pytest

from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern
from lab.lab import Lab, close_lab, open_lab
from lab.workspace import ExamplePlayer
from lab.workspace_cookie import LOCAL
from tests.support.app_pages import badges, open_page
from tests.support.openai_server import OpenAIServer, ToolCalls

NOT_YET = {"Not started", "Running", "Stopping"}


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        running.answer(ToolCalls((("open_the_pod_bay", {"doors": 2}),)))
        yield running


@pytest.fixture
def real_lab(pages_lab: Lab, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Provide the lab that pages reach, with a real model that calls a tool which nobody offered."""
    for name, value in {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test", "OPENAI_MAX_RETRIES": "0"}.items():
        monkeypatch.setenv(name, value)
    close_lab()
    # The fixture that opened the first one closes this one too.
    return open_lab()


@pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
def test_a_page_shows_what_became_of_an_answer_that_fits_nothing(real_lab: Lab, pattern: Pattern) -> None:
    workspace, offered = real_lab.workspace(LOCAL), real_lab.graphs.offered(pattern.slug)
    example = next(one for one in offered.examples if one.input.get(offered.crash_field, "never") == "never")
    threads = ExamplePlayer(workspace, offered, example).start(model="openai", pace=0)
    for thread in threads:
        assert workspace.wait(thread.thread_id, 60)

    assert NOT_YET.isdisjoint(badges(open_page(pattern.slug, thread=threads[0].thread_id)))
