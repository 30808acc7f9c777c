"""What is typed into a page's fields: nothing is dropped, cut or taken for something else without a word."""

from typing import Any

import pytest

from graphs.catalogue import find
from lab.errors import InvalidInput
from lab.threads import TITLE
from lab.workspace import Workspace
from tests.support.app_pages import answer, asked, badges, give, open_page, press, start, texts, write
from tests.support.thread_pages import made

EXPENSE, GATE, PIPELINE = find("expense-approval"), find("approval-gate"), find("linear-pipeline")
MEMORY = find("conversation-memory")
TWO_WAYS = "can be read in two ways. Write thousands without a comma and decimals with a point."

pytestmark = pytest.mark.usefixtures("pages_lab")


def amounts(here: Workspace) -> list[Any]:
    found = [here.history.snapshot(thread.thread_id) for thread in here.threads.newest()]
    return [snapshot.values["amount"] for snapshot in found if snapshot is not None]


def test_a_text_over_its_limit_is_told_of_with_what_was_typed_still_there(here: Workspace) -> None:
    at = open_page("linear-pipeline")
    start(at, PIPELINE, values={"text": "x" * 4500})
    assert "'Text' must have at most 4,000 characters; it has 4,500." in texts(at)
    field = at.text_area(key="linear-pipeline_0_text")
    assert field.value == "x" * 4500
    # With a limit of its own the browser would have kept the paste to itself.
    assert field.proto.max_chars == 0
    assert here.threads.newest() == ()


def test_a_message_of_blanks_is_refused_and_no_turn_is_taken(here: Workspace) -> None:
    at = open_page("conversation-memory")
    start(at, MEMORY)
    threads = here.threads.newest()
    key = next(str(found.key) for found in at.text_input if str(found.key).endswith("_message"))
    give(at, key, "   ")
    before = [len(here.events(thread.thread_id)) for thread in threads]
    press(at, "conversation-memory_run")
    assert "'Message' is empty. Fill it in." in texts(at)
    assert [len(here.events(thread.thread_id)) for thread in threads] == before


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "'Amount in euros' is empty. Fill it in."),
        ("0", "'Amount in euros' must be at least 0.01."),
        ("2000000", "'Amount in euros' must be at most 1,000,000."),
        ("dear", "'Amount in euros' must be a number, such as 1.5."),
        (
            "1,500",
            f"'Amount in euros' {TWO_WAYS}",
        ),
    ],
)
def test_an_amount_that_does_not_fit_starts_nothing_and_stays_as_it_was_typed(
    here: Workspace, typed: str, told: str
) -> None:
    at = open_page("expense-approval")
    start(at, EXPENSE, values={"amount": typed})
    assert told in texts(at)
    assert at.text_input(key="expense-approval_0_amount").value == typed
    assert here.threads.newest() == ()


def test_an_amount_with_a_decimal_comma_is_that_amount(here: Workspace) -> None:
    at = open_page("expense-approval")
    start(at, EXPENSE, values={"amount": "1,5"})
    assert amounts(here) == [1.5, 1.5]


def test_a_number_that_was_cleared_at_a_pause_is_refused_and_nothing_goes_on(here: Workspace) -> None:
    at = open_page("breakpoints")
    give(at, "breakpoints_0_after", ["b"])
    press(at, "breakpoints_run")
    pattern = find("breakpoints")
    write(at, pattern, pattern.lanes[0], {"value": ""})
    press(at, "breakpoints_steps_continue")
    assert "'Value' is empty. Fill it in." in texts(at)
    assert badges(at) == ["Paused"]


def test_an_answer_without_a_choice_is_asked_for_the_choice_alone() -> None:
    at = open_page("approval-gate")
    start(at, GATE)
    answer(at, GATE, "interrupt", {"decision": None})
    assert "Choose one of: Approve, Change, Reject." in texts(at)
    assert not any("is empty" in text for text in texts(at))
    assert asked(at, GATE, "interrupt")


def test_a_title_and_the_name_of_a_branch_are_refused_when_too_long_and_never_cut(here: Workspace) -> None:
    thread = made(here, "Short")
    first = here.history.page(thread.thread_id).rows[1].checkpoint_id
    long = "x" * 130
    for field, act in (
        ("Title", lambda: here.threads.rename(thread.thread_id, long)),
        ("Title", lambda: here.threads.copy(thread.thread_id, long)),
        ("Name of the branch", lambda: here.travel.replay(thread.thread_id, first, label=long)),
    ):
        with pytest.raises(InvalidInput) as refused:
            act()
        assert refused.value.fields == {field: f"'{field}' must have at most {TITLE} characters; it has 130."}
    assert [found.title for found in here.threads.newest()] == ["Short"]
    assert len(here.history.tree(thread.thread_id).branches) == 1


def test_the_name_of_a_branch_that_is_too_long_is_told_at_its_field_and_nothing_runs(here: Workspace) -> None:
    thread = made(here)
    first = here.history.page(thread.thread_id).rows[1].checkpoint_id
    at = open_page("explorer", None, thread=thread.thread_id, view="Replay", checkpoint=first)
    give(at, f"label_{thread.thread_id}", "x" * 130)
    press(at, f"replay_{thread.thread_id}")
    assert f"'Name of the branch' must have at most {TITLE} characters; it has 130." in texts(at)
    assert at.text_input(key=f"label_{thread.thread_id}").value == "x" * 130
    assert len(here.history.tree(thread.thread_id).branches) == 1
