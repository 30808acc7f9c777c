"""Failures on a pattern's page: each is told once, where it happened, and a killed process in every lane."""

import io
import re
import sqlite3
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from lab.lab import Lab
from lab.workspace import StateEdit, Workspace
from tests.support.app_pages import answer, badges, open_page, press, start, steps, texts
from ui.common import HANDLER

pytestmark = pytest.mark.usefixtures("pages_lab")

PIPELINE, ORDER, PAYROLL = find("linear-pipeline"), find("durable-task"), find("crash-recovery")
BRANCHING, FALLBACK = find("branching"), find("fallback")


def reasons(at: AppTest) -> list[str]:
    """Return what the lanes say near their badges; what failed at a checkpoint is told where that one is looked at."""
    return [said for found in at.error if "failed here" not in (said := found.value.replace("\\", ""))]


def labels(at: AppTest, name: str) -> list[str]:
    """Return icon and label of the steps of that node, in all lanes."""
    return [f"{step.proto.icon} {step.label}" for step in at.expander if step.label.startswith(f"`{name}`")]


def test_a_limit_that_was_reached_is_told_on_the_lane_with_its_remedy(
    pages_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages_lab, "settings", pages_lab.settings.model_copy(update={"recursion_limit": 2}))
    at = open_page(PIPELINE.slug)
    start(at, PIPELINE)

    assert badges(at) == ["Failed"]
    assert len(reasons(at)) == 1
    assert "reached its limit of 2 supersteps" in reasons(at)[0]
    assert "LAB_RECURSION_LIMIT" in reasons(at)[0]
    assert not any("limit of" in text for text in texts(at))
    press(at, "linear-pipeline_pipeline_again")
    assert badges(at) == ["Finished"]
    assert reasons(at) == []


def test_a_full_disk_is_told_on_the_lane(pages_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    at = open_page(PIPELINE.slug)
    monkeypatch.setattr(pages_lab.storage.saver, "put_writes", full)
    start(at, PIPELINE)

    assert badges(at) == ["Failed"]
    assert sum("Make room" in said for said in (*reasons(at), *texts(at))) == 1


def test_a_failed_node_s_error_is_told_on_its_step_alone() -> None:
    at = open_page(BRANCHING.slug)
    start(at, BRANCHING, 3)

    assert badges(at) == ["Failed", "Failed"]
    assert reasons(at) == []
    assert sum("has no route" in text for text in texts(at)) == len(BRANCHING.lanes)


def test_a_step_of_an_error_handler_is_named_after_its_node_in_each_tab() -> None:
    at = open_page(FALLBACK.slug)
    start(at, FALLBACK, 3)
    assert [name for name in steps(at) if "error" in name] == ["model: error handler", "faq: error handler"]

    thread = str(at.query_params["thread"])
    for tab in ("Checkpoints", "Timeline", "Events"):
        page = repr(open_page(FALLBACK.slug, tab=tab, thread=thread, lane="falls-back").main)
        # By these the picture's parts are told apart; no visitor sees them.
        assert HANDLER not in re.sub(r'data-(n|from|to)=\\*"[^"]*"', "", page)
        assert "model: error handler" in page


def test_a_fork_that_stays_paused_is_not_called_failed_for_the_run_before_it(here: Workspace) -> None:
    at = open_page(PIPELINE.slug)
    start(at, PIPELINE, 2)
    thread = str(at.query_params["thread"])
    first = here.history.page(thread).rows[0].checkpoint_id
    here.travel.fork(thread, first, StateEdit({"text": "A text."}, {}, as_node="__start__"))
    at.run()

    assert badges(at) == ["Paused"]
    assert reasons(at) == []


def test_a_thread_of_which_only_its_checkpoints_tell_isn_t_called_stopped(here: Workspace) -> None:
    thread_id = here.start(PIPELINE.slug, "pipeline", PIPELINE.examples[0].input, pace=0).thread_id
    assert here.wait(thread_id)
    first = here.history.page(thread_id).rows[1].checkpoint_id
    here.travel.fork(thread_id, first, StateEdit({"text": "A text."}, {}))
    (taken,) = here.threads.import_file(io.BytesIO(b"".join(here.threads.export(thread_id))))

    assert badges(open_page(PIPELINE.slug, thread=taken.thread_id)) == ["Paused"]


@pytest.mark.usefixtures("forked_workers")
def test_a_process_that_was_killed_on_an_answer_is_told_in_every_lane(here: Workspace) -> None:
    at = open_page(ORDER.slug)
    start(at, ORDER, 4)
    for lane in ORDER.lanes:
        answer(at, ORDER, lane.key, {"confirm": "yes"})

    assert badges(at) == ["Waiting for an answer", "Waiting for an answer", "Its process was killed"]
    assert len(reasons(at)) == 3
    assert all("was killed by SIGKILL" in said and "answer again" in said for said in reasons(at))
    assert [said.value.count("Its process was killed here.") for said in at.markdown].count(1) == 3
    assert len(labels(at, "order")) == 3
    assert all("power_off" in label and label.endswith("· killed") for label in labels(at, "order")[:2])
    kept = [*labels(at, "new_order"), *labels(at, "reserve")]
    assert len(kept) == 4
    assert all("check" in label for label in kept)
    assert not any("stop_circle" in step.proto.icon for step in at.expander)


@pytest.mark.usefixtures("forked_workers")
def test_a_payment_that_was_made_twice_is_seen_in_the_lane_that_lost_nothing_else(here: Workspace) -> None:
    at = open_page(PAYROLL.slug)
    start(at, PAYROLL, 1)
    press(at, "crash-recovery_sync_again")
    press(at, "crash-recovery_exit_anew")
    by_lane = {thread.lane: thread.thread_id for thread in here.threads.newest()}
    said = [found.value for found in at.markdown if "Its process was killed here." in found.value]

    assert len(here.threads.business("ledger", [by_lane["sync"]])) == 5
    assert "2 steps that had ended were lost too" in said[0]
    assert "No step that had ended was lost" in said[2]
    again = [label for label in labels(at, "pay") if "killed, ran again" in label]
    assert len(again) == 1
    assert "check" in again[0]
    # How many the lane that saves beside its nodes has lost depends on how far its saving had come.
    lost = [int(number[1]) for text in said if (number := re.search(r"(\d+) steps? that had ended", text))]
    assert sum("lost, as it wasn't saved" in label for label in labels(at, "pay")) == sum(lost)
