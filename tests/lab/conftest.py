"""What the tests of several rooms share: a database that outlives a process, and processes that wait for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.labs import database
from tests.support.rival_processes import end_idle


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a database that outlives a process."""
    return database(request, tmp_path)


@pytest.fixture(scope="module")
def idle_rivals() -> Iterator[None]:
    """Leave no process behind that waits for a lab."""
    yield
    end_idle()
