"""Known secrets, and texts without them."""

from lab.secrets.redaction import know_environment_secrets, know_secrets, redact, redact_error, redact_json

__all__ = [
    "know_environment_secrets",
    "know_secrets",
    "redact",
    "redact_error",
    "redact_json",
]
