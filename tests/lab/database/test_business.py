"""The ledger and the outbox act once for an idempotency key, and show who tried again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError

from graphs.world import World
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.toy_patterns import OpenLab, ran, two_steps

Act = Callable[[World, str | None], int]

ACTS: dict[str, Act] = {
    "ledger": lambda world, key: world.ledger.charge("Kitchen", 12_400_00, key=key),
    "outbox": lambda world, key: world.outbox.send("anna@example.org", "Hello", "Good morning.", key=key),
}
DONE = {"ledger": "booked", "outbox": "sent"}

BOTH = pytest.mark.parametrize("table", ACTS)


def opened(open_anywhere: OpenLab) -> tuple[Lab, Workspace]:
    lab = open_anywhere(two_steps())
    return lab, lab.workspace("w")


@BOTH
def test_a_second_attempt_under_a_key_does_nothing_and_stands_there_as_refused(
    open_anywhere: OpenLab, table: str
) -> None:
    lab, workspace = opened(open_anywhere)
    thread_id = ran(workspace)
    world = lab.world(thread_id)
    first = ACTS[table](world, "the key")
    assert [ACTS[table](world, "the key") for _ in range(2)] == [first, first]
    done = workspace.threads.business(table, [thread_id])
    shown = workspace.threads.business(table, [thread_id], refused=True)

    assert [(row["number"], row["status"]) for row in done] == [(first, DONE[table])]
    assert [row["status"] for row in shown] == [DONE[table], *[f"refused: the same key as number {first}"] * 2]
    assert {row["key"] for row in shown} == {f"{thread_id}/the key"}
    assert world.ledger.booked() == (["Kitchen"] if table == "ledger" else [])


@BOTH
def test_without_a_key_or_under_another_one_and_in_another_thread_it_is_done_again(
    open_anywhere: OpenLab, table: str
) -> None:
    lab, workspace = opened(open_anywhere)
    one, other = ran(workspace), ran(workspace)
    for thread_id, key in ((one, None), (one, None), (one, "a"), (one, "b"), (other, "a")):
        ACTS[table](lab.world(thread_id), key)

    assert len(workspace.threads.business(table, [one, other], refused=True)) == 5
    assert len(workspace.threads.business(table, [one, other])) == 5


@BOTH
def test_of_many_who_act_at_once_under_a_key_one_does_and_all_get_its_number(
    open_anywhere: OpenLab, table: str
) -> None:
    lab, workspace = opened(open_anywhere)
    thread_id = ran(workspace)
    with ThreadPoolExecutor(8) as pool:
        numbers = set(pool.map(lambda _: ACTS[table](lab.world(thread_id), "the key"), range(8)))

    assert {row["number"] for row in workspace.threads.business(table, [thread_id])} == numbers
    assert len(workspace.threads.business(table, [thread_id], refused=True)) == 8


# In memory nobody holds a row to the thread that it names.
@BOTH
@pytest.mark.parametrize("open_anywhere", ["sqlite", "postgresql"], indirect=True)
def test_a_thread_that_is_gone_is_no_second_attempt(open_anywhere: OpenLab, table: str) -> None:
    lab, _ = opened(open_anywhere)
    with pytest.raises(IntegrityError):
        ACTS[table](lab.world("no such thread"), "the key")
