"""Whether an answer fits its question's schema, and what is wrong with it by field."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from lab.errors import InvalidInput
from lab.jsonable import Json
from lab.state.answer_schema import usable_schema
from lab.state.bounded_schema_check import TooMuch, measure, schema_errors
from lab.state.checks import fault_sentence
from lab.state.fields import Field
from lab.state.fields_from_schemas import field_of_schema, fields_of_schema, is_null
from lab.state.validation_messages import Fault, nothing_to_see, schema_fault, sentence


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
    wrong: dict[str, str] = {}
    # What counts by a condition comes last: a rule about a choice says nothing before the choice is made.
    faults = [(error, _deciding(error, usable)) for error in errors]
    for fault, deciding in sorted(faults, key=lambda one: one[1] is not None):
        if deciding is None or not wrong.keys() & deciding:
            for name, reason in _reasons(_innermost(fault), asked):
                wrong.setdefault(name, reason)
    given = answer if isinstance(answer, Mapping) else {"": answer}
    for name, field in asked.items():
        if name not in wrong and nothing_to_see(given.get(name), field.min_length):
            wrong[name] = sentence(Fault("empty"), field.title)
    if wrong:
        raise InvalidInput(wrong)


def _innermost(error: Any) -> Any:
    """Return the fault in the one alternative that isn't None; where there are more, they stay one fault."""
    if error.validator not in ("anyOf", "oneOf"):
        return error
    rest = [one for one in error.context if not is_null(error.validator_value[one.relative_schema_path[0]])]
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
        # A text that was to be JSON, and isn't, is told from a value of another type.
        yield name, fault_sentence(asked.get(name), where[1:], dataclasses.replace(fault, value=error.instance), name)
