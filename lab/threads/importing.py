"""Taking in a file that threads were exported to: all of it is checked before anything is written."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any, BinaryIO

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from pydantic import ValidationError
from sqlalchemy import insert, update

from lab.checkpoints import OpenRows, Storage, at_checkpoint, checkpoint_config, thread_config
from lab.database import DATABASE_ERRORS, THREADS
from lab.history import id_seconds
from lab.state import TypeNames, channels_at
from lab.threads.copying import new_thread
from lab.threads.deleting import delete_thread
from lab.threads.file_format import LIMITS, Header, ImportRefused, Limits, Point, ThreadFile, thread_files, unpacked
from lab.threads.restricted_serde import Careful, allowed_types, is_reserved
from lab.threads.table import Thread
from lab.types import Graph

GraphOf = Callable[[str, str], Graph | None]
"""Gives the graph of a pattern's lane, None where there is no such lane or it has no checkpointer."""

AHEAD = 300.0
"""Seconds that a checkpoint may come from the future, for clocks that differ."""


def import_threads(
    storage: Storage, file: BinaryIO, workspace: str, graph_of: GraphOf, *, limits: Limits = LIMITS
) -> tuple[Thread, ...]:
    """Make threads of this workspace out of an exported file, which is read twice; raises ImportRefused.

    Each thread gets a random id. Its checkpoints keep theirs: they are unique in their thread only, their order is
    the order of writing, and the ids of the tasks and questions that wait are made from them, so that with others
    nothing that waits could be answered. Business rows aren't in the file.
    """
    allowed = [_check(thread_file, graph_of) for thread_file in thread_files(file, limits)]
    made: list[Thread] = []
    try:
        # A transaction for each, because others who write wait for it.
        for thread_file, types in zip(thread_files(file, limits), allowed, strict=True):
            made.append(_import(storage, thread_file, workspace, types))
    except BaseException:
        for thread in made:
            storage.making_room(partial(delete_thread, storage, thread.thread_id))
        raise
    return tuple(made)


def _import(storage: Storage, file: ThreadFile, workspace: str, allowed: TypeNames) -> Thread:
    given = file.header
    like = Thread("", workspace, given.pattern, given.lane, "", given.title, given.model, 0, 0)
    # A thread of which no input makes a title has none, here as where it came from.
    thread = new_thread(like, given.title) if given.title else replace(new_thread(like, "untitled"), title="")
    try:
        with storage.open_for_writing() as opened:
            opened.connection.execute(insert(THREADS).values(asdict(thread)))
            newest = _write(opened, thread, file, Careful(allowed))
            this = THREADS.c.thread_id == thread.thread_id
            opened.connection.execute(update(THREADS).where(this).values(inherited=newest))
    except BaseException as error:
        storage.checkpoints.discard(thread.thread_id)
        if isinstance(error, DATABASE_ERRORS):
            raise ImportRefused("the database", str(error)) from error
        raise
    return replace(thread, inherited=newest)


def _write(opened: OpenRows, thread: Thread, file: ThreadFile, serde: Careful) -> str:
    """Write a thread's checkpoints and return the newest one of its own graph."""
    newest = ""
    for point in file.points():
        checkpoint, writes = unpacked(point, file, serde)
        metadata = point.metadata.saved()
        if "workspace" in metadata:
            metadata["workspace"] = thread.workspace
        _put(opened.saver, thread.thread_id, point, checkpoint, metadata)
        opened.rows.add_writes(thread.thread_id, point.namespace, point.checkpoint, writes)
        newest = max(newest, point.checkpoint) if point.namespace == "" else newest
    return newest


def _put(
    saver: BaseCheckpointSaver[Any], thread_id: str, point: Point, checkpoint: Any, metadata: Mapping[str, Any]
) -> None:
    config = thread_config(thread_id, point.namespace)
    if point.parent:
        config = at_checkpoint(config, point.parent)
    noted: Any = metadata
    saver.put(config, checkpoint, noted, dict(point.versions))


