"""The cast: whoever asks for something, and whoever decides on it first, somebody is left for every turn."""

from collections.abc import Iterator, Sequence
from typing import get_args

import pytest

from graphs.human.expense_approval import Role
from graphs.human.multi_approver import REVIEWERS
from graphs.human.role_approval import CHAINS
from graphs.people import PEOPLE, Person

TURNS = [*CHAINS.values(), [*REVIEWERS], [*get_args(Role)]]


def dead_ends(turns: Sequence[str], out: frozenset[str]) -> Iterator[frozenset[str]]:
    """Return by whose decisions nobody is left for a turn; who is out may not decide any more."""
    if not turns:
        return
    able = [person.name for person in PEOPLE if turns[0] in person.roles and person.name not in out]
    if not able:
        yield out
    for name in able:
        yield from dead_ends(turns[1:], out | {name})


@pytest.mark.parametrize("turns", TURNS, ids=" ".join)
@pytest.mark.parametrize("requester", [*(person.name for person in PEOPLE), "Alice"])
def test_somebody_is_left_for_every_turn_whoever_asks_and_whoever_decides_first(
    turns: Sequence[str], requester: str
) -> None:
    assert [*dead_ends(turns, frozenset({requester}))] == []


def test_those_who_are_asked_by_name_have_the_role_for_it() -> None:
    roles = {person.name: person.roles for person in PEOPLE}

    assert [role in roles[name] for role, name in REVIEWERS.items()] == [True] * len(REVIEWERS)


def test_the_first_one_is_the_one_who_asks() -> None:
    assert PEOPLE[0] == Person("Robin", "Employee", ("requester",))
