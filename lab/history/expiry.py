"""What becomes of a question that nobody answers in time, by its payload's keys `deadline` and `on_expiry`."""

from dataclasses import dataclass

from lab.errors import InvalidInput
from lab.history.snapshots import Question
from lab.history.urgency import urgency_of
from lab.jsonable import Json
from lab.state import filled_in


@dataclass(frozen=True, slots=True)
class Expiry:
    """The answer that the lab itself gives to a question whose time has run out."""

    due: float
    """The deadline, in seconds since the epoch."""
    answer: Json


def expiry_of(question: Question) -> Expiry | None:
    """Return what becomes of a question after its deadline; None where it stays open.

    It stays open where its payload names no deadline that can be read, no answer for it, or one that it refuses.
    """
    answer = question.value.get("on_expiry") if isinstance(question.value, dict) else None
    due = urgency_of(question.value).due
    if answer is None or due is None:
        return None
    answer = filled_in(question.schema, answer, "")
    try:
        question.check(answer)
    except InvalidInput:
        return None
    return Expiry(due, answer)
