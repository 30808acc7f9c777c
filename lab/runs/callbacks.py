"""Callback handler: records failed attempts and custom events, and cancels a stopped run's token stream."""

import logging
import time
import uuid
from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langgraph.errors import GraphBubbleUp

from lab.events import AttemptFailed, AttemptStarted, Log, Path, Progress
from lab.jsonable import to_jsonable
from lab.models import RunStopped, explain

# A callback is how a token stream can be cut; LangChain warns of whatever is raised in one.
logging.getLogger("langchain_core.callbacks.manager").addFilter(
    lambda record: not (isinstance(record.args, tuple) and repr(RunStopped()) in record.args)
)


class RunCallbacks(BaseCallbackHandler):
    """Records failed attempts and dispatched events, and cancels a stopped run's token stream."""

    raise_error = True
    run_inline = True
    # Model events matter only once a stop is asked for; to hear each token would cost as much as to tell it.
    ignore_llm = True
    ignore_chat_model = True

    def __init__(self, log: Log, names: Mapping[str, str]) -> None:
        """Tell by `names` how nodes are called."""
        self._log = log
        self._names = names
        self._begun: dict[uuid.UUID, tuple[Mapping[str, Any], float]] = {}
        self._failed: set[str] = set()
        """Tasks of which an attempt has failed in this run."""

    def cut(self) -> None:
        """End the run's model calls at their next token."""
        self.ignore_llm = self.ignore_chat_model = False

    def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        """Cut the stream."""
        raise RunStopped

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        """Keep a stopped run from asking a model anything more."""
        raise RunStopped

    def on_custom_event(
        self, name: str, data: Any, *, metadata: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Note an event that a node dispatched."""
        path, _ = self._place(metadata or {})
        json_data = to_jsonable(data)
        self._log.append(Progress(path, json_data))

    def on_chain_start(
        self,
        serialized: Any,
        inputs: Any,
        *,
        run_id: uuid.UUID,
        tags: list[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Remember when an attempt of a node began, and tell it where it follows one that failed."""
        if tags and tags[0].startswith("graph:step:"):
            self._begun[run_id] = (metadata or {}, time.time())
            if self._failed:
                path, task_id = self._place(metadata or {})
                if task_id in self._failed:
                    self._log.append(AttemptStarted(path, task_id))

    def on_chain_end(self, outputs: Any, *, run_id: uuid.UUID, **kwargs: Any) -> None:
        """Forget an attempt that went well."""
        self._begun.pop(run_id, None)

    def on_chain_error(self, error: BaseException, *, run_id: uuid.UUID, **kwargs: Any) -> None:
        """Note an attempt that failed; a question or a stop is no failure."""
        begun = self._begun.pop(run_id, None)
        if begun is None or isinstance(error, GraphBubbleUp):
            return
        metadata, started = begun
        path, task_id = self._place(metadata)
        reason = explain(error)
        self._failed.add(task_id)
        self._log.append(AttemptFailed(path, task_id, started, reason))

    def _place(self, metadata: Mapping[str, Any]) -> tuple[Path, str]:
        """Return a node's path and task id from the namespace in a callback's metadata."""
        parts = [part.partition(":") for part in str(metadata.get("langgraph_checkpoint_ns", "")).split("|") if part]
        return tuple(self._names.get(name, name) for name, _, _ in parts), parts[-1][2] if parts else ""
