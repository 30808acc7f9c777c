"""The code of a lane as it runs: the pattern's own file, and the calls that the lab just made."""

import inspect
from functools import lru_cache

from graphs.pattern import Lane


@lru_cache(maxsize=128)
def file_of(lane: Lane) -> str:
    """Gives the source of the module in which the lane's graph is built."""
    module = inspect.getmodule(inspect.unwrap(lane.build))
    return "" if module is None else inspect.getsource(module)
