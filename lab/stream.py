"""A graph's stream, told as events."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import GraphDrained, GraphRecursionError
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import RunControl
from langgraph.types import StreamMode

from graphs.pattern import Breakpoints, Lane
from graphs.world import World
from lab.events import (
    CheckpointSaved,
    Growing,
    Log,
    NodeEnded,
    NodeStarted,
    Outcome,
    Path,
    Progress,
)
from lab.listener import Listener
from lab.models import explain
from lab.plain import plain
from lab.stopping import RunStopped, StopSignal, listening

Graph = CompiledStateGraph[Any, World, Any, Any]

STREAM_MODES: tuple[StreamMode, ...] = ("updates", "messages", "custom", "tasks", "checkpoints")


class Recorder:
    """Turns the parts of a stream into events, each thing once."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._paths: dict[tuple[str, ...], Path] = {(): ()}
        self._growing: dict[str | None, Growing] = {}
        self._calling: dict[str, Growing] = {}
        self._asked: set[str] = set()
        self._checkpoints: set[str] = set()
        self._cached: set[Path] = set()
        self._running: dict[str, Path] = {}
        self._kept: set[str] = set()

    def part(self, part: Mapping[str, Any]) -> None:
        """Notes one stream part of version v2."""
        kind = part["type"]
        if kind == "messages":
            message, metadata = part["data"]
            growing = self._growing.get(message.id)
            # Nearly every part is the next piece of a text that streams.
            if (
                growing is not None
                and message.__class__ is AIMessageChunk
                and message.content.__class__ is str
                and not message.tool_call_chunks
            ):
                if message.content:
                    self._log.say(growing, message.content)
            else:
                self._message(part["ns"], message, metadata)
            return
        path = self._path(part["ns"])
        if kind == "tasks":
            self._task(path, part["data"])
        elif kind == "checkpoints":
            self._checkpoint(path, part["data"])
        elif kind == "custom":
            self._custom(path, part["data"])
        elif "__metadata__" in part["data"]:
            self._cached.update((*path, name) for name in part["data"] if name != "__metadata__")

    def _path(self, namespace: tuple[str, ...]) -> Path:
        path = self._paths.get(namespace)
        if path is None:
            path = self._paths[namespace] = tuple(name.partition(":")[0] for name in namespace)
        return path

    def _message(self, namespace: tuple[str, ...], message: Any, metadata: Mapping[str, Any]) -> None:
        growing = self._growing.get(message.id)
        if growing is None:
            if not isinstance(message, AIMessage):
                return
            place = (*self._path(namespace), metadata.get("langgraph_node", ""))
            growing = self._growing[message.id] = Growing(place, str(message.id), tool=False)
        elif not isinstance(message, AIMessageChunk):
            # A node gives back the message that it has streamed.
            return
        content = message.content
        text = content if type(content) is str else str(message.text)
        if text:
            self._log.say(growing, text)
        for chunk in getattr(message, "tool_call_chunks", ()):
            self._tool(growing, chunk)

    def _tool(self, message: Growing, chunk: Mapping[str, Any]) -> None:
        calling = self._calling.get(message.message_id)
        # Each call of several begins on a line of its own.
        name = f"{chr(10) if calling else ''}{chunk['name']} " if chunk["name"] else ""
        if calling is None:
            calling = self._calling[message.message_id] = Growing(message.path, message.message_id, tool=True)
        self._log.say(calling, f"{name}{chunk['args'] or ''}")

    def _task(self, path: Path, data: Mapping[str, Any]) -> None:
        here = (*path, str(data["name"]))
        task_id = data["id"]
        if task_id in self._kept:
            # It finished beside one that failed or asked; the stream tells its start again, but it doesn't run.
            return
        if "result" not in data:
            self._running[task_id] = here
            self._log.append(lambda no: NodeStarted(no, time.time(), here, task_id))
            return
        self._running.pop(task_id, None)
        asked = tuple(plain(dict(found)) for found in data["interrupts"] if found["id"] not in self._asked)
        self._asked.update(found["id"] for found in asked)
        error = data["error"]
        told = "" if error is None else explain(error) if isinstance(error, BaseException) else str(error)
        wrote = plain(data["result"]) or None
        waits, cached = bool(data["interrupts"]), here in self._cached
        self._log.append(lambda no: NodeEnded(no, time.time(), here, task_id, wrote, told, asked, waits, cached))

    def _checkpoint(self, path: Path, data: Mapping[str, Any]) -> None:
        ident = data["config"]["configurable"]["checkpoint_id"]
        if ident in self._checkpoints:
            return
        self._checkpoints.add(ident)
        self._kept.update(task["id"] for task in data["tasks"] if "result" in task)
        step, source = data["metadata"]["step"], data["metadata"]["source"]
        following = tuple(data["next"])
        self._log.append(lambda no: CheckpointSaved(no, time.time(), path, ident, step, source, following))

    def _custom(self, path: Path, data: Any) -> None:
        # The stream names only the graph; which node wrote is sure where just one of it is running.
        inside = [place for place in self._running.values() if place[:-1] == path]
        place = inside[0] if len(inside) == 1 else path
        told = plain(data)
        self._log.append(lambda no: Progress(no, time.time(), place, told))


