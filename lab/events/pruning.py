"""Leaves out the events that tell of pruned branches."""

from collections.abc import Collection, Iterator, Sequence

from lab.events.types import CheckpointSaved, Event, RunEnded, RunStarted, StateEdited, WentBack


def without_branches(events: Sequence[Event], gone: Collection[str]) -> list[Event]:
    """Return a thread's events but for those that tell of branches whose checkpoints are gone."""
    remaining: list[Event] = []
    seen: set[str] = set()
    for stretch in _stretches(events):
        saved = [ident for event in stretch if (ident := _saved(event))]
        made = [ident for ident in saved if ident not in seen]
        seen.update(saved)
        # A run that made no checkpoint, such as one that failed, is told of the one at which it stood.
        judged = made or saved[-1:]
        staying = [ident for ident in judged if ident not in gone]
        if not judged or judged[-1] not in gone:
            remaining += stretch
        elif staying:
            at = max(number for number, event in enumerate(stretch) if _saved(event) == staying[-1])
            remaining += [*stretch[: at + 1], *(event for event in stretch[at + 1 :] if isinstance(event, RunEnded))]
        else:
            _leave_out(stretch, remaining)
    return remaining


def _saved(event: Event) -> str:
    """Return the thread's own checkpoint that an event tells of; empty where it tells of none."""
    if isinstance(event, StateEdited) or (isinstance(event, CheckpointSaved) and not event.path):
        return event.checkpoint_id
    return ""


def _stretches(events: Sequence[Event]) -> Iterator[list[Event]]:
    """Cut a thread's events where it goes back, and where a run or an edit begins that doesn't follow from that."""
    stretch: list[Event] = []
    for event in events:
        led = stretch and isinstance(stretch[-1], (WentBack, StateEdited))
        begins = isinstance(event, WentBack) or (isinstance(event, (RunStarted, StateEdited)) and not led)
        if stretch and begins:
            yield stretch
            stretch = []
        stretch.append(event)
    if stretch:
        yield stretch


def _leave_out(stretch: Sequence[Event], remaining: list[Event]) -> None:
    """Keep of a stretch no more than the beginning or the end of a run that has another stretch."""
    begun = [event for event in stretch if isinstance(event, RunStarted)]
    ended = [event for event in stretch if isinstance(event, RunEnded)]
    if begun and not ended:
        remaining += begun
    elif ended and not begun:
        if remaining and isinstance(remaining[-1], RunStarted):
            remaining.pop()
        else:
            remaining += ended
