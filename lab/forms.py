"""Forms from JSON schemas: which fields to ask for, and whether what came back fits."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from lab.errors import InvalidInput
from lab.plain import Plain

Widget = Literal["text", "area", "integer", "number", "toggle", "choice", "json"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form."""

    name: str
    title: str
    help: str
    widget: Widget
    required: bool
    default: Plain
    choices: tuple[Plain, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None


def fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """Gives the fields of an object's JSON schema, in its order."""
    required = schema.get("required", ())
    return tuple(
        _field(name, _resolved(found, schema), name in required) for name, found in schema.get("properties", {}).items()
    )


def _resolved(found: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follows a reference into the schema's definitions and takes the other half of an optional type."""
    if "$ref" in found:
        target = schema.get("$defs", {}).get(str(found["$ref"]).rpartition("/")[2], {})
        return {**target, **{key: value for key, value in found.items() if key != "$ref"}}
    options = [option for option in found.get("anyOf", ()) if option.get("type") != "null"]
    if len(options) == 1:
        return {**_resolved(options[0], schema), **{key: value for key, value in found.items() if key != "anyOf"}}
    return found


def _field(name: str, found: Mapping[str, Any], required: bool) -> Field:
    choices = tuple(found.get("enum", ())) or ((found["const"],) if "const" in found else ())
    return Field(
        name=name,
        title=str(found.get("title") or name.replace("_", " ").capitalize()),
        help=str(found.get("description", "")),
        widget=_widget(found, choices),
        required=required,
        default=found.get("default"),
        choices=choices,
        minimum=found.get("minimum", found.get("exclusiveMinimum")),
        maximum=found.get("maximum", found.get("exclusiveMaximum")),
        max_length=found.get("maxLength"),
    )


def _widget(found: Mapping[str, Any], choices: tuple[Plain, ...]) -> Widget:
    if choices:
        return "choice"
    kind = found.get("type")
    if kind == "string":
        return "area" if found.get("multiline") else "text"
    if kind in ("integer", "number"):
        return "integer" if kind == "integer" else "number"
    return "toggle" if kind == "boolean" else "json"


def check_answer(schema: Mapping[str, Any] | None, answer: Plain) -> None:
    """Checks an answer against an interrupt's schema; raises InvalidInput with a message for each field at fault."""
    if schema is None:
        return
    found: dict[str, str] = {}
    for error in Draft202012Validator(schema).iter_errors(answer):
        name = str(error.absolute_path[0]) if error.absolute_path else _missing(error)
        found.setdefault(name, _reason(error))
    if found:
        raise InvalidInput(found)


def _missing(error: Any) -> str:
    if error.validator != "required":
        return ""
    return next((name for name in error.validator_value if name not in error.instance), "")


def _reason(error: Any) -> str:
    if error.validator == "required":
        return "a value is needed"
    if error.validator in ("minLength", "pattern") and not str(error.instance).strip():
        return "it can't be left empty"
    return str(error.message)[:300]


@functools.lru_cache(maxsize=256)
def _adapter(schema: type) -> TypeAdapter[Any]:
    return TypeAdapter(schema)


def check_input(schema: type, values: Mapping[str, Plain]) -> dict[str, Any]:
    """Validates input against a state type and gives it in its types; raises InvalidInput."""
    try:
        checked: dict[str, Any] = _adapter(schema).validate_python(dict(values))
    except ValidationError as error:
        raise InvalidInput(_told(error)) from error
    return checked


def _told(error: ValidationError) -> dict[str, str]:
    return {str(found["loc"][0]) if found["loc"] else "": found["msg"] for found in error.errors(include_url=False)}
