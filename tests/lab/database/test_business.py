"""The ledger, the outbox and the records act once for an idempotency key, and show who tried again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError

from graphs.world import Failure, RateLimited, Rejected, World
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.toy_patterns import OpenLab, ran, two_steps

Act = Callable[[World, str | None], int]

ACTS: dict[str, Act] = {
    "ledger": lambda world, key: world.ledger.charge("Kitchen", 12_400_00, key=key),
    "outbox": lambda world, key: world.outbox.send("anna@example.org", "Hello", "Good morning.", key=key),
    "records": lambda world, key: world.records.change("C-100", "phone", "1", "2", key=key),
}
DONE = {"ledger": "booked", "outbox": "sent", "records": "changed"}

EACH = pytest.mark.parametrize("table", ACTS)


def opened(open_anywhere: OpenLab) -> tuple[Lab, Workspace]:
    lab = open_anywhere(two_steps())
    return lab, lab.workspace("w")


@EACH
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


@EACH
def test_without_a_key_or_under_another_one_and_in_another_thread_it_is_done_again(
    open_anywhere: OpenLab, table: str
) -> None:
    lab, workspace = opened(open_anywhere)
    one, other = ran(workspace), ran(workspace)
    for thread_id, key in ((one, None), (one, None), (one, "a"), (one, "b"), (other, "a")):
        ACTS[table](lab.world(thread_id), key)

    assert len(workspace.threads.business(table, [one, other], refused=True)) == 5
    assert len(workspace.threads.business(table, [one, other])) == 5


@EACH
def test_of_many_who_act_at_once_under_a_key_one_does_and_all_get_its_number(
    open_anywhere: OpenLab, table: str
) -> None:
    lab, workspace = opened(open_anywhere)
    thread_id = ran(workspace)
    with ThreadPoolExecutor(8) as pool:
        numbers = set(pool.map(lambda _: ACTS[table](lab.world(thread_id), "the key"), range(8)))

    assert {row["number"] for row in workspace.threads.business(table, [thread_id])} == numbers
    assert len(workspace.threads.business(table, [thread_id], refused=True)) == 8


def test_a_record_has_what_its_thread_changed_it_to_last(open_anywhere: OpenLab) -> None:
    lab, workspace = opened(open_anywhere)
    one, other = ran(workspace), ran(workspace)
    records = lab.world(one).records
    assert records.newest("C-100", "phone") is None
    records.change("C-100", "phone", "1", "2", key="a")
    records.change("C-100", "phone", "2", "3", key="b")
    records.change("C-100", "phone", "3", "4", key="a")

    assert records.newest("C-100", "phone") == "3"
    assert records.newest("C-100", "address") is None
    assert lab.world(other).records.newest("C-100", "phone") is None
    shown = workspace.threads.business("records", [one])
    assert [(row["record"], row["field"], row["old"], row["new"]) for row in shown] == [
        ("C-100", "phone", "1", "2"),
        ("C-100", "phone", "2", "3"),
    ]


# In memory nobody holds a row to the thread that it names.
@EACH
@pytest.mark.parametrize("open_anywhere", ["sqlite", "postgresql"], indirect=True)
def test_a_thread_that_is_gone_is_no_second_attempt(open_anywhere: OpenLab, table: str) -> None:
    lab, _ = opened(open_anywhere)
    with pytest.raises(IntegrityError):
        ACTS[table](lab.world("no such thread"), "the key")


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        ("connection lost", ConnectionError),
        ("timeout", TimeoutError),
        ("rate limit", RateLimited),
        ("rejected", Rejected),
    ],
)
def test_a_service_fails_in_the_way_that_was_asked_for_as_often_as_that_and_counts_every_call(
    open_anywhere: OpenLab, failure: Failure, error: type[Exception]
) -> None:
    lab, workspace = opened(open_anywhere)
    faults = lab.world(ran(workspace)).faults
    assert faults.calls("bank") == 0
    for _ in range(2):
        with pytest.raises(error, match="bank"):
            faults.trip("bank", 2, failure)
    faults.trip("bank", 2, failure)

    assert (faults.calls("bank"), faults.calls("shop")) == (3, 0)
