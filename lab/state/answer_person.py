"""Fields of an answer that the lab fills in with the name of the person who answers, and that no form asks for."""

from collections.abc import Mapping
from typing import Any

from lab.jsonable import Json
from lab.state.fields_from_schemas import resolved_schema

ACTING_PERSON = "acting_person"
"""The key that marks such a field in the answer's schema: `Field("", json_schema_extra={"acting_person": True})`."""


def person_fields(schema: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the fields of an answer, by a schema that is safe to use, that hold who answered."""
    if schema is None:
        return frozenset()
    asked = {name: resolved_schema(one, schema) for name, one in schema.get("properties", {}).items()}
    return frozenset(name for name, one in asked.items() if one.get(ACTING_PERSON) and one.get("type") == "string")


def filled_in(schema: Mapping[str, Any] | None, answer: Json, person: str) -> Json:
    """Return an answer with the person's name in the fields for it, whatever was sent there."""
    names = person_fields(schema)
    return {**answer, **dict.fromkeys(names, person)} if names and isinstance(answer, dict) else answer
