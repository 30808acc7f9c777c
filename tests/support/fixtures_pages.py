"""Fixtures for pages without a browser; `conftest.py` names this module in `pytest_plugins`."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.context import ContextProxy

# Reads the catalogue as it's imported, which must be before a test puts another one in its place.
import pages.gallery  # noqa: F401
from lab.lab import Lab, close_lab, open_lab
from lab.workspace import Workspace
from lab.workspace_cookie import LOCAL, NEAR, Visitors

SETTINGS = {
    "LAB_PACE": "0",
    "LAB_PLAY_SECONDS": "0",
    "LAB_WORKSPACES": "shared",
    "OPENAI_API_KEY": "",
    "OPENAI_BASE_URL": "",
}
"""Blank, not absent: a developer's own .env would fill in what's absent."""


@pytest.fixture(scope="session", autouse=True)
def components() -> Iterator[None]:
    """Look once which installed packages bring components, as a server does, and not once a session of `AppTest`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Provide the visitor's cookies, none at first; `AppTest` has no way to give them."""
    held: dict[str, str] = {}
    monkeypatch.setattr(ContextProxy, "cookies", held)
    return held


@pytest.fixture
def headers(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Provide the headers of the visitor's request, none at first; `AppTest` has no way to give them either."""
    held: dict[str, str] = {}
    monkeypatch.setattr(ContextProxy, "headers", held)
    return held


@pytest.fixture
def near(headers: dict[str, str], pages_lab: Lab) -> None:
    """Mark the visitor as one at the lab's own machine."""
    headers[NEAR] = Visitors(pages_lab.secret, "shared").near_mark()


@pytest.fixture
def pages_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cookies: dict[str, str]) -> Iterator[Lab]:
    """Provide the lab that pages under test reach, on a database of its own."""
    for name, value in {**SETTINGS, "LAB_DATABASE": str(tmp_path / "lab.sqlite")}.items():
        monkeypatch.setenv(name, value)
    close_lab()
    yield open_lab()
    close_lab()


@pytest.fixture
def here(pages_lab: Lab) -> Workspace:
    """Provide the visitor's own workspace."""
    return pages_lab.workspace(LOCAL)
