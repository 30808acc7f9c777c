"""Source files of a lane's pattern: the graph as it runs, and what the page makes of it."""

import inspect
import sys
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from graphs.pattern import Lane


class SourceFile(NamedTuple):
    """A module's file, by its name without folders."""

    name: str
    text: str


@lru_cache(maxsize=128)
def graph_file(lane: Lane) -> SourceFile:
    """Return the file in which the lane's graph is built."""
    return _file(inspect.unwrap(lane.build).__module__)


@lru_cache(maxsize=128)
def demo_file(lane: Lane) -> SourceFile | None:
    """Return the file of texts, examples and offline answers beside the graph's; None where there is none."""
    name = f"{inspect.unwrap(lane.build).__module__}_demo"
    # Loaded by the catalogue, or not there.
    return _file(name) if name in sys.modules else None


def _file(module: str) -> SourceFile:
    loaded = sys.modules[module]
    return SourceFile(Path(inspect.getfile(loaded)).name, inspect.getsource(loaded))
