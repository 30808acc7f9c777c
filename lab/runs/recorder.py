"""Turns each part of a graph's stream, by its stream mode, into events."""

import concurrent.futures
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from langchain_core.messages import AIMessage, AIMessageChunk

from lab.checkpoints import checkpoint_id_of
from lab.events import CheckpointMade, CheckpointSaved, Log, NodeEnded, NodeStarted, Path, Progress, StreamingMessage
from lab.jsonable import Json, to_jsonable
from lab.models import explain
from lab.runs.commits import Commits
from lab.secrets import redact

Namespace = tuple[str, ...]
"""Names of nodes with the ids of their tasks, from the outermost graph inwards."""
Writes = Sequence[tuple[str, str, Any]]
"""Task, channel and value."""

_ABOUT_TASKS = {"__error__", "__error_source_node__", "__interrupt__", "__resume__"}
"""Channels that say how a task fared; a write to any other one says that it's finished."""


_HANDLER = "__error_handler__"
"""How the names of error handlers begin; those of the nodes that they're for follow."""
_INNER = ("__", "branch:")
"""How channels begin that are no part of the state."""


class _Task(NamedTuple):
    path: Path
    namespace: Namespace
    name: str
    task_id: str


class Recorder:
    """Turns the parts of a stream into events, each thing once."""

    def __init__(
        self,
        log: Log,
        names: Mapping[str, str] | None = None,
        saved: Callable[[], Writes] | None = None,
        commits: Commits | None = None,
    ) -> None:
        """Tell by `names` how nodes are called; `saved` reads what tasks wrote in the run that this one goes on.

        With `commits`, the thread's own checkpoints are told of once they're committed.
        """
        self._commits = commits
        self.finished = False
        """True where the newest checkpoint that came leaves nothing to run."""
        self._log = log
        self._names = names or {}
        self._saved = saved
        self._paths: dict[Namespace, Path] = {(): ()}
        self._growing: dict[str | None, StreamingMessage] = {}
        self._calling: dict[str, StreamingMessage] = {}
        self._asked: set[str] = set()
        self._checkpoints: set[str] = set()
        self._running: dict[str, _Task] = {}
        self._finished: set[str] = set()
        """Tasks that had finished before this run began."""
        self._step: list[tuple[_Task, Json]] = []
        """What each task of the outermost graph wrote that ended well in the step at work."""
        self._passed: dict[str, _Task] = {}
        """Tasks of that step that had ended before this run, which alone knows that they fit now."""
        self._wrote: dict[str, dict[str, Json]] = {}
        """By task, what was saved of it before."""
        self._repeated: Counter[tuple[Namespace, str]] = Counter()
        """Finished tasks whose updates come once more."""
        self._cached: dict[tuple[Namespace, str], list[Json]] = {}
        """By node, what was taken from the cache for one of several tasks, which the stream doesn't name."""

    def part(self, part: Mapping[str, Any]) -> None:
        """Note one stream part of version v2."""
        kind = part["type"]
        if kind == "messages":
            message, metadata = part["data"]
            growing = self._growing.get(message.id)
            # Nearly every part is the next piece of a text that streams.
            if (
                growing is not None
                and message.__class__ is AIMessageChunk
                and (content := message.content).__class__ is str
                and not message.tool_call_chunks
            ):
                if content:
                    self._log.say(growing, content)
            else:
                self._message(part["ns"], message, metadata)
        elif kind == "tasks":
            self._task(part["ns"], part["data"])
        elif kind == "checkpoints":
            self._checkpoint(part["ns"], part["data"])
        elif kind == "custom":
            self._custom(self._path(part["ns"]), part["data"])
        elif kind == "updates" and "__metadata__" in part["data"]:
            for name, wrote in part["data"].items():
                if name != "__metadata__":
                    self._from_cache(part["ns"], self._named(name), wrote)

    def end(self) -> None:
        """Tell that all is done that was at work, as the stream came to its end by itself."""
        self._close(list(self._running.values()))

    def blame(self, channel: str, error: str) -> None:
        """Tell a failure on those who wrote to the channel that couldn't take it; each had ended well by itself."""
        before = [(task, self._wrote.get(ident)) for ident, task in self._passed.items()]
        for task, wrote in [*before, *self._step]:
            if channel and isinstance(wrote, dict) and channel in wrote:
                self._tell(task, wrote, error)

    def _named(self, name: object) -> str:
        return self._names.get(str(name), str(name))

    def _path(self, namespace: Namespace) -> Path:
        path = self._paths.get(namespace)
        if path is None:
            path = self._paths[namespace] = tuple(self._named(name.partition(":")[0]) for name in namespace)
        return path

    def _message(self, namespace: Namespace, message: Any, metadata: Mapping[str, Any]) -> None:
        growing = self._growing.get(message.id)
        if growing is None:
            if not isinstance(message, AIMessage):
                return
            place = (*self._path(namespace), self._named(metadata.get("langgraph_node", "")))
            growing = self._growing[message.id] = StreamingMessage(place, str(message.id), tool=False)
        elif not isinstance(message, AIMessageChunk):
            # A node gives back the message that it has streamed.
            return
        content = message.content
        text = content if type(content) is str else str(message.text)
        if text:
            self._log.say(growing, text)
        for chunk in getattr(message, "tool_call_chunks", ()):
            self._tool(growing, chunk)

    def _tool(self, message: StreamingMessage, chunk: Mapping[str, Any]) -> None:
        calling = self._calling.get(message.message_id)
        # Each call of several begins on a line of its own.
        name = f"{chr(10) if calling else ''}{chunk['name']} " if chunk["name"] else ""
        if calling is None:
            calling = self._calling[message.message_id] = StreamingMessage(message.path, message.message_id, tool=True)
        self._log.say(calling, f"{name}{chunk['args'] or ''}")

    def _task(self, namespace: Namespace, data: Mapping[str, Any]) -> None:
        name, task_id = self._named(data["name"]), data["id"]
        task = _Task((*self._path(namespace), name), namespace, name, task_id)
        if "result" in data:
            self._ended(task, data)
        elif self._has_finished(task_id, namespace):
            # It finished beside one that failed or asked; the stream tells its start again, but it doesn't run.
            self._repeated[namespace, name] += 1
            if not namespace:
                self._passed[task_id] = task
        else:
            self._running[task_id] = task
            self._log.append(NodeStarted(task.path, task_id))

    def _ended(self, task: _Task, data: Mapping[str, Any]) -> None:
        error = data["error"]
        if isinstance(error, concurrent.futures.CancelledError):
            # It waited for a place to run in until another one failed.
            return
        asked = tuple(to_jsonable(dict(item)) for item in data["interrupts"] if item["id"] not in self._asked)
        self._asked.update(item["id"] for item in asked)
        waits = bool(data["interrupts"])
        if data["name"].startswith(_HANDLER) and task.task_id not in self._running:
            # Nothing tells the start of an error handler.
            self._log.append(NodeStarted(task.path, task.task_id))
        if error is None and not waits:
            # Nothing tells the end of a node that left its graph for a node of the one around it.
            inside = (*task.namespace, f"{data['name']}:{task.task_id}")
            self._close([one for one in self._running.values() if one.namespace[: len(inside)] == inside])
        wrote = to_jsonable(data["result"])
        if error is None and not waits and not task.namespace:
            self._step.append((task, wrote))
        reason = "" if error is None else explain(error) if isinstance(error, BaseException) else redact(str(error))
        self._tell(task, wrote or None, reason, asked, waits=waits)

    def _tell(
        self,
        task: _Task,
        wrote: Json,
        error: str = "",
        asked: tuple[Json, ...] = (),
        *,
        waits: bool = False,
        cached: bool = False,
    ) -> None:
        self._running.pop(task.task_id, None)
        self._log.append(NodeEnded(task.path, task.task_id, wrote, error, asked, waits, cached))

    def _from_cache(self, namespace: Namespace, name: str, wrote: Any) -> None:
        if self._repeated[namespace, name]:
            self._repeated[namespace, name] -= 1
            return
        tasks = [task for task in self._running.values() if (task.namespace, task.name) == (namespace, name)]
        if len(tasks) == 1:
            self._tell(tasks[0], to_jsonable(wrote) or None, cached=True)
        else:
            # Which one of them it was is known once the others have ended.
            self._cached.setdefault((namespace, name), []).append(to_jsonable(wrote) or None)

    def _close(self, tasks: Sequence[_Task]) -> None:
        """Tell the end of tasks that are done, as what comes after them shows."""
        for task in tasks:
            cached_writes = self._cached.get((task.namespace, task.name))
            cached = bool(cached_writes)
            self._tell(task, cached_writes.pop(0) if cached_writes else None, cached=cached)

    def _has_finished(self, task_id: str, namespace: Namespace) -> bool:
        """Return whether a task had finished before this run began, so that it doesn't run again."""
        # No node of the outermost graph runs before its start is told; later the new run's own writes would be read.
        if self._saved is not None and not namespace:
            for task, channel, value in self._saved():
                if channel not in _ABOUT_TASKS:
                    wrote = self._wrote.setdefault(task, {})
                    wrote |= {} if channel.startswith(_INNER) else {channel: to_jsonable(value)}
            self._finished.update(self._wrote)
            self._saved = None
        return task_id in self._finished

    def _checkpoint(self, namespace: Namespace, data: Mapping[str, Any]) -> None:
        # The step before it is over.
        self._close([task for task in self._running.values() if task.namespace == namespace])
        self._finished.update(task["id"] for task in data["tasks"] if "result" in task)
        self._repeated.clear()
        if not namespace:
            self._stepped()
            self.finished = not data["next"] and not data["tasks"]
        ident = checkpoint_id_of(data["config"])
        if ident in self._checkpoints:
            return
        self._checkpoints.add(ident)
        path = self._path(namespace)
        step, source = data["metadata"]["step"], data["metadata"]["source"]
        following = tuple(map(self._named, data["next"]))

        def tell() -> None:
            self._log.append(CheckpointSaved(path, ident, step, source, following))

        if path or self._commits is None:
            tell()
        elif not self._commits.tell(ident, tell):
            self._log.append(CheckpointMade(ident))

    def _stepped(self) -> None:
        """Tell of a step in which nothing ran that it's done: it had failed, or its process had died, at its end."""
        if not self._step:
            for ident, task in self._passed.items():
                self._tell(task, self._wrote.get(ident) or None)
        self._passed.clear()
        self._step.clear()

    def _custom(self, path: Path, data: Any) -> None:
        # The stream names only the graph; which node wrote is sure where just one of it is running.
        inside = [task.path for task in self._running.values() if task.path[:-1] == path]
        place = inside[0] if len(inside) == 1 else path
        json_data = to_jsonable(data)
        self._log.append(Progress(place, json_data))
