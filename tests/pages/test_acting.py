"""As whom a visitor acts: chosen in the sidebar, said on a question's card, and fixed where one signs in."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from graphs.pattern import Pattern
from graphs.people import PEOPLE
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.app_pages import (
    MAIN,
    act_as,
    answer,
    asked,
    badges,
    choose_example,
    give,
    markdowns,
    open_page,
    press,
    start,
)
from tests.support.example_player import begun

pytestmark = pytest.mark.usefixtures("pages_lab")

ROLES, SEVERAL = find("role-approval"), find("multi-approver")
YES = {"decision": "approve"}


def said(at: AppTest) -> str:
    """Return all that the page draws as Markdown, without the signs that keep a text from being taken for it."""
    return re.sub("[\\\\\u2060\u200b]", "", markdowns(at))


def acting(at: AppTest) -> str:
    return str(at.selectbox(key="person").value)


def offered(at: AppTest) -> list[str]:
    """Return as whom the cards offer to act."""
    return [button.label for button in at.button if button.label.startswith("Act as")]


def decided(here: Workspace) -> list[tuple[str, str]]:
    found = here.history.decisions.page(limit=50).decisions
    return [(one.person, one.role) for one in reversed(found)]


def waiting(here: Workspace, pattern: Pattern, lane: str) -> AppTest:
    """Return the page of a thread that asks."""
    return open_page(pattern.slug, thread=begun(here, pattern.slug, lane, pattern.examples[0]).thread.thread_id)


def test_every_person_can_be_chosen_and_the_first_one_is_to_begin_with() -> None:
    at = open_page("threads")
    assert at.selectbox(key="person").options == [person.name for person in PEOPLE]
    assert acting(at) == "Robin"
    act_as(at, "Dana")
    assert "Director: director, manager" in said(at)


def test_the_address_says_as_whom_a_tab_acts_and_somebody_unknown_is_the_first_one() -> None:
    assert acting(open_page("threads", person="Dana")) == "Dana"
    assert acting(open_page("threads", person="Mallory")) == "Robin"


def test_a_card_says_for_whom_it_is_why_not_for_oneself_and_offers_those_who_may(here: Workspace) -> None:
    at = waiting(here, ROLES, "chain")

    assert "For the role support · turns: support, then technical, then manager · requested by Robin" in said(at)
    assert "Robin may not answer this question: it's for the role 'support'" in said(at)
    assert offered(at) == ["Act as Sam", "Act as Tess"]
    press(at, f"{asked(at, ROLES, 'chain')}as_1")
    assert acting(at) == "Tess"
    assert offered(at) == []
    assert "may not answer" not in said(at)


def test_an_answer_of_the_wrong_one_is_refused_by_the_engine_and_the_question_stays(here: Workspace) -> None:
    at = waiting(here, ROLES, "chain")
    answer(at, ROLES, "chain", YES, "Fiona")

    assert any("Fiona may not answer" in found.value for found in at.warning)
    assert badges(at) == ["Waiting for an answer"]
    assert decided(here) == []
    answer(at, ROLES, "chain", YES, "Sam")
    assert decided(here) == [("Sam", "support")]


def test_two_tabs_are_two_people_each_with_a_question_of_their_own(here: Workspace) -> None:
    one = waiting(here, SEVERAL, "quorum")
    other = open_page(SEVERAL.slug, thread=str(one.query_params["thread"]), person="Maya")
    act_as(one, "Fiona")
    keys = [str(button.key) for button in other.button if str(button.key).endswith("_send")]
    assert len(keys) == 3
    # All at once would be refused, as two of the three are for others.
    assert not [button for button in other.button if button.label == "Send all answers"]
    for tab, key in ((one, keys[0]), (other, keys[1])):
        give(tab, key.removesuffix("send") + "status", "approve")
        press(tab, key)

    assert (acting(one), acting(other)) == ("Fiona", "Maya")
    assert decided(here) == [("Fiona", "finance"), ("Maya", "manager")]


def test_play_acts_as_whom_the_example_names_and_leaves_the_visitor_who_they_are(here: Workspace) -> None:
    at = open_page(ROLES.slug)
    choose_example(at, ROLES, 2)
    press(at, "role-approval_play")

    assert decided(here) == [("Selma", "security"), ("Maya", "manager"), ("Dana", "director")]
    assert acting(at) == "Robin"


def signed_in(claims: dict[str, object]) -> AppTest:
    """Return a session where Streamlit's login is configured."""
    at = AppTest.from_file(MAIN, default_timeout=60)
    at.user = claims
    return at


DANA = {"is_logged_in": True, "email": "dana@example.org", "email_verified": True, "name": "Sam"}


@pytest.fixture
def mails(pages_lab: Lab) -> None:
    """Give the director a mail address."""
    with pages_lab.storage.database.begin() as connection:
        connection.exec_driver_sql("UPDATE lab_people SET mail = 'dana@example.org' WHERE name = 'Dana'")


@pytest.mark.usefixtures("mails")
def test_who_signed_in_acts_and_nobody_else_whatever_the_address_says(here: Workspace) -> None:
    thread_id = begun(here, ROLES.slug, "chain", ROLES.examples[0]).thread.thread_id
    at = open_page(ROLES.slug, signed_in(DANA), thread=thread_id, person="Sam")

    assert ":material/person: Dana" in said(at)
    assert not [found for found in at.selectbox if found.key == "person"]
    assert offered(at) == []
    answer(at, ROLES, "chain", YES)
    assert any("Dana may not answer" in found.value for found in at.warning)
    assert decided(here) == []


@pytest.mark.usefixtures("mails")
def test_play_acts_as_nobody_else_than_who_signed_in(here: Workspace) -> None:
    at = open_page(ROLES.slug, signed_in(DANA))
    choose_example(at, ROLES, 0)
    press(at, "role-approval_play")

    assert "Dana may not answer" in said(at)
    assert decided(here) == []


def test_who_signs_in_and_is_in_no_directory_has_no_role_and_may_do_what_needs_none(here: Workspace) -> None:
    gate = find("approval-gate")
    at = open_page(gate.slug, signed_in({"is_logged_in": True, "email": "eve@example.org"}))
    start(at, gate, 0)
    answer(at, gate, "interrupt", {"decision": "approve"})

    assert "Signed in: no role" in said(at)
    assert decided(here) == [("eve@example.org", "")]


def test_who_signs_in_by_the_name_of_somebody_else_alone_is_somebody_without_a_role(here: Workspace) -> None:
    thread_id = begun(here, ROLES.slug, "chain", ROLES.examples[0]).thread.thread_id
    at = open_page(ROLES.slug, signed_in({"is_logged_in": True, "name": "Sam"}), thread=thread_id)

    assert ":material/person: Sam (signed in)" in said(at)
    answer(at, ROLES, "chain", YES)
    assert any("signed in" in found.value and "may not answer" in found.value for found in at.warning)
    assert decided(here) == []


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize("claims", [{"is_logged_in": False}, {**DANA, "email_verified": False}])
def test_who_hasn_t_signed_in_or_has_no_proven_address_is_nobody(here: Workspace, claims: dict[str, object]) -> None:
    thread_id = begun(here, ROLES.slug, "chain", ROLES.examples[0]).thread.thread_id
    at = open_page(ROLES.slug, signed_in(claims), thread=thread_id, person="Sam")

    assert "Nobody has signed in." in said(at)
    answer(at, ROLES, "chain", YES)
    assert any("nobody in particular" in found.value for found in at.warning)
    assert decided(here) == []
