"""Structural diff of two states, aware of reducers."""

import json
import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lab.jsonable import Json
from lab.state.schema import Reducer
from lab.state.sequence_diff import Span, spans_of

Kind = Literal["added", "removed", "changed", "text", "fields", "items", "appended"]
"""Of a value with changes inside, text, fields and items say what it is; appended is a list that only grew at its
end, by its reducer, or an item that came to such an end."""

LONG = 4_000
"""Characters of two texts from which on whole lines are matched first, then the words between these."""
DEPTH = 60
"""Containers inside one another that are compared; what is deeper counts as one value."""
SHARED = 0.25
"""Of the shorter text, what has to stay for word differences to be easier to read than both texts whole."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|[^\S\n]+|\n|[^\w\s]")
"""Words, single characters of scripts without spaces, blanks, line ends and signs: together every character."""


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a text that stayed, went or came."""

    kind: Literal["same", "removed", "added"]
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What happened at one key, or to one item of a list."""

    at: str | int
    """The key, or the position in the new list, of a removed item that in the old one."""
    kind: Kind
    before: Json = None
    after: Json = None
    inside: tuple["Change", ...] = ()
    runs: tuple[Run, ...] = ()
    """The whole of a changed text in pieces."""
    was: int | None = None
    """The position in the old list of an item that stayed."""
    name: str = ""
    """The role and id of an item that was matched by its id."""


def diff_states(
    before: Mapping[str, Json], after: Mapping[str, Json], reducers: Mapping[str, Reducer] | None = None
) -> tuple[Change, ...]:
    """Return what has to be done to one state to get the other; nothing where both are the same JSON."""
    return _fields(before, after, DEPTH, reducers or {})


def apply(before: Mapping[str, Json], changes: Sequence[Change]) -> dict[str, Json]:
    """Make the new state from the old one; it shares values with both and alters neither."""
    made = dict(before)
    for change in changes:
        if change.kind == "removed":
            del made[str(change.at)]
        else:
            made[str(change.at)] = _made(made.get(str(change.at)), change)
    return made


def equal_values(one: Json, other: Json) -> bool:
    """Return whether two values are the same JSON: 1 is neither 1.0 nor true, and NaN is NaN."""
    if one is other:
        return True
    if type(one) is not type(other):
        return _text(one) == _text(other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(map(equal_values, one.values(), map(other.__getitem__, one)))
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal_values, one, other))
    if isinstance(one, float):
        return repr(one) == repr(other)
    return bool(one == other)


def _fields(
    before: Mapping[str, Json], after: Mapping[str, Json], depth: int, reducers: Mapping[str, Reducer]
) -> tuple[Change, ...]:
    changes: list[Change] = []
    for key, old in before.items():
        if key not in after:
            changes.append(Change(key, "removed", before=old))
        elif not equal_values(old, after[key]):
            changes.append(_change(key, old, after[key], depth, reducers.get(key, "none")))
    changes += [Change(key, "added", after=new) for key, new in after.items() if key not in before]
    return tuple(changes)


def _change(at: str | int, old: Json, new: Json, depth: int, reducer: Reducer, was: int | None = None) -> Change:
    name = _name(new) if was is not None and _id(old) and _id(old) == _id(new) else ""
    if isinstance(old, str) and isinstance(new, str):
        return Change(at, "text", runs=words(old, new), was=was)
    if depth and isinstance(old, dict) and isinstance(new, dict):
        return Change(at, "fields", inside=_fields(old, new, depth - 1, {}), was=was, name=name)
    if depth and isinstance(old, list) and isinstance(new, list):
        inside = _items(old, new, depth - 1, grows=reducer in ("add", "messages"))
        only_appended = all(change.kind == "appended" for change in inside)
        return Change(at, "appended" if only_appended else "items", inside=inside, was=was)
    return Change(at, "changed", before=old, after=new, was=was)


def _items(before: list[Json], after: list[Json], depth: int, *, grows: bool) -> tuple[Change, ...]:
    changes: list[Change] = []
    at = to = 0
    end = (len(before), len(before), len(after), len(after))
    for begin, ended, came, gone in [*spans_of(*_keys(before, after)), end]:
        # Matched by its id, an item that stayed may have changed all the same.
        unchanged = zip(range(at, begin), range(to, came), strict=True)
        pairs = [(was, now) for was, now in unchanged if not equal_values(before[was], after[now])]
        # What has an id is never told as changed into another item.
        while begin < ended and came < gone and not (_id(before[begin]) or _id(after[came])):
            pairs.append((begin, came))
            begin, came = begin + 1, came + 1
        changes += [_change(now, before[was], after[now], depth, "none", was) for was, now in pairs]
        changes += [Change(no, "removed", before=before[no], name=_name(before[no])) for no in range(begin, ended)]
        kind: Kind = "appended" if grows and gone == len(after) else "added"
        changes += [Change(no, kind, after=after[no], name=_name(after[no])) for no in range(came, gone)]
        at, to = ended, gone
    return tuple(changes)


def _id(item: Json) -> str:
    ident = item.get("id") if isinstance(item, dict) else None
    return ident if isinstance(ident, str) else ""


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


def _name(item: Json) -> str:
    role = item.get("role") if isinstance(item, dict) else None
    return " ".join(part for part in (role if isinstance(role, str) else "", _id(item)) if part)


def _keys(before: Sequence[Json], after: Sequence[Json]) -> tuple[list[Hashable], list[Hashable]]:
    """Return what items are matched by: the id where no two items of a list share it, else the whole content."""
    often = Counter(map(_id, before)) | Counter(map(_id, after))

    def key(item: Json) -> Hashable:
        if isinstance(item, str):
            return item
        ident = _id(item)
        return ("id", ident) if ident and often[ident] == 1 else ("", _text(item))

    return [key(item) for item in before], [key(item) for item in after]


def _made(value: Json, change: Change) -> Json:
    if change.kind == "text":
        return "".join(run.text for run in change.runs if run.kind != "removed")
    if change.kind == "fields":
        return apply(value, change.inside)
    return _made_list(value, change.inside) if change.inside else change.after


def _made_list(before: Sequence[Json], changes: Sequence[Change]) -> list[Json]:
    gone = {change.at for change in changes if change.kind == "removed"}
    stayed = iter([item for no, item in enumerate(before) if no not in gone])
    came = {change.at: change for change in changes if change.kind != "removed" and change.was is None}
    made = [came[no].after if no in came else next(stayed) for no in range(len(before) - len(gone) + len(came))]
    for change in changes:
        if change.was is not None:
            made[int(change.at)] = _made(made[int(change.at)], change)
    return made


def words(before: str, after: str) -> tuple[Run, ...]:
    """Return two texts as one row of pieces, word by word."""
    runs: list[Run] = []
    long = len(before) + len(after) > LONG
    lines = _parts(before.splitlines(keepends=True), after.splitlines(keepends=True)) if long else [("", before, after)]
    for same, old, new in lines:
        parts = _parts(_WORD.findall(old), _WORD.findall(new), tidy=True)
        for text, removed, added in [(same, "", ""), *parts]:
            if text and runs and runs[-1].kind == "same":
                runs[-1] = Run("same", runs[-1].text + text)
            elif text:
                runs.append(Run("same", text))
            runs += [Run("removed", removed)] if removed else []
            runs += [Run("added", added)] if added else []
    return tuple(runs)


def _parts(old: Sequence[str], new: Sequence[str], *, tidy: bool = False) -> Iterator[tuple[str, str, str]]:
    """Return in turn what stayed, what went after it and what came there instead."""
    at = 0
    spans = spans_of(old, new)
    for begin, end, came, gone in _tidied(spans, old, new) if tidy else spans:
        yield "".join(old[at:begin]), "".join(old[begin:end]), "".join(new[came:gone])
        at = end
    yield "".join(old[at:]), "", ""


def _tidied(spans: Sequence[Span], old: Sequence[str], new: Sequence[str]) -> list[Span]:
    """Join pieces with only blanks between them, and make one piece of a text of which little stayed."""
    joined: list[Span] = []
    for span in spans:
        if joined and "".join(old[joined[-1][1] : span[0]]).isspace():
            joined[-1] = (joined[-1][0], span[1], joined[-1][2], span[3])
        else:
            joined.append(span)
    went = sum(len(word) for begin, end, _, _ in joined for word in old[begin:end])
    whole = sum(map(len, old))
    if joined and whole - went < SHARED * min(whole, sum(map(len, new))):
        return [(0, len(old), 0, len(new))]
    return joined
