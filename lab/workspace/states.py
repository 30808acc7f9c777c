"""Finds a thread, reads its state, and checks that an answer is to a question that is still open."""

from collections.abc import Mapping

from langgraph.types import StateSnapshot

from graphs.pattern import Lane
from lab.checkpoints import checkpoint_config, checkpoint_id_of, thread_config
from lab.engine import Engine
from lab.errors import NotPossible, StaleAnswer, StorageUnavailable, UnknownCheckpoint, UnknownThread, Unreadable
from lab.history import Question, ToolSchemas, pending_questions, read_state
from lab.jsonable import Json
from lab.runs import answers_saved
from lab.threads import Thread
from lab.types import Graph


def find_thread(engine: Engine, workspace: str, thread_id: str) -> Thread:
    """Return a workspace's own thread; raises UnknownThread for any other."""
    thread = engine.threads.find(workspace, thread_id)
    if thread is None:
        raise UnknownThread(thread_id)
    return thread


def state_of(graph: Graph, thread_id: str, checkpoint_id: str | None = None, namespace: str = "") -> StateSnapshot:
    """Read a checkpoint's state, the newest one's by default; raises Unreadable."""
    config = thread_config(thread_id)
    if checkpoint_id is not None:
        config = checkpoint_config(thread_id, checkpoint_id, namespace)
    try:
        return read_state(graph, config)
    except StorageUnavailable:
        raise
    # What a damaged row, or a value that its own type refuses, makes the reading raise can be anything.
    except Exception as error:
        raise Unreadable(checkpoint_id, error) from error


def state_at(graph: Graph, thread_id: str, checkpoint_id: str, namespace: str = "") -> StateSnapshot:
    """Read the state of a checkpoint that there must be; raises UnknownCheckpoint, Unreadable."""
    # Of an empty id the library gives the newest checkpoint, and of a NUL PostgreSQL knows nothing at all.
    if not checkpoint_id or "\x00" in checkpoint_id:
        raise UnknownCheckpoint(checkpoint_id)
    state = state_of(graph, thread_id, checkpoint_id, namespace)
    if state.created_at is None:
        raise UnknownCheckpoint(checkpoint_id)
    return state


def asked_questions(
    snapshot: StateSnapshot, answers: Mapping[str, Json], checkpoint_id: str, tools: ToolSchemas
) -> list[Question]:
    """Return the questions of a checkpoint that these answers are to; raises StaleAnswer."""
    asked = {question.id: question for question in pending_questions(snapshot, tools)}
    if not answers or not set(answers) <= set(asked):
        raise StaleAnswer
    must_stand_at(snapshot, checkpoint_id)
    return [asked[ident] for ident in answers]


def must_stand_at(snapshot: StateSnapshot, checkpoint_id: str | None) -> None:
    """Raise StaleAnswer where the thread's newest checkpoint is another one than what was shown."""
    if checkpoint_id is not None and checkpoint_id_of(snapshot.config) != checkpoint_id:
        raise StaleAnswer


def must_remember(lane: Lane) -> None:
    """Raise NotPossible where a lane has no checkpointer."""
    if not lane.remembers:
        raise NotPossible(
            f"The lane '{lane.title}' has no checkpointer, so there is nothing to go on from. Start a new thread."
        )


def answers_given(engine: Engine, thread: Thread, snapshot: StateSnapshot) -> dict[str, Json]:
    """Return by question of a checkpoint the answer that its node got before it failed."""
    return answers_saved(engine.graphs, thread, snapshot)
