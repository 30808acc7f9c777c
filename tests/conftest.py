"""What all tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.lab import Lab
from tests.labs import quiet
from tests.play import Play, player

pytest_plugins = ["tests.fixtures_servers"]


@pytest.fixture(params=["memory", "sqlite"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """A lab on memory and on a SQLite file, so that one test states one truth for both."""
    database = "memory" if request.param == "memory" else str(tmp_path / "lab.sqlite")
    opened = Lab(quiet(database))
    yield opened
    opened.close()


@pytest.fixture
def sqlite_lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab on a SQLite file."""
    opened = Lab(quiet(str(tmp_path / "lab.sqlite")))
    yield opened
    opened.close()


@pytest.fixture
def play(sqlite_lab: Lab) -> Play:
    """Plays examples on a SQLite file."""
    return player(sqlite_lab)
