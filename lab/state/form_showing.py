"""A state's values as a form shows them."""

from collections.abc import Callable, Mapping
from typing import Any

from lab.state.fields import SCALARS, Field
from lab.state.form_reading import from_form, inside
from lab.state.form_values import JsonText, Unshown, is_same_value


def to_form(field: Field, value: Any) -> Any:
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


def as_json(field: Field, value: Any) -> JsonText:
    """Return a value as JSON text; raises where it can't be written so."""
    if field.adapter is None:
        raise TypeError(f"{field.title} can't be written as JSON")
    text = field.adapter.dump_json(value, indent=1, round_trip=True, by_alias=False, warnings=False)
    return JsonText(text.decode())


def _shown(field: Field, value: Any) -> Any:
    if value is None and (field.optional or field.kind != "json"):
        return None
    return _SHOWN[field.kind](field, value) if field.kind in _SHOWN else value


def _show_choice(field: Field, value: Any) -> str:
    return next(name for name, option in field.choices if is_same_value(option, value))


def _show_items(field: Field, value: Any) -> list[Any]:
    item = inside(field)
    return [to_form(item, one) for one in value]


def _show_record(field: Field, value: Any) -> dict[str, Any]:
    return {name: to_form(inside(field), one) for name, one in value.items()}


def _show_mapping(field: Field, value: Any) -> list[dict[str, Any]]:
    return [{"key": key, "value": to_form(inside(field), one)} for key, one in value.items()]


def _show_group(field: Field, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {part.name: to_form(part, value[part.name]) for part in field.parts if part.name in value}
    return {part.name: to_form(part, getattr(value, part.name)) for part in field.parts}


def _show_messages(_: Field, value: Any) -> list[dict[str, Any]]:
    return [{"role": one.type, "text": str(one.text), "id": one.id, "original": Unshown(one)} for one in value]


_SHOWN: Mapping[str, Callable[[Field, Any], Any]] = {
    "json": as_json,
    "choice": _show_choice,
    "list": _show_items,
    "table": _show_items,
    "record": _show_record,
    "mapping": _show_mapping,
    "group": _show_group,
    "messages": _show_messages,
}
