"""The page Inbox: what waits, the card of the chosen question, and what becomes of both once it's answered."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from lab.jsonable import Json
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.app_pages import act_as, badges, give, markdowns, open_page, press, texts, well
from tests.support.example_player import begun, ended
from ui.lanes import draw_card

pytestmark = pytest.mark.usefixtures("pages_lab")

GATE, EXPENSE, BREAKPOINTS = find("approval-gate"), find("expense-approval"), find("breakpoints")
ESCALATION = find("escalation")
CALM, URGENT, MANAGER = 0, 4, "Maya"
MAIL, TICKET = "Send this mail to anna@example.org?", "Does the manager approve 500.00 € for Conference ticket?"


@pytest.fixture
def mail(here: Workspace) -> str:
    """Provide a thread that asks about a mail."""
    return begun(here, GATE.slug, "interrupt", GATE.examples[0]).thread.thread_id


@pytest.fixture
def ticket(here: Workspace, mail: str) -> str:
    """Provide a thread that has asked about an expense after the one about a mail."""
    return begun(here, EXPENSE.slug, "dynamic", EXPENSE.examples[1]).thread.thread_id


def listed(at: AppTest) -> list[str]:
    # Signs that keep a browser from taking text for markup or for a link.
    return [re.sub("[\\\\\u2060\u200b]", "", option) for option in at.radio[0].options] if at.radio else []


def chosen(at: AppTest) -> str | None:
    """Return the question that is chosen in the list."""
    (radio,) = at.radio
    return None if radio.index is None else listed(at)[radio.index]


def send(at: AppTest, **values: Json) -> None:
    """Fill in the card on show and send it."""
    card = next(str(one.key).removesuffix("send") for one in at.button if str(one.key).endswith("_send"))
    for name, value in values.items():
        give(at, f"{card}{name}", value)
    press(at, f"{card}send")


def filter_by(at: AppTest, name: str, value: str) -> None:
    """Choose what the list is narrowed to."""
    at.selectbox(key=f"inbox_{name}").set_value(value).run()
    well(at)


def drawn_anew(at: AppTest, workspace: Workspace, *threads: str) -> None:
    """Draw the page again once these threads' runs have ended, as it does by itself."""
    for thread_id in threads:
        ended(workspace, thread_id)
    at.run()
    well(at)


def test_an_empty_inbox_says_how_something_comes_into_it() -> None:
    at = open_page("inbox")
    assert "Nothing waits for a person. Run a pattern that asks one" in at.info[0].value
    assert not at.radio


@pytest.mark.usefixtures("ticket")
def test_the_list_begins_with_the_most_urgent_whose_card_is_open() -> None:
    at = open_page("inbox")
    assert listed(at) == [MAIL, TICKET]
    assert chosen(at) == MAIL
    assert MAIL in texts(at)
    assert TICKET not in texts(at)


@pytest.mark.usefixtures("mail")
def test_questions_with_the_same_text_are_told_apart_by_the_browser_which_compares_texts(here: Workspace) -> None:
    begun(here, GATE.slug, "interrupt", GATE.examples[0])
    at = open_page("inbox")
    assert listed(at) == [MAIL, MAIL]
    assert len(set(at.radio[0].options)) == 2


@pytest.mark.usefixtures("ticket")
def test_next_leads_to_the_next_question_and_previous_back() -> None:
    at = open_page("inbox")
    assert at.button(key="inbox_previous").disabled
    press(at, "inbox_next")
    assert chosen(at) == TICKET
    assert TICKET in texts(at)
    assert at.button(key="inbox_next").disabled
    press(at, "inbox_previous")
    assert chosen(at) == MAIL


def test_next_leads_from_the_last_question_of_a_page_to_the_first_of_the_next_page(
    here: Workspace, monkeypatch: pytest.MonkeyPatch, ticket: str
) -> None:
    monkeypatch.setattr("pages.inbox.SHOWN", 1)
    at = open_page("inbox")
    assert listed(at) == [MAIL]
    press(at, "inbox_next")
    assert listed(at) == [TICKET]
    assert chosen(at) == TICKET
    assert at.button(key="inbox_next").disabled
    assert here.history.status(ticket) == "waiting"


def test_what_came_of_an_answered_question_stays_on_show_until_the_next_is_chosen(
    here: Workspace, mail: str, ticket: str
) -> None:
    at = open_page("inbox")
    send(at, decision="approve")
    drawn_anew(at, here, mail)
    assert badges(at) == ["Finished"]
    assert GATE.lane("interrupt").title in markdowns(at)
    assert listed(at) == [TICKET]
    assert chosen(at) is None

    press(at, "inbox_next")
    assert chosen(at) == TICKET
    assert badges(at) == ["Waiting for an answer"]
    assert here.history.status(ticket) == "waiting"


def test_a_thread_that_asks_again_stays_on_show_with_its_new_question(here: Workspace, mail: str, ticket: str) -> None:
    at = open_page("inbox")
    send(at, decision="change", feedback="Shorter, please")
    drawn_anew(at, here, mail)
    assert here.history.status(mail) == "waiting"
    assert chosen(at) == MAIL
    assert listed(at) == [TICKET, MAIL]
    assert "Revisions so far: 1" in texts(at)


def test_an_answer_that_is_refused_leaves_the_question_and_says_why_at_its_field(here: Workspace, mail: str) -> None:
    at = open_page("inbox")
    send(at, decision=None)
    assert here.history.status(mail) == "waiting"
    assert listed(at) == [MAIL]
    assert "Choose one of: Approve, Change, Reject." in texts(at)


