"""What all tests share."""

import gc
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from graphs.pattern import Pattern
from lab.lab import Lab
from tests.support.example_player import Play, player
from tests.support.forked_processes import STARTS_RUNS, Forker
from tests.support.labs import database, quiet
from tests.support.scripted_clock import ScriptedClock, script_clock
from tests.support.toy_patterns import OpenLab

pytest_plugins = [
    "tests.support.fixtures_thread_files",
    "tests.support.fixtures_pages",
    "tests.support.fixtures_servers",
    "tests.support.kinds",
]

# A busy machine is no finding of a property; what may not take long has a test of its own.
settings.register_profile("lab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lab")


def pytest_collection_finish() -> None:
    """Leave what all tests share out of garbage collections, and make fewer of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> ScriptedClock:
    """Let what nodes wait for in this process come at once."""
    return script_clock(monkeypatch)


@pytest.fixture(params=["memory", "sqlite"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """Provide a lab on memory and on a SQLite file, so that one test states one truth for both."""
    database = "memory" if request.param == "memory" else str(tmp_path / "lab.sqlite")
    opened = Lab(quiet(database))
    yield opened
    opened.close()


@pytest.fixture(params=["memory", "sqlite"])
def open_toys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenLab]:
    """Open labs on a test's own patterns, in memory and on a SQLite file, or where a test itself says."""
    with ExitStack() as stack:
        yield opener(stack, database(request, tmp_path))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenLab]:
    """Open labs on a test's own patterns, in memory, on a SQLite file and on PostgreSQL."""
    with ExitStack() as stack:
        yield opener(stack, database(request, tmp_path))


def opener(stack: ExitStack, name: str) -> OpenLab:
    """Make what opens labs on that database and close them all with the stack."""

    def open_lab(*patterns: Pattern, **settings: Any) -> Lab:
        lab = Lab(quiet(name, **settings), patterns=patterns)
        stack.callback(lab.close)
        return lab

    return open_lab


@pytest.fixture
def sqlite_lab(tmp_path: Path) -> Iterator[Lab]:
    """Provide a lab on a SQLite file."""
    opened = Lab(quiet(str(tmp_path / "lab.sqlite")))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    """Provide what forks processes from one that has imported everything."""
    forker = Forker()
    yield forker
    forker.close()


@pytest.fixture
def forked_workers(monkeypatch: pytest.MonkeyPatch, forker: Forker) -> None:
    """Fork the processes of runs."""
    monkeypatch.setattr(STARTS_RUNS, forker.instead_of_subprocess())


@pytest.fixture
def play(sqlite_lab: Lab) -> Play:
    """Play examples on a SQLite file."""
    return player(sqlite_lab)
