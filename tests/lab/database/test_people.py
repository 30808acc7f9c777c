"""The directory of people: there from the start in every database, read as whoever runs the lab has left it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from graphs.people import PEOPLE, Person
from lab.lab import Lab
from tests.support.labs import quiet
from tests.support.toy_patterns import OpenLab, everywhere, two_steps


@everywhere
def test_a_new_database_knows_people_for_all_roles_and_a_default_one(open_toys: OpenLab) -> None:
    people = open_toys(two_steps()).people
    roles = {role for person in people.people() for role in person.roles}

    assert people.people() == PEOPLE
    assert people.find_or_first("").name == "Robin"
    assert roles >= {"requester", "support", "technical", "billing", "finance", "security", "manager", "director"}
    assert roles >= {"editor", "moderator"}


def test_the_people_of_a_database_stay_as_whoever_runs_the_lab_has_left_them(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    Lab(quiet(str(path)), patterns=[two_steps()]).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM lab_people WHERE name <> 'Sam'")
        connection.execute("UPDATE lab_people SET roles = 'support, security'")
    lab = Lab(quiet(str(path)), patterns=[two_steps()])

    assert lab.people.people() == (Person("Sam", "Support agent", ("support", "security")),)
    assert lab.people.find_or_first("").name == "Sam"
    lab.close()


@everywhere
def test_who_signs_in_is_known_by_mail_and_else_added_without_a_role(open_toys: OpenLab) -> None:
    lab = open_toys(two_steps())
    with lab.storage.database.begin() as connection:
        connection.execute(text("UPDATE lab_people SET mail = 'Maya@Example.org' WHERE name = 'Maya'"))

    assert lab.people.signed_in("maya@example.org", is_mail=True).roles == ("manager",)
    for _ in range(2):
        assert lab.people.signed_in("eve@example.org", is_mail=True) == Person(
            "eve@example.org", "Signed in", (), "eve@example.org"
        )
    assert len(lab.people.people()) == len(PEOPLE) + 1


@pytest.mark.parametrize("name", ["maya", " Maya ", "MAYA", "\uff2daya"])
def test_a_name_is_found_whatever_the_case_and_the_width_of_its_letters(open_toys: OpenLab, name: str) -> None:
    found = open_toys(two_steps()).people.find(name)

    assert found is not None
    assert found.name == "Maya"


@everywhere
@pytest.mark.parametrize("name", ["Dana", " dana ", "\uff24ana", "Dana\u200b"])
def test_a_name_alone_makes_nobody_somebody_with_a_role(open_toys: OpenLab, name: str) -> None:
    people = open_toys(two_steps()).people
    first = people.signed_in(name, is_mail=False)

    assert first.roles == ()
    assert first.name.endswith(" (signed in)")
    assert people.find(first.name) == first
    assert people.signed_in(name, is_mail=False) == first
    assert len(people.people()) == len(PEOPLE) + 1


def test_who_signs_in_by_a_name_that_is_free_has_it_until_it_has_a_role_or_an_address(open_toys: OpenLab) -> None:
    lab = open_toys(two_steps())
    for _ in range(2):
        assert lab.people.signed_in("Eve", is_mail=False) == Person("Eve", "Signed in")
    with lab.storage.database.begin() as connection:
        connection.execute(text("UPDATE lab_people SET roles = 'manager' WHERE name = 'Eve'"))

    assert lab.people.signed_in("Eve", is_mail=False) == Person("Eve (signed in)", "Signed in")
    assert lab.people.signed_in("eve (signed in)", is_mail=False).name == "Eve (signed in)"
    assert lab.people.signed_in("\u200b ", is_mail=False) == Person("")


def test_an_address_that_somebody_took_as_a_name_is_still_its_owners(open_toys: OpenLab) -> None:
    people = open_toys(two_steps()).people
    people.signed_in("eve@example.org", is_mail=False)
    eve = people.signed_in("eve@example.org", is_mail=True)

    assert (eve.name, eve.mail) == ("eve@example.org (signed in)", "eve@example.org")
    assert people.signed_in("EVE@example.org", is_mail=True) == eve
    assert people.signed_in("\uff45ve@example.org", is_mail=True).mail != eve.mail
