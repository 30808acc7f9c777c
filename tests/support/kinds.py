"""What keeps a test out of the everyday loop, told by what it asks for; `conftest.py` names this module.

A kind is what a test needs beside this process, or that it goes through the catalogue or tries many cases. `make check`
leaves out all of these kinds, and `make test` runs them all.
"""

from collections.abc import Iterator
from types import ModuleType

import pytest

from graphs.catalogue import CATALOGUE
from graphs.pattern import Example, Pattern

FIXTURES = {
    "browser": "browser",
    "lab_server": "server",
    "postgres_server": "postgresql",
    "cookies": "pages",
    "forker": "processes",
}
"""Who asks for one of these fixtures, also by way of another one, is of that kind."""

HELPERS = {
    "tests.support.app_pages": "pages",
    "streamlit.testing": "pages",
    "tests.support.servers": "server",
    "tests.support.crash_program": "processes",
    "tests.support.rival_processes": "processes",
}
"""Whose module took something from one of these is of that kind."""

SLUGS = frozenset(pattern.slug for pattern in CATALOGUE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its kinds, and let the longest ones begin first, so that nobody waits for them alone."""
    items.sort(key=lambda item: item.path.name != "test_style.py")
    for item in items:
        for kind in kinds(item):
            item.add_marker(kind)


def kinds(item: pytest.Item) -> Iterator[str]:
    """Return the kinds of a test, some of them twice."""
    assert isinstance(item, pytest.Function)
    yield from (kind for name, kind in FIXTURES.items() if name in item.fixturenames)
    yield from _by_module(item.module)
    if getattr(item.function, "is_hypothesis_test", False):
        yield "properties"
    given = list(item.callspec.params.values()) if hasattr(item, "callspec") else []
    if any(isinstance(value, Pattern) or (isinstance(value, str) and value in SLUGS) for value in given):
        yield "catalogue"
    if any(isinstance(value, str) and value == "postgresql" for value in given):
        yield "postgresql"
    fields = {value.crash_field for value in given if isinstance(value, Pattern)} - {""}
    examples = [value for value in given if isinstance(value, Example)]
    if any(example.input.get(field, "never") != "never" for field in fields for example in examples):
        yield "processes"


def _by_module(module: ModuleType) -> set[str]:
    values = vars(module).values()
    origins = {str(getattr(value, "__module__", None) or getattr(value, "__name__", "")) for value in values}
    return {kind for origin in origins for helper, kind in HELPERS.items() if origin.startswith(helper)}
