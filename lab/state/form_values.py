"""A state's value as a form shows it, and what came back of the form in the value's type."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, RemoveMessage, SystemMessage, ToolMessage
from pydantic import ValidationError

from lab.errors import InvalidInput
from lab.state.fields import SCALARS, Entry
from lab.state.validation_messages import (
    Fault,
    located_sentence,
    nothing_to_see,
    parsed_json,
    pydantic_faults,
    raised,
    sentence,
)

NEW_ROLES: Mapping[str, type[BaseMessage]] = {"human": HumanMessage, "ai": AIMessage, "system": SystemMessage}
"""Roles that a new message can have; the others need more than a text."""

_FAULTS = 5
"""Faults of one table that are told; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Unshown:
    """A value that a form carries along as it is, because nothing it could show gives the same value back."""

    value: Any


@dataclass(frozen=True, slots=True)
class JsonText:
    """A value as JSON text; any field takes it."""

    text: str


def to_form(field: Entry, value: Any) -> Any:
    """Return a value as the form shows it, or what of it does give the same value back: JSON, or the value kept."""
    for show in (_shown, as_json):
        try:
            form = show(field, value)
            if is_same_value(from_form(field, form), value):
                return form
        except Exception:  # noqa: BLE001 - a type of the state's own may raise anything; then it's kept
            continue
    # A plain value that breaks a rule of its field can be put right in its own widget.
    fits = SCALARS.get(type(value)) == ("text" if field.kind == "area" else field.kind)
    return value if fits and not (isinstance(value, str) and _broken(value)) else Unshown(value)


def _broken(text: str) -> bool:
    """Return whether a text has halves of characters in it, which can't be sent to a browser."""
    return any("\ud800" <= char <= "\udfff" for char in text)


def as_json(field: Entry, value: Any) -> JsonText:
    """Return a value as JSON text; raises where it can't be written so."""
    if field.adapter is None:
        raise TypeError(f"{field.title} can't be written as JSON")
    text = field.adapter.dump_json(value, indent=1, round_trip=True, by_alias=False, warnings=False)
    return JsonText(text.decode())


