"""Tool calls of an agent that nobody here wrote, reviewed on its page: one by one, at once, refused, reloaded."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import graphs.catalogue
import lab.lab
import ui.common.context as context
from graphs.pattern import Example
from lab.jsonable import Json
from lab.lab import Lab
from lab.workspace import Workspace
from lab.workspace_cookie import LOCAL
from tests.support.app_pages import badges, decide, give, open_page, press, start, texts, well
from tests.support.asking_nodes import Verdict, asks
from tests.support.fixtures_pages import SETTINGS
from tests.support.labs import quiet
from tests.support.reviewed_agent import AGENT, BOOK, INVITE, RAN
from tests.support.toy_patterns import GIVEN, fan, lane, names, toy

TWO = replace(
    toy(lane(fan(a=asks("a", Verdict), b=asks("b"))), slug="two"),
    examples=(Example("One", GIVEN),),
    watch=("Both ask.",),
)
"""Two nodes that ask at once, one of them by a schema."""
PATTERNS = (AGENT, TWO)
YES = {"type": "approve"}
LATER = {"type": "reject", "message": "Not this week."}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cookies: dict[str, str]) -> Iterator[Workspace]:
    """Provide the visitor's workspace in a lab that has these patterns alone, and so have its pages."""
    assert cookies == {}
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(graphs.catalogue, "CATALOGUE", PATTERNS)
    lanes = {(pattern.slug, one.key): one.title for pattern in PATTERNS for one in pattern.lanes}
    monkeypatch.setattr(context, "LANES", lanes)
    lab.lab.close_lab()
    opened = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=PATTERNS)
    monkeypatch.setattr(lab.lab, "_opened", [opened])
    yield opened.workspace(LOCAL)
    opened.close()


@pytest.fixture
def at(here: Workspace) -> AppTest:
    """Provide the agent's page, where both lanes wait."""
    page = open_page(AGENT.slug)
    start(page, AGENT)
    assert badges(page) == ["Waiting for an answer"] * 2
    RAN.clear()
    return page


def waiting(here: Workspace, key: str) -> tuple[str, list[str]]:
    """Return a lane's thread, and the beginnings of the keys of its questions' forms in their order."""
    thread = next(one for one in here.threads.newest() if one.lane == key)
    asked = here.history.pending(thread.thread_id)
    return thread.thread_id, [f"agent_{key}_{question.id}_" for question in asked]


def ran() -> list[tuple[str, dict[str, Json]]]:
    """Return the reviewed tools that ran; the one that nobody is asked about runs anyway."""
    return [(name, args) for name, args in RAN if name != "look_up"]


def test_one_of_two_calls_is_edited_by_its_tool_s_types_and_the_other_one_rejected(
    at: AppTest, here: Workspace
) -> None:
    ident, (card,) = waiting(here, "together")
    decide(
        at, card, 0, {"type": "edit", "edited_action": {"args": {"seats": 30, "projector": True, "priority": "high"}}}
    )
    decide(at, card, 1, LATER)
    press(at, f"{card}send")

    assert here.history.status(ident) == "finished"
    assert ran() == [("book_room", {"room": "Blue", "seats": 30, "projector": True, "priority": "high"})]
    assert any("book_room: edited" in text and "rejected, Not this week." in text for text in texts(at))


def test_a_list_is_edited_as_a_table_and_stays_a_list(at: AppTest, here: Workspace) -> None:
    _, (card,) = waiting(here, "together")
    decide(at, card, 0, {"type": "respond", "message": "I've booked it by telephone."})
    decide(at, card, 1, {"type": "edit", "edited_action": {"args": {"guests": ["eva"]}}})
    press(at, f"{card}send")

    assert ran() == [("invite", {"guests": ["eva"], "text": INVITE["text"]})]


def test_a_call_that_isnt_decided_is_told_at_its_place_and_nothing_runs(at: AppTest, here: Workspace) -> None:
    ident, (card,) = waiting(here, "together")
    decide(at, card, 0, YES)
    press(at, f"{card}send")

    assert texts(at).count("Choose one of: Approve, Edit, Reject, Respond.") == 1
    assert (here.history.status(ident), ran()) == ("waiting", [])


def test_an_edit_that_doesnt_fit_is_told_at_its_field_and_stays_as_it_was_typed(at: AppTest, here: Workspace) -> None:
    ident, (card,) = waiting(here, "together")
    decide(at, card, 0, {"type": "edit", "edited_action": {"args": {"seats": "a dozen"}}})
    decide(at, card, 1, YES)
    press(at, f"{card}send")

    assert "'Seats' must be a whole number." in texts(at)
    assert at.text_input(key=f"{card}0_args_seats").value == "a dozen"
    assert (here.history.status(ident), ran()) == ("waiting", [])


def test_calls_with_questions_of_their_own_are_answered_one_by_one(at: AppTest, here: Workspace) -> None:
    ident, (book, invite) = waiting(here, "each")
    decide(at, book, 0, LATER)
    decide(at, invite, 0, YES)
    press(at, f"{invite}send")
    assert ran() == [("invite", INVITE)]

    # What was typed for the other one is still there.
    assert at.text_input(key=f"{book}0_reject_message").value == LATER["message"]
    press(at, f"{book}send")
    assert (here.history.status(ident), ran()) == ("finished", [("invite", INVITE)])


