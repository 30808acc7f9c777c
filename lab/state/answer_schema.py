"""Reduces an untrusted JSON schema of an answer to rules that can be checked in bounded time.

What is kept are the rules of JSON Schema 2020-12 that a form and a check can follow in bounded work. References lead
into the schema's own definitions only, so that nothing is ever fetched.
"""

import json
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import re2

Schema = dict[str, Any]

PARTS = 2_000
"""Values inside a schema, of all kinds."""
DEEPEST = 30
"""Levels of a schema, and of references that lead to references."""
CHOICES = 500
TEXT = 2_000
"""Characters of a title, a description, a name or a pattern."""
PATTERN_MEMORY = 2**16
"""Bytes of a compiled pattern, which is what bounds the work for each character of a text."""
LARGEST = 2**63
"""Beyond all whole numbers that a checkpoint can hold."""

_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_DEFINITIONS = ("$defs", "definitions")
_UNSUPPORTED = frozenset(
    ("$dynamicRef", "$recursiveRef", "additionalItems", "dependencies", "unevaluatedItems", "unevaluatedProperties")
)


class UnusableSchema(Exception):
    """Raised at a schema that is malformed, too large or beyond what is supported; the message says why."""


def usable_schema(given: object) -> tuple[Schema | None, str]:
    """Return a schema that is safe to use, None where there is none, and why one that was given can't be used."""
    if given is None:
        return None, ""
    try:
        if not isinstance(given, dict):
            raise UnusableSchema("it isn't an object")
        return _Cleaner().whole(given), ""
    except UnusableSchema as error:
        return None, str(error)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """Return a pattern of an engine whose work grows with the text alone; raises UnusableSchema."""
    options = re2.Options()
    options.max_mem, options.log_errors, options.never_capture = PATTERN_MEMORY, False, True
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise UnusableSchema(f"its pattern {_quoted(pattern)} can't be used ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    message = error.args[0] if error.args else ""
    return (message.decode(errors="replace") if isinstance(message, bytes) else str(message))[:200]


class _Cleaner:
    """Copies a schema rule by rule, each checked."""

    def __init__(self) -> None:
        self._parts = 0
        self._referred: set[str] = set()

    def whole(self, given: Schema) -> Schema:
        cleaned = self._schema(given, 0)
        assert isinstance(cleaned, dict)
        for name in _DEFINITIONS:
            if name in given:
                cleaned[name] = self._named(given[name], 0)
        for reference in self._referred:
            _target(cleaned, reference)
        _must_end(cleaned)
        return cleaned

    def _schema(self, given: Any, depth: int) -> Schema | bool:
        self._count(depth)
        if isinstance(given, bool):
            return given
        if not isinstance(given, dict):
            raise UnusableSchema(f"a schema in it is {_quoted(given)}, not an object")
        cleaned: Schema = {}
        for name, value in given.items():
            self._count(depth)
            if name in _UNSUPPORTED:
                raise UnusableSchema(f"it uses {_quoted(name)}, which isn't supported here")
            rule = _RULES.get(name) if isinstance(name, str) else None
            if rule is not None:
                cleaned[name] = rule(self, name, value, depth + 1)
            elif name in ("title", "description") and isinstance(value, str):
                cleaned[name] = value[:TEXT]
            elif name == "multiline":
                cleaned[name] = bool(value)
            elif name == "acting_person":
                cleaned[name] = value is True
            elif name == "default":
                cleaned[name] = self._json(name, value, depth + 1)
        return cleaned

    def _count(self, depth: int) -> None:
        self._parts += 1
        if self._parts > PARTS or depth > DEEPEST:
            raise UnusableSchema("it is too large")

    def _sub(self, _: str, value: Any, depth: int) -> Schema | bool:
        return self._schema(value, depth)

    def _list(self, name: str, value: Any, depth: int) -> list[Any]:
        if not isinstance(value, list) or not value:
            raise _malformed(name, value)
        return [self._schema(one, depth) for one in value]

    def _named(self, value: Any, depth: int) -> Schema:
        if not isinstance(value, dict) or not all(isinstance(name, str) and len(name) <= TEXT for name in value):
            raise UnusableSchema("its properties or definitions aren't an object of schemas")
        return {name: self._schema(one, depth + 1) for name, one in value.items()}

    def _properties(self, _: str, value: Any, depth: int) -> Schema:
        return self._named(value, depth)

    def _patterns(self, _: str, value: Any, depth: int) -> Schema:
        named = self._named(value, depth)
        for pattern in named:
            compiled(pattern)
        return named

    def _json(self, name: str, value: Any, depth: int) -> Any:
        """Copy a value that stands for itself, as a choice or a default does."""
        self._count(depth)
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return {key: self._json(name, one, depth + 1) for key, one in value.items()}
        if isinstance(value, list):
            return [self._json(name, one, depth + 1) for one in value]
        if value is None or isinstance(value, bool | str) or _is_number(value):
            return value
        raise _malformed(name, value)

    def _choices(self, name: str, value: Any, depth: int) -> list[Any]:
        if not isinstance(value, list) or not 0 < len(value) <= CHOICES:
            raise _malformed(name, value)
        return [self._json(name, one, depth) for one in value]

    def _type(self, name: str, value: Any, _: int) -> str | list[str]:
        types = value if isinstance(value, list) else [value]
        if not types or not all(isinstance(one, str) and one in _TYPES for one in types):
            raise _malformed(name, value)
        # Each once, as the standard wants it.
        return value if isinstance(value, str) else list(dict.fromkeys(types))

    def _names(self, name: str, value: Any, depth: int) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(one, str) and len(one) <= TEXT for one in value):
            raise _malformed(name, value)
        for _ in value:
            self._count(depth)
        return list(dict.fromkeys(value))

    def _dependent(self, name: str, value: Any, depth: int) -> dict[str, list[str]]:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise _malformed(name, value)
        return {key: self._names(name, one, depth) for key, one in value.items()}

    def _number(self, name: str, value: Any, _: int) -> float:
        if not _is_number(value) or (name == "multipleOf" and value <= 0):
            raise _malformed(name, value)
        return float(value) if isinstance(value, float) else int(value)

    def _size(self, name: str, value: Any, _: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < LARGEST:
            raise _malformed(name, value)
        return value

    def _flag(self, name: str, value: Any, _: int) -> bool:
        if not isinstance(value, bool):
            raise _malformed(name, value)
        return value

    def _pattern(self, name: str, value: Any, _: int) -> str:
        if not isinstance(value, str) or len(value) > TEXT:
            raise _malformed(name, value)
        compiled(value)
        return value

    def _reference(self, name: str, value: Any, _: int) -> str:
        if not isinstance(value, str):
            raise _malformed(name, value)
        head, target = value.rpartition("/")[::2]
        if value != "#" and (head not in ("#/$defs", "#/definitions") or any(sign in target for sign in "~%#")):
            raise UnusableSchema(
                f"it refers to {_quoted(value)}, and only its own definitions are looked up; nothing is ever fetched"
            )
        self._referred.add(value)
        return value


_RULES: Mapping[str, Callable[[_Cleaner, str, Any, int], Any]] = {
    **dict.fromkeys(("not", "if", "then", "else", "items", "contains", "propertyNames"), _Cleaner._sub),
    **dict.fromkeys(("additionalProperties",), _Cleaner._sub),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _Cleaner._list),
    **dict.fromkeys(("properties", "dependentSchemas"), _Cleaner._properties),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _Cleaner._number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties"), _Cleaner._size),
    **dict.fromkeys(("maxProperties", "minContains", "maxContains"), _Cleaner._size),
    "patternProperties": _Cleaner._patterns,
    "enum": _Cleaner._choices,
    "const": _Cleaner._json,
    "type": _Cleaner._type,
    "required": _Cleaner._names,
    "dependentRequired": _Cleaner._dependent,
    "uniqueItems": _Cleaner._flag,
    "pattern": _Cleaner._pattern,
    "$ref": _Cleaner._reference,
}


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and -LARGEST <= value < LARGEST


