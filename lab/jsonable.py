"""Values as plain JSON data, for events, pages and comparison; what isn't JSON is named by its type."""

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import Enum
from typing import Any
from uuid import UUID

from langchain_core.messages import BaseMessage
from pydantic import BaseModel

Json = Any
"""JSON: None, bool, int, float, str, list or dict with string keys."""

_ALWAYS_SHOWN = frozenset(("type", "content", "id", "tool_calls"))
"""Fields of a message that are told in a way of their own."""

_SCALARS = (str, int, float, bool, type(None))


def to_jsonable(value: object) -> Json:
    """Return a JSON copy of any value; the result shares nothing mutable with it."""
    if isinstance(value, Enum):
        return to_jsonable(value.value)
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, Mapping):
        return {str(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, BaseMessage):
        return message_to_jsonable(value)
    if isinstance(value, (list, tuple)):
        return [to_jsonable(item) for item in value]
    return _object(value)


def message_to_jsonable(value: BaseMessage) -> dict[str, Json]:
    """Return a message as role, text and id, and whatever else it has that isn't empty.

    Two messages that differ in anything give different data.
    """
    fields: dict[str, Json] = {"role": value.type, "text": str(value.text), "id": value.id}
    calls = getattr(value, "tool_calls", None)
    if calls:
        fields["tool_calls"] = [
            {"name": call["name"], "args": to_jsonable(call["args"]), "id": call["id"]} for call in calls
        ]
    if not isinstance(value.content, str):
        # All parts in their order: images, files and reasoning stand between texts, and texts have notes of their own.
        fields["content"] = to_jsonable(value.content)
    for name in (*type(value).model_fields, *(value.model_extra or ())):
        part = getattr(value, name)
        empty = part is None or part is False or (isinstance(part, (str, list, dict)) and not part)
        if name not in _ALWAYS_SHOWN and not empty:
            fields[name] = to_jsonable(part)
    return fields


def _object(value: object) -> Json:
    if isinstance(value, (set, frozenset)):
        return sorted((to_jsonable(item) for item in value), key=repr)
    if isinstance(value, BaseModel):
        return to_jsonable(value.model_dump())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_jsonable(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if type(value).__module__ == "numpy":
        return to_jsonable(value.tolist())  # type: ignore[attr-defined]  # all that NumPy saves has it
    return _text(value)


def _text(value: object) -> str:
    """Write an object as text that is the same for the same content, with no place in memory in it."""
    name = type(value).__name__
    if type(value).__repr__ is object.__repr__:
        inside = getattr(value, "__dict__", {})
        # One level: what is inside may hold this object again.
        parts = [f"{key}={item!r}" for key, item in inside.items() if type(item) in _SCALARS]
        more = ["..."] if len(parts) < len(inside) else []
        return f"{name}({', '.join([*parts, *more])})"
    try:
        return repr(value)
    # A class of the pattern's own may raise anything.
    except Exception as error:  # noqa: BLE001
        return f"{name} that can't be shown ({type(error).__name__})"
