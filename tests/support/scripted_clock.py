"""Clock that only waits move on, each thread's by its own: a wait takes no time, and what it's for happens yet."""

import datetime as datetime_module
import time
from collections import defaultdict
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace

import pytest
from langgraph.config import get_config


class ScriptedClock:
    """Time as the runs of each thread have waited for it."""

    def __init__(self) -> None:
        self._begun = time.time()
        self.waits: defaultdict[str, list[float]] = defaultdict(list)
        """By thread, its waits in their order; those outside of a node are nobody's."""

    def sleep(self, seconds: float) -> None:
        """Wait, in no time."""
        self.waits[_thread()].append(seconds)

    def waited(self) -> float:
        """Return for how many seconds the thread has waited by now."""
        return sum(self.waits[_thread()])

    def now(self, zone: tzinfo | None = None) -> datetime:
        """Return what time it is."""
        return datetime.fromtimestamp(self._begun + self.waited(), zone)


class _All:
    """Clock of what all threads share and no node looks at: each wait of any thread moves it on."""

    def __init__(self, clock: ScriptedClock) -> None:
        self._clock = clock

    def now(self, zone: tzinfo | None = None) -> datetime:
        """Return what time it is."""
        return datetime.now(zone) + timedelta(seconds=sum(map(sum, list(self._clock.waits.values()))))


def _thread() -> str:
    """Return the thread whose node asks, nothing outside of one."""
    try:
        return str(get_config()["configurable"]["thread_id"])
    except (RuntimeError, KeyError):
        return ""


def script_clock(patch: pytest.MonkeyPatch) -> ScriptedClock:
    """Have services, retries and circuit breakers wait by a clock of the test's, and return it."""
    clock = ScriptedClock()
    for module in ("lab.engine.time", "langgraph.pregel._retry.time"):
        patch.setattr(module, SimpleNamespace(**{**vars(time), "sleep": clock.sleep}))
    patch.setattr("pybreaker.datetime", clock)
    patch.setattr(
        "langgraph.cache.memory.datetime", SimpleNamespace(**{**vars(datetime_module), "datetime": _All(clock)})
    )
    patch.setattr("lab.engine.Engine.now", lambda engine: engine.clock() + clock.waited())
    return clock
