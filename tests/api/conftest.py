"""Fixtures of the routes' tests."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from api.inbox_count import inbox_count_route
from api.thread_events import thread_events_route
from lab.lab import Lab, close_lab, open_lab
from lab.settings import Settings


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Provide the process's lab on a file of its own, opened to a network."""
    close_lab()
    database = tmp_path_factory.mktemp("api") / "lab.sqlite"
    yield open_lab(Settings(_env_file=None, database=str(database), pace=0, workspaces="own"))
    close_lab()


@pytest.fixture
def client(lab: Lab) -> Iterator[TestClient]:
    """Provide a client without a cookie."""
    with TestClient(Starlette(routes=[inbox_count_route(""), thread_events_route("")])) as client:
        yield client
