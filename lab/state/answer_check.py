"""Whether an answer fits its question's schema, and what is wrong with it by field."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from lab.errors import InvalidInput
from lab.jsonable import Json
from lab.state.answer_schema import usable_schema
from lab.state.bounded_schema_check import TooMuch, measure, schema_errors
from lab.state.checks import fault_sentence, first_faults
from lab.state.fields import Field
from lab.state.fields_from_schemas import field_of_schema, fields_of_schema, is_null
from lab.state.validation_messages import Fault, nothing_to_see, schema_fault

_Place = tuple[str | int, ...]


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
    asked = {field.name: field for field in fields_of_schema(usable)}
    asked = asked or {"": field_of_schema("", usable, usable, required=True)}
    # By field and by place in it, which is empty for the whole of it.
    wrong: dict[str, dict[_Place, str]] = {}
    # What counts by a condition comes last: a rule about a choice says nothing before the choice is made.
    faults = [(error, _deciding(error, usable)) for error in errors]
    for fault, deciding in sorted(faults, key=lambda one: one[1] is not None):
        if deciding is None or not wrong.keys() & deciding:
            for name, place, reason in _reasons(_innermost(fault), asked):
                wrong.setdefault(name, {}).setdefault(place, reason)
    given = answer if isinstance(answer, Mapping) else {"": answer}
    for name, field in asked.items():
        for place in _blanks(field, given.get(name)):
            wrong.setdefault(name, {}).setdefault(place, fault_sentence(field, place, Fault("empty")))
    if wrong:
        raise InvalidInput({name: _reported(asked.get(name), reasons) for name, reasons in wrong.items()})


def _reported(field: Field | None, reasons: Mapping[_Place, str]) -> str:
    """Return what is said of a field: the first fault, or of a table several, row by row."""
    if field is None or field.kind not in ("list", "table"):
        return next(iter(reasons.values()))
    return first_faults([reasons[place] for place in sorted(reasons, key=_row)])


def _row(place: _Place) -> int:
    return next((part for part in place[:1] if isinstance(part, int)), -1)


def _blanks(field: Field, value: Json) -> Iterator[_Place]:
    """Return the places in a field's value where there is a text with nothing to see that must have something."""
    if nothing_to_see(value, field.min_length):
        yield ()
    if field.item is None or not isinstance(value, list):
        return
    for number, row in enumerate(value):
        if field.kind == "list" and nothing_to_see(row, field.item.min_length):
            yield (number,)
        cells = row if isinstance(row, Mapping) else {}
        yield from (
            (number, part.name) for part in field.item.parts if nothing_to_see(cells.get(part.name), part.min_length)
        )


def _innermost(error: Any) -> Any:
    """Return the fault in the one alternative that isn't None; where there are more, they stay one fault."""
    if error.validator not in ("anyOf", "oneOf"):
        return error
    # What the alternative `false` refuses has no path; nothing is ever meant by it.
    meant = [one for one in error.context if one.relative_schema_path]
    rest = [one for one in meant if not is_null(error.validator_value[one.relative_schema_path[0]])]
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


def _reasons(error: Any, asked: Mapping[str, Field]) -> Iterator[tuple[str, _Place, str]]:
    """Return the fields at fault, each with the place in it and a sentence."""
    fault, place = schema_fault(error), list(error.absolute_path)
    places = [place]
    if error.validator == "required":
        places = [[*place, name] for name in error.validator_value if name not in error.instance]
    for where in places:
        # An answer that is a list itself has rows at its top, and no field of a name.
        is_list = bool(where) and isinstance(where[0], int)
        name = str(where[0]) if where and not is_list else ""
        inside = tuple(where if is_list else where[1:])
        # A text that was to be JSON, and isn't, is told from a value of another type.
        yield (
            name,
            inside,
            fault_sentence(asked.get(name), inside, dataclasses.replace(fault, value=error.instance), name),
        )
