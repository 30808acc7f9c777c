"""Join, shorten and drop events, so that a log and its table stay within their limits.

A token event says where in its message its text begins, so that neighbouring ones can be merged
without loss: a reader that stands inside a merged range gets the whole range again and puts it
in the same place.
"""

from collections.abc import Iterator, Sequence

from lab.events.types import (
    CheckpointMade,
    CheckpointSaved,
    Event,
    NodeEnded,
    NodeStarted,
    RunEnded,
    RunStarted,
    RunStopping,
    Skipped,
    Tokens,
    WentBack,
)
from lab.jsonable import Json

_LIGHT = frozenset((NodeStarted, CheckpointSaved, CheckpointMade, RunStopping, WentBack, Skipped))
"""Events without values of the state, which aren't worth weighing."""
_LIGHT_WEIGHT = 400
LARGE = 2**16
"""Bytes of one event past which it has its values only in short; a checkpoint, where one is saved, has them whole."""
_CUTS = ((4000, 200), (1000, 40), (200, 10))
"""Characters of a text and entries of a list that are left of a large value, from one try to the next."""


def weight(event: Event) -> int:
    """Tell about how many bytes an event takes."""
    if type(event) in _LIGHT:
        return _LIGHT_WEIGHT
    if isinstance(event, Tokens):
        return _LIGHT_WEIGHT + len(event.text)
    if isinstance(event, NodeEnded):
        return _LIGHT_WEIGHT + _weight(event.wrote) + len(event.error) + _weight(event.asked)
    return _weight(event)


def _weight(value: Json) -> int:
    kind = type(value)
    if kind is str:
        return 50 + len(value)
    if kind is dict:
        return 60 + sum(map(_weight, value)) + sum(map(_weight, value.values()))
    if isinstance(value, (list, tuple)):
        return 60 + sum(map(_weight, value))
    return 50 + len(value) if isinstance(value, str) else 30


def shortened(event: Event) -> Event:
    """Return an event with long texts and list cut; the pieces of a message stay whole, for nothing else has them."""
    if isinstance(event, Tokens):
        return event
    short = event
    for characters, entries in _CUTS:
        fields = {name: _cut(value, characters, entries) for name, value in event._asdict().items()}
        short = event._replace(**fields)
        if weight(short) <= LARGE:
            break
    return short


def _cut(value: Json, characters: int, entries: int) -> Json:
    if isinstance(value, str):
        if len(value) <= characters:
            return value
        return f"{value[: characters // 2]} … ({len(value):,} characters in all)"
    if isinstance(value, dict):
        short = {key: _cut(item, characters, entries) for key, item in list(value.items())[:entries]}
        return short if len(value) <= entries else short | {"…": f"{len(value):,} keys in all"}
    if isinstance(value, (list, tuple)):
        items = [_cut(item, characters, entries) for item in value[:entries]]
        if len(value) > entries:
            items.append(f"… ({len(value):,} entries in all)")
        return tuple(items) if isinstance(value, tuple) else items
    return value


def joined(events: Sequence[Event]) -> Iterator[Event]:
    """Join the pieces of each message, also across those of others, to a first one and one for all that follow.

    The first piece keeps the message's place among others; the rest stands where its last piece stood.
    """
    last: dict[tuple[str, bool], int] = {}
    """By message, where the piece stands that takes the earlier ones up."""
    parts: dict[tuple[str, bool], list[Tokens]] = {}
    places: list[Event | None] = []
    for event in events:
        if isinstance(event, Tokens):
            key = (event.message_id, event.tool)
            pieces = parts.get(key)
            if pieces and event.offset == pieces[-1].offset + len(pieces[-1].text):
                if len(pieces) > 1:
                    places[last[key]] = None
                pieces.append(event)
            else:
                if pieces:
                    _take_up(places, last[key], pieces)
                parts[key] = [event]
            last[key] = len(places)
        places.append(event)
    for key, pieces in parts.items():
        _take_up(places, last[key], pieces)
    return (event for event in places if event is not None)


def _take_up(places: list[Event | None], place: int, pieces: Sequence[Tokens]) -> None:
    first, *rest = pieces
    if rest:
        places[place] = rest[-1]._replace(offset=rest[0].offset, text="".join(piece.text for piece in rest))
    else:
        places[place] = first


def shrunk(events: Sequence[Event], limit: int = 20_000, *, room: int) -> list[Event]:
    """Make events fewer and smaller: joins pieces of messages, then drop the oldest that nobody needs.

    What tells how things stand always stays: the run at work, the nodes at work in it, and the way it came by.
    """
    merged = list(joined(events))
    sizes = list(map(weight, merged))
    count, size = len(merged), sum(sizes)
    if count <= limit * 3 // 4 and size <= room * 3 // 4:
        return merged
    standing = _standing(merged)
    dropped: Event | None = None
    remaining: list[Event] = []
    for number, event in enumerate(merged):
        if (count > limit // 2 or size > room // 2) and number not in standing:
            dropped = event
            count, size = count - 1, size - sizes[number]
            continue
        if dropped is not None:
            remaining.append(Skipped(dropped.no, dropped.no, dropped.at))
            dropped = None
        remaining.append(event)
    if dropped is not None:
        remaining.append(Skipped(dropped.no, dropped.no, dropped.at))
    return _told_once(remaining)


def _told_once(events: Sequence[Event]) -> list[Event]:
    """Leave of several gaps the last one, up to which everything may be missing."""
    gaps = [number for number, event in enumerate(events) if isinstance(event, Skipped)]
    return [event for number, event in enumerate(events) if number not in gaps[:-1]]


def _standing(events: Sequence[Event]) -> set[int]:
    """Return the places of the events by which a new reader knows how things stand."""
    places: set[int] = set()
    started: dict[str, int] = {}
    newest = len(events) - 1
    for number, event in enumerate(events):
        match event:
            case RunStarted():
                places.add(number)
                started.clear()
            case RunEnded():
                places.add(number)
                started.clear()
            case NodeStarted() if places:
                started[event.task_id] = number
            case NodeEnded():
                started.pop(event.task_id, None)
            case _:
                pass
    # Runs of long ago are history, which the checkpoints tell.
    runs = sorted(places)[-2:]
    return {*runs, *started.values(), newest}
