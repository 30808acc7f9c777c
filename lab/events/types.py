"""What happens in a thread, as events that end with a number and a time, which the log gives that takes them."""

from typing import Literal, NamedTuple

from lab.jsonable import Json

Path = tuple[str, ...]
"""Node names from the outermost graph inwards; ('design', 'worker') is a node of a subgraph."""

Outcome = Literal["finished", "waiting", "paused", "stopped", "failed", "crashed"]
Kind = Literal["start", "turn", "resume", "continue", "replay", "reanswer", "what-if", "restored"]


RESTORED_RUN = "restored-"
"""How the ids of runs begin that are told from checkpoints, which know nothing of when a run ended."""


class RunStarted(NamedTuple):
    """A run began on the thread."""

    run_id: str
    kind: Kind
    model: str
    said: Json
    """The input or the answers given, None where the run goes on by itself."""
    calls: str
    """The LangGraph calls that were made, as code."""
    no: int = 0
    at: float = 0.0


class RunStopping(NamedTuple):
    """Somebody stopped the run; it ends as soon as the nodes at work let it."""

    run_id: str
    no: int = 0
    at: float = 0.0


class RunEnded(NamedTuple):
    """The run ended; the thread may go on in a later one."""

    run_id: str
    outcome: Outcome
    error: str
    no: int = 0
    at: float = 0.0


class StateEdited(NamedTuple):
    """A person wrote values to the state at a pause."""

    checkpoint_id: str
    values: Json
    calls: str
    no: int = 0
    at: float = 0.0


class SaverDropped(NamedTuple):
    """The thread's checkpointer and graph were dropped; what is read or run next makes both anew."""

    why: Literal["restart", "room"]
    """What for: a restart, or to make room for the checkpointers of other threads."""
    before: int
    """Checkpoints that the thread had."""
    found: int
    """Of these, checkpoints that the new checkpointer finds."""
    calls: str
    no: int = 0
    at: float = 0.0


class WentBack(NamedTuple):
    """The thread was taken back to an earlier checkpoint; what follows is a branch that begins there."""

    checkpoint_id: str
    step: int
    no: int = 0
    at: float = 0.0


class CheckpointMade(NamedTuple):
    """A superstep ended with a checkpoint of the thread's own that isn't committed yet, and may never be."""

    checkpoint_id: str
    no: int = 0
    at: float = 0.0


class CheckpointSaved(NamedTuple):
    """A checkpoint was committed; its state is read from the thread when somebody asks for it."""

    path: Path
    checkpoint_id: str
    step: int
    source: str
    next: tuple[str, ...]
    no: int = 0
    at: float = 0.0


class NodeStarted(NamedTuple):
    """A node's task began."""

    path: Path
    task_id: str
    no: int = 0
    at: float = 0.0


class AttemptFailed(NamedTuple):
    """One attempt of a node failed; a retry may follow."""

    path: Path
    task_id: str
    started: float
    error: str
    no: int = 0
    at: float = 0.0


class AttemptStarted(NamedTuple):
    """A node was tried again after an attempt that failed; what lies between was a wait."""

    path: Path
    task_id: str
    no: int = 0
    at: float = 0.0


class NodeEnded(NamedTuple):
    """A node's task ended with what it wrote, an error, or questions."""

    path: Path
    task_id: str
    wrote: Json
    error: str
    asked: tuple[Json, ...]
    """The interrupts raised here, each with id, value and response_schema; one of a subgraph is told by its node."""
    waits: bool
    """True where the task stopped to ask, itself or in a subgraph."""
    cached: bool
    no: int = 0
    at: float = 0.0


class Tokens(NamedTuple):
    """Text was added to a message; `text` belongs at `offset` characters from its beginning."""

    path: Path
    message_id: str
    offset: int
    text: str
    tool: bool
    """True where the text is a piece of a tool call, not of the answer."""
    pieces: int = 0
    """In how many pieces the message has come from its beginning to the end of this text; 0 where nobody counted."""
    no: int = 0
    at: float = 0.0


class Progress(NamedTuple):
    """A node told how far it is."""

    path: Path
    data: Json
    no: int = 0
    at: float = 0.0


class StreamPart(NamedTuple):
    """The graph's stream yielded a part; told of lanes alone whose page shows what each stream mode tells."""

    mode: str
    data: Json
    no: int = 0
    at: float = 0.0


class Skipped(NamedTuple):
    """Events up to this number left the log; their state is in the checkpoints."""

    dropped: int
    no: int = 0
    at: float = 0.0


Event = (
    RunStarted
    | RunStopping
    | RunEnded
    | StateEdited
    | SaverDropped
    | WentBack
    | CheckpointMade
    | CheckpointSaved
    | NodeStarted
    | AttemptFailed
    | AttemptStarted
    | NodeEnded
    | Tokens
    | Progress
    | StreamPart
    | Skipped
)
