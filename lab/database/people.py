"""The directory: the people who may act in the lab, with their roles, one for all workspaces."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from graphs.people import PEOPLE as CAST
from graphs.people import Person
from lab.database.database import Database
from lab.database.storable_text import storable
from lab.database.tables import PEOPLE

LONGEST = 200
"""Characters of a name or an address that somebody signs in with."""


class Directory:
    """The people of the database's table, in the order in which they were added."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def people(self) -> tuple[Person, ...]:
        """Return all people."""
        with self._database.read() as connection:
            rows = connection.execute(select(PEOPLE).order_by(PEOPLE.c.number)).mappings().all()
        return tuple(map(_person, rows))

    def find(self, name: str) -> Person | None:
        """Return the person of that name, None where there is none."""
        return next((one for one in self.people() if is_same(one.name, name)), None)

    @property
    def default(self) -> str:
        """The name of whom a visitor acts as who has chosen nobody; empty where the directory is."""
        return next((one.name for one in self.people()), "")

    def signed_in(self, identity: str, *, is_mail: bool) -> Person:
        """Return who signs in by a mail address or a name, and add who isn't there yet, without any role."""
        given = storable(" ".join(identity.split()))[:LONGEST]
        known = self._known(given, is_mail=is_mail)
        if known is None:
            try:
                with self._database.begin() as connection:
                    add_people(connection, [Person(given, "Signed in", (), given if is_mail else "")])
            except IntegrityError:
                # The same one, signing in twice at the same time.
                pass
            known = self._known(given, is_mail=is_mail)
        return known or Person(given)

    def _known(self, identity: str, *, is_mail: bool) -> Person | None:
        return next(
            (one for one in self.people() if is_same(one.mail if is_mail else one.name, identity)),
            None,
        )


def is_same(name: str, other: str) -> bool:
    """Return whether two names are of one person, or of one role."""
    return " ".join(name.split()).casefold() == " ".join(other.split()).casefold()


def add_people(connection: Connection, people: Sequence[Person] = CAST) -> None:
    """Add people, by default those whom every database begins with."""
    rows = [
        {"name": one.name, "position": one.position, "roles": json.dumps(one.roles), "mail": one.mail or None}
        for one in people
    ]
    connection.execute(insert(PEOPLE), rows)


def _person(row: Mapping[Any, Any]) -> Person:
    return Person(row["name"], row["position"], _roles(row["roles"]), row["mail"] or "")


def _roles(saved: str) -> tuple[str, ...]:
    """Read a list of roles as JSON; one that somebody wrote by hand may also be of words between commas."""
    try:
        roles = json.loads(saved)
    except ValueError:
        roles = saved.split(",")
    named = [str(role).strip() for role in roles] if isinstance(roles, list) else [str(roles)]
    return tuple(filter(None, named))
