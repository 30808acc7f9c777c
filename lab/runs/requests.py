"""What a run is asked to do, as data that is saved and that another process can be given."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from graphs.pattern import Breakpoints
from lab.events import Kind
from lab.jsonable import Json
from lab.types import ModelName


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is to do, as plain data that another process can be given as well."""

    thread_id: str
    workspace: str
    pattern: str
    lane: str
    kind: Kind
    values: Mapping[str, Json]
    """The input of a start or a turn, answers by interrupt id, the edited checkpoint of a what-if, else empty."""
    model: ModelName
    pace: float
    breakpoints: Breakpoints
    """Those that the visitor chose; the lane's own are added."""
    checkpoint_id: str = ""
    """The one to go back to; empty for a run that goes on from the newest."""
    label: str = ""
    """The name of the branch that the run makes."""


REQUEST = TypeAdapter(Request)
