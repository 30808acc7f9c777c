"""What a run is asked to do, as data that is saved and that another process can be given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

from pydantic import BeforeValidator, Field, PlainSerializer, TypeAdapter

from graphs.pattern import Breakpoints
from lab.events import StateEdited
from lab.jsonable import Json
from lab.types import ModelName


class RunConditions(TypedDict):
    """The thread of a run and how it's carried out, whatever it does."""

    thread_id: str
    workspace: str
    pattern: str
    lane: str
    model: ModelName
    pace: float
    breakpoints: Breakpoints
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What every request says: the thread and how its run is carried out."""

    thread_id: str
    workspace: str
    pattern: str
    lane: str
    model: ModelName
    pace: float
    breakpoints: Breakpoints
    """Those that the visitor chose; the lane's own are added."""
    label: str = ""
    """The name of the branch that the run makes."""

    @property
    def given(self) -> Mapping[str, Json] | None:
        """The input or the answers of a visitor; None where the run goes on by itself."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _InputRequest(RunRequest):
    values: Mapping[str, Json]
    """The input of the graph."""

    @property
    def given(self) -> Mapping[str, Json]:
        """The input."""
        return self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class _AnswerRequest(RunRequest):
    answers: Mapping[str, Json]
    """By interrupt id, as the interrupts were asked."""

    @property
    def given(self) -> Mapping[str, Json]:
        """The answers."""
        return self.answers


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest(_InputRequest):
    """Start a thread."""

    kind: Literal["start"] = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRequest(_InputRequest):
    """Send further input to a thread that has finished."""

    kind: Literal["turn"] = "turn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRequest(_AnswerRequest):
    """Answer the interrupts of the newest checkpoint."""

    kind: Literal["resume"] = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueRequest(RunRequest):
    """Go on from the newest checkpoint."""

    kind: Literal["continue"] = "continue"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRequest(RunRequest):
    """Run everything after a checkpoint again."""

    checkpoint_id: str
    kind: Literal["replay"] = "replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReanswerRequest(_AnswerRequest):
    """Ask a checkpoint's questions again and answer them anew."""

    checkpoint_id: str
    kind: Literal["reanswer"] = "reanswer"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfRequest(RunRequest):
    """Run the rest of a checkpoint twice, as it was and from an edit of it."""

    checkpoint_id: str
    step: int
    """The number of the checkpoint's superstep."""
    # By the names of its fields, as the events are saved.
    edit: Annotated[StateEdited, PlainSerializer(StateEdited._asdict)]
    kind: Literal["what-if"] = "what-if"


Request = StartRequest | TurnRequest | ResumeRequest | ContinueRequest | ReplayRequest | ReanswerRequest | WhatIfRequest


def _renamed(saved: Any) -> Any:
    """Return a saved request by the field names of its kind; one field `values` had them all in earlier versions."""
    if not isinstance(saved, dict) or "values" not in saved:
        return saved
    match saved.get("kind"):
        case "resume" | "reanswer":
            return {**saved, "answers": saved["values"]}
        case "what-if":
            return {**saved, **saved["values"]}
        case _:
            return saved


REQUEST: TypeAdapter[Request] = TypeAdapter(
    Annotated[Annotated[Request, Field(discriminator="kind")], BeforeValidator(_renamed)]
)
"""Reads and writes requests as JSON."""
