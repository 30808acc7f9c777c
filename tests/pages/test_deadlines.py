"""Deadlines on the card: until when, what becomes of the question then, and why a late answer is refused."""

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.app_pages import answer, asked, badges, give, markdowns, open_page, press, start, texts, well
from tests.support.expiring import pass_deadlines, pass_time

pytestmark = pytest.mark.usefixtures("pages_lab")

PATTERN = find("approval-timeout")
NOBODY_ANSWERS = 2


def captions(at: AppTest) -> str:
    """Return all captions without their escapes."""
    return "\n".join(str(one.value) for one in at.caption).replace("\\", "")


def test_the_card_says_until_when_it_waits_and_what_happens_then(here: Workspace) -> None:
    at = open_page(PATTERN.slug)
    start(at, PATTERN, NOBODY_ANSWERS)
    due = [
        question.value["deadline"][len("2026-01-01T") : len("2026-01-01T12:00:00")]
        for thread in reversed(here.threads.newest())
        for question in here.history.pending(thread.thread_id)
    ]
    said = [one for one in (str(found.value) for found in at.markdown) if "Answer by" in one]

    assert sorted(said) == sorted(f":material/timer: **Answer by {clock}**" for clock in due)
    assert "Nothing happens then by itself: a later answer still counts." in captions(at)
    assert "the lab does: Decision: Rejected; Reason (needed to reject): Nobody decided in time." in captions(at)
    assert not any("expiry" in one.lower() or one.startswith("Deadline") for one in texts(at))


def test_a_late_answer_is_refused_on_its_page_with_the_reason_and_nothing_is_bought(
    pages_lab: Lab, here: Workspace
) -> None:
    at = open_page(PATTERN.slug)
    start(at, PATTERN, NOBODY_ANSWERS)
    pass_time(pages_lab)
    answer(at, PATTERN, "expires", {"decision": "approved"})

    assert any("passed 33 minutes ago" in str(one.value) for one in at.warning)
    assert "So the lab answers by itself: Decision: Rejected" in captions(at)
    assert badges(at) == ["Waiting for an answer"] * 2
    assert here.history.decisions.page().total == 0


def test_a_late_answer_counts_where_the_question_stays_open(pages_lab: Lab) -> None:
    at = open_page(PATTERN.slug)
    start(at, PATTERN, NOBODY_ANSWERS)
    pass_time(pages_lab)
    at.run()
    well(at)
    assert "Nothing has happened by itself: a later answer still counts." in captions(at)
    card = asked(at, PATTERN, "waits")
    give(at, f"{card}decision", "approved")
    press(at, f"{card}send")

    assert badges(at)[0] == "Finished"


def test_the_lane_says_that_nobody_answered_and_the_lab_did(here: Workspace) -> None:
    at = open_page(PATTERN.slug)
    start(at, PATTERN, NOBODY_ANSWERS)
    pass_deadlines(here)
    at.run()
    well(at)

    assert badges(at) == ["Waiting for an answer", "Finished"]
    assert "Nobody answered by the deadline, so the lab did" in captions(at)
    assert "Expired: nothing bought, and the requester was told" in markdowns(at).replace("\\", "")