def _check(file: ThreadFile, graph_of: GraphOf) -> TypeNames:
    """Read a thread whole and return the types that its values may have; raises ImportRefused."""
    graph = graph_of(file.header.pattern, file.header.lane)
    if graph is None:
        raise file.refused(f"no lane '{file.header.lane}' of a pattern '{file.header.pattern}' keeps threads here")
    if file.header.title and not any(sign.isprintable() and not sign.isspace() for sign in file.header.title):
        raise file.refused("title: it is blank")
    allowed = allowed_types(graph)
    serde = Careful(allowed)
    trial = InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=allowed))
    reader = graph.copy({"checkpointer": trial})
    parents: dict[tuple[str, str], str | None] = {}
    for point in file.points():
        _check_point(file, point, parents)
        checkpoint, _ = unpacked(point, file, serde)
        _check_channels(file, point, graph)
        _check_state(file, point, checkpoint, reader, trial)
    if not any(namespace == "" for namespace, _ in parents):
        raise file.refused("there is no checkpoint of the thread itself")
    _check_descent(file, parents)
    return allowed


def _check_point(file: ThreadFile, point: Point, parents: dict[tuple[str, str], str | None]) -> None:
    noted = point.metadata.saved()
    if (point.namespace, point.checkpoint) in parents:
        raise file.refused("checkpoint: it is there twice")
    if id_seconds(point.checkpoint) > time.time() + AHEAD:
        # The newest id is the thread's head: whatever a run wrote from now on would stay behind it, unseen.
        raise file.refused("checkpoint: its id comes from the future; compare the two machines' clocks")
    if noted.get("workspace", "") != "" or not _fits(noted, file.header):
        raise file.refused("metadata: it isn't that of an exported thread of this pattern and lane")
    if not point.values.keys() <= point.versions.keys():
        raise file.refused("values: one of them has no version")
    if len({(write[0], write[2]) for write in point.writes}) < len(point.writes):
        raise file.refused("writes: one of them is there twice")
    parents[point.namespace, point.checkpoint] = point.parent


def _check_channels(file: ThreadFile, point: Point, graph: Graph) -> None:
    channels = channels_at(graph, point.namespace)
    if channels is None:
        raise file.refused("namespace: the lane has no such subgraph")
    written = {channel for *_, channel, _, _ in point.writes if not is_reserved(channel)}
    if unknown := sorted((point.values.keys() | written) - channels):
        raise file.refused(f"values: the lane's state has no '{unknown[0][:80]}'")


def _fits(noted: Mapping[str, Any], header: Header) -> bool:
    return (noted.get("pattern", header.pattern), noted.get("lane", header.lane)) == (header.pattern, header.lane)


def _check_state(file: ThreadFile, point: Point, checkpoint: Any, reader: Graph, trial: InMemorySaver) -> None:
    """Let the lane's own graph read the state, as it will be read later."""
    try:
        _put(trial, "trial", point, checkpoint, point.metadata.saved())
        reader.get_state(checkpoint_config("trial", point.checkpoint, point.namespace))
    except ValidationError:
        # A value that its own type refuses, which such a state saves and never reads again: it's as it was.
        pass
    except Exception as error:
        # What a made-up state makes a channel or a type's constructor raise can't be foreseen.
        raise file.refused(f"values: the lane can't read them ({type(error).__name__})") from error
    trial.delete_thread("trial")


def _check_descent(file: ThreadFile, parents: Mapping[tuple[str, str], str | None]) -> None:
    """Refuse a parent that isn't there, and checkpoints that descend from themselves."""
    sound: set[tuple[str, str]] = set()
    for start in parents:
        way: list[tuple[str, str]] = []
        on_way: set[tuple[str, str]] = set()
        at = start
        while at not in sound:
            if at not in parents or at in on_way:
                raise file.refused("parent: it isn't there, or a checkpoint descends from itself")
            way.append(at)
            on_way.add(at)
            parent = parents[at]
            if parent is None:
                break
            at = (at[0], parent)
        sound.update(way)
