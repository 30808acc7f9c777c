"""A process that dies between an effect and its checkpoint: the effect isn't repeated, and the attempt is shown."""

import signal
from collections.abc import Iterator

import pytest

from graphs.catalogue import find
from graphs.pattern import Reply
from lab.lab import Lab
from tests.support.forked_processes import EFFECT, Forker
from tests.support.labs import quiet
from tests.support.polling import until
from tests.support.toy_patterns import end

LANES = [
    ("approval-gate", "static", "0", "outbox", "sent"),
    ("approval-gate", "interrupt", "0", "outbox", "sent"),
    ("expense-approval", "static", "1", "ledger", "booked"),
    ("expense-approval", "dynamic", "1", "ledger", "booked"),
    ("tool-review", "together", "1", "ledger", "booked"),
    ("tool-review", "each", "2", "ledger", "booked"),
    ("tool-review", "together", "3", "outbox", "sent"),
    ("moderation", "pipeline", "2", "outbox", "sent"),
    ("event-driven-agent", "flag", "1", "outbox", "sent"),
    ("event-driven-agent", "interrupt", "1", "outbox", "sent"),
    ("event-driven-agent", "interrupt", "2", "records", "changed"),
    ("time-travel", "replay", "0", "outbox", "sent"),
]


@pytest.fixture
def lab(where: str) -> Iterator[Lab]:
    """Provide the lab of the process that finds what the killed one left."""
    opened = Lab(quiet(where))
    yield opened
    opened.close()


@pytest.mark.parametrize(("slug", "lane_key", "example", "table", "done"), LANES)
def test_a_kill_between_an_effect_and_its_checkpoint_repeats_nothing_and_shows_the_attempt(
    forker: Forker, where: str, lab: Lab, slug: str, lane_key: str, example: str, table: str, done: str
) -> None:
    assert forker.fork(EFFECT, where, slug, lane_key, example).end() == -signal.SIGKILL
    workspace = lab.workspace("tests")
    (thread_id,) = [thread.thread_id for thread in workspace.threads.newest()]
    until(lambda: workspace.history.status(thread_id) != "elsewhere")
    (first,) = workspace.threads.business(table, [thread_id])
    if workspace.history.accepted(thread_id) is None:
        workspace.proceed(thread_id)
    else:
        # The node that acts is the one that asked, whose answer is saved at its end alone.
        people = [one.person for one in find(slug).examples[int(example)].steps[lane_key] if isinstance(one, Reply)]
        workspace.again(thread_id, person=people[-1])

    assert end(workspace, thread_id).outcome == "finished"
    assert workspace.threads.business(table, [thread_id]) == [first]
    tried = [row["status"] for row in workspace.threads.business(table, [thread_id], refused=True)]
    assert tried == [done, f"refused: the same key as number {first['number']}"]
