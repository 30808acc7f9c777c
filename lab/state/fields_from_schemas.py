"""Fields from JSON schemas: of an interrupt's answer, and of an input, which is given as JSON."""

from collections.abc import Mapping
from dataclasses import MISSING, is_dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from lab.jsonable import Json, to_jsonable
from lab.state.fields import ONE_CELL, Field, Kind, named_choices
from lab.state.fields_from_types import fields_of_class


def fields_of_schema(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """Return the fields of an object's JSON schema, in its order."""
    required = schema.get("required", ())
    return tuple(
        field_of_schema(name, property_schema, schema, required=name in required)
        for name, property_schema in schema.get("properties", {}).items()
    )


def input_fields(schema: type) -> tuple[Field, ...]:
    """Return the fields of a type whose values can be given as JSON, in its order."""
    return tuple(field for one in fields_of_class(schema) if (field := _as_json(schema, one)) is not None)


def _as_json(schema: type, field: Field) -> Field | None:
    """Return a type's field as one of its JSON schema; None where it has none."""
    if field.adapter is None:
        return None
    try:
        described = field.adapter.json_schema()
    except PydanticUserError:
        return None
    made = field_of_schema(field.name, described, described, required=field.required)
    return replace(made, title=field.title, help=field.help, default=_default(schema, field.name))


def _default(schema: type, name: str) -> Json:
    if issubclass(schema, BaseModel):
        info = schema.model_fields[name]
        return None if info.is_required() or info.default_factory is not None else to_jsonable(info.default)
    if is_dataclass(schema):
        return next(
            (
                to_jsonable(one.default)
                for one in dataclass_fields(schema)
                if one.name == name and one.default is not MISSING
            ),
            None,
        )
    return None


def resolved_schema(given: Mapping[str, Any] | bool, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference into the schema's definitions and take the other half of an optional type."""
    if isinstance(given, bool):
        return {}
    if "$ref" in given:
        target = schema.get("$defs", {}).get(str(given["$ref"]).rpartition("/")[2], {})
        return {**(target or {}), **{key: value for key, value in given.items() if key != "$ref"}}
    options = [option for option in given.get("anyOf", ()) if option is not False and not is_null(option)]
    if len(options) == 1:
        return {**resolved_schema(options[0], schema), **{key: value for key, value in given.items() if key != "anyOf"}}
    return given


def is_null(schema: Any) -> bool:
    """Return whether a schema is that of None alone."""
    return isinstance(schema, Mapping) and schema.get("type") == "null"


def field_of_schema(name: str, asked: Mapping[str, Any] | bool, schema: Mapping[str, Any], *, required: bool) -> Field:
    """Describe a value of a JSON schema, which stands in another one with its definitions."""
    resolved = resolved_schema(asked, schema)
    choices = tuple(resolved.get("enum", ())) or ((resolved["const"],) if "const" in resolved else ())
    optional = None in choices or any(map(is_null, () if isinstance(asked, bool) else asked.get("anyOf", ())))
    # A table can't tell no list from an empty one.
    item = _item(resolved, schema) if resolved.get("type") == "array" and not choices and not optional else None
    kind = _kind(resolved, choices) if item is None else "table" if item.kind == "group" else "list"
    return Field(
        name=name,
        title=str(resolved.get("title") or name.replace("_", " ").capitalize()),
        help=str(resolved.get("description", "")),
        kind=kind,
        required=required,
        default=_fitting(resolved.get("default"), kind),
        choices=named_choices([one for one in choices if one is not None]) if kind == "choice" else (),
        minimum=resolved.get("minimum", resolved.get("exclusiveMinimum")),
        maximum=resolved.get("maximum", resolved.get("exclusiveMaximum")),
        min_length=resolved.get("minLength"),
        max_length=resolved.get("maxLength"),
        optional=optional,
        item=item,
    )


def _item(array: Mapping[str, Any], schema: Mapping[str, Any]) -> Field | None:
    """Return what each row of an array is: one cell, or a group of them; None where it doesn't fit in a row."""
    items = array.get("items")
    if not isinstance(items, Mapping) or "prefixItems" in array:
        return None
    row = resolved_schema(items, schema)
    if row.get("type") != "object":
        return _cell("value", items, schema, required=True)
    named, required = row.get("properties", {}), row.get("required", ())
    cells = [_cell(name, one, schema, required=name in required) for name, one in named.items()]
    parts = tuple(cell for cell in cells if cell is not None)
    if not parts or len(parts) < len(named) or not named.keys() >= set(required):
        return None
    return Field("value", "Value", kind="group", parts=parts)


def _cell(name: str, asked: Mapping[str, Any] | bool, schema: Mapping[str, Any], *, required: bool) -> Field | None:
    # What holds others is left alone before it's followed: it may hold itself.
    if resolved_schema(asked, schema).get("type") in ("array", "object"):
        return None
    cell = field_of_schema(name, asked, schema, required=required)
    return cell if cell.kind in ONE_CELL else None


def _kind(resolved: Mapping[str, Any], choices: tuple[Json, ...]) -> Kind:
    if choices:
        # Of equal ones, as 1 and true are, only the first could be chosen.
        few = all(isinstance(option, str | int | float) for option in choices if option is not None)
        return "choice" if few and len(set(choices)) == len(choices) and set(choices) != {None} else "json"
    match resolved.get("type"):
        case "string":
            return "area" if resolved.get("multiline") else "text"
        case "integer":
            return "integer"
        case "number":
            return "number"
        case "boolean":
            return "toggle"
    return "json"


def _fitting(value: Json, kind: Kind) -> Json:
    """Return a default that a value of the kind can be, None for one of another type."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if kind not in ("integer", "number") or number else None
