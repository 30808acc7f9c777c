"""Values as plain JSON data, for events, pages and comparison; what isn't JSON is named by its type."""

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import Enum
from typing import Any
from uuid import UUID

from langchain_core.messages import BaseMessage
from pydantic import BaseModel

Plain = Any
"""JSON: None, bool, int, float, str, list or dict with string keys."""

_SCALARS = (str, int, float, bool, type(None))


def plain(value: object) -> Plain:
    """Gives a JSON copy of any value; the result shares nothing mutable with it."""
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, BaseMessage):
        return message(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return _object(value)


def message(value: BaseMessage) -> dict[str, Plain]:
    """Gives a message as role, text, id and, where it has them, tool calls."""
    told: dict[str, Plain] = {"role": value.type, "text": value.text, "id": value.id}
    calls = getattr(value, "tool_calls", None)
    if calls:
        told["tool_calls"] = [{"name": call["name"], "args": plain(call["args"]), "id": call["id"]} for call in calls]
    answered = getattr(value, "tool_call_id", None)
    if answered:
        told["tool_call_id"] = answered
    return told


def _object(value: object) -> Plain:
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=repr)
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return repr(value)
