"""Reading LAB_DATABASE: which database it names, or why it names none."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict

from lab.errors import UnusableDatabase

Kind = Literal["sqlite", "memory", "postgresql"]

WAYS = "Name the path of a SQLite file, 'memory', or postgresql://user:password@host:5432/database"
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9.-]*)(?:\+[a-z0-9_.-]+)?://(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_PLAIN_PATH = ("/", "./", "../", "~")
_OPTIONS = re.compile(r"\b(host|hostaddr|port|dbname|user|password|service|sslmode)\s*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the lab keeps its threads."""

    kind: Kind
    path: Path = Path()
    """Of the SQLite file."""
    url: str = field(default="", repr=False)
    """Of PostgreSQL, with its password."""

    def __str__(self) -> str:
        if self.kind != "postgresql":
            return str(self.path) if self.kind == "sqlite" else "memory"
        parts = conninfo_to_dict(self.url)
        return f"'{parts.get('dbname') or parts.get('user') or ''}' at {parts.get('host') or 'this machine'}"


def read_address(given: str) -> Address:
    """Return which database a setting names; raises UnusableDatabase, and repeats no password."""
    text = given.strip()
    if text.lower() in ("memory", ":memory:"):
        return Address("memory")
    if text.startswith(_PLAIN_PATH):
        return _file(text)
    if (match := _URL.fullmatch(text)) is None:
        return _relative(text)
    match match["scheme"].lower():
        case "postgresql" | "postgres":
            return _server(match["rest"])
        case "sqlite":
            return _sqlite(match["rest"])
        case scheme:
            raise UnusableDatabase(f"LAB_DATABASE names a database by {scheme}://, which the lab can't use. {WAYS}.")


def _sqlite(rest: str) -> Address:
    """Read what stands behind sqlite:// as SQLAlchemy does: three slashes and a path, or nothing for memory."""
    path = rest.removeprefix("/")
    if path in ("", ":memory:"):
        return Address("memory")
    if path == rest or "?" in path:
        raise UnusableDatabase(
            "LAB_DATABASE begins like the URL of a SQLite file, and has a host or options, which there are none for. "
            "Write sqlite:///relative/path, sqlite:////absolute/path, or the path alone."
        )
    return _file(path)


def _relative(text: str) -> Address:
    if not text or ":" in text or "@" in text or _OPTIONS.search(text):
        raise UnusableDatabase(
            f"LAB_DATABASE is neither clearly a path nor a URL that the lab knows. {WAYS}, and begin the path of a "
            "file whose name has a colon, an at sign or 'host=' in it with ./"
        )
    return _file(text)


def _file(text: str) -> Address:
    try:
        return Address("sqlite", Path(text).expanduser())
    except RuntimeError as error:
        raise UnusableDatabase(
            "LAB_DATABASE begins with ~ and a name, and there is no such user here. Write the whole path."
        ) from error


def _server(rest: str) -> Address:
    url = f"postgresql://{rest}"
    refused = UnusableDatabase(
        "LAB_DATABASE begins like the URL of PostgreSQL and can't be read as one. Write "
        "postgresql://user:password@host:5432/database, and percent-encode what isn't a letter or a digit in the "
        "password (@ is %40, / is %2F, # is %23, % is %25)."
    )
    # An unencoded sign in a password moves the rest of it into the host, the port or the database's name, which
    # messages of the library repeat.
    authority, _, behind = re.sub(r"[/?#]", "\0", rest, count=1).partition("\0")
    if authority.count("@") > 1 or "@" in behind.partition("?")[0]:
        raise refused
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # Without the cause, whose words repeat the URL.
        raise refused from None
    if not all(port.isdecimal() for port in str(parts.get("port") or "5432").split(",")):
        raise refused
    return Address("postgresql", url=url)
