"""Runs an edit on a draft checkpointer, and saves it as it was drafted."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    copy_checkpoint,
    empty_checkpoint,
)
from langgraph.errors import GraphDrained, InvalidUpdateError
from langgraph.graph import START
from langgraph.runtime import RunControl
from langgraph.types import Command, Overwrite, StateSnapshot
from pydantic import BaseModel

from lab.checkpoints import (
    OpenRows,
    SummarySaver,
    at_checkpoint,
    checkpoint_config,
    checkpoint_id_of,
    place_of,
    thread_id_of,
)
from lab.errors import NotPossible, StorageUnavailable
from lab.events import StateEdited
from lab.jsonable import to_jsonable
from lab.models import explain
from lab.runs import CallsAsCode
from lab.state import schema_of
from lab.types import Graph

_WITHOUT_RUNNING = """# A run that is told to stop before it begins only adds to the state: what was next stays next.
control = RunControl()
control.request_drain("an edit runs nothing")
with suppress(GraphDrained):
    graph.invoke(Command(update={update!r}), {place}, control=control, durability="sync")"""

Write = Callable[..., RunnableConfig]
"""A pattern's own call that writes to a graph's state; it takes the graph first."""


class _Put(NamedTuple):
    config: RunnableConfig
    checkpoint: Checkpoint
    metadata: CheckpointMetadata
    versions: ChannelVersions


class _DraftSaver(BaseCheckpointSaver[Any]):
    """Checkpointer that reads another one's checkpoints and keeps what it's given for itself."""

    def __init__(self, saver: BaseCheckpointSaver[Any]) -> None:
        super().__init__(serde=saver.serde)
        self.saver = saver
        self.put_last: _Put | None = None
        self.writes: list[tuple[Sequence[tuple[str, Any]], str, str]] = []

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read the draft or a saved checkpoint."""
        ident, last = checkpoint_id_of(config), self.put_last
        if last is not None and ident == last.checkpoint["id"]:
            # Read as it will be from the database: what can't be saved fails here, before anything is.
            as_saved: Checkpoint = self.serde.loads_typed(self.serde.dumps_typed(last.checkpoint))
            return CheckpointTuple(config, as_saved, last.metadata, last.config, [])
        if not ident:
            # To the library the thread has gone on elsewhere, so that an edit of its head is a checkpoint of its own
            # too, and not something that is added to the head.
            return CheckpointTuple(config, empty_checkpoint(), {})
        return self.saver.get_tuple(config)

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint as the draft."""
        # The library's copy adds a key of its older versions, which an export has no place for.
        copied = {name: value for name, value in copy_checkpoint(checkpoint).items() if name in checkpoint}
        self.put_last = _Put(config, cast(Checkpoint, copied), metadata, new_versions)
        return checkpoint_config(thread_id_of(config), checkpoint["id"])

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep the writes that belong to the draft."""
        self.writes.append((writes, task_id, task_path))

    def get_next_version(self, current: Any, channel: None) -> Any:
        """Count a channel's versions as the other checkpointer does."""
        return self.saver.get_next_version(current, channel)

    def join(self, first: _Put) -> None:
        """Make one step of the draft and of an earlier one that it goes on from."""
        assert self.put_last is not None
        versions = {**first.versions, **self.put_last.versions}
        self.put_last = self.put_last._replace(metadata=first.metadata, versions=versions)


class Draft:
    """An edit that isn't saved yet: `snapshot` is what it leaves, `save` makes it the thread's newest checkpoint."""

    def __init__(self, graph: Graph, config: RunnableConfig, saver: _DraftSaver, calls: str) -> None:
        assert saver.put_last is not None
        self._config, self._saver, self._put = config, saver, saver.put_last
        self.calls = calls
        """The LangGraph calls that make such an edit, as code."""
        self.snapshot: StateSnapshot = graph.get_state(
            checkpoint_config(thread_id_of(config), self._put.checkpoint["id"])
        )
        """The state that the edit leaves, and what runs next from it."""

    def save(self, rows: OpenRows | None = None) -> str:
        """Save the edit, in the transaction of these rows if there are any, and return its checkpoint's id."""
        put, saver = self._put, self._saver.saver
        # Whichever way the library wrote it, to the history it's an edit.
        metadata: CheckpointMetadata = {**put.metadata, "source": "update"}
        if rows is not None:
            assert isinstance(saver, SummarySaver)
            saved = saver.put_within(rows, self._config, put.checkpoint, metadata, put.versions)
            saver = rows.saver
        else:
            saved = saver.put(self._config, put.checkpoint, metadata, put.versions)
        for writes, task_id, task_path in self._saver.writes:
            saver.put_writes(saved, writes, task_id, task_path)
        return put.checkpoint["id"]


