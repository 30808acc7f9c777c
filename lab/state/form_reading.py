"""What came back of a form, in the types of its fields."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, RemoveMessage, SystemMessage, ToolMessage

from lab.errors import InvalidInput
from lab.state.checks import checked, checked_json, joined, refusal
from lab.state.fields import SCALARS, Field
from lab.state.form_values import JsonText, Unshown, is_same_value
from lab.state.validation_messages import Fault, sentence

NEW_ROLES: Mapping[str, type[BaseMessage]] = {"human": HumanMessage, "ai": AIMessage, "system": SystemMessage}
"""Roles that a new message can have; the others need more than a text."""

_FAULTS = 5
"""Faults of one table that are told; the rest is counted."""


def from_form(field: Field, form: Any) -> Any:
    """Return a form's value in its type; raises InvalidInput, by field, with row and column where it's in a table."""
    try:
        return _read(field, form)
    except InvalidInput as error:
        raise InvalidInput({joined(field.name, inner): told for inner, told in error.fields.items()}) from error


def _read(field: Field, form: Any) -> Any:
    if isinstance(form, Unshown):
        return form.value
    if isinstance(form, JsonText):
        # Nothing typed is nothing, where that is a value.
        return None if field.optional and form.text == "" else checked_json(field, form.text)
    if form is None and field.kind != "any":
        if not field.optional:
            raise refusal(field, Fault("empty"))
        return None
    found = _READ[field.kind](field, form) if field.kind in _READ else form
    if field.kind == "messages":
        # A removal is no message of a state, but it may be on its way to one.
        _checked(field, [one for one in found if not isinstance(one, RemoveMessage)])
        return found
    return _checked(field, found)


def _checked(field: Field, value: Any) -> Any:
    if field.kind != "json":
        return checked(field, value)
    if field.adapter is None:
        raise refusal(field, Fault("unmakeable"))
    return checked_json(field, value) if isinstance(value, str) else checked(field, value)


def inside(field: Field) -> Field:
    """Return what each item of a list, row of a table or value of a mapping is."""
    assert field.item is not None, f"{field.name} has no items"
    return field.item


def _read_all(pairs: Iterable[tuple[str, Field, Any]]) -> dict[str, Any]:
    """Read values by name and tells of all that are wrong."""
    found, wrong = {}, {}
    for name, field, form in pairs:
        try:
            found[name] = _read(field, form)
        except InvalidInput as error:
            wrong.update({joined(name, inner): told for inner, told in error.fields.items()})
    if wrong:
        raise InvalidInput(wrong)
    return found


def _read_rows(field: Field, form: Any) -> list[Any]:
    item = inside(field) if field.kind != "messages" else field
    read = _read if field.kind != "messages" else _message
    found, faults = [], []
    for number, row in enumerate(_of(list, field, form), 1):
        try:
            found.append(read(item, row))
        except InvalidInput as error:
            faults += [f"Row {number}: {told}" for told in error.fields.values()]
    _must_be_none(faults)
    return found


def _must_be_none(faults: list[str]) -> None:
    """Raise InvalidInput with the first faults of a table."""
    if faults:
        more = [f"There are {len(faults) - _FAULTS} more."] if len(faults) > _FAULTS else []
        raise InvalidInput({"": "\n".join((*faults[:_FAULTS], *more))})


def _of(kind: type, field: Field, form: Any) -> Any:
    if not isinstance(form, kind):
        raise refusal(field, Fault("type", kind.__name__))
    return form


def _read_choice(field: Field, form: Any) -> Any:
    for name, option in field.choices:
        if is_same_value(name, form):
            return option
    raise refusal(field, Fault("choice"))


def _read_any(field: Field, form: Any) -> Any:
    if form is not None and type(form) not in SCALARS:
        raise refusal(field, Fault("own", f"'{field.title}' must be a text, a number, a date, or yes or no"))
    return form


def _read_record(field: Field, form: Any) -> dict[str, Any]:
    return _read_all(
        (str(name), dataclasses.replace(inside(field), title=str(name)), one)
        for name, one in _of(dict, field, form).items()
    )


def _read_mapping(field: Field, form: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    faults: list[str] = []
    for number, row in enumerate(_of(list, field, form), 1):
        key = row.get("key") if isinstance(row, dict) else None
        if not isinstance(key, str) or key in found:
            twice = "'Key' stands there twice. Give each row a key of its own."
            faults.append(f"Row {number}: {twice if isinstance(key, str) else sentence(Fault('empty'), 'Key')}")
            continue
        try:
            found[key] = _read(inside(field), row.get("value"))
        except InvalidInput as error:
            faults += [f"Row {number}: {told}" for told in error.fields.values()]
    _must_be_none(faults)
    return found


def _read_group(field: Field, form: Any) -> dict[str, Any]:
    given = _of(dict, field, form)
    parts = {part.name: part for part in field.parts}
    strange = [str(name) for name in given if name not in parts]
    missing = [name for name, part in parts.items() if part.required and name not in given]
    if strange or missing:
        empty = {name: sentence(Fault("empty"), parts[name].title) for name in missing}
        raise InvalidInput({"": sentence(Fault("unknown"), strange[0][:60])} if strange else empty)
    return _read_all((name, parts[name], one) for name, one in given.items())


def _message(field: Field, row: Any) -> BaseMessage:
    found = _of(dict, field, row)
    role, text, ident = found.get("role"), found.get("text"), found.get("id")
    kept = found["kept"].value if isinstance(found.get("kept"), Unshown) else None
    if not isinstance(text, str) or not isinstance(ident, str | None):
        name = "text" if not isinstance(text, str) else "id"
        raise InvalidInput({name: sentence(Fault("type", "string"), name.capitalize())})
    if isinstance(kept, BaseMessage) and role == kept.type:
        unchanged = text == kept.text and ident == kept.id
        return kept if unchanged else kept.model_copy(update={"content": _content(kept, text), "id": ident})
    if getattr(kept, "tool_calls", None) or isinstance(kept, ToolMessage):
        raise InvalidInput({"role": "A message that calls a tool, or answers for one, keeps its role."})
    if role == "remove" and ident:
        return RemoveMessage(id=ident)
    if role not in NEW_ROLES:
        raise InvalidInput({"role": f"Choose a role, one of: {', '.join(NEW_ROLES)}."})
    return NEW_ROLES[role](content=text, id=ident)


def _content(kept: BaseMessage, text: str) -> Any:
    """Put a text in place of a message's own, and leave what else is in it."""
    if isinstance(kept.content, str):
        return text
    rest = [block for block in kept.content if isinstance(block, dict) and block.get("type") != "text"]
    return [{"type": "text", "text": text}, *rest]


_READ: Mapping[str, Callable[[Field, Any], Any]] = {
    "choice": _read_choice,
    "any": _read_any,
    "list": _read_rows,
    "table": _read_rows,
    "messages": _read_rows,
    "record": _read_record,
    "mapping": _read_mapping,
    "group": _read_group,
}
