"""The graphs of all lanes: compiled once a model and pace, and by which each thread is read."""

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from langchain_core.runnables.graph import Graph as Drawing

from graphs.pattern import Lane, Pattern
from lab.checkpoints import Storage, ThreadSaver, ThreadSavers
from lab.errors import UnknownLane
from lab.models import make_model
from lab.runs.requests import Request
from lab.settings import Settings
from lab.state import draw, schema_of, stream_values_as_saved
from lab.types import Graph, ModelName

RUNS_OF_CACHE = 200
"""Runs after which a graph's cache begins anew."""


class InLane(Protocol):
    """A thread, or what a run of it is to do."""

    @property
    def thread_id(self) -> str:
        """The thread's id."""

    @property
    def pattern(self) -> str:
        """The slug of its pattern."""

    @property
    def lane(self) -> str:
        """The key of its lane."""


class LaneGraphs:
    """Compiles the patterns' graphs, each on the checkpointer that its lane chooses."""

    def __init__(
        self, patterns: Sequence[Pattern], settings: Settings, storage: Storage, thread_savers: ThreadSavers
    ) -> None:
        self.patterns = {pattern.slug: pattern for pattern in patterns}
        self.thread_savers = thread_savers
        self._settings = settings
        self._storage = storage
        self.graph = functools.lru_cache(maxsize=256)(self._graph)
        self._of_workspace = functools.lru_cache(maxsize=64)(self._with_own_cache)

    def pattern(self, slug: str) -> Pattern:
        """Return a pattern; raises UnknownLane where there is none."""
        try:
            return self.patterns[slug]
        except KeyError:
            raise UnknownLane(slug) from None

    def lane(self, slug: str, key: str) -> Lane:
        """Return a pattern's lane; raises UnknownLane where there is none."""
        lane = next((lane for lane in self.pattern(slug).lanes if lane.key == key), None)
        if lane is None:
            raise UnknownLane(slug, key)
        return lane

    def offered(self, slug: str) -> Pattern:
        """Return a pattern with those lanes alone for which there is a checkpointer here."""
        pattern = self.pattern(slug)
        return replace(pattern, lanes=tuple(lane for lane in pattern.lanes if self.thread_savers.offers(lane.saver)))

    def _graph(self, slug: str, lane_key: str, model: ModelName, pace: float) -> Graph:
        lane = self.lane(slug, lane_key)
        # Threads of a lane that names its checkpointer run on a graph of their own each.
        return self._compiled(slug, lane_key, model, pace, None if lane.saver else self._storage)

    def _compiled(self, slug: str, lane_key: str, model: ModelName, pace: float, storage: Storage | None) -> Graph:
        pattern, lane = self.pattern(slug), self.lane(slug, lane_key)
        built = lane.build(make_model(model, pattern.script, pace, self._settings))
        graph = lane.compile(built, storage.saver if storage is not None else None)
        # Nothing here reads the values that it streams.
        stream_values_as_saved(graph)
        return graph

    def reading(self, slug: str, lane_key: str) -> Graph:
        """Return the lane's graph for its nodes and schemas; no model call is made through it."""
        return self.graph(slug, lane_key, "offline", 0.0)

    def reading_of(self, thread: InLane) -> Graph:
        """Return the graph by which a thread is read, on the checkpointer that its lane chooses."""
        saver = self.lane(thread.pattern, thread.lane).saver
        if not saver:
            return self.reading(thread.pattern, thread.lane)
        of_thread = self.thread_savers.of(thread.thread_id, saver)
        return self._of_thread(of_thread, thread.pattern, thread.lane, "offline", 0.0)

    def storage_of(self, thread: InLane) -> Storage:
        """Return the storage in which a thread's checkpoints are, on the checkpointer that its lane chooses."""
        saver = self.lane(thread.pattern, thread.lane).saver
        return self.thread_savers.of(thread.thread_id, saver).storage if saver else self._storage

    def _of_thread(self, of_thread: ThreadSaver, slug: str, lane_key: str, model: ModelName, pace: float) -> Graph:
        graph = of_thread.graphs.get((model, pace))
        if graph is None:
            graph = of_thread.graphs[model, pace] = self._compiled(slug, lane_key, model, pace, of_thread.storage)
        return graph

    def for_run(self, request: Request) -> Graph:
        """Return the graph that a run of this request streams."""
        how = (request.pattern, request.lane, request.model, request.pace)
        saver = self.lane(request.pattern, request.lane).saver
        if saver:
            return self._of_thread(self.thread_savers.for_run(request.thread_id, saver), *how)
        graph = self.graph(*how)
        if graph.cache is None:
            return graph
        own, runs = self._of_workspace(request.workspace, *how)
        assert own.cache is not None, "The same lane was compiled."
        if next(runs) % RUNS_OF_CACHE == 0:
            # What has expired is dropped only where it's asked for again, and nothing else ends a cache's growth.
            own.cache.clear()
        return own

    def _with_own_cache(
        self, _workspace: str, slug: str, lane_key: str, model: ModelName, pace: float
    ) -> tuple[Graph, Iterator[int]]:
        """Compile a graph whose cache only one workspace has, and count its runs from 1.

        What somebody asked is nobody else's to see.
        """
        return self._graph(slug, lane_key, model, pace), itertools.count(1)

    def drawing(self, slug: str, lane_key: str) -> Drawing:
        """Return the lane's nodes and edges, subgraphs opened."""
        return draw(self.reading(slug, lane_key))

    def input_schema(self, slug: str, lane_key: str) -> type:
        """Return the type of the lane's input."""
        return schema_of(self.reading(slug, lane_key)).input

    def state_schema(self, slug: str, lane_key: str) -> type:
        """Return the type of the lane's state."""
        return schema_of(self.reading(slug, lane_key)).state
