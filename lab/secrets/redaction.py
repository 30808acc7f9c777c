"""Known secrets, cut out of texts before anybody reads or keeps them."""

import os
import re
from urllib.parse import quote, unquote

from lab.jsonable import Json

CUT = "[secret]"
"""What stands in a secret's place."""
SHORTEST = 8
"""Characters of a secret that is told from usual words."""

_NAMES = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$")
_known: set[str] = set()


def know_secrets(*secrets: str) -> None:
    """Take further texts for secrets, for as long as the process lives; short ones can't be told from words."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            _known.update((secret, quote(secret, safe=""), unquote(secret)))


def know_environment_secrets() -> None:
    """Take for secrets what the environment calls a key, a token or a password."""
    know_secrets(*(value for name, value in os.environ.items() if _NAMES.search(name.upper()) and not value.isspace()))


def redact(text: str) -> str:
    """Return a text without the known secrets."""
    for secret in sorted(_known, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, CUT)
    return text


def redact_json(value: Json) -> Json:
    """Return JSON data whose texts, those of keys too, are without the known secrets."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact_json(key): redact_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(redact_json, value)) if type(value) in (list, tuple) else value
    return value


def redact_error(error: BaseException) -> None:
    """Cut the known secrets out of an exception, and out of those that caused it, in place."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        cause.args = redact_json(cause.args)
        # What an HTTP client's errors keep beside their arguments.
        for name in ("message", "body"):
            if hasattr(cause, name):
                setattr(cause, name, redact_json(getattr(cause, name)))
        cause = cause.__cause__ or cause.__context__