def test_a_question_that_another_tab_answers_says_so_and_takes_no_second_answer(here: Workspace, mail: str) -> None:
    at, other = open_page("inbox"), open_page("inbox")
    send(other, decision="approve")
    ended(here, mail)
    send(at, decision="approve")
    assert [found.value for found in at.warning]
    assert len(here.threads.business("outbox", [mail])) == 1


@pytest.mark.usefixtures("ticket")
def test_the_list_can_be_narrowed_to_a_pattern() -> None:
    at = open_page("inbox")
    give(at, "inbox_pattern", EXPENSE.slug)
    at.run()
    well(at)
    assert listed(at) == [TICKET]
    assert chosen(at) == TICKET
    give(at, "inbox_pattern", BREAKPOINTS.slug)
    at.run()
    well(at)
    assert listed(at) == []
    assert "Nothing waits that fits these filters" in at.info[0].value


@pytest.mark.usefixtures("ticket")
def test_the_list_can_be_narrowed_to_a_role() -> None:
    at = open_page("inbox")
    filter_by(at, "role", "manager")
    assert listed(at) == [TICKET]
    assert chosen(at) == TICKET
    filter_by(at, "role", "")
    assert listed(at) == [MAIL, TICKET]


@pytest.mark.usefixtures("mail")
def test_the_list_can_be_narrowed_to_a_priority(here: Workspace) -> None:
    for number in (CALM, URGENT):
        begun(here, ESCALATION.slug, ESCALATION.lanes[0].key, ESCALATION.examples[number])
    at = open_page("inbox")
    assert len(listed(at)) == 3
    filter_by(at, "priority", "high")
    assert len(listed(at)) == 1
    assert "**High priority**" in at.radio[0].proto.captions[0]


@pytest.mark.usefixtures("mail")
def test_a_role_whose_last_question_was_answered_stays_chosen_with_what_came_of_the_answer(
    here: Workspace, ticket: str
) -> None:
    at = open_page("inbox")
    act_as(at, MANAGER)
    filter_by(at, "role", "manager")
    send(at, decision="approved")
    drawn_anew(at, here, ticket)
    assert at.selectbox(key="inbox_role").value == "manager"
    assert listed(at) == []
    assert badges(at) == ["Finished"]
    assert EXPENSE.lane("dynamic").title in markdowns(at)

    filter_by(at, "role", "")
    assert chosen(at) == MAIL
    assert at.selectbox(key="inbox_role").options == ["All"]


def test_what_came_of_the_only_question_of_the_last_page_stays_on_show_until_another_is_chosen(
    here: Workspace, monkeypatch: pytest.MonkeyPatch, mail: str, ticket: str
) -> None:
    monkeypatch.setattr("pages.inbox.SHOWN", 1)
    at = open_page("inbox")
    act_as(at, MANAGER)
    press(at, "inbox_next")
    send(at, decision="approved")
    drawn_anew(at, here, ticket)
    assert listed(at) == [MAIL]
    assert chosen(at) is None
    assert badges(at) == ["Finished"]
    at.run()
    well(at)
    assert badges(at) == ["Finished"]

    press(at, "inbox_previous")
    assert chosen(at) == MAIL
    assert badges(at) == ["Waiting for an answer"]
    assert here.history.status(mail) == "waiting"


def test_a_static_pause_waits_too_and_goes_on_from_its_card(here: Workspace) -> None:
    thread_id = begun(here, EXPENSE.slug, "static", EXPENSE.examples[1]).thread.thread_id
    at = open_page("inbox")
    assert listed(at) == ["Paused before manager."]
    (resume,) = (one for one in at.button if str(one.key).endswith("_continue"))
    for name, value in {"decision": "approved"}.items():
        give(at, next(str(one.key) for one in at.segmented_control if f"_{name}_" in str(one.key)), value)
    press(at, str(resume.key))
    drawn_anew(at, here, thread_id)
    assert len(here.threads.business("ledger", [thread_id])) == 1
    assert listed(at) == []


def test_a_deleted_thread_leaves_the_list_and_its_card_says_so(here: Workspace, mail: str, ticket: str) -> None:
    at = open_page("inbox")
    here.threads.delete(mail)
    at.run()
    well(at)
    assert listed(at) == [TICKET]
    assert "This thread was deleted" in markdowns(at)


def test_threads_of_another_workspace_are_not_in_it(pages_lab: Lab) -> None:
    begun(pages_lab.workspace("another"), GATE.slug, "interrupt", GATE.examples[0])
    assert listed(open_page("inbox")) == []


@pytest.mark.usefixtures("ticket")
def test_what_becomes_of_a_thread_while_its_card_is_drawn_is_seen_by_the_next_look(
    here: Workspace, mail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[tuple[Callable[[], object], object]] = []
    monkeypatch.setattr("pages.inbox.watch_others", lambda look, before: looks.append((look, before)))
    drawn = draw_card

    def draw_and_delete(*given: Any) -> None:
        drawn(*given)
        here.threads.delete(chosen_thread)

    at = open_page("inbox")
    chosen_thread = at.session_state["inbox_on_show"][2].thread_id
    (look, before), *_ = looks
    assert look() == before
    monkeypatch.setattr("pages.inbox.draw_card", draw_and_delete)
    at.run()
    look, before = looks[-1]
    assert look() != before
