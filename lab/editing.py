"""Edits of a state: an update made of a form's values, and what it makes of the state."""

import copy
from collections.abc import Mapping
from typing import Any, Literal

from langchain_core.messages import RemoveMessage
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import StateGraph
from langgraph.types import Overwrite
from pydantic import BaseModel, ValidationError

from lab.entries import Entry, state_fields
from lab.errors import InvalidInput
from lab.form_values import from_form

How = Literal["append", "replace"]
"""Whether an update goes through the field's reducer or stands in place of what is there."""

_SAVING = JsonPlusSerializer()
"""Writes values as a checkpointer does; some can't be written, such as whole numbers of more than 64 bits."""


def rebuild(schema: type, values: Mapping[str, Any], how: Mapping[str, How]) -> dict[str, Any]:
    """Gives an update of the state from form values by field: `append` goes through the reducer, `replace` doesn't.

    Raises InvalidInput.
    """
    entries = {field.name: field for field in state_fields(schema)}
    update: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, form in values.items():
        if name not in entries:
            wrong[str(name)] = "the state has no such field"
            continue
        try:
            update[name] = _update(entries[name], form, how.get(name))
        except InvalidInput as error:
            wrong |= error.fields
    if wrong:
        raise InvalidInput(wrong)
    return update


def _update(field: Entry, form: Any, how: How | None) -> Any:
    value = from_form(field, form)
    if field.reducer != "none" and how not in ("append", "replace"):
        raise InvalidInput({field.name: "choose whether it is appended or replaces what is there"})
    merges = field.reducer == "messages" and how == "append"
    if field.kind == "messages" and not merges and any(isinstance(one, RemoveMessage) for one in value or ()):
        raise InvalidInput({field.name: "a removal is for messages that are merged by id; leave the row out instead"})
    return Overwrite(value) if field.reducer != "none" and how == "replace" else value


def must_be_input(schema: type, update: Mapping[str, Any]) -> None:
    """Raises InvalidInput where a field isn't the input's; the library would leave it out in silence."""
    known = {field.name for field in state_fields(schema)}
    wrong = {name: "the input has no such field; write it as a node" for name in update if name not in known}
    if wrong:
        raise InvalidInput(wrong)


def preview(schema: type, before: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the state as the update would leave it; raises InvalidInput where it can't be so."""
    after: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, empty in StateGraph(schema).channels.items():
        try:
            # A reducer may change what it's given, and these values belong to others.
            there = copy.deepcopy(before[name]) if name in before and name in update else before.get(name)
            channel = empty.from_checkpoint(there) if name in before else empty.copy()
            channel.update([copy.deepcopy(update[name])] if name in update else [])
            if channel.is_available():
                after[name] = channel.get()
                if name in update:
                    _SAVING.dumps_typed(after[name])
        except Exception as error:  # noqa: BLE001 - a reducer of the state's own may raise anything
            wrong[name] = f"the state can't take it: {type(error).__name__}: {error}"[:300]
    wrong = wrong or _unfit(schema, after, update)
    if wrong:
        raise InvalidInput(wrong)
    return after


def _unfit(schema: type, after: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, str]:
    """Tells why a model would refuse the state; once saved, such a state can't be read again."""
    if not issubclass(schema, BaseModel):
        return {}
    try:
        schema(**after)
    except ValidationError as error:
        found = [(str(one["loc"][0]) if one["loc"] else "", one["msg"]) for one in error.errors(include_url=False)]
        return {name: told for name, told in found if name in update or not name}
    except Exception as error:  # noqa: BLE001 - a validator of the state's own may raise anything
        return {"": f"{type(error).__name__}: {error}"[:300]}
    return {}
