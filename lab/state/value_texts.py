"""Values in words, by the titles of their fields: what bubbles, cards, tables and comparisons show of them."""

from collections.abc import Mapping, Sequence

from lab.jsonable import Json
from lab.state.fields import Field
from lab.state.validation_messages import choice_text

NOTHING = "–"
"""What stands for a value that isn't there."""
SHORT = 60
"""Characters of a list's items that still stand on one line."""


def values_text(values: Mapping[str, Json], fields: Sequence[Field], *, titled: bool = False) -> str:
    """Return values as lines of title and text; the one field of a form needs no title unless `titled`.

    Empty values are left out.
    """
    known = {field.name: field for field in fields}
    alone = not titled and len(values) == 1 and len(known) <= 1
    lines = []
    for name, value in values.items():
        if value in ("", None):
            continue
        text = field_text(known[name], value) if name in known else value_text(value)
        if alone:
            return text
        title = known[name].title if name in known else title_of(name)
        lines.append(f"{title}:{chr(10) if chr(10) in text else ' '}{text}")
    return "\n".join(lines)


def field_text(field: Field, value: Json) -> str:
    """Return a field's value as its form would show it."""
    if value in [option for _, option in field.choices]:
        return choice_text(value)
    if "euro" in field.title.lower() and isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:,.2f}"
    return value_text(value)


def value_text(value: Json) -> str:
    """Return plain data as text for a reader who knows no Python."""
    match value:
        case None | "":
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:,}".removesuffix(".0")
        case dict():
            return _record(value)
        case list():
            return _list([value_text(item) for item in value])
    return str(value)


def title_of(name: str) -> str:
    """Return the title of a field that has no other."""
    return name.replace("_", " ").capitalize()


def _record(value: Mapping[str, Json]) -> str:
    # A message of a conversation: its id and the rest are for the state view.
    if value.keys() >= {"role", "text"}:
        return f"{title_of(str(value['role']))}: {value['text']}"
    parts = [f"{title_of(name)}: {value_text(item)}" for name, item in value.items() if item not in ("", None)]
    return ", ".join(parts) or NOTHING


def _list(items: Sequence[str]) -> str:
    if not items:
        return NOTHING
    on_one_line = sum(map(len, items)) <= SHORT and not any("\n" in item or ", " in item for item in items)
    return ", ".join(items) if on_one_line else "\n".join(items)