def test_calls_with_questions_of_their_own_are_answered_in_one_submit(at: AppTest, here: Workspace) -> None:
    ident, (book, invite) = waiting(here, "each")
    decide(at, book, 0, {"type": "edit", "edited_action": {"args": {"seats": 4}}})
    decide(at, invite, 0, LATER)
    press(at, "agent_each_send_all")

    assert here.history.status(ident) == "finished"
    assert ran() == [("book_room", {**BOOK, "seats": 4, "projector": False, "priority": "low"})]


def test_where_one_answer_of_several_is_wrong_none_is_taken(at: AppTest, here: Workspace) -> None:
    ident, (book, invite) = waiting(here, "each")
    decide(at, book, 0, {"type": "edit", "edited_action": {"args": {"seats": "many"}}})
    decide(at, invite, 0, YES)
    press(at, "agent_each_send_all")

    assert texts(at).count("'Seats' must be a whole number.") == 1
    assert (here.history.status(ident), ran()) == ("waiting", [])
    assert waiting(here, "each")[1] == [book, invite]


def test_what_was_typed_is_there_after_a_reload(at: AppTest, here: Workspace) -> None:
    ident, (card,) = waiting(here, "together")
    decide(at, card, 0, {"type": "edit", "edited_action": {"args": {"room": "Green"}}})
    decide(at, card, 1, LATER)
    at.run()

    again = open_page(AGENT.slug, thread=ident)
    assert again.text_input(key=f"{card}0_args_room").value == "Green"
    assert again.text_input(key=f"{card}1_reject_message").value == LATER["message"]
    press(again, f"{card}send")
    assert [args["room"] for _, args in ran()] == ["Green"]


def test_a_review_is_answered_differently_on_a_branch_of_its_own(at: AppTest, here: Workspace) -> None:
    ident, (card,) = waiting(here, "together")
    asked_at = next(row.checkpoint_id for row in here.history.page(ident).rows if row.asked)
    decide(at, card, 0, LATER)
    decide(at, card, 1, LATER)
    press(at, f"{card}send")
    assert ran() == []

    question = card.removeprefix("agent_together_").removesuffix("_")
    tab = open_page("explorer", thread=ident, checkpoint=asked_at, view="Answer again")
    decide(tab, f"again_{ident}_{question}_", 0, {"type": "edit", "edited_action": {"args": {"seats": 3}}})
    decide(tab, f"again_{ident}_{question}_", 1, LATER)
    press(tab, f"again_send_{ident}")
    assert [(name, args["seats"]) for name, args in ran()] == [("book_room", 3)]


def test_the_card_says_what_each_decision_leads_to(at: AppTest, here: Workspace) -> None:
    _, (card,) = waiting(here, "together")
    give(at, f"{card}0_type", "approve")
    give(at, f"{card}1_type", "reject")
    at.run()
    well(at)

    said = [str(found.value).replace("\\", "") for found in at.caption]
    assert "book_room runs with these arguments." in said
    assert "invite doesn't run, and the agent is told so with what you write here." in said


def asked_twice(here: Workspace) -> tuple[AppTest, str, list[str]]:
    """Return the page where two nodes ask, the thread, and the beginnings of the keys of their forms."""
    page = open_page("two")
    start(page, TWO)
    (thread,) = here.threads.newest()
    asked = here.history.pending(thread.thread_id)
    return page, thread.thread_id, [f"two_only_{question.id}_" for question in asked]


def test_questions_of_other_kinds_that_wait_together_are_answered_in_one_submit(here: Workspace) -> None:
    page, ident, (first, second) = asked_twice(here)
    give(page, f"{first}decision", "yes")
    give(page, f"{second}answer", "tea")
    press(page, "two_only_send_all")

    assert sorted(names(here, ident)) == ["a=yes", "b='tea'", "join"]


def test_the_message_about_an_answer_stands_at_its_own_question(here: Workspace) -> None:
    page, ident, (first, second) = asked_twice(here)
    give(page, f"{first}note", "much too long")
    give(page, f"{second}answer", "tea")
    press(page, "two_only_send_all")

    assert {"Choose one of: Yes, No.", "'Note' must have at most 5 characters; it has 13."} <= set(texts(page))
    assert page.text_input(key=f"{second}answer").value == "tea"
    assert (names(here, ident), len(here.history.pending(ident))) == ([], 2)


def test_one_of_several_questions_is_answered_and_what_was_typed_for_the_other_one_stays(here: Workspace) -> None:
    page, ident, (first, second) = asked_twice(here)
    give(page, f"{first}note", "soon")
    give(page, f"{second}answer", "tea")
    press(page, f"{second}send")
    assert len(here.history.pending(ident)) == 1

    again = open_page("two", thread=ident)
    assert again.text_input(key=f"{first}note").value == "soon"
    give(again, f"{first}decision", "no")
    press(again, f"{first}send")
    assert sorted(names(here, ident)) == ["a=no", "b='tea'", "join"]
