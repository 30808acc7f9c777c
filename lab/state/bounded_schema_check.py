"""Whether an answer fits a question's schema, in bounded work whatever the two of them are."""

import itertools
import json
import math
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry

from lab.jsonable import Json
from lab.state.answer_schema import DEEPEST, LARGEST, Schema, compiled

PARTS = 10_000
"""Values inside an answer, of all kinds."""
CHARACTERS = 100_000
"""Of all texts of an answer together."""
PATTERN_TEXT = 10_000
"""Characters of a text that a pattern is tried on."""
WORK = 100_000
"""Rules that are tried, each by the size of what it's tried on."""
FAULTS = 20
"""Faults that are told of one answer."""


class TooMuch(Exception):
    """Raised at an answer, or a schema for it, that takes more work than one answer is worth."""


class _Work:
    """Counts what a check does."""

    def __init__(self, sizes: dict[int, int]) -> None:
        self._sizes = sizes
        self._left = WORK

    def spend(self, value: Any) -> None:
        size = len(value) if isinstance(value, str) else self._sizes.get(id(value), 1)
        self.take(1 + size // 1000)

    def take(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise TooMuch("checking it takes too long; give a shorter answer")


_WORK: ContextVar[_Work] = ContextVar("work of the check")


def schema_errors(schema: Schema, answer: Json) -> list[Any]:
    """Return what is wrong with an answer by a schema that was made usable; raises TooMuch."""
    _WORK.set(_Work(_sizes(answer)))
    try:
        # A registry of its own, because the library's default one fetches what a reference names.
        errors = _Bounded(schema, registry=Registry()).iter_errors(answer)
        return list(itertools.islice(errors, FAULTS))
    except RecursionError as error:
        raise TooMuch("it is nested too deeply") from error


def measure(answer: Json) -> None:
    """Refuse an answer that is larger, deeper or of other values than a checkpoint can hold; raises TooMuch."""
    _sizes(answer)


def _sizes(answer: Json) -> dict[int, int]:
    """Return how large each container in an answer is, by its identity."""
    sizes: dict[int, int] = {}
    parts = 0

    def size(value: Any, depth: int) -> int:
        nonlocal parts
        parts += 1
        if parts > PARTS or depth > DEEPEST:
            raise TooMuch("it has too many parts, or is nested too deeply")
        if isinstance(value, str):
            return len(value) + 1
        if isinstance(value, dict | list):
            inside = value.values() if isinstance(value, dict) else value
            names = sum(map(len, value)) if isinstance(value, dict) else 0
            sizes[id(value)] = 1 + names + sum(size(one, depth + 1) for one in inside)
            return sizes[id(value)]
        if isinstance(value, float) and not math.isfinite(value):
            raise TooMuch("a number in it is none")
        if isinstance(value, int) and not -LARGEST <= value < LARGEST:
            raise TooMuch("a number in it has more than 19 digits")
        return 8

    if size(answer, 0) > CHARACTERS + 10 * parts:
        raise TooMuch(f"it is longer than {CHARACTERS:,} characters")
    return sizes


def _matches(pattern: str, text: str) -> bool:
    if len(text) > PATTERN_TEXT:
        raise TooMuch(f"a text in it is longer than {PATTERN_TEXT:,} characters, and has to fit a pattern")
    expression = compiled(pattern)
    _WORK.get().take(len(text) * expression.programsize // 1000)
    return expression.search(text) is not None


def _pattern(validator: Any, pattern: str, instance: Any, _: Schema) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not _matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Schema, instance: Any, _: Schema) -> Iterator[ValidationError]:
    for pattern, schema in patterns.items() if validator.is_type(instance, "object") else ():
        for name, value in instance.items():
            if _matches(pattern, name):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, rule: Any, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    for name, value in instance.items():
        patterns = schema.get("patternProperties", ())
        if name in schema.get("properties", ()) or any(_matches(pattern, name) for pattern in patterns):
            continue
        if rule is False:
            yield ValidationError(f"{name!r} is not one of its fields")
        else:
            yield from validator.descend(value, rule, path=name)


def _unique_items(validator: Any, rule: bool, instance: Any, _: Schema) -> Iterator[ValidationError]:
    """Compare by text, because comparing each with each takes time by the square."""
    if rule and validator.is_type(instance, "array") and len(set(map(_canonical, instance))) < len(instance):
        yield ValidationError("an item is there twice")


def _canonical(value: Json) -> str:
    return json.dumps(_whole(value), sort_keys=True)


def _whole(value: Json) -> Json:
    """Return a value in which 1.0 is 1, as JSON Schema counts them."""
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


Check = Callable[[Any, Any, Any, Any], Any]


def _counted(check: Check) -> Check:
    def counted(validator: Any, rule: Any, instance: Any, schema: Any) -> Any:
        _WORK.get().spend(instance)
        return check(validator, rule, instance, schema)

    return counted


_OWN: dict[str, Check] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}
_Bounded = extend(  # type: ignore[no-untyped-call]  # jsonschema has no types for it
    Draft202012Validator,
    {name: _counted(check) for name, check in {**dict(Draft202012Validator.VALIDATORS), **_OWN}.items()},
)
