"""Whether values fit the fields of a type, by one check for inputs and edits, and in sentences by field."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from typing_extensions import is_typeddict

from lab.errors import InvalidInput
from lab.jsonable import Json
from lab.state.fields import ONE_CELL, Field
from lab.state.fields_from_types import fields_of_class
from lab.state.validation_messages import (
    Fault,
    located_sentence,
    nothing_to_see,
    parsed_json,
    pydantic_faults,
    raised,
    sentence,
)

_FAULTS = 5
"""Faults of one table that are told; the rest is counted."""


def fault_sentence(field: Field | None, place: Sequence[str | int], fault: Fault, name: str = "") -> str:
    """Say what is wrong at a place in a field's value; `name` is what a field is called that isn't known."""
    if field is not None and place and (cell := _cell_at(field, place)) is not None:
        return f"Row {int(place[0]) + 1}: {fault_sentence(cell, (), fault)}"
    if field is None or place:
        return located_sentence(place, fault, field.title if field is not None else name)
    # A text that was to be JSON, and isn't, is told from a value of another type.
    as_text = field.kind not in ONE_CELL and isinstance(fault.value, str) and parsed_json(fault.value) is None
    return sentence(Fault("json") if as_text else fault, field.title, tuple(field.labels.values()))


def _cell_at(field: Field, place: Sequence[str | int]) -> Field | None:
    """Return the cell of a table at a place in its rows; None where it isn't one."""
    if field.item is None or not isinstance(place[0], int) or field.kind not in ("list", "table"):
        return None
    cells: Mapping[str | int, Field] = {part.name: part for part in field.item.parts}
    if field.kind == "list":
        return field.item if len(place) == 1 else None
    return cells.get(place[1]) if len(place) == 2 else None


def first_faults(faults: Sequence[str]) -> str:
    """Return the first faults of a table, a line each; the rest is counted."""
    more = [f"There are {len(faults) - _FAULTS} more."] if len(faults) > _FAULTS else []
    return "\n".join((*faults[:_FAULTS], *more))


def refusal(field: Field, fault: Fault) -> InvalidInput:
    """Return the error that a field's value has this fault."""
    return InvalidInput({"": fault_sentence(field, (), fault)})


def joined(outer: str, inner: str) -> str:
    """Name a part by the group that it's in."""
    return f"{outer}.{inner}" if outer and inner else outer or inner


def checked(field: Field, value: Any) -> Any:
    """Return a value in its field's type; raises InvalidInput, by part where the field is a group."""
    return value if field.adapter is None else _validated(field, field.adapter.validate_python, value, value)


def checked_json(field: Field, text: str) -> Any:
    """Return a value that is written as JSON in its field's type; raises InvalidInput as `checked` does."""
    if field.adapter is None:
        raise refusal(field, Fault("unmakeable"))
    return _validated(field, field.adapter.validate_json, text, parsed_json(text))


def _validated(field: Field, validate: Callable[..., Any], given: Any, value: Any) -> Any:
    if nothing_to_see(given, field.min_length):
        raise refusal(field, Fault("empty"))
    try:
        return validate(given, by_name=True)
    except ValidationError as error:
        raise InvalidInput(_faults(field, error, value)) from error
    # A validator of the type's own may raise anything.
    except Exception as error:
        raise refusal(field, raised(error)) from error


def _faults(field: Field, error: ValidationError, value: Any) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for place, fault in pydantic_faults(error, value):
        name, message = _located(field, place, fault)
        wrong.setdefault(name, message)
    return wrong


def _located(field: Field | None, place: Sequence[str | int], fault: Fault) -> tuple[str, str]:
    """Return the part of a group that has a fault, empty elsewhere, and say where in it the fault is."""
    if field is None or field.kind != "group" or not place:
        return "", fault_sentence(field, place, fault)
    name = str(place[0])
    part = next((part for part in field.parts if part.name == name), None)
    return name, fault_sentence(part, place[1:], fault, name)


def check_input(schema: type, values: Mapping[str, Json]) -> dict[str, Any]:
    """Validate input against a state type and return it in its types; raises InvalidInput."""
    fields = _fields(schema)
    result, wrong = check_whole(schema, values) if _adapter(schema) is not None else _check_each(fields, values)
    for name, value in values.items():
        if name in fields and name not in wrong and nothing_to_see(value, fields[name].min_length):
            wrong[name] = fault_sentence(fields[name], (), Fault("empty"))
    if wrong:
        raise InvalidInput(wrong)
    return result


def check_whole(schema: type, values: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
    """Return a value of a model or a dataclass, and by field what it has against these values."""
    fields, adapter = _fields(schema), _adapter(schema)
    assert adapter is not None, f"{schema.__name__} is checked field by field"
    try:
        return adapter.validate_python(dict(values)), {}
    except ValidationError as error:
        wrong: dict[str, str] = {}
        for place, fault in pydantic_faults(error, values):
            name = str(place[0]) if place else ""
            inner, message = _located(fields.get(name), place[1:], fault)
            wrong.setdefault(joined(name, inner), message)
        return {}, wrong
    # A check of the type's own may raise anything.
    except Exception as error:  # noqa: BLE001
        return {}, {"": sentence(raised(error))}


def _check_each(fields: Mapping[str, Field], values: Mapping[str, Json]) -> tuple[dict[str, Any], dict[str, str]]:
    result: dict[str, Any] = {}
    wrong = {
        name: fault_sentence(field, (), Fault("empty"))
        for name, field in fields.items()
        if field.required and name not in values
    }
    for name, field in fields.items():
        if name not in values:
            continue
        try:
            result[name] = checked(field, values[name])
        except InvalidInput as error:
            wrong |= {joined(name, inner): message for inner, message in error.fields.items()}
    return result, wrong


@functools.lru_cache(maxsize=256)
def _adapter(schema: type) -> TypeAdapter[Any] | None:
    """Return the check of a whole state; None where its fields are checked one by one."""
    if is_typeddict(schema):
        # Pydantic refuses those of the standard library, and a type that it doesn't know would take all others along.
        return None
    try:
        return TypeAdapter(schema)
    except PydanticUserError:
        return None


@functools.lru_cache(maxsize=256)
def _fields(schema: type) -> Mapping[str, Field]:
    return {field.name: field for field in fields_of_class(schema)}
