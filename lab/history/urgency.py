"""What a question's payload says of its urgency: the keys `priority`, `role` and `deadline`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from lab.jsonable import Json
from lab.state import printable_line, value_text

RANKS: Mapping[str, int] = {"high": 0, "normal": 1, "low": 2}
"""Priorities that are told apart, the most urgent first; any other one is a text, and as urgent as a normal one."""
LONGEST = 80
"""Characters of a priority, a role or a deadline that are kept."""
LATEST = 253_370_764_800.0
"""The end of the year 9998, in seconds; a deadline after it is a text, for east of UTC no clock shows the last one."""


@dataclass(frozen=True, slots=True)
class Urgency:
    """Who is to answer a question, how soon, and until when; texts, empty where the payload doesn't say."""

    priority: str = ""
    role: str = ""
    deadline: str = ""
    due: float | None = None
    """The deadline in seconds, None where it can't be read as a time."""

    @property
    def rank(self) -> int:
        """The smaller, the more urgent."""
        return RANKS.get(self.priority.lower(), RANKS["normal"])


def urgency_of(value: Json) -> Urgency:
    """Read a payload: its deadline is a time as in ISO 8601, in UTC where it names no zone, or in seconds."""
    if not isinstance(value, dict):
        return Urgency()
    priority, role, deadline = (_text(value.get(key)) for key in ("priority", "role", "deadline"))
    return Urgency(priority, role, deadline, _seconds(value.get("deadline")))


def _text(value: Json) -> str:
    return "" if value is None else printable_line(value if isinstance(value, str) else value_text(value))[:LONGEST]


def _seconds(value: Json) -> float | None:
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value.strip())
            value = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) and 0 <= value < LATEST else None
