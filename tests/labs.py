"""Settings for labs that tests open: no pace, and nothing taken from the environment."""

from typing import Any

from lab.settings import Settings


def quiet(database: str, **more: Any) -> Settings:
    """Gives settings that only the test decides."""
    blank: dict[str, Any] = {"openai_api_key": None, "openai_base_url": None, "secret": None}
    return Settings(_env_file=None, database=database, pace=0, **{**blank, **more})
