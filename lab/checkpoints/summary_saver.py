"""Saves a summary of each superstep beside its checkpoint; mixed into the checkpointers."""

import functools
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    empty_checkpoint,
)
from sqlalchemy import insert

from lab.checkpoints.async_methods import AsyncByThreads
from lab.checkpoints.config import thread_id_of
from lab.checkpoints.rows import OpenRows
from lab.checkpoints.step_summary import summarize_step, summary_row
from lab.database import NOTES, Guard, unguarded
from lab.errors import StorageUnavailable
from lab.secrets import redact

LOG = logging.getLogger(__name__)

ERROR = "__error__"
"""The channel in which the library saves what made a task fail."""

COMPARED = 16
"""Threads whose newest checkpoint is held for comparison with the next; another one's is read again."""


class SummarySaver(AsyncByThreads):
    """Notes each checkpoint that a checkpointer saves; mixed in before the checkpointer's own class."""

    guard: Guard = staticmethod(unguarded)
    """Asked before anything is saved, with the thread's id."""

    @functools.cached_property
    def watchers(self) -> dict[str, Callable[[str], None]]:
        """By thread, who is told of each of its own checkpoints once it's committed."""
        return {}

    @functools.cached_property
    def _newest(self) -> OrderedDict[tuple[str, str], Checkpoint]:
        return OrderedDict()

    def save_summary(self, row: Mapping[str, str]) -> None:
        """Save a note's row."""
        raise NotImplementedError

    @contextmanager
    def saving_summary(self, row: Mapping[str, str]) -> Iterator[None]:
        """Save a note's row with what the block saves."""
        yield
        self.save_summary(row)

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a checkpoint; a damaged newest one doesn't keep the library from going back to an older one."""
        try:
            saved = super().get_tuple(config)
            if saved is not None and "id" not in saved.checkpoint:
                raise ValueError("it is no checkpoint")
            return saved
        except StorageUnavailable:
            raise
        # What a damaged row makes its decoding raise can be anything.
        except Exception:
            # With an id that is None the library asks only whether another checkpoint than the older one is the newest.
            if config["configurable"].get("checkpoint_id", "") is None:
                return CheckpointTuple(config, empty_checkpoint(), {})
            raise

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint and tell who watches the thread that it's committed."""
        place = config["configurable"]
        thread_id = str(place["thread_id"])
        self.guard(thread_id)
        saved = self._put(config, checkpoint, metadata, new_versions)
        if not place.get("checkpoint_ns") and (watcher := self.watchers.get(thread_id)) is not None:
            watcher(checkpoint["id"])
        return saved

    def _put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint with its note; one whose note is missing is read when somebody asks for it."""
        key = _key(config)
        noted = self._noted(config, key, checkpoint, metadata)
        with self.saving_summary(noted) if noted else nullcontext():
            saved = super().put(config, checkpoint, metadata, new_versions)
        self._hold(key, checkpoint)
        return saved

    def put_within(
        self,
        rows: OpenRows,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint and its note in a transaction that somebody else began and ends."""
        self.guard(thread_id_of(config))
        noted = self._noted(config, _key(config), checkpoint, metadata)
        if noted:
            rows.connection.execute(insert(NOTES).values(noted))
        # Last, for in memory nothing takes it back.
        return rows.saver.put(config, checkpoint, metadata, new_versions)

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Save what a task wrote, and of the error that it left no secret that is known."""
        self.guard(thread_id_of(config))
        super().put_writes(config, [(name, _unspoken(name, value)) for name, value in writes], task_id, task_path)

    def forget(self, thread_id: str) -> None:
        """Let go of what is held of a thread whose checkpoints were deleted."""
        for key in [key for key in list(self._newest) if key[0] == thread_id]:
            self._newest.pop(key, None)

    def _noted(
        self, config: RunnableConfig, key: tuple[str, str], checkpoint: Checkpoint, metadata: CheckpointMetadata
    ) -> dict[str, str] | None:
        try:
            parent = self._parent(config, key, config["configurable"].get("checkpoint_id"))
            return summary_row(
                *key, checkpoint["id"], summarize_step(checkpoint, parent, {**config.get("metadata", {}), **metadata})
            )
        # Whatever a type of the state's own raises where it's compared or told, its state is saved all the same.
        except Exception:
            LOG.warning("The step that ends with checkpoint %s isn't noted.", checkpoint["id"], exc_info=True)
            return None

    def _parent(self, config: RunnableConfig, key: tuple[str, str], ident: str | None) -> Checkpoint | None:
        if ident is None:
            return empty_checkpoint()
        newest = self._newest.get(key)
        if newest is not None and newest["id"] == ident:
            return newest
        saved = self.get_tuple(config)
        return saved.checkpoint if saved else None

    def _hold(self, key: tuple[str, str], checkpoint: Checkpoint) -> None:
        self._newest[key] = checkpoint
        self._newest.move_to_end(key)
        # Several threads may run at once, each of which takes out what is too much.
        while len(self._newest) > COMPARED:
            with suppress(KeyError):
                self._newest.popitem(last=False)


def _key(config: RunnableConfig) -> tuple[str, str]:
    """Return the thread and the namespace that a config names."""
    return thread_id_of(config), str(config["configurable"].get("checkpoint_ns", ""))


def _unspoken(channel: str, value: Any) -> Any:
    """Return an error as the text that is saved of it, without secrets; any other value as it is."""
    return redact(repr(value)) if channel == ERROR and isinstance(value, BaseException) else value