@dataclass(slots=True)
class Stream:
    """A run's work in this process: the stream of a graph."""

    graph: Graph
    lane: Lane
    given: Any
    config: RunnableConfig
    """The thread's, without a checkpoint."""
    world: World
    breakpoints: Breakpoints
    at: str = ""
    """The checkpoint to begin from; empty goes on from the newest one, which alone keeps finished siblings."""
    _stop: StopSignal = field(default_factory=StopSignal)
    _listener: Listener | None = None
    _control: RunControl = field(default_factory=RunControl)

    def carry_out(self, log: Log) -> tuple[Outcome, str]:
        """Runs the graph and tells its events; gives how it ended, and why where it failed."""
        recorder = Recorder(log)
        self._listener = listener = Listener(log)
        if self._stop.given:
            listener.cut()
        try:
            if self.at:
                self.at = _left_behind(self.graph, self._place)
            config: RunnableConfig = {**self.config, "configurable": self._place, "callbacks": [listener]}
            parts = self.graph.stream(
                self.given,
                config,
                context=self.world,
                stream_mode=STREAM_MODES,
                interrupt_before=list(self.breakpoints.before) or None,
                interrupt_after=list(self.breakpoints.after) or None,
                durability=self.lane.durability if self.lane.remembers else None,
                control=self._control,
                subgraphs=True,
                version="v2",
            )
            with listening(self._stop):
                for part in parts:
                    recorder.part(part)
            return self._settled(), ""
        except (RunStopped, GraphDrained):
            return "stopped", ""
        except GraphRecursionError:
            limit = self.config["recursion_limit"]
            return "failed", (
                f"GraphRecursionError: the run reached its limit of {limit} supersteps without an end. "
                "A loop needs a way out; the limit is set by LAB_RECURSION_LIMIT. Try again to let it go on for as "
                "many more."
            )
        # What a pattern raises is a result, whatever it is: it's shown on its node, and the thread goes on.
        except BaseException as error:  # noqa: BLE001 - a node may raise KeyboardInterrupt or an exit of its own
            if self._stop.given and _is_stop(error):
                return "stopped", ""
            return "failed", explain(error)

    def stop(self) -> None:
        """Cuts what a model is asked or says at once, and ends the run at the next superstep's boundary."""
        if self._listener is not None:
            self._listener.cut()
        self._stop.give()
        self._control.request_drain("stopped by a person")

    @property
    def _place(self) -> dict[str, Any]:
        place = dict(self.config["configurable"])
        return place | {"checkpoint_ns": "", "checkpoint_id": self.at} if self.at else place

    def _settled(self) -> Outcome:
        if not self.lane.remembers:
            return "finished"
        snapshot = self.graph.get_state(self.config)
        if snapshot.interrupts:
            return "waiting"
        return "paused" if snapshot.next or snapshot.tasks else "finished"

    def calls(self) -> str:
        """Tells the call of this run as code that can be copied."""
        config = {key: value for key, value in self.config.items() if key != "metadata"}
        config["configurable"] = self._place
        pauses = "".join(
            f"    interrupt_{when}={list(nodes)!r},\n"
            for when, nodes in (("before", self.breakpoints.before), ("after", self.breakpoints.after))
            if nodes
        )
        durability = f"    durability={self.lane.durability!r},\n" if self.lane.remembers else ""
        return (
            f"for part in graph.stream(\n    {self.given!r},\n    {config!r},\n    context=world,\n"
            f"{pauses}{durability}    subgraphs=True,\n    stream_mode={list(STREAM_MODES)!r},\n"
            '    version="v2",\n):\n    print(part["type"], part["ns"], part["data"])'
        )


def _is_stop(error: BaseException) -> bool:
    """Tells whether an error is a node's own word for the stop that it met."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, RunStopped):
        found = found.__cause__ or found.__context__
    return found is not None


def _left_behind(graph: Graph, place: dict[str, Any]) -> str:
    """Return the checkpoint to begin from in place of this one.

    The library runs a head that an edit or a replay wrote as it stands, with the answers that are kept there. Where
    something was asked or done at it, a copy beside it is begun from instead.
    """
    at = str(place["checkpoint_id"])
    saver = graph.checkpointer
    if not isinstance(saver, BaseCheckpointSaver):
        return at
    saved = saver.get_tuple({"configurable": place})
    newest = saver.get_tuple({"configurable": {**place, "checkpoint_id": None}})
    if saved is None or newest is None or newest.checkpoint["id"] != at:
        return at
    if saved.metadata.get("source") not in ("update", "fork") or not saved.pending_writes:
        return at
    return str(graph.update_state({"configurable": place}, None, as_node="__copy__")["configurable"]["checkpoint_id"])
