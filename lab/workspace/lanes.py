"""Starts all lanes of a pattern side by side on the same input."""

from collections.abc import Mapping
from typing import Unpack

from graphs.pattern import Pattern
from lab.jsonable import Json
from lab.threads import Thread
from lab.workspace.launching import RunOptions
from lab.workspace.workspace import Workspace


def start_lanes(
    workspace: Workspace, pattern: Pattern, values: Mapping[str, Json], **options: Unpack[RunOptions]
) -> list[Thread]:
    """Start a pattern's lanes as one session and return their threads; raises what `Workspace.start` raises."""
    threads: list[Thread] = []
    for lane in pattern.lanes:
        session = threads[0].session if threads else None
        threads.append(workspace.start(pattern.slug, lane.key, values, session=session, **options))
    return threads
