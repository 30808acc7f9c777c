"""Settings for labs that tests open: no pace, and nothing taken from the environment."""

from pathlib import Path
from typing import Any

import pytest

from lab.settings import Settings


def quiet(database: str, **more: Any) -> Settings:
    """Return settings that only the test decides."""
    blank: dict[str, Any] = {"openai_api_key": None, "openai_base_url": None, "secret": None}
    return Settings(_env_file=None, database=database, pace=0, **{**blank, **more})


def database(request: pytest.FixtureRequest, folder: Path) -> str:
    """Name the database of a parametrised test."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_lab_database")
        return url
    return "memory" if request.param == "memory" else str(folder / "lab.sqlite")
