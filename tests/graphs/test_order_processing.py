"""Order processing: one charge an order, whatever fails, waits, dies, or runs again in another branch."""

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graphs.figures import States
from graphs.pattern import Example, Go, Reply
from graphs.resilience.order_processing import ALERT, OPENS, RETRY
from graphs.resilience.order_processing_demo import PATTERN
from lab.errors import NotConfirmed
from lab.lab import Lab
from lab.workspace import ExamplePlayer, StateEdit
from tests.support.example_player import Play, Played, Playing, before, ended
from tests.support.forked_processes import NODE_CRASH, Forker
from tests.support.labs import quiet
from tests.support.polling import until

SLUG, LANE = PATTERN.slug, "order"
TWICE, LARGE, SMALL, REFUSED, BANK, ANSWERS, PARCEL, KILLED = range(8)
YES = Reply({"decision": "approved"}, person="Maya")
SERVICES = ("stock", "payment", "answer of payment", "shipping")
CRASHES = ("after-reserving", "after-approval", "after-charge", "after-shipping")

OUTCOMES = {
    (LANE, TWICE): "Order delivered, charged once: 228.80 €, 2 failures",
    (LANE, LARGE): "Order delivered, charged once: 538.70 €, 0 failures",
    (LANE, SMALL): "Order delivered, charged once: 49.90 €, 0 failures",
    (LANE, REFUSED): "Order cancelled, nothing charged, 0 failures",
    (LANE, BANK): "Order cancelled, nothing charged, 3 failures, alert sent",
    (LANE, ANSWERS): "Order delivered, charged once: 129.00 €, 3 failures, alert sent",
    (LANE, PARCEL): "Order paid, not shipped, charged once: 199.60 €, 3 failures, alert sent",
    (LANE, KILLED): "Order delivered, charged once: 778.00 €, 0 failures",
}


def order(service: str = "payment", failures: int = 0, failure: str = "timeout", **more: Any) -> Example:
    given = {"items": "desk x 2", "customer": "anna@example.org", "service": service, "failures": failures}
    steps = more.pop("steps", (YES,))
    return Example("own", {**given, "failure": failure, "crash": "never", **more}, {LANE: steps})


def figures_of(lab: Lab, played: Played) -> dict[str, str]:
    tell = PATTERN.lanes[0].figures
    assert tell is not None
    view = lab.workspace("tests").view(played.thread_id)
    view.catch_up()
    return {one.name: one.current if isinstance(one, States) else one.value for one in tell(view)}


def charges(played: Played) -> list[tuple[str, int]]:
    return [(row["order"], row["cents"]) for row in played.ledger]


def reserved(played: Played) -> dict[str, str]:
    return {row["record"]: row["new"] for row in played.records}


@pytest.mark.parametrize("example", [TWICE, LARGE, SMALL, REFUSED, BANK, ANSWERS, PARCEL])
def test_an_order_ends_as_its_outcome_says(play: Play, example: int) -> None:
    played = play(SLUG, LANE, example)

    assert (played.status, played.outcome) == ("finished", OUTCOMES[LANE, example])
    assert len(played.ledger) == ("charged once" in played.outcome)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("failures", [2, 3])
def test_an_order_is_charged_at_most_once_whichever_service_fails_how_often(
    play: Play, service: str, failures: int
) -> None:
    played = play(SLUG, LANE, order(service, failures, items="chair", steps=()))
    unpaid = failures >= OPENS and service in ("stock", "payment")

    assert played.status == "finished"
    assert charges(played) == ([] if unpaid else [(played.values["order"], 129_00)])
    assert played.values["status"] == (
        "cancelled" if unpaid else "paid, not shipped" if failures >= OPENS and service == "shipping" else "delivered"
    )


@pytest.mark.parametrize("failure", ["connection lost", "timeout", "rate limit", "rejected"])
def test_every_kind_of_failure_leaves_one_charge_or_none(play: Play, failure: str) -> None:
    played = play(SLUG, LANE, order("payment", 1, failure, items="chair", steps=()))

    assert len(played.ledger) == (failure != "rejected")


@pytest.mark.processes
@pytest.mark.usefixtures("forked_workers")
@pytest.mark.parametrize("crash", CRASHES)
def test_an_order_that_is_killed_at_any_step_is_charged_once(play: Play, sqlite_lab: Lab, crash: str) -> None:
    # The answer is saved when its node ends: killed before that, the manager is asked again.
    after = {"after-reserving": (Go(), YES), "after-approval": (YES, YES)}.get(crash, (YES, Go()))
    played = play(SLUG, LANE, order(crash=crash, steps=after))

    assert (played.status, played.values["status"]) == ("finished", "delivered")
    assert charges(played) == [(played.values["order"], 778_00)]
    assert reserved(played) == {"desk": "2"}
    assert [row["recipient"] for row in played.outbox] == ["anna@example.org"]
    assert figures_of(sqlite_lab, played)["Kills"] == "1"
    if crash == "after-charge":
        assert played.outcome == OUTCOMES[LANE, KILLED]


