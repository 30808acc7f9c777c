"""Forms from JSON schemas: which fields to ask for, and whether what came back fits."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, is_dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from typing_extensions import is_typeddict

from lab.errors import InvalidInput
from lab.jsonable import Json, to_jsonable
from lab.state.answer_check import TooMuch, measure, schema_errors
from lab.state.answer_schema import usable_schema
from lab.state.fields import ONE_CELL, Entry, members
from lab.state.validation_messages import (
    Fault,
    choice_text,
    located_sentence,
    nothing_to_see,
    parsed_json,
    pydantic_faults,
    raised,
    schema_fault,
    sentence,
)

Widget = Literal["text", "area", "integer", "number", "toggle", "choice", "json"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form."""

    name: str
    title: str
    help: str
    widget: Widget
    required: bool
    default: Json
    choices: tuple[Json, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    optional: bool = False
    """Whether None is a value of it."""


def form_fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """Return the fields of an object's JSON schema, in its order."""
    required = schema.get("required", ())
    return tuple(_field(name, found, schema, name in required) for name, found in schema.get("properties", {}).items())


def fields_of(schema: type) -> tuple[Field, ...]:
    """Return the fields of a state type that a form can ask for, in its order."""
    return tuple(found for one in _members(schema).values() if (found := _field_of(schema, one)) is not None)


def _field_of(schema: type, entry: Entry) -> Field | None:
    """Return a field by its type; None where the type has no JSON schema."""
    if entry.adapter is None:
        return None
    try:
        found = entry.adapter.json_schema()
    except PydanticUserError:
        return None
    made = _field(entry.name, found, found, entry.required)
    return replace(made, title=entry.title, help=entry.help, default=_default(schema, entry.name))


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


def _resolved(found: Mapping[str, Any] | bool, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference into the schema's definitions and take the other half of an optional type."""
    if isinstance(found, bool):
        return {}
    if "$ref" in found:
        target = schema.get("$defs", {}).get(str(found["$ref"]).rpartition("/")[2], {})
        return {**(target or {}), **{key: value for key, value in found.items() if key != "$ref"}}
    options = [option for option in found.get("anyOf", ()) if option is not False and not _is_null(option)]
    if len(options) == 1:
        return {**_resolved(options[0], schema), **{key: value for key, value in found.items() if key != "anyOf"}}
    return found


def _is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"


def _field(name: str, asked: Mapping[str, Any] | bool, schema: Mapping[str, Any], required: bool) -> Field:
    found = _resolved(asked, schema)
    choices = tuple(found.get("enum", ())) or ((found["const"],) if "const" in found else ())
    widget = _widget(found, choices)
    return Field(
        name=name,
        title=str(found.get("title") or name.replace("_", " ").capitalize()),
        help=str(found.get("description", "")),
        widget=widget,
        required=required,
        default=_fitting(found.get("default"), widget),
        choices=choices if widget == "choice" else (),
        minimum=found.get("minimum", found.get("exclusiveMinimum")),
        maximum=found.get("maximum", found.get("exclusiveMaximum")),
        min_length=found.get("minLength"),
        max_length=found.get("maxLength"),
        optional=None in choices or any(map(_is_null, () if isinstance(asked, bool) else asked.get("anyOf", ()))),
    )


def _widget(found: Mapping[str, Any], choices: tuple[Json, ...]) -> Widget:
    if choices:
        # Of equal ones, as 1 and true are, only the first could be chosen.
        few = all(isinstance(option, str | int | float) for option in choices if option is not None)
        return "choice" if few and len(set(choices)) == len(choices) and set(choices) != {None} else "json"
    kind = found.get("type")
    if kind == "string":
        return "area" if found.get("multiline") else "text"
    if kind in ("integer", "number"):
        return "integer" if kind == "integer" else "number"
    return "toggle" if kind == "boolean" else "json"


def _fitting(value: Json, widget: Widget) -> Json:
    """Return a default that the widget can hold, None for one of another type."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if widget not in ("integer", "number") or number else None


def labels(field: Field) -> list[str]:
    """Return a field's choices as its form shows them."""
    return [choice_text(option) for option in field.choices if option is not None]


def check_answer(schema: Mapping[str, Any] | None, answer: Json) -> None:
    """Check an answer against an interrupt's schema; raises InvalidInput with a message for each field at fault.

    A schema that can't be used checks nothing: what it's about is asked for as text.
    """
    usable, _ = usable_schema(schema)
    try:
        measure(answer)
        errors = [] if usable is None else schema_errors(usable, answer)
    except TooMuch as error:
        raise InvalidInput({"": f"The answer can't be taken: {error}."}) from error
    if usable is None:
        return
    asked = {field.name: field for field in form_fields(usable)} or {"": _field("", usable, usable, True)}
    found: dict[str, str] = {}
    # What counts by a condition comes last: a rule about a choice says nothing before the choice is made.
    faults = [(error, _deciding(error, usable)) for error in errors]
    for fault, deciding in sorted(faults, key=lambda one: one[1] is not None):
        if deciding is None or not found.keys() & deciding:
            for name, told in _reasons(_innermost(fault), asked):
                found.setdefault(name, told)
    given = answer if isinstance(answer, Mapping) else {"": answer}
    for name, field in asked.items():
        if name not in found and nothing_to_see(given.get(name), field.min_length):
            found[name] = sentence(Fault("empty"), field.title)
    if found:
        raise InvalidInput(found)


def _innermost(error: Any) -> Any:
    """Return the fault in the one alternative that isn't None; where there are more, they stay one fault."""
    if error.validator not in ("anyOf", "oneOf"):
        return error
    rest = [one for one in error.context if not _is_null(error.validator_value[one.relative_schema_path[0]])]
    branches = {one.relative_schema_path[0] for one in rest}
    return _innermost(rest[0]) if len(branches) == 1 else error


def _deciding(error: Any, schema: Mapping[str, Any]) -> set[str] | None:
    """Return the fields by which it's decided whether a rule counts; None where it always does."""
    here: Any = schema
    for part in error.absolute_schema_path:
        # The library leaves the `if` itself out of the path.
        if part in ("then", "else") and isinstance(here, dict) and "if" in here:
            decides = here["if"]
            return set(decides.get("properties", ())) if isinstance(decides, dict) else set()
        # Behind a reference the path goes on in another place.
        here = here.get(part) if isinstance(here, dict) else None
    return None


def _reasons(error: Any, asked: Mapping[str, Field]) -> Iterator[tuple[str, str]]:
    """Return the fields at fault, each with its sentence."""
    fault, place = schema_fault(error), list(error.absolute_path)
    places = [place]
    if error.validator == "required":
        places = [[*place, name] for name in error.validator_value if name not in error.instance]
    for where in places:
        name = str(where[0]) if where else ""
        field = asked.get(name)
        if field is None or len(where) > 1:
            yield name, located_sentence(where[1:], fault, name)
        else:
            told = _as_text(fault, error.instance, field.widget == "json")
            yield name, sentence(told, field.title, labels(field))


def _as_text(fault: Fault, value: Any, json: bool) -> Fault:
    """Tell a text that was to be JSON, and isn't, from a value of another type."""
    return Fault("json") if json and isinstance(value, str) and parsed_json(value) is None else fault


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
def _members(schema: type) -> Mapping[str, Entry]:
    return {found.name: found for found in members(schema)}


def check_input(schema: type, values: Mapping[str, Json]) -> dict[str, Any]:
    """Validate input against a state type and return it in its types; raises InvalidInput."""
    entries, adapter = _members(schema), _adapter(schema)
    if adapter is None:
        given = {name: values[name] for name in entries if name in values}
        missing = [name for name, found in entries.items() if found.required and name not in values]
        return _each(entries, given, {name: _told(entries[name], (), Fault("empty")) for name in missing})
    wrong: dict[str, str] = {}
    checked: dict[str, Any] = {}
    try:
        checked = adapter.validate_python(dict(values))
    except ValidationError as error:
        for place, fault in pydantic_faults(error, values):
            name = str(place[0]) if place else ""
            wrong.setdefault(name, _told(entries.get(name), place[1:], fault))
    # A check of the type's own may raise anything.
    except Exception as error:  # noqa: BLE001
        wrong[""] = sentence(raised(error))
    wrong |= {name: told for name, told in _blanks(entries, values).items() if name not in wrong}
    if wrong:
        raise InvalidInput(wrong)
    return checked


def _each(entries: Mapping[str, Entry], values: Mapping[str, Json], wrong: dict[str, str]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in values.items():
        adapter = entries[name].adapter
        try:
            checked[name] = value if adapter is None else adapter.validate_python(value)
        except ValidationError as error:
            place, fault = next(iter(pydantic_faults(error, value)))
            wrong[name] = _told(entries[name], place, fault)
        # A check of the type's own may raise anything.
        except Exception as error:  # noqa: BLE001
            wrong[name] = _told(entries[name], (), raised(error))
    wrong |= {name: told for name, told in _blanks(entries, values).items() if name not in wrong}
    if wrong:
        raise InvalidInput(wrong)
    return checked


def _blanks(entries: Mapping[str, Entry], values: Mapping[str, Json]) -> dict[str, str]:
    return {
        name: sentence(Fault("empty"), entries[name].title)
        for name, value in values.items()
        if name in entries and nothing_to_see(value, entries[name].min_length)
    }


def _told(entry: Entry | None, place: Sequence[str | int], fault: Fault) -> str:
    if place or entry is None:
        return located_sentence(place, fault)
    json = entry.kind not in ONE_CELL
    return sentence(_as_text(fault, fault.value, json), entry.title, tuple(entry.labels.values()))
