"""The bubbles of a lane: what a person gave is told in words, and on the branch that it belongs to."""

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from lab.workspace import StateEdit, Workspace
from tests.support.app_pages import open_page
from tests.support.example_player import approved_expense, ended

pytestmark = pytest.mark.usefixtures("pages_lab")

EXPENSE, MEMORY, PAYROLL = find("expense-approval"), find("conversation-memory"), find("crash-recovery")
NOTE = "Too dear, & <b>late</b>"


@pytest.fixture
def approved(here: Workspace) -> str:
    """Provide a conference ticket that a manager has approved."""
    return approved_expense(here)


def bubbles(at: AppTest) -> list[str]:
    """Return the texts that people gave, bubble by bubble."""
    said = [message for message in at.chat_message if message.proto.name == "user"]
    return ["\n".join(str(text.value) for text in message.text) for message in said]


def test_an_answer_s_bubble_says_what_was_chosen_by_its_titles(approved: str) -> None:
    assert bubbles(open_page(EXPENSE.slug, thread=approved))[1:] == ["Decision: Approved\nPerson: Maya"]


def test_another_answer_is_told_in_words_and_the_old_one_stays_on_its_own_branch(
    here: Workspace, approved: str
) -> None:
    asked = next(row.checkpoint_id for row in here.history.page(approved).rows if row.asked)
    snapshot = here.history.snapshot(approved, asked)
    assert snapshot is not None
    given = {snapshot.questions[0].id: {"decision": "rejected", "note": NOTE}}
    here.travel.reanswer(approved, asked, given, pace=0, person="Dana")
    ended(here, approved)
    said = bubbles(open_page(EXPENSE.slug, thread=approved))

    assert said[1:] == [f"Decision: Rejected\nNote (needed to reject): {NOTE}\nPerson: Dana"]
    assert "{" not in "".join(said)


def test_a_replay_at_a_question_leaves_its_old_answer_behind(here: Workspace, approved: str) -> None:
    asked = next(row.checkpoint_id for row in here.history.page(approved).rows if row.asked)
    here.travel.replay(approved, asked, pace=0, confirmed=True)
    ended(here, approved)

    assert here.history.status(approved) == "waiting"
    assert len(bubbles(open_page(EXPENSE.slug, thread=approved))) == 1


def test_edited_messages_are_told_by_who_speaks(here: Workspace) -> None:
    thread_id = here.start(MEMORY.slug, "remembers", {"message": "My name is Ada."}, pace=0).thread_id
    ended(here, thread_id)
    head = here.history.page(thread_id).rows[-1].checkpoint_id
    messages = [{"role": "human", "text": "My name is Bo.", "id": None}]
    here.travel.fork(thread_id, head, StateEdit({"messages": messages}, {"messages": "replace"}), pace=0)
    said = bubbles(open_page(MEMORY.slug, thread=thread_id))

    # Below the lanes the state at the selected checkpoint has bubbles too.
    assert said[:2] == ["My name is Ada.", "Messages: Human: My name is Bo."]


def test_a_value_written_at_a_pause_is_told_by_its_title(here: Workspace) -> None:
    thread_id = here.start(EXPENSE.slug, "static", EXPENSE.examples[1].input, pace=0).thread_id
    ended(here, thread_id)
    here.edit(thread_id, {"decision": "approved"})

    assert bubbles(open_page(EXPENSE.slug, thread=thread_id))[1:] == ["Decision: Approved"]


def test_a_pause_that_was_edited_and_gone_on_from_is_still_there_to_go_back_to(here: Workspace) -> None:
    thread_id = here.start(EXPENSE.slug, "static", EXPENSE.examples[1].input, pace=0).thread_id
    ended(here, thread_id)
    edited = here.edit(thread_id, {"decision": "approved"})
    here.travel.replay(thread_id, edited, pace=0, confirmed=True)
    ended(here, thread_id)

    assert bubbles(open_page(EXPENSE.slug, thread=thread_id))[1:] == ["Decision: Approved"]


def test_an_input_is_told_by_its_titles_and_money_as_money(here: Workspace) -> None:
    given = {"departments": "Kitchen, Office", "wages": 12400, "crash": "never"}
    thread_id = here.start(PAYROLL.slug, "sync", given, pace=0).thread_id
    ended(here, thread_id)

    assert bubbles(open_page(PAYROLL.slug, thread=thread_id)) == [
        "Departments: Kitchen, Office\nWages of each in euros: 12,400.00\nKill the process after the payment of: Never"
    ]
