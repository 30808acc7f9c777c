"""Settings, from the environment or a `.env` file."""

from contextlib import suppress
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from lab.errors import InvalidSettings


class Settings(BaseSettings):
    """All settings of the lab; each one's name in the environment is its alias."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", populate_by_name=True, frozen=True)

    database: str = Field("data/lab.sqlite", validation_alias="LAB_DATABASE", repr=False)
    """A SQLite file, `memory`, or a `postgresql://` URL, which may hold a password."""
    pace: float = Field(30.0, validation_alias="LAB_PACE", ge=0)
    """Words a second of the offline model; 0 doesn't wait at all."""
    play_seconds: float = Field(2.5, validation_alias="LAB_PLAY_SECONDS", ge=0, le=60)
    """Seconds for which *Play* shows a step before it does it."""
    workspaces: Literal["auto", "shared", "own"] = Field("auto", validation_alias="LAB_WORKSPACES")
    """Whether all browsers share one workspace; `auto` shares on a loopback address only."""
    secret: SecretStr | None = Field(None, validation_alias="LAB_SECRET")
    """Signs the workspace cookie; without it one is made and kept in the database."""
    recursion_limit: int = Field(50, validation_alias="LAB_RECURSION_LIMIT", ge=1)
    """Supersteps after which a run is stopped with an error."""
    max_concurrency: int = Field(16, validation_alias="LAB_MAX_CONCURRENCY", ge=1)
    """Nodes of one run that may work at the same time."""
    runs_per_workspace: int = Field(8, validation_alias="LAB_RUNS_PER_WORKSPACE", ge=1)
    """Runs of one workspace that may be at work at the same time."""
    lease: float = Field(15.0, validation_alias="LAB_LEASE", gt=0)
    """Seconds after which a process that died without a word gives up the threads that it ran."""
    address: str | None = Field(None, validation_alias="LAB_ADDRESS")
    """Where this server is reached, as labs beside it on the database tell their visitors; `make run` sets it."""
    pool_size: int = Field(8, validation_alias="LAB_POOL_SIZE", ge=2)
    """Connections to PostgreSQL in all: one half for checkpoints, one for the lab's own tables."""
    openai_api_key: SecretStr | None = Field(None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(None, validation_alias="OPENAI_BASE_URL")
    openai_model: str = Field("gpt-4o-mini", validation_alias="OPENAI_MODEL")
    openai_timeout: float = Field(30.0, validation_alias="OPENAI_TIMEOUT", gt=0)
    """Seconds to wait for the model server's next piece."""
    openai_retries: int = Field(2, validation_alias="OPENAI_MAX_RETRIES", ge=0)
    """Tries that the client adds by itself on a rate limit, a lost connection or a server error."""

    @field_validator("openai_api_key", "openai_base_url", "secret", mode="before")
    @classmethod
    def _blank_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("database", mode="before")
    @classmethod
    def _blank_is_the_default(cls, value: object) -> object:
        return "data/lab.sqlite" if isinstance(value, str) and not value.strip() else value

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody may read in an error, an event or a saved row."""
        given = [secret.get_secret_value() for secret in (self.openai_api_key, self.secret) if secret is not None]
        for address in (self.database, self.openai_base_url or ""):
            # An address that can't be taken apart is refused where it's opened.
            with suppress(ValueError):
                password = urlsplit(address).password
                given += [password] if password else []
        return tuple(given)

    @property
    def real_model(self) -> bool:
        """True where a real model can be chosen."""
        return self.openai_api_key is not None or self.openai_base_url is not None


def read_settings() -> Settings:
    """Read the settings from the environment; raises InvalidSettings."""
    try:
        return Settings()
    except ValidationError as error:
        # Without the cause, which repeats the values.
        raise InvalidSettings({str(one["loc"][0]): one["msg"] for one in error.errors()}) from None
