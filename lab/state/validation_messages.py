"""What is wrong with a value, in plain sentences that name its field: for inputs, answers and edits alike."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from lab.state.numbers import is_unclear

LONGEST = 500
"""Characters of one message."""

_TYPES = {
    "string": "a text",
    "str": "a text",
    "number": "a number, such as 1.5",
    "float": "a number, such as 1.5",
    "decimal": "a number, such as 1.5",
    "integer": "a whole number",
    "int": "a whole number",
    "boolean": "yes or no",
    "bool": "yes or no",
    "array": "a list",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen": "a list",
    "iterable": "a list",
    "object": "a group of named values",
    "dict": "a group of named values",
    "mapping": "a group of named values",
    "model": "a group of named values",
    "dataclass": "a group of named values",
    "null": "empty",
    "none": "empty",
    "date": "a date, such as 2026-03-04",
    "time": "a time, such as 09:30",
    "datetime": "a date with a time, such as 2026-03-04T09:30",
    "uuid": "a UUID",
    "url": "an address, such as https://example.org",
}
"""What a value must be, by the type of JSON or by the first word of an error's type."""

_LIMITS: Mapping[str, str] = {
    "at least": "must be at least {limit}",
    "above": "must be more than {limit}",
    "at most": "must be at most {limit}",
    "below": "must be less than {limit}",
    "multiple": "must be a multiple of {limit}",
    "short": "must have at least {limit} {characters}",
    "long": "must have at most {limit} {characters}",
    "few": "must have at least {limit} {items}",
    "many": "must have at most {limit} {items}",
}
_OTHERS: Mapping[str, str] = {
    "empty": "is empty. Fill it in",
    "finite": "must be a finite number",
    "past": "must be in the past",
    "future": "must be in the future",
    "form": "isn't written as it must be. Write it in another way",
    "json": "isn't valid JSON. Check its brackets, quotes and commas",
    "alike": "must not have the same value twice",
    "unknown": "isn't a field of this form. Take it out",
    "unclear": "can be read in two ways. Write thousands without a comma and decimals with a point",
    "other": "can't have this value. Give it another one",
    "unmakeable": "has a type of which a form can't make values. Leave it as it is",
}
_PYDANTIC: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
    "multiple_of": ("multiple", "multiple_of"),
    "string_too_short": ("short", "min_length"),
    "string_too_long": ("long", "max_length"),
    "bytes_too_short": ("short", "min_length"),
    "bytes_too_long": ("long", "max_length"),
    "url_too_long": ("long", "max_length"),
    "too_short": ("few", "min_length"),
    "too_long": ("many", "max_length"),
    "missing": ("empty", ""),
    "finite_number": ("finite", ""),
    "date_past": ("past", ""),
    "datetime_past": ("past", ""),
    "date_future": ("future", ""),
    "datetime_future": ("future", ""),
    "string_pattern_mismatch": ("form", ""),
    "json_invalid": ("json", ""),
    "json_type": ("json", ""),
    "extra_forbidden": ("unknown", ""),
    "unexpected_keyword_argument": ("unknown", ""),
    "int_from_float": ("type", "integer"),
    "none_required": ("type", "null"),
}
"""By an error's type, which rule is broken, and where the error has its limit, or the type that is needed."""