def _malformed(name: str, value: object) -> UnusableSchema:
    return UnusableSchema(f"its rule {_quoted(name)} is {_quoted(value)}")


def _quoted(value: object) -> str:
    """Return the beginning of a value as JSON has it, whatever it is."""
    if isinstance(value, str):
        return json.dumps(value[:80], ensure_ascii=False)
    if value is None or isinstance(value, bool | float):
        return json.dumps(value)
    return {dict: "an object", list: "a list", int: "a number"}.get(type(value), "something else")


def _target(schema: Schema, reference: str) -> Any:
    if reference == "#":
        return schema
    where, _, name = reference.removeprefix("#/").partition("/")
    definitions = schema.get(where, {})
    if name not in definitions:
        raise UnusableSchema(f"it refers to {_quoted(reference)}, which it doesn't define")
    return definitions[name]


def _must_end(schema: Schema) -> None:
    """Refuse references that come back to themselves before they have gone into the answer."""
    depths: dict[str, int] = {}

    def depth(reference: str, way: tuple[str, ...]) -> int:
        if reference in way or len(way) > DEEPEST:
            raise UnusableSchema(f"it refers to itself without end, by {_quoted(reference)}")
        if reference not in depths:
            at_once = _at_once(_target(schema, reference))
            depths[reference] = 1 + max((depth(one, (*way, reference)) for one in at_once), default=0)
        return depths[reference]

    # The whole is where a check begins, and a definition that nobody refers to is never reached.
    depth("#", ())
    for name in _DEFINITIONS:
        for defined in schema.get(name, {}):
            depth(f"#/{name}/{defined}", ())


def _at_once(schema: Any) -> list[str]:
    """Return the references that a check follows for the same value."""
    if not isinstance(schema, dict):
        return []
    inside = [schema[name] for name in ("not", "if", "then", "else") if name in schema]
    inside += [one for name in ("allOf", "anyOf", "oneOf") for one in schema.get(name, ())]
    inside += schema.get("dependentSchemas", {}).values()
    return [
        *([schema["$ref"]] if "$ref" in schema else []),
        *(reference for one in inside for reference in _at_once(one)),
    ]
