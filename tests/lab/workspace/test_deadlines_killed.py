"""Deadlines that pass around the death of a server: one decision, one effect, whenever it dies; and of two servers."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.expiring import ALIVE, ONCE, SOON, expired, expiring
from tests.support.forked_processes import EXPIRING, Forked, Forker
from tests.support.labs import quiet
from tests.support.polling import until
from tests.support.rival_processes import LEASE, both, opened, rivals
from tests.support.toy_patterns import end, head

pytestmark = pytest.mark.usefixtures("idle_rivals")

ROUNDS = 20


@pytest.fixture
def child(forker: Forker, where: str) -> Callable[[str, str], tuple[Forked, str]]:
    """Start a server that dies where it's told, and return it with its thread's id."""

    def start(seconds: str, place: str) -> tuple[Forked, str]:
        process = forker.fork(EXPIRING, where, seconds, place)
        return process, process.stdout.readline().strip()

    return start


@pytest.fixture
def next_lab(where: str) -> Iterator[Callable[[], Workspace]]:
    """Open the lab of the server after the one that died, which keeps the deadlines by itself."""
    labs: list[Lab] = []

    def start() -> Workspace:
        lab = Lab(quiet(where, lease=ALIVE), patterns=[expiring()])
        labs.append(lab)
        lab.announce("the next server")
        return lab.workspace("w")

    yield start
    for lab in labs:
        lab.close()


def due(workspace: Workspace, thread_id: str) -> float:
    at: float = head(workspace, thread_id).values["due"]
    return at


PLACES = ["asked", "accepted", "answered", "ended", "booking", "booked"]
"""Where a server dies: as it waits, with the answer accepted, in the node that got it, when that one has ended and no
checkpoint has its writes yet, before and after the effect."""


@pytest.mark.parametrize("place", PLACES)
def test_a_deadline_passes_once_wherever_the_server_dies_that_keeps_it(
    child: Callable[[str, str], tuple[Forked, str]], next_lab: Callable[[], Workspace], place: str
) -> None:
    process, thread_id = child("1", place)
    assert process.end() == -signal.SIGKILL
    workspace = next_lab()
    until(lambda: expired(workspace, thread_id) == ONCE)

    tried = workspace.threads.business("ledger", [thread_id], refused=True)
    assert len(tried) == (2 if place == "booked" else 1)
    assert head(workspace, thread_id).values["done"] == ["expired", "booked", "z"]


@pytest.mark.parametrize("seconds", [-0.5, 0.0, 0.05, 0.1])
def test_a_deadline_passes_once_though_its_server_is_killed_before_at_and_after_it(
    child: Callable[[str, str], tuple[Forked, str]],
    next_lab: Callable[[], Workspace],
    where: str,
    seconds: float,
) -> None:
    process, thread_id = child("1", "nowhere")
    looking = Lab(quiet(where), patterns=[expiring()])
    at = due(looking.workspace("w"), thread_id) + seconds
    looking.close()
    until(lambda: time.time() >= at)
    process.kill()
    assert process.end() == -signal.SIGKILL
    workspace = next_lab()
    until(lambda: expired(workspace, thread_id) == ONCE)


def test_a_server_that_is_killed_after_it_all_leaves_nothing_to_do(
    child: Callable[[str, str], tuple[Forked, str]], next_lab: Callable[[], Workspace], where: str
) -> None:
    process, thread_id = child("1", "nowhere")
    looking = Lab(quiet(where), patterns=[expiring()])
    until(lambda: expired(looking.workspace("w"), thread_id) == ONCE)
    process.kill()
    process.end()
    workspace = next_lab()
    before = workspace.history.count(thread_id)
    looking.deadlines.look()
    looking.close()

    assert expired(workspace, thread_id) == ONCE
    assert workspace.history.count(thread_id) == before


def test_of_two_servers_one_answers(where: str, tmp_path: Path) -> None:
    lab = opened(tmp_path, where, LEASE)
    try:
        workspace = lab.workspace("w")
        with rivals(tmp_path, where) as found:
            for _ in range(ROUNDS):
                thread_id = workspace.start("expires", "only", SOON).thread_id
                end(workspace, thread_id)
                assert all("done" in told for told in both(found, "deadlines", thread_id))

                assert expired(workspace, thread_id) == ONCE
                assert head(workspace, thread_id).values["done"] == ["expired", "booked", "z"]
        assert workspace.history.decisions.page(limit=1).total == ROUNDS
    finally:
        lab.close()


def test_of_a_person_in_the_last_moment_and_the_lab_one_answers(where: str, tmp_path: Path) -> None:
    lab = opened(tmp_path, where, LEASE)
    try:
        workspace = lab.workspace("w")
        with rivals(tmp_path, where) as (person, server):
            for _ in range(ROUNDS):
                thread_id = workspace.start("expires", "only", SOON).thread_id
                end(workspace, thread_id)
                asked = head(workspace, thread_id)
                person.order("resume", thread_id, {asked.questions[0].id: "yes"}, asked.checkpoint_id)
                server.order("deadlines", thread_id)
                won = "done" in person.answer()
                assert "done" in server.answer()

                assert expired(workspace, thread_id) == (["answer" if won else "expired"], 1, "finished")
                assert head(workspace, thread_id).values["done"][0] == ("yes" if won else "expired")
    finally:
        lab.close()
