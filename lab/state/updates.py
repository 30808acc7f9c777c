"""Edits of a state: an update made of a form's values, and what it makes of the state."""

import copy
from collections.abc import Mapping
from typing import Any, Literal

from langchain_core.messages import RemoveMessage
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Overwrite
from pydantic import BaseModel

from lab.errors import InvalidInput
from lab.state.checks import check_whole
from lab.state.fields import Field
from lab.state.fields_from_types import state_fields
from lab.state.form_reading import from_form
from lab.state.schema import state_channels
from lab.state.validation_messages import Fault, raised, sentence

How = Literal["append", "replace"]
"""Whether an update goes through the field's reducer or stands in place of what is there."""

_SAVING = JsonPlusSerializer()
"""Writes values as a checkpointer does; some can't be written, such as whole numbers of more than 64 bits."""


def rebuild(schema: type, values: Mapping[str, Any], how: Mapping[str, How]) -> dict[str, Any]:
    """Return an update of the state from form values by field: `append` goes through the reducer, `replace` doesn't.

    Raises InvalidInput.
    """
    fields = {field.name: field for field in state_fields(schema)}
    update: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, form in values.items():
        if name not in fields:
            wrong[str(name)] = sentence(Fault("unknown"), str(name)[:60])
            continue
        try:
            update[name] = _update(fields[name], form, how.get(name))
        except InvalidInput as error:
            wrong |= error.fields
    if wrong:
        raise InvalidInput(wrong)
    return update


def _update(field: Field, form: Any, how: How | None) -> Any:
    value = from_form(field, form)
    if field.reducer != "none" and how not in ("append", "replace"):
        raise InvalidInput({field.name: f"Choose whether '{field.title}' is appended or replaces what is there."})
    merges = field.reducer == "messages" and how == "append"
    if field.kind == "messages" and not merges and any(isinstance(one, RemoveMessage) for one in value or ()):
        message = "A removal is for messages that are merged by id. Leave the row out instead."
        raise InvalidInput({field.name: message})
    return Overwrite(value) if field.reducer != "none" and how == "replace" else value


def must_be_input(schema: type, update: Mapping[str, Any]) -> None:
    """Raise InvalidInput where a field isn't the input's; the library would leave it out in silence."""
    known = {field.name for field in state_fields(schema)}
    wrong = {name: f"The input has no field '{name}'. Write it as a node." for name in update if name not in known}
    if wrong:
        raise InvalidInput(wrong)


def preview(schema: type, before: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state as the update would leave it; raises InvalidInput where it can't be so."""
    after: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, empty in state_channels(schema).items():
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
            title = next((field.title for field in state_fields(schema) if field.name == name), name)
            wrong[name] = f"The state can't take this value of '{title}'. {sentence(raised(error), title)}"
    wrong = wrong or _unfit(schema, after, update)
    if wrong:
        raise InvalidInput(wrong)
    return after


def _unfit(schema: type, after: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, str]:
    """Tell why a model would refuse the state; once saved, such a state can't be read again."""
    if not issubclass(schema, BaseModel):
        return {}
    _, wrong = check_whole(schema, after)
    return {name: message for name, message in wrong.items() if not name or name.partition(".")[0] in update}