def is_same_value(one: Any, other: Any) -> bool:
    """Return whether two values are equal and of the same types, inside lists and dicts too."""
    if one is other:
        return True
    if type(one) is not type(other):
        numbers = {type(one), type(other)} == {int, float}
        return numbers and bool(one == other)
    if isinstance(one, list):
        return len(one) == len(other) and all(is_same_value(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same_value(one[key], other[key]) for key in one)
    return bool(one == other) or (isinstance(one, float) and one != one and other != other)


def _shown(field: Entry, value: Any) -> Any:
    if value is None and (field.optional or field.kind != "json"):
        return None
    return _SHOWN[field.kind](field, value) if field.kind in _SHOWN else value


def _show_choice(field: Entry, value: Any) -> str:
    return next(name for name, option in field.choices if is_same_value(option, value))


def _show_items(field: Entry, value: Any) -> list[Any]:
    item = _inside(field)
    return [to_form(item, one) for one in value]


def _show_record(field: Entry, value: Any) -> dict[str, Any]:
    return {name: to_form(_inside(field), one) for name, one in value.items()}


def _show_mapping(field: Entry, value: Any) -> list[dict[str, Any]]:
    return [{"key": key, "value": to_form(_inside(field), one)} for key, one in value.items()]


def _show_group(field: Entry, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {part.name: to_form(part, value[part.name]) for part in field.parts if part.name in value}
    return {part.name: to_form(part, getattr(value, part.name)) for part in field.parts}


def _show_messages(_: Entry, value: Any) -> list[dict[str, Any]]:
    return [{"role": one.type, "text": str(one.text), "id": one.id, "kept": Unshown(one)} for one in value]


_SHOWN: Mapping[str, Callable[[Entry, Any], Any]] = {
    "json": as_json,
    "choice": _show_choice,
    "list": _show_items,
    "table": _show_items,
    "record": _show_record,
    "mapping": _show_mapping,
    "group": _show_group,
    "messages": _show_messages,
}


def from_form(field: Entry, form: Any) -> Any:
    """Return a form's value in its type; raises InvalidInput, by field, with row and column where it's in a table."""
    try:
        return _read(field, form)
    except InvalidInput as error:
        raise InvalidInput({_joined(field.name, inner): told for inner, told in error.fields.items()}) from error


def _read(field: Entry, form: Any) -> Any:
    if isinstance(form, Unshown):
        return form.value
    if isinstance(form, JsonText):
        # Nothing typed is nothing, where that is a value.
        return None if field.optional and form.text == "" else _checked(field, form.text, json=True)
    if form is None and field.kind != "any":
        if not field.optional:
            raise _wrong(field, Fault("empty"))
        return None
    found = _READ[field.kind](field, form) if field.kind in _READ else form
    if field.kind == "messages":
        # A removal is no message of a state, but it may be on its way to one.
        _checked(field, [one for one in found if not isinstance(one, RemoveMessage)])
        return found
    return _checked(field, found)


def _checked(field: Entry, value: Any, *, json: bool = False) -> Any:
    if field.adapter is None:
        if json or field.kind == "json":
            raise _wrong(field, Fault("unmakeable"))
        return value
    if nothing_to_see(value, field.min_length):
        raise _wrong(field, Fault("empty"))
    if json or (field.kind == "json" and isinstance(value, str)):
        check: Callable[..., Any] = field.adapter.validate_json
    else:
        check = field.adapter.validate_python
    try:
        return check(value, by_name=True)
    except ValidationError as error:
        raise _refused(field, error, parsed_json(value) if check == field.adapter.validate_json else value) from error
    # A validator of the state's own may raise anything.
    except Exception as error:
        raise _wrong(field, raised(error)) from error


def _refused(field: Entry, error: ValidationError, value: Any) -> InvalidInput:
    """Say where in a list, a table or a group the library found the fault."""
    wrong: dict[str, str] = {}
    titles = {part.name: part.title for part in field.parts}
    for found, fault in pydantic_faults(error, value):
        name = str(found[0]) if found and field.kind == "group" else ""
        title = titles.get(name, name) or field.title
        wrong.setdefault(name, located_sentence(found[bool(name) :], fault, title))
    return InvalidInput(wrong)


def _wrong(field: Entry, fault: Fault) -> InvalidInput:
    return InvalidInput({"": sentence(fault, field.title, tuple(field.labels.values()))})


def _joined(outer: str, inner: str) -> str:
    return f"{outer}.{inner}" if outer and inner else outer or inner


def _inside(field: Entry) -> Entry:
    assert field.item is not None, f"{field.name} has no items"
    return field.item


def _read_all(pairs: Iterable[tuple[str, Entry, Any]]) -> dict[str, Any]:
    """Read values by name and tells of all that are wrong."""
    found, wrong = {}, {}
    for name, field, form in pairs:
        try:
            found[name] = _read(field, form)
        except InvalidInput as error:
            wrong.update({_joined(name, inner): told for inner, told in error.fields.items()})
    if wrong:
        raise InvalidInput(wrong)
    return found


def _read_rows(field: Entry, form: Any) -> list[Any]:
    item = _inside(field) if field.kind != "messages" else field
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


def _of(kind: type, field: Entry, form: Any) -> Any:
    if not isinstance(form, kind):
        raise _wrong(field, Fault("type", kind.__name__))
    return form


def _read_choice(field: Entry, form: Any) -> Any:
    for name, option in field.choices:
        if is_same_value(name, form):
            return option
    raise _wrong(field, Fault("choice"))


def _read_any(field: Entry, form: Any) -> Any:
    if form is not None and type(form) not in SCALARS:
        raise _wrong(field, Fault("own", f"'{field.title}' must be a text, a number, a date, or yes or no"))
    return form


def _read_record(field: Entry, form: Any) -> dict[str, Any]:
    return _read_all(
        (str(name), dataclasses.replace(_inside(field), title=str(name)), one)
        for name, one in _of(dict, field, form).items()
    )


def _read_mapping(field: Entry, form: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    faults: list[str] = []
    for number, row in enumerate(_of(list, field, form), 1):
        key = row.get("key") if isinstance(row, dict) else None
        if not isinstance(key, str) or key in found:
            twice = "'Key' stands there twice. Give each row a key of its own."
            faults.append(f"Row {number}: {twice if isinstance(key, str) else sentence(Fault('empty'), 'Key')}")
            continue
        try:
            found[key] = _read(_inside(field), row.get("value"))
        except InvalidInput as error:
            faults += [f"Row {number}: {told}" for told in error.fields.values()]
    _must_be_none(faults)
    return found


def _read_group(field: Entry, form: Any) -> dict[str, Any]:
    given = _of(dict, field, form)
    parts = {part.name: part for part in field.parts}
    strange = [str(name) for name in given if name not in parts]
    missing = [name for name, part in parts.items() if part.required and name not in given]
    if strange or missing:
        empty = {name: sentence(Fault("empty"), parts[name].title) for name in missing}
        raise InvalidInput({"": sentence(Fault("unknown"), strange[0][:60])} if strange else empty)
    return _read_all((name, parts[name], one) for name, one in given.items())


def _message(field: Entry, row: Any) -> BaseMessage:
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


_READ: Mapping[str, Callable[[Entry, Any], Any]] = {
    "choice": _read_choice,
    "any": _read_any,
    "list": _read_rows,
    "table": _read_rows,
    "messages": _read_rows,
    "record": _read_record,
    "mapping": _read_mapping,
    "group": _read_group,
}
