"""The field of a form: how its value is asked for, and by which rules; built from a Python type or a JSON schema."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Any, Literal

from pydantic import TypeAdapter

from lab.jsonable import Json
from lab.state.schema import Reducer
from lab.state.validation_messages import choice_text

Kind = Literal[
    "text", "area", "integer", "number", "toggle", "choice", "date", "time", "datetime",
    "list", "table", "record", "mapping", "messages", "group", "any", "json",
]  # fmt: skip
"""How a value is asked for; a record is a row of a table without fixed columns, any is a cell of it."""

SCALARS: Mapping[Any, Kind] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "toggle",
    date: "date",
    time: "time",
    datetime: "datetime",
}
ONE_CELL = frozenset((*SCALARS.values(), "area", "choice"))
"""Kinds whose value fits in one cell of a table."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form, which may hold others."""

    name: str
    title: str
    help: str = ""
    kind: Kind = "json"
    adapter: TypeAdapter[Any] | None = dataclasses.field(default=None, repr=False, compare=False)
    """Checks a value; None where the type is one that can't be checked, or, of a value in JSON, can't be made.

    Fields of a JSON schema have none: their values are checked together, by the schema.
    """
    optional: bool = False
    """Whether None is a value of it."""
    required: bool = True
    """Whether the group, or the row, that it belongs to must have it."""
    choices: tuple[tuple[str, Any], ...] = ()
    """Each choice's name in the form and its value."""
    parts: tuple["Field", ...] = ()
    """The fields of a group."""
    item: "Field | None" = None
    """What each item of a list, row of a table or value of a mapping is."""
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    reducer: Reducer = "none"
    default: Json = None
    """What an input or an answer begins with."""

    @property
    def labels(self) -> dict[str, str]:
        """By the name of each choice, the words that a form shows for it."""
        return {name: choice_text(option.name if isinstance(option, Enum) else option) for name, option in self.choices}


def named_choices(options: Sequence[Any]) -> tuple[tuple[str, Any], ...]:
    """Return choices with the names by which a form tells them apart."""
    are_texts = all(isinstance(option, str) and not isinstance(option, Enum) for option in options)
    return tuple(
        (option if are_texts else option.name if isinstance(option, Enum) else repr(option), option)
        for option in options
    )