def draft(
    graph: Graph,
    config: RunnableConfig,
    update: Mapping[str, Any],
    as_node: str | None,
    appended: Collection[str] = (),
    write: Write | None = None,
    note: Mapping[str, Any] | None = None,
) -> Draft:
    """Draft an edit of the checkpoint that `config` names.

    Without `as_node` what runs next stays next, with the tasks that were sent; with one, that node's edges decide.
    Where the input comes next, the edit is written together with it: `appended` are the fields that add to it.
    `write` is the lane's own call that leaves what is next as it is, in place of the lab's. `note` is added to an
    edit of the input, which takes no other fields than its own.
    Raises NotPossible where the graph can't take it.
    """
    checkpointer = graph.checkpointer
    assert isinstance(checkpointer, BaseCheckpointSaver)
    saver = _DraftSaver(checkpointer)
    tried = graph.copy({"checkpointer": saver})
    place = place_of(config)
    with _refusing():
        given = None if as_node not in (None, START) else _with_input(checkpointer, config, update, appended)
        if given is None and as_node is None and write is not None:
            write(tried, config, dict(update))
            calls = as_code(graph, write, config, dict(update))
        elif given is None and as_node is None:
            _keeping_next(tried, config, update)
            calls = _WITHOUT_RUNNING.format(update=dict(update), place=repr(place))
        else:
            values, name = (dict(update), as_node) if given is None else (given, START)
            _must_be_a_node(graph, name)
            tried.update_state(config, values, as_node=name)
            calls = f"graph.update_state({place!r}, {values!r}, as_node={name!r})"
            if note:
                _add(tried, saver, config, note)
                calls = f"edited = {calls}\n{_WITHOUT_RUNNING.format(update=dict(note), place='edited')}"
        return Draft(tried, config, saver, calls)


def _keeping_next(graph: Graph, config: RunnableConfig, update: Mapping[str, Any]) -> None:
    """Write values beside what was to run next; `update_state` would clear it and follow a node's edges instead."""
    control = RunControl()
    control.request_drain("an edit runs nothing")
    with suppress(GraphDrained):
        graph.invoke(Command(update=dict(update)), config, control=control, durability="sync")


def _add(graph: Graph, saver: _DraftSaver, config: RunnableConfig, note: Mapping[str, Any]) -> None:
    """Write further values to a draft, which stays one step."""
    first = saver.put_last
    assert first is not None
    _keeping_next(graph, at_checkpoint(config, first.checkpoint["id"]), note)
    saver.join(first)


def _with_input(
    saver: BaseCheckpointSaver[Any], config: RunnableConfig, update: Mapping[str, Any], appended: Collection[str]
) -> list[Any] | None:
    """Join an edit with the input that is still to be written; None where none is."""
    saved = saver.get_tuple(config)
    pending = saved.checkpoint["channel_values"].get(START) if saved is not None else None
    if not isinstance(pending, (dict, BaseModel)):
        return None
    unchanged = {name: value for name, value in dict(pending).items() if name not in update or name in appended}
    return [unchanged, Command(update=dict(update))]


def rewound(graph: Graph, write: Write, thread: RunnableConfig, checkpoint: RunnableConfig) -> tuple[str, str]:
    """Write an old checkpoint's values by the lane's own call, and return the new checkpoint's id and the call."""
    with _refusing():
        calls = as_code(graph, write, thread, checkpoint)
        saved = write(graph, thread, checkpoint)
    return checkpoint_id_of(saved), calls


def as_code(graph: Graph, write: Write, *given: Any) -> str:
    """Return as code what a lane's own call does to a graph's state, without doing it."""
    written = CallsAsCode(graph)
    write(written, *given)
    return written.code


def _must_be_a_node(graph: Graph, as_node: str | None) -> None:
    # The library has names of its own with which the values would be left out.
    if as_node not in schema_of(graph).nodes:
        raise NotPossible(f"The graph has no node '{str(as_node)[:80]}'. Choose one that it has.")


@contextmanager
def _refusing() -> Iterator[None]:
    """Say in words what the library or the pattern has against an edit."""
    try:
        yield
    except InvalidUpdateError as error:
        raise NotPossible(
            f"The state can't be edited here: {error}. Choose as which node the values are written, or pause after "
            "another one."
        ) from error
    except (StorageUnavailable, NotPossible):
        raise
    # The edges behind the node are followed at once, and what a pattern's own decision raises can be anything.
    except Exception as error:
        raise NotPossible(
            f"Where the graph goes from this state can't be told: {explain(error)}. Choose other values, or another "
            "node as which they are written."
        ) from error


def edited_by(checkpoint_id: str, update: Mapping[str, Any], calls: str) -> StateEdited:
    """Return the event that tells of a saved edit, yet without its number."""
    given = {name: value.value if isinstance(value, Overwrite) else value for name, value in update.items()}
    return StateEdited(checkpoint_id, to_jsonable(given), calls, at=time.time())