@pytest.mark.parametrize(
    ("example", "node"),
    [
        *((LARGE, node) for node in ("take", "reserve", "approve", "pay", "ship", "report")),
        *((REFUSED, node) for node in ("cancel", "report")),
    ],
)
def test_an_order_whose_process_is_killed_at_the_end_of_any_node_is_charged_as_if_nothing_had_happened(
    forker: Forker, tmp_path: Path, example: int, node: str
) -> None:
    where, chosen = str(tmp_path / "lab.sqlite"), PATTERN.examples[example]
    assert forker.fork(NODE_CRASH, where, SLUG, LANE, str(example), node).end() == -signal.SIGKILL
    lab = Lab(quiet(where))
    workspace = lab.workspace("tests")
    (thread,) = workspace.threads.newest()
    until(lambda: workspace.history.status(thread.thread_id) != "elsewhere")
    if node == "approve":
        # The answer was accepted and not saved by its node, and only a manager may send it again.
        workspace.again(thread.thread_id, person="Maya")
        ended(workspace, thread.thread_id)
    playing = Playing(workspace, ExamplePlayer(workspace, PATTERN, chosen), thread, chosen)
    while playing.take_next() is not None:
        pass
    charged = [row["cents"] for row in workspace.threads.business("ledger", [thread.thread_id])]
    mailed = [row["recipient"] for row in workspace.threads.business("outbox", [thread.thread_id])]
    outcome, customer = workspace.history.outcome(thread.thread_id), chosen.input["customer"]
    lab.close()

    assert outcome == OUTCOMES[LANE, example]
    assert (charged, mailed) == (([538_70], [customer]) if example == LARGE else ([], []))


def test_nothing_is_charged_before_the_manager_has_said_yes_nor_after_a_no(play: Play) -> None:
    waiting, refused = play(SLUG, LANE, order(steps=())), play(SLUG, LANE, REFUSED)

    assert (waiting.status, waiting.ledger) == ("waiting", [])
    assert (refused.ledger, refused.outbox, reserved(refused)) == ([], [], {"sofa": "0"})
    assert refused.values["reason"] == "A manager said no."


def test_the_manager_is_asked_from_the_limit_on_alone_and_once_whatever_fails(play: Play) -> None:
    assert play(SLUG, LANE, SMALL).asked == []
    assert len(play(SLUG, LANE, order("payment", 2)).asked) == 1


def test_a_replay_pays_only_if_it_is_confirmed_and_finds_the_charge_of_before(play: Play, sqlite_lab: Lab) -> None:
    thread_id = play(SLUG, LANE, SMALL).thread_id
    workspace = sqlite_lab.workspace("tests")
    place = before(workspace, thread_id, "pay")
    with pytest.raises(NotConfirmed, match="pay"):
        workspace.travel.replay(thread_id, place, pace=0)
    assert len(workspace.threads.business("ledger", [thread_id], refused=True)) == 1

    workspace.travel.replay(thread_id, place, pace=0, confirmed=True)
    ended(workspace, thread_id)
    rows = workspace.threads.business("ledger", [thread_id], refused=True)
    assert [row["status"].partition(":")[0] for row in rows] == ["booked", "refused"]
    assert workspace.history.outcome(thread_id) == OUTCOMES[LANE, SMALL]


def test_neither_a_fork_nor_a_what_if_nor_another_answer_charges_an_order_again(play: Play, sqlite_lab: Lab) -> None:
    played, workspace = play(SLUG, LANE, LARGE), sqlite_lab.workspace("tests")
    place, edit = before(workspace, played.thread_id, "pay"), StateEdit({"customer": "ben@example.org"}, {})
    workspace.travel.fork(played.thread_id, place, edit, run=True, pace=0)
    ended(workspace, played.thread_id)
    workspace.travel.what_if(played.thread_id, place, edit, pace=0)
    ended(workspace, played.thread_id)

    assert answered_again(sqlite_lab, played, "approved") == OUTCOMES[LANE, LARGE]
    rows = workspace.threads.business("ledger", [played.thread_id])
    assert [(row["order"], row["cents"]) for row in rows] == charges(played)


def test_a_charge_whose_answer_is_lost_is_found_in_the_ledger_and_the_order_goes_out(
    play: Play, sqlite_lab: Lab
) -> None:
    played = play(SLUG, LANE, ANSWERS)
    rows = sqlite_lab.workspace("tests").threads.business("ledger", [played.thread_id], refused=True)

    assert [row["status"].partition(":")[0] for row in rows] == ["booked", "refused", "refused"]
    assert "cancel" not in played.visited


