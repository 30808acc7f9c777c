"""What tests in a real browser stand on."""

from collections.abc import Iterator

import pytest

from tests.support.openai_server import OpenAIServer


@pytest.fixture(scope="module")
def model() -> Iterator[OpenAIServer]:
    """Provide a local server that speaks as OpenAI's does."""
    with OpenAIServer() as server:
        yield server
