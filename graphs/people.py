"""The people whom the lab knows from its start, with the roles by which they may answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acts in the lab."""

    name: str
    """By which questions and decisions tell people apart, whatever the case of its letters."""
    position: str = ""
    """What the person is, in words."""
    roles: tuple[str, ...] = ()
    mail: str = ""
    """By which somebody who signs in is known."""


NOBODY = Person("")
"""Who acts where nobody is known."""

PEOPLE = (
    Person("Robin", "Employee", ("requester",)),
    Person("Sam", "Support agent", ("support",)),
    Person("Tess", "Systems engineer", ("technical", "support")),
    Person("Fiona", "Accountant", ("finance", "billing")),
    Person("Selma", "Security officer", ("security",)),
    Person("Maya", "Team manager", ("manager",)),
    Person("Dana", "Director", ("director", "manager")),
    Person("Emil", "Editor", ("editor", "moderator")),
    Person("Noah", "Network engineer", ("technical", "security")),
    Person("Viola", "Technical director", ("director", "technical")),
    Person("Hugo", "Financial director", ("director", "finance", "billing")),
)
"""The first one is whom a visitor acts as who has chosen nobody.

There are so many for each role that somebody is left for every turn, whoever asks and whoever has decided before.
"""
