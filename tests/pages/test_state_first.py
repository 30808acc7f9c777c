"""Changing the state before a question is answered: it's asked again with what was changed."""

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from lab.jsonable import Json
from lab.workspace import Workspace
from tests.support.app_pages import answer, asked, give, open_page, press, texts, well
from tests.support.example_player import begun, ended

pytestmark = pytest.mark.usefixtures("pages_lab")

GATE, LANE = find("approval-gate"), "interrupt"
CARD = f"{GATE.slug}_{LANE}"


@pytest.fixture
def mail(here: Workspace) -> str:
    """Provide a thread that asks whether a mail may go to Anna."""
    return begun(here, GATE.slug, LANE, GATE.examples[0]).thread.thread_id


def opened(thread_id: str, head: str) -> AppTest:
    """Turn the switch beside the question."""
    at = open_page(GATE.slug, thread=thread_id, lane=LANE)
    at.toggle(key=f"{CARD}_{head}_first").set_value(True).run()
    well(at)
    return at


def change(at: AppTest, head: str, name: str, value: Json) -> None:
    keys = [str(one.key) for kind in ("text_input", "text_area") for one in getattr(at, kind)]
    give(at, next(key for key in keys if key.startswith(f"{CARD}_{head}_first_state_{name}")), value)
    at.run()
    well(at)


def head_of(here: Workspace, thread_id: str) -> str:
    return str(here.history.tree(thread_id).head)


def test_the_fields_are_drawn_only_once_the_switch_is_on(mail: str) -> None:
    at = open_page(GATE.slug, thread=mail, lane=LANE)
    assert "Change the state first" in [found.label for found in at.toggle]
    assert not [one for one in at.text_input if "_first_state_" in str(one.key)]


def test_the_question_is_asked_again_with_the_changed_state_and_its_answer_acts_on_that(
    here: Workspace, mail: str
) -> None:
    before = head_of(here, mail)
    at = opened(mail, before)
    change(at, before, "recipient", "bob@example.org")
    press(at, f"{CARD}_first_save")
    ended(here, mail)
    at.run()
    well(at)

    assert here.history.status(mail) == "waiting"
    assert "Send this mail to bob@example.org?" in texts(at)
    assert here.threads.business("outbox", [mail]) == []
    answer(at, GATE, LANE, {"decision": "approve"})
    ended(here, mail)
    assert [row["recipient"] for row in here.threads.business("outbox", [mail])] == ["bob@example.org"]
    snapshot = here.history.snapshot(mail, before)
    assert snapshot is not None
    assert snapshot.values["recipient"] == "anna@example.org"


def test_what_was_typed_in_the_answer_stays_over_the_change(here: Workspace, mail: str) -> None:
    before = head_of(here, mail)
    at = opened(mail, before)
    give(at, f"{asked(at, GATE, LANE)}feedback", "Name the street")
    change(at, before, "recipient", "bob@example.org")
    press(at, f"{CARD}_first_save")
    ended(here, mail)
    at.run()
    well(at)
    assert head_of(here, mail) != before
    assert at.text_area(key=f"{asked(at, GATE, LANE)}feedback").value == "Name the street"


def test_the_record_of_decisions_has_the_change(here: Workspace, mail: str) -> None:
    before = head_of(here, mail)
    at = opened(mail, before)
    change(at, before, "recipient", "bob@example.org")
    press(at, f"{CARD}_first_save")
    (decision,) = here.history.decisions.page().decisions
    assert decision.kind == "fork"
    assert decision.answered["values"] == {"recipient": "bob@example.org"}


def test_without_a_change_nothing_runs_and_the_card_says_so(here: Workspace, mail: str) -> None:
    before = head_of(here, mail)
    at = opened(mail, before)
    press(at, f"{CARD}_first_save")
    assert any("No field was changed" in str(found.value) for found in at.warning)
    assert head_of(here, mail) == before


def test_a_value_that_the_state_refuses_is_told_at_its_field_and_nothing_runs(here: Workspace, mail: str) -> None:
    before = head_of(here, mail)
    at = opened(mail, before)
    change(at, before, "recipient", "a" * 201)
    press(at, f"{CARD}_first_save")
    assert head_of(here, mail) == before
    assert "'Recipient' must have at most 200 characters; it has 201." in texts(at)
