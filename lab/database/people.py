"""The directory: the people who may act in the lab, with their roles, one for all workspaces."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from unicodedata import normalize

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from graphs.people import NOBODY, Person
from graphs.people import PEOPLE as CAST
from lab.database.database import Database
from lab.database.storable_text import storable
from lab.database.tables import PEOPLE

LONGEST = 200
"""Characters of a name or an address that somebody signs in with."""
SIGNED_IN = "Signed in"
"""What somebody is of whom the directory knows nothing else."""
TRIES = 5
"""How often somebody is added whose name others take at the same time."""


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

    def find_or_first(self, name: str) -> Person:
        """Return the person of that name, or else the first one, as whom a visitor acts who has chosen nobody."""
        people = self.people()
        return next((one for one in people if is_same(one.name, name)), people[0] if people else NOBODY)

    def signed_in(self, identity: str, *, is_mail: bool) -> Person:
        """Return who signs in by a mail address or a name, and add who isn't there yet, without any role.

        Anybody can choose a name, so that a name alone never makes a visitor somebody who has a role or an address.
        """
        visible = "".join(char if char.isprintable() else " " for char in storable(identity))
        given = " ".join(visible.split())[:LONGEST]
        for _ in range(TRIES if given else 0):
            known, name = self._signed_in_before(given, is_mail=is_mail)
            if known is not None:
                return known
            # The same one may sign in twice at the same time, and is there then.
            with suppress(IntegrityError), self._database.begin() as connection:
                add_people(connection, [Person(name, SIGNED_IN, (), given if is_mail else "")])
        return NOBODY

    def _signed_in_before(self, given: str, *, is_mail: bool) -> tuple[Person | None, str]:
        """Return who has signed in so before, None where nobody has, and the first name that is free for them."""
        known = self._by_mail(given) if is_mail else None
        name, number = given, 1
        while known is None and (other := self.find(name)) is not None:
            if not is_mail and other.position == SIGNED_IN and not other.roles and not other.mail:
                known = other
            name = f"{given} (signed in{f', {number}' if number > 1 else ''})"
            number += 1
        return known, name

    def _by_mail(self, mail: str) -> Person | None:
        # Letters that only look alike, or that fold into one, are of other mailboxes.
        return next((one for one in self.people() if one.mail.strip().encode().lower() == mail.encode().lower()), None)


def is_same(name: str, other: str) -> bool:
    """Return whether two names are of one person, or of one role, whatever their letters' case and width."""
    return _folded(name) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(normalize("NFKC", normalize("NFKC", name).casefold()).split())


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
