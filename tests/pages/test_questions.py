"""The card that asks: what it says of the question, and of what the answer leads to."""

import pytest

from graphs.catalogue import find
from tests.support.app_pages import open_page, start, texts

pytestmark = pytest.mark.usefixtures("pages_lab")

APPROVED, LOW_CONFIDENCE = 1, 0


def captions(slug: str, example: int) -> tuple[list[str], list[str]]:
    """Start an example and return the captions of its page, without their escapes, and its texts."""
    at = open_page(slug)
    start(at, find(slug), example)
    return [str(found.value).replace("\\", "") for found in at.caption], texts(at)


def test_it_says_which_nodes_may_run_after_the_answer_and_what_they_write_to() -> None:
    said, _ = captions("expense-approval", APPROVED)

    expected = "Your answer goes to manager, after which director, pay or refuse may run. "
    assert any(line.startswith(f"{expected}Outside the state, pay writes to the ledger. Waiting") for line in said)


def test_of_questions_that_wait_together_it_says_once_where_the_answers_lead() -> None:
    said, _ = captions("multi-approver", 0)

    assert [line.partition(",")[0] for line in said if line.startswith("Answers go")] == ["Answers go to finance"]
    assert sum("Outside the state, publish writes to the outbox" in line for line in said) == 2


def test_a_list_of_texts_in_a_question_stands_line_by_line() -> None:
    _, said = captions("escalation", LOW_CONFIDENCE)

    assert "Last messages:\ncustomer: Can the shelf carry a piano?" in said
