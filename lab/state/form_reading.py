"""What came back of a form, in the types of its fields."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, RemoveMessage, SystemMessage, ToolMessage

from lab.errors import InvalidInput
from lab.state.checks import checked, checked_json, first_faults, joined, refusal
from lab.state.fields import SCALARS, Field
from lab.state.form_values import JsonText, Unshown, is_same_value
from lab.state.validation_messages import Fault, sentence

NEW_ROLES: Mapping[str, type[BaseMessage]] = {"human": HumanMessage, "ai": AIMessage, "system": SystemMessage}
"""Roles that a new message can have; the others need more than a text."""


def from_form(field: Field, form: Any) -> Any:
    """Return a form's value in its type; raises InvalidInput, by field, with row and column where it's in a table."""
    try:
        return _read(field, form)
    except InvalidInput as error:
        raise InvalidInput({joined(field.name, inner): message for inner, message in error.fields.items()}) from error


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
    value = _READ[field.kind](field, form) if field.kind in _READ else form
    if field.kind == "messages":
        # A removal is no message of a state, but it may be on its way to one.
        _checked(field, [one for one in value if not isinstance(one, RemoveMessage)])
        return value
    return _checked(field, value)


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
    """Read values by name and tell of all that are wrong."""
    values, wrong = {}, {}
    for name, field, form in pairs:
        try:
            values[name] = _read(field, form)
        except InvalidInput as error:
            wrong.update({joined(name, inner): message for inner, message in error.fields.items()})
    if wrong:
        raise InvalidInput(wrong)
    return values


def _read_rows(field: Field, form: Any) -> list[Any]:
    item = inside(field) if field.kind != "messages" else field
    read = _read if field.kind != "messages" else _message
    rows, faults = [], []
    for number, row in enumerate(_of(list, field, form), 1):
        try:
            rows.append(read(item, row))
        except InvalidInput as error:
            faults += [f"Row {number}: {message}" for message in error.fields.values()]
    _must_be_none(faults)
    return rows


def _must_be_none(faults: list[str]) -> None:
    """Raise InvalidInput with the first faults of a table."""
    if faults:
        raise InvalidInput({"": first_faults(faults)})


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
    mapping: dict[str, Any] = {}
    faults: list[str] = []
    for number, row in enumerate(_of(list, field, form), 1):
        key = row.get("key") if isinstance(row, dict) else None
        if not isinstance(key, str) or key in mapping:
            twice = "'Key' stands there twice. Give each row a key of its own."
            faults.append(f"Row {number}: {twice if isinstance(key, str) else sentence(Fault('empty'), 'Key')}")
            continue
        try:
            mapping[key] = _read(inside(field), row.get("value"))
        except InvalidInput as error:
            faults += [f"Row {number}: {message}" for message in error.fields.values()]
    _must_be_none(faults)
    return mapping


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
    cells = _of(dict, field, row)
    role, text, ident = cells.get("role"), cells.get("text"), cells.get("id")
    original = cells["original"].value if isinstance(cells.get("original"), Unshown) else None
    if not isinstance(text, str) or not isinstance(ident, str | None):
        name = "text" if not isinstance(text, str) else "id"
        raise InvalidInput({name: sentence(Fault("type", "string"), name.capitalize())})
    if isinstance(original, BaseMessage) and role == original.type:
        unchanged = text == original.text and ident == original.id
        return original if unchanged else original.model_copy(update={"content": _content(original, text), "id": ident})
    if getattr(original, "tool_calls", None) or isinstance(original, ToolMessage):
        raise InvalidInput({"role": "A message that calls a tool, or answers for one, keeps its role."})
    if role == "remove" and ident:
        return RemoveMessage(id=ident)
    if role not in NEW_ROLES:
        raise InvalidInput({"role": f"Choose a role, one of: {', '.join(NEW_ROLES)}."})
    return NEW_ROLES[role](content=text, id=ident)


def _content(original: BaseMessage, text: str) -> Any:
    """Put a text in place of a message's own, and leave what else is in it."""
    if isinstance(original.content, str):
        return text
    rest = [block for block in original.content if isinstance(block, dict) and block.get("type") != "text"]
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