def test_an_open_circuit_ends_the_retries_and_no_further_call_reaches_the_service(play: Play, sqlite_lab: Lab) -> None:
    played = play(SLUG, LANE, BANK)

    assert sqlite_lab.world(played.thread_id).faults.calls("payment") == OPENS < RETRY.max_attempts
    told = [data["circuit"] for _, data in played.custom if "circuit" in data and data["service"] == "payment"]
    assert told == [*["closed"] * (OPENS - 1), "open"]
    assert played.values["reason"] == (
        "The service behind 'payment' gave no answer in time (call 3). The circuit is open now."
    )
    assert played.values["metrics"]["calls"] == {"stock": 1, "payment": 3, "answer of payment": 0, "shipping": 0}


@pytest.mark.parametrize(("failures", "alerts"), [(ALERT - 1, 0), (ALERT, 1), (9, 1)])
def test_operations_get_one_alert_once_the_failures_reach_the_threshold(play: Play, failures: int, alerts: int) -> None:
    played = play(SLUG, LANE, order("shipping", failures, items="lamp", steps=()))

    assert [row["recipient"] for row in played.outbox].count("operations@shop.example") == alerts


def test_what_is_cancelled_gives_its_items_free(play: Play) -> None:
    assert reserved(play(SLUG, LANE, BANK)) == {"chair": "0"}
    short = play(SLUG, LANE, order(items="sofa x 2", steps=()))
    assert (short.values["status"], short.records, short.ledger) == ("cancelled", [], [])
    assert "only 1 of sofa" in short.values["reason"]


@pytest.mark.parametrize("items", ["unicorn", "lamp x 0", "lamp x 100", ", "])
def test_an_order_that_cannot_be_read_is_refused_with_the_remedy(play: Play, items: str) -> None:
    played = play(SLUG, LANE, order(items=items, steps=()))

    assert (played.failed_node, played.ledger) == ("take", [])
    assert "Order lamp" in str(played.error)
    assert played.outcome == "Stopped by an error, nothing charged"


def test_the_figures_show_the_circuit_the_failures_and_the_alert(play: Play, sqlite_lab: Lab) -> None:
    figures = figures_of(sqlite_lab, play(SLUG, LANE, BANK))

    assert figures == {
        "Circuit of payment": "open",
        "Failures": "3",
        "Alert": "sent",
        "Kills": "0",
        "Calls": "stock 1, payment 3",
    }


def test_a_replay_that_meets_an_open_circuit_shows_it_open(play: Play, sqlite_lab: Lab) -> None:
    played = play(SLUG, LANE, BANK)
    workspace = sqlite_lab.workspace("tests")
    row = sqlite_lab.world(played.thread_id).circuits.storage("payment")
    row.opened_at = datetime.now(UTC) + timedelta(hours=1)
    workspace.travel.replay(played.thread_id, before(workspace, played.thread_id, "pay"), pace=0, confirmed=True)
    ended(workspace, played.thread_id)

    assert (row.state, figures_of(sqlite_lab, played)["Circuit of payment"]) == ("open", "open")


def test_an_open_circuit_stays_in_sight_while_the_other_services_work(play: Play, sqlite_lab: Lab) -> None:
    assert figures_of(sqlite_lab, play(SLUG, LANE, ANSWERS))["Circuit of answer of payment"] == "open"


def answered_again(lab: Lab, played: Played, decision: str) -> str:
    workspace = lab.workspace("tests")
    place = before(workspace, played.thread_id, "approve")
    asked = workspace.history.snapshot(played.thread_id, place)
    assert asked is not None
    answers = {question.id: {"decision": decision} for question in asked.questions}
    workspace.travel.reanswer(played.thread_id, place, answers, pace=0, person="Maya")
    ended(workspace, played.thread_id)
    return workspace.history.outcome(played.thread_id)


def test_an_order_that_is_paid_is_not_cancelled_by_another_answer(play: Play, sqlite_lab: Lab) -> None:
    played = play(SLUG, LANE, LARGE)
    outcome = answered_again(sqlite_lab, played, "rejected")
    rows = sqlite_lab.workspace("tests").threads.business("records", [played.thread_id])

    assert outcome == "Order paid, not cancelled, charged once: 538.70 €, 0 failures"
    assert {row["record"]: row["new"] for row in rows} == {"desk": "1", "lamp": "3"}


def test_freeing_what_is_free_already_says_so(play: Play, sqlite_lab: Lab) -> None:
    thread_id, workspace = play(SLUG, LANE, REFUSED).thread_id, sqlite_lab.workspace("tests")
    workspace.travel.replay(thread_id, before(workspace, thread_id, "cancel"), pace=0, confirmed=True)
    ended(workspace, thread_id)
    rows = workspace.threads.business("records", [thread_id])

    assert [(row["old"], row["new"]) for row in rows] == [("0", "1"), ("1", "0"), ("0", "0")]


def test_a_copy_of_a_paid_order_says_that_this_thread_charged_nothing(play: Play, sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("tests")
    copy = workspace.threads.copy(play(SLUG, LANE, SMALL).thread_id)

    assert workspace.history.outcome(copy.thread_id) == "Order delivered, but this thread charged nothing"
