"""Who may answer a question: checked by what its payload says, before anything of an answer is accepted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphs.people import NOBODY, Person
from lab.database import Directory, is_same
from lab.errors import (
    DecidedBefore,
    NobodyActs,
    NotAllowed,
    OtherPerson,
    OwnRequest,
    UnknownPerson,
    WrongRole,
    WrongTurn,
)
from lab.history import Question, urgency_of
from lab.jsonable import Json
from lab.state import filled_in, printable_line, value_text

LONGEST_ROLE = 80
"""Characters of a role in a payload that are read, as in the index of what waits; names are read whole."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a question says of those who may answer it; texts, empty where it doesn't say."""

    role: str = ""
    person: str = ""
    requested_by: str = ""
    decided_by: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()
    """The roles of a request in the order in which they're asked."""

    @property
    def who(self) -> str:
        """Say in words for whom the question is; empty where it's for everybody."""
        if self.person:
            return f"{self.person[:80]} alone"
        if self.role:
            return f"the role '{self.role}'"
        return "somebody else than those who had to do with it before" if self.requested_by or self.decided_by else ""


def rules_of(value: Json) -> Rules:
    """Read a payload: the keys `role`, `person`, `requested_by`, `decided_by` and `turns`."""
    if not isinstance(value, dict):
        return Rules()
    return Rules(
        urgency_of(value).role,
        _text(value.get("person")),
        _text(value.get("requested_by")),
        _texts(value.get("decided_by")),
        tuple(role[:LONGEST_ROLE] for role in _texts(value.get("turns"))),
    )


def _text(value: Json) -> str:
    return "" if value is None else printable_line(value if isinstance(value, str) else value_text(value))


def _texts(value: Json) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(filter(None, map(_text, listed)))


def acting_person(directory: Directory, name: str) -> Person:
    """Return the person of that name, somebody without a name or a role for the empty one; raises UnknownPerson."""
    if not name:
        return NOBODY
    person = directory.find(name)
    if person is None:
        raise UnknownPerson(name)
    return person


def refusal(question: Question, person: Person) -> NotAllowed | None:
    """Return why somebody may not answer a question; None where they may."""
    rules, name = rules_of(question.value), person.name
    if not name:
        return NobodyActs(rules.who) if rules.who else None
    if rules.person and not is_same(rules.person, name):
        return OtherPerson(name, rules.person)
    if rules.role and not _is_among(rules.role, person.roles):
        return _out_of_role(rules, person)
    if is_same(rules.requested_by, name):
        return OwnRequest(name)
    return DecidedBefore(name) if _is_among(name, rules.decided_by) else None


def _out_of_role(rules: Rules, person: Person) -> NotAllowed:
    """Return why somebody may not answer for a role: they come earlier or later, or not at all."""
    now = next((number for number, role in enumerate(rules.turns) if is_same(role, rules.role)), None)
    own = [number for number, role in enumerate(rules.turns) if _is_among(role, person.roles)]
    if now is not None and own:
        later = own[-1] > now
        return WrongTurn(person.name, rules.turns[own[-1]], rules.role, later=later)
    roles = " and ".join(f"'{role}'" for role in person.roles) or "no role"
    return WrongRole(person.name, roles, rules.role)


def who_may(question: Question, people: Iterable[Person]) -> tuple[Person, ...]:
    """Return those of the people who may answer a question."""
    return tuple(person for person in people if refusal(question, person) is None)


def must_be_allowed(asked: Sequence[Question], person: Person) -> None:
    """Raise NotAllowed where somebody may not answer one of these questions."""
    for question in asked:
        refused = refusal(question, person)
        if refused is not None:
            raise refused


def answers_of(asked: Sequence[Question], answers: Mapping[str, Json], person: Person) -> dict[str, Json]:
    """Return somebody's answers with their name in the fields that aren't asked for; raises NotAllowed."""
    must_be_allowed(asked, person)
    return {one.id: filled_in(one.schema, answers[one.id], person.name) for one in asked}


def role_of(value: Json, person: Person) -> str:
    """Return the role by which somebody answers what a payload asks: the one that it names, else their first one."""
    role = rules_of(value).role
    return role or next(iter(person.roles), "")


def _is_among(name: str, names: Iterable[str]) -> bool:
    return any(is_same(name, one) for one in names)
