"""A run's work in this process: a graph's stream, from its first part to its last."""

import inspect
import itertools
import queue
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import GraphDrained, GraphRecursionError
from langgraph.runtime import RunControl
from langgraph.types import Command, StreamMode

from graphs.pattern import Breakpoints, Lane, Panel, Run
from lab.checkpoints import at_checkpoint, checkpoint_id_of, place_of, thread_id_of
from lab.events import Log, Outcome, StreamPart
from lab.history import channel_at_fault
from lab.jsonable import to_jsonable
from lab.models import RunStopped, StopSignal, explain, stopped_by
from lab.runs.callbacks import RunCallbacks
from lab.runs.calls import CallsAsCode
from lab.runs.commits import Commits, watched
from lab.runs.recorder import Recorder, Writes
from lab.secrets import redact_json
from lab.state import enum_values
from lab.types import Graph

STREAM_MODES: tuple[StreamMode, ...] = ("updates", "messages", "custom", "tasks", "checkpoints")


@dataclass(slots=True)
class Stream:
    """A run's work in this process: the stream of a graph."""

    graph: Graph
    lane: Lane
    run: Run
    """The call that streams the graph: the lane's own, or that of its way back."""
    given: Any
    config: RunnableConfig
    """The thread's, without a checkpoint."""
    context: object
    """What the nodes get beside the state: the world, or what the lane makes of the thread's input."""
    breakpoints: Breakpoints
    at: str = ""
    """The checkpoint to begin from; empty goes on from the newest one, which alone keeps finished siblings."""
    _stop: StopSignal = field(default_factory=StopSignal)
    _listener: RunCallbacks | None = None
    _control: RunControl = field(default_factory=RunControl)

    def carry_out(self, log: Log) -> tuple[Outcome, str]:
        """Run the graph and tell its events; return how it ended, and why where it failed."""
        with watched(self.graph.checkpointer, thread_id_of(self.config)) as commits:
            return self._carried_out(log, commits)

    def _carried_out(self, log: Log, commits: Commits | None) -> tuple[Outcome, str]:
        names = enum_values(self.graph)
        recorder = Recorder(log, names, self._saved_writes if self._goes_on else None, commits)
        self._listener = listener = RunCallbacks(log, names)
        if self._stop.given:
            listener.cut()
        try:
            if self.at:
                self.at = _left_behind(self.graph, place_of(self._at_place))
            config: RunnableConfig = {**self._at_place, "callbacks": [listener]}
            parts = self.run(self.graph, self.given, config, control=self._control, **self._options)
            with stopped_by(self._stop):
                self._record(parts, recorder, log)
            recorder.end()
            return "finished" if recorder.finished else self._settled(), ""
        except (RunStopped, GraphDrained):
            return "stopped", ""
        except GraphRecursionError:
            limit = self.config["recursion_limit"]
            return "failed", (
                f"GraphRecursionError: the run reached its limit of {limit} supersteps without an end. "
                "A loop needs a way out; the limit is set by LAB_RECURSION_LIMIT. Retry to let it go on for as "
                "many more."
            )
        # What a pattern raises is a result, whatever it is: it's shown on its node, and the thread goes on.
        except BaseException as error:  # noqa: BLE001 - a node may raise KeyboardInterrupt or an exit of its own
            if self._stop.given and _is_stop(error):
                return "stopped", ""
            reason = explain(error)
            recorder.blame(channel_at_fault(error), reason)
            return "failed", reason

    def _record(self, parts: Iterator[Any], recorder: Recorder, log: Log) -> None:
        """Tell a stream to its end; where a node fails, also what those beside it do until they have ended too."""
        first = next(parts, None)
        if first is None:
            return
        # The library raises the failure past what it still has to tell.
        waiting = inspect.getgeneratorlocals(cast("Generator[Any]", parts)).get("stream")
        tells_parts = self.lane.panel is Panel.STREAM_MODES
        try:
            for part in itertools.chain([first], parts):
                if tells_parts:
                    log.append(StreamPart(part["type"], redact_json(to_jsonable(part["data"]))))
                recorder.part(part)
        finally:
            cast("Generator[Any]", parts).close()
            if waiting is not None:
                with suppress(queue.Empty):
                    while True:
                        namespace, mode, data = waiting.get(block=False)
                        recorder.part({"type": mode, "ns": namespace, "data": data})

    @property
    def _goes_on(self) -> bool:
        """True where tasks of the newest checkpoint may have finished before, which input and a replay pass over."""
        return not self.at and (self.given is None or isinstance(self.given, Command))

    def _saved_writes(self) -> Writes:
        """Read what tasks of the newest checkpoint have written."""
        saver = self.graph.checkpointer
        newest = saver.get_tuple(self.config) if isinstance(saver, BaseCheckpointSaver) else None
        return newest.pending_writes or () if newest is not None else ()

    def stop(self) -> None:
        """Cut what a model is asked or say at once, and end the run at the next superstep's boundary."""
        if self._listener is not None:
            self._listener.cut()
        self._stop.give()
        self._control.request_drain("stopped by a person")

    @property
    def _at_place(self) -> RunnableConfig:
        return at_checkpoint(self.config, self.at) if self.at else self.config

    @property
    def _options(self) -> dict[str, Any]:
        """What the lab asks of the stream, whatever the lane's own call says."""
        return {
            "context": self.context,
            "interrupt_before": list(self.breakpoints.before) or None,
            "interrupt_after": list(self.breakpoints.after) or None,
            "stream_mode": list(STREAM_MODES),
            "subgraphs": True,
            "version": "v2",
        }

    def _settled(self) -> Outcome:
        if not self.lane.remembers:
            return "finished"
        snapshot = self.graph.get_state(self.config)
        if snapshot.interrupts:
            return "waiting"
        return "paused" if snapshot.next or snapshot.tasks else "finished"

    def calls(self) -> str:
        """Tell the call of this run as code that can be copied."""
        written = CallsAsCode(self.graph)
        self.run(written, self.given, self._at_place, **self._options)
        return written.code


def _is_stop(error: BaseException) -> bool:
    """Return whether an error is a node's own word for the stop that it met."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, RunStopped):
        cause = cause.__cause__ or cause.__context__
    return cause is not None


def _left_behind(graph: Graph, place: RunnableConfig) -> str:
    """Return the checkpoint to begin from in place of this one.

    The library runs a head that an edit or a replay wrote as it stands, with the answers that are kept there. Where
    something was asked or done at it, a copy beside it is begun from instead.
    """
    at = checkpoint_id_of(place)
    saver = graph.checkpointer
    if not isinstance(saver, BaseCheckpointSaver):
        return at
    saved = saver.get_tuple(place)
    newest = saver.get_tuple(at_checkpoint(place, None))
    if saved is None or newest is None or newest.checkpoint["id"] != at:
        return at
    if saved.metadata.get("source") not in ("update", "fork") or not saved.pending_writes:
        return at
    return checkpoint_id_of(graph.update_state(place, None, as_node="__copy__"))
