"""The card that asks: what it says of the question, and of what the answer leads to."""

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from lab.workspace import Workspace
from tests.support.app_pages import act_as, asked, give, open_page, start, texts, well
from tests.support.example_player import begun

pytestmark = pytest.mark.usefixtures("pages_lab")

APPROVED, LOW_CONFIDENCE = 1, 0
SAID = "Sam's words, for nobody else yet"
GATE = find("approval-gate")


@pytest.fixture
def mail(here: Workspace) -> str:
    """Provide a thread that asks about a mail, whose draft is Sam's."""
    thread_id = begun(here, GATE.slug, "interrupt", GATE.examples[0]).thread.thread_id
    at = opened(thread_id, "Sam")
    give(at, f"{asked(at, GATE, 'interrupt')}feedback", SAID)
    at.run()
    well(at)
    return thread_id


def opened(thread_id: str, person: str) -> AppTest:
    """Open a thread's page as somebody, in a session of its own."""
    return open_page(GATE.slug, thread=thread_id, person=person)


def typed(at: AppTest) -> str:
    """Return what the form of the question has as feedback."""
    key = f"{asked(at, GATE, 'interrupt')}feedback"
    (field,) = [one for kind in (at.text_input, at.text_area) for one in kind if one.key == key]
    return str(field.value or "")


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


def test_what_somebody_typed_in_an_answer_is_there_again_in_a_new_session_of_that_person_alone(mail: str) -> None:
    assert typed(opened(mail, "Sam")) == SAID
    assert typed(opened(mail, "Maya")) != SAID


def test_who_takes_over_a_tab_gets_no_draft_of_what_somebody_else_typed_there(mail: str) -> None:
    at = opened(mail, "Sam")
    act_as(at, "Maya")
    assert typed(at) == SAID

    assert typed(opened(mail, "Maya")) != SAID
    assert typed(opened(mail, "Sam")) == SAID