_SCHEMA: Mapping[str, str] = {
    "required": "empty",
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
    "multipleOf": "multiple",
    "minLength": "short",
    "maxLength": "long",
    "minItems": "few",
    "maxItems": "many",
    "uniqueItems": "alike",
    "pattern": "form",
    "format": "form",
    "additionalProperties": "unknown",
    "type": "type",
    "enum": "choice",
    "const": "choice",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that a value breaks."""

    rule: str
    limit: Any = None
    """The rule's number, type, choices, or the words of whoever made the rule."""
    value: Any = None


def sentence(fault: Fault, title: str = "", choices: Sequence[str] = ()) -> str:
    """Say what is wrong with the value of a field of this title, in a sentence or two; its choices are labels."""
    name = f"'{title}'" if title else "The value"
    if fault.rule == "own":
        return _closed(str(fault.limit))[:LONGEST]
    options = choices or (tuple(map(choice_text, fault.limit or ())) if fault.rule == "choice" else ())
    if fault.rule in ("choice", "type", "empty") and options:
        return f"Choose one of: {', '.join(options)}."[:LONGEST]
    if fault.rule in _LIMITS and isinstance(fault.limit, (int, float)):
        return f"{name} {_limited(fault)}."
    if fault.rule == "type" and isinstance(fault.limit, str) and fault.limit in _TYPES:
        return f"{name} must be {_TYPES[fault.limit]}."
    return f"{name} {_OTHERS.get(fault.rule, _OTHERS['other'])}."


def _limited(fault: Fault) -> str:
    limit = _LIMITS[fault.rule].format(
        limit=number(fault.limit),
        characters="character" if fault.limit == 1 else "characters",
        items="item" if fault.limit == 1 else "items",
    )
    counts = fault.rule in ("short", "long", "few", "many") and hasattr(fault.value, "__len__")
    return f"{limit}; it has {len(fault.value):,}" if counts else limit


def number(value: float) -> str:
    """Write a number as people do: 1,000,000 and 0.01."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.12g}"


def choice_text(option: object) -> str:
    """Write a choice as the forms show it."""
    if isinstance(option, bool):
        return "Yes" if option else "No"
    words = str(option).replace("_", " ").replace("-", " ").capitalize()
    return words if len(words) <= 60 else f"{words[:60]}…"


def _closed(text: str) -> str:
    said = " ".join(text.split()) or "This value can't be taken"
    said = said[0].upper() + said[1:]
    return said if said[-1] in ".!?" else f"{said}."


def blank(value: object) -> bool:
    """Tell whether a text has nothing in it that can be seen."""
    return isinstance(value, str) and not any(char.isprintable() and not char.isspace() for char in value)


def nothing_to_see(value: object, minimum: int | None) -> bool:
    """Tell whether a text is blank though there must be something in it."""
    return bool(minimum) and blank(value)


# What the libraries found


def pydantic_faults(error: ValidationError, value: Any) -> Iterator[tuple[tuple[str | int, ...], Fault]]:
    """Give the place in the value, and the rule, of each fault; alternatives of a type that all fail are one."""
    by_place: dict[tuple[str | int, ...], list[Fault]] = {}
    for one in error.errors(include_url=False):
        by_place.setdefault(_place(one["loc"], value), []).append(pydantic_fault(one))
    for place, faults in by_place.items():
        alike = all(fault.rule == faults[0].rule for fault in faults)
        yield place, faults[0] if alike and not _alternatives(faults) else Fault("other")


def _alternatives(faults: Sequence[Fault]) -> bool:
    return faults[0].rule == "type" and len({str(fault.limit) for fault in faults}) > 1


def pydantic_fault(one: Mapping[str, Any]) -> Fault:
    """Give the rule that Pydantic found broken; what it has no plain words for is told as such."""
    kind, context, value = str(one["type"]), one.get("ctx") or {}, one.get("input")
    if kind in ("value_error", "assertion_error"):
        # The pattern's own rule, in its own words.
        said = str(context.get("error", ""))
        return Fault("own", said) if said.strip() else Fault("other")
    if kind in ("missing", "string_too_short") and (kind == "missing" or blank(value)):
        return Fault("empty")
    if value is None and kind.endswith("_type"):
        return Fault("empty")
    if kind in _PYDANTIC:
        rule, limit = _PYDANTIC[kind]
        return Fault(rule, limit if rule == "type" else context.get(limit), value)
    if kind.startswith(("int_", "float_", "decimal_")) and is_unclear(value):
        return Fault("unclear")
    if kind.endswith(("_type", "_parsing", "_parsing_size", "_from_date_parsing", "_from_date_inexact")):
        head = kind.partition("_")[0]
        return Fault("type", head, value) if head in _TYPES else Fault("other")
    return Fault("choice") if kind in ("literal_error", "enum") else Fault("other")


def _place(loc: Sequence[str | int], value: Any) -> tuple[str | int, ...]:
    """Take out of a place what names an alternative of a type, and isn't in the value."""
    place: list[str | int] = []
    for number_, part in enumerate(loc):
        inside = _inside(value, part)
        missing = number_ == len(loc) - 1 and isinstance(value, Mapping) and isinstance(part, str)
        if inside or missing:
            place.append(part)
            value = inside[0] if inside else None
    return tuple(place)


def _inside(value: Any, part: str | int) -> tuple[Any] | None:
    if isinstance(part, int):
        return (value[part],) if isinstance(value, (list, tuple)) and 0 <= part < len(value) else None
    if isinstance(value, Mapping):
        return (value[part],) if part in value else None
    return (getattr(value, part),) if hasattr(value, "__dict__") and part in vars(value) else None


def schema_fault(error: Any) -> Fault:
    """Give the rule of a JSON schema that was found broken."""
    rule = _SCHEMA.get(str(error.validator), "other")
    if rule in ("short", "form") and (blank(error.instance) or error.instance is None):
        return Fault("empty")
    if rule == "type" and error.instance is None:
        return Fault("empty")
    if rule == "type" and error.validator_value in ("number", "integer") and is_unclear(error.instance):
        return Fault("unclear")
    if rule == "choice":
        options = error.validator_value if error.validator == "enum" else [error.validator_value]
        return Fault("choice", tuple(options) if isinstance(options, list) else ())
    limit = error.validator_value
    if rule == "type" and isinstance(limit, list):
        rest = [one for one in limit if one != "null"]
        limit = rest[0] if len(rest) == 1 else None
    return Fault(rule, limit, error.instance)


def located_sentence(place: Sequence[str | int], fault: Fault, title: str = "", choices: Sequence[str] = ()) -> str:
    """Say where in a field's value a fault is, then what it is; the field itself is named by its title."""
    if not place:
        return sentence(fault, title, choices)
    inner = place[-1] if isinstance(place[-1], str) else ""
    outer = place[:-1] if inner else place
    where = ", ".join(f"row {part + 1}" if isinstance(part, int) else f"'{part}'" for part in outer)
    text = sentence(fault, str(inner))
    return f"{where[0].upper()}{where[1:]}: {text}" if where else text


def raised(error: Exception) -> Fault:
    """Give what a pattern's own check or reducer raised, in its own words."""
    return Fault("other") if isinstance(error, ValidationError) else Fault("own", f"{type(error).__name__}: {error}")


def parsed_json(text: Any) -> Any:
    """Give what a JSON text says; None where it says nothing."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
