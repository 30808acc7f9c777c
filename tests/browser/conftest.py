"""What tests in a real browser stand on."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.support.fixtures_servers import chromium, opened
from tests.support.forked_servers import ForkedServer
from tests.support.openai_server import OpenAIServer
from tests.support.pattern_journeys import OWN, running_lab
from tests.support.servers import LabServer


@pytest.fixture
def server_kind() -> type[LabServer]:
    """Fork the servers, as no test here is about their start."""
    return ForkedServer


@pytest.fixture(scope="module")
def model() -> Iterator[OpenAIServer]:
    """Provide a local server that speaks as OpenAI's does."""
    with OpenAIServer() as server:
        yield server


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all modules here."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="package")
def first_visitor(browser: Browser) -> Iterator[BrowserContext]:
    """Open a visitor for all modules here; `page` forgets after each test that somebody was there."""
    context = opened(browser)
    yield context
    context.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """Start one lab for all modules that want nothing else of theirs; each test's visitor has a workspace alone."""
    with running_lab(tmp_path_factory.mktemp("lab"), OWN) as running:
        yield running
