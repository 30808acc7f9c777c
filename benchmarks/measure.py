"""Measuring one thing against its reference, in alternate rounds of the same run."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

Round = Callable[[], float]
"""Does the work once and gives what it cost."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A median, beside that of the reference."""

    name: str
    value: float
    unit: str
    reference: float
    note: str = ""
    """What the reference is, where that isn't plain."""

    @property
    def ratio(self) -> float:
        """How many times the reference the value is."""
        return self.value / self.reference


def against(name: str, unit: str, work: Round, reference: Round, *, rounds: int, note: str = "") -> Figure:
    """Measure both in turn, so that whatever slows the machine down slows both; one round goes before to warm up."""
    costs: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for cost, go in zip(costs, (work, reference), strict=True):
            gc.collect()
            found = go()
            if number:
                cost.append(found)
    return Figure(name, median(costs[0]), unit, median(costs[1]), note)


def once(name: str, unit: str, work: Round, reference: Round, *, rounds: int, note: str) -> Figure:
    """Measure the work as `against` does, and but once a reference that takes too long to be repeated."""
    gc.collect()
    found = reference()
    return Figure(name, against(name, unit, work, work, rounds=rounds).value, unit, found, note)
