"""What a form holds in place of values that it can't show, and whether two values are the same one."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Unshown:
    """A value that a form carries along as it is, because nothing it could show gives the same value back."""

    value: Any


@dataclass(frozen=True, slots=True)
class JsonText:
    """A value as JSON text; any field takes it."""

    text: str


def is_same_value(one: Any, other: Any) -> bool:
    """Return whether two values are equal and of the same types, inside lists and dicts too."""
    if one is other:
        return True
    if type(one) is not type(other):
        numbers = {type(one), type(other)} == {int, float}
        return numbers and bool(one == other)
    if isinstance(one, list):
        return len(one) == len(other) and all(is_same_value(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same_value(one[key], other[key]) for key in one)
    return bool(one == other) or (isinstance(one, float) and one != one and other != other)
