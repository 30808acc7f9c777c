"""How a lane says in one line what came out, and the words that such lines share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ended:
    """What a lane's outcome is told from: a thread at its end, or where a node of it failed."""

    values: Mapping[str, Any]
    """The newest state's own objects; of a lane without memory, what its nodes wrote last."""
    inputs: Sequence[Mapping[str, Any]] = ()
    """What the person gave: the input, and that of each further turn; nothing where not all of it is known any more."""
    questions: Sequence[Any] = ()
    """What the person was asked by interrupts on the way here."""
    edits: Sequence[Mapping[str, Any]] = ()
    """What a person wrote to the state on the way here, an edit each."""
    ledger: Sequence[Mapping[str, Any]] = ()
    """The thread's rows, of all its branches, where the pattern shows the table; so are the next three."""
    outbox: Sequence[Mapping[str, Any]] = ()
    archive: Sequence[Mapping[str, Any]] = ()
    records: Sequence[Mapping[str, Any]] = ()
    edited: bool = False
    """True where a person wrote the newest values, and no node has run since."""
    failed: bool = False
    """True where a node failed or the limit of supersteps ended the run, so that the values are those before that."""
    out_of_steps: bool = False
    """True where it was that limit, and no node's failure."""


Outcome = Callable[[Ended], str]
"""Says in one short sentence, without a full stop, what came out; whole figures, and text from outside in short."""


def euros(cents: int) -> str:
    """Return a sum in euros."""
    return f"{cents / 100:,.2f} €"


def times(number: int) -> str:
    """Say how often."""
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number with what it counts; `several` where that isn't `one` with an s."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def short(text: str, room: int) -> str:
    """Return a text from outside on one line, of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= room else f"{line[: room - 1].rstrip()}…"
