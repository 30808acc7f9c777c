"""Open the views of the threads on a page, after the moment in which a run that has just begun may end."""

import time
from collections.abc import Mapping

from lab.events import ThreadView
from lab.threads import Thread
from lab.workspace import Workspace

SHORT_RUN = 0.1
"""Seconds after its start in which a run may end before its page is drawn, once then in place of twice."""
FIRST_WORDS = 0.02
"""Seconds after its first word in which a model may end; one that goes on speaking is shown at once."""
LOOK = 0.01
"""Seconds between two looks whether a model has begun to speak."""


def open_views(workspace: Workspace, threads: Mapping[str, Thread]) -> dict[str, ThreadView]:
    """Return a view of each thread; a run of this process that has just begun gets a moment to end."""
    views = {key: workspace.view(thread.thread_id) for key, thread in threads.items()}
    for key, thread in threads.items():
        _let_end(workspace, thread.thread_id, views[key])
    return views


def _let_end(workspace: Workspace, thread_id: str, view: ThreadView) -> None:
    # By a clock of its own too: the time of a run's start may be another machine's.
    until = time.monotonic() + SHORT_RUN
    view.catch_up()
    while _may_end_soon(view) and time.monotonic() < until and not workspace.wait(thread_id, LOOK):
        view.catch_up()
    view.catch_up()


def _may_end_soon(view: ThreadView) -> bool:
    if not view.running:
        return False
    now = time.time()
    speaks = any(not message.done and now > message.at + FIRST_WORDS for message in view.messages)
    return not speaks and now < view.runs[-1].started + SHORT_RUN
