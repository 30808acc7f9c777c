"""Texts as SQLite and PostgreSQL both can keep them."""


def storable(given: str) -> str:
    """Return a text as every database can keep it: PostgreSQL knows neither NUL nor halves of characters."""
    return given.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
