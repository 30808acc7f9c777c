"""The catalogue: every pattern of the lab, in the order in which it's shown."""

from graphs.pattern import Pattern
from graphs.shapes import linear_pipeline

CATALOGUE: tuple[Pattern, ...] = (linear_pipeline.PATTERN,)


def find(slug: str) -> Pattern:
    """Gives the pattern of that slug; raises KeyError where there is none."""
    for pattern in CATALOGUE:
        if pattern.slug == slug:
            return pattern
    raise KeyError(f"There is no pattern '{slug}'.")
