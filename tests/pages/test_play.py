"""Play on a pattern's page: an example does its steps by itself, and leaves the page to the person at any time."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from graphs.pattern import Pattern
from lab.errors import StaleAnswer
from lab.workspace import ExamplePlayer, Workspace
from tests.support.app_pages import (
    answer,
    badges,
    choose_example,
    open_page,
    paused_field,
    press,
    start,
    well,
)

EXPENSE, MEMORY, TRAVEL, REDUCER = map(
    find, ("expense-approval", "conversation-memory", "time-travel", "stateful-reducer")
)
SERVER = 2
"""The number of the example that manager and director approve."""
PLAYED = "played to its end"


def play(at: AppTest, pattern: Pattern, number: int) -> None:
    """Choose an example and press Play."""
    choose_example(at, pattern, number)
    press(at, f"{pattern.slug}_play")


def paused(at: AppTest, here: Workspace, pattern: Pattern, number: int) -> None:
    """Start an example by hand and show its page as it is while a play of it is paused."""
    start(at, pattern, number)
    session = here.threads.find(str(at.query_params["thread"])).session
    at.session_state[f"{pattern.slug}_play_state"] = {"example": number, "session": session, "paused": True}
    at.run()
    well(at)


def bar(at: AppTest) -> str:
    """Return the line that tells what a play does next, without its escapes; empty where there is none."""
    lines = [str(found.value) for found in at.markdown if 'role="status"' in str(found.value)]
    return lines[0].replace("\\", "") if lines else ""


@pytest.mark.parametrize(
    ("pattern", "number"),
    [(EXPENSE, SERVER), (TRAVEL, 0), (MEMORY, 1), (REDUCER, 2)],
    ids=lambda value: getattr(value, "slug", None),
)
def test_an_example_plays_to_its_end_in_all_lanes(here: Workspace, pattern: Pattern, number: int) -> None:
    at = open_page(pattern.slug)
    play(at, pattern, number)
    player = ExamplePlayer(here, pattern, pattern.examples[number])
    shown = here.threads.find(str(at.query_params["thread"])).session
    threads = here.threads.newest(session=shown)

    assert PLAYED in bar(at)
    assert badges(at) == ["Finished"] * len(pattern.lanes)
    assert len(threads) == len(pattern.lanes)
    assert all(player.look(thread).step is None for thread in threads)
    assert not any(player.look(thread).problem for thread in threads)


def test_threads_of_the_example_that_have_more_to_do_are_played_on_and_ended_ones_anew(here: Workspace) -> None:
    at = open_page(EXPENSE.slug)
    start(at, EXPENSE, SERVER)
    answer(at, EXPENSE, "dynamic", {"decision": "approved"}, "Maya")
    press(at, "expense-approval_play")

    assert badges(at) == ["Finished", "Finished"]
    assert len(here.threads.newest()) == 2
    press(at, "expense-approval_play")
    assert badges(at) == ["Finished", "Finished"]
    assert len(here.threads.newest()) == 4


def test_another_example_than_that_of_the_threads_on_show_is_started(here: Workspace) -> None:
    at = open_page(EXPENSE.slug)
    start(at, EXPENSE, SERVER)
    play(at, EXPENSE, 1)

    assert sorted(thread.title for thread in here.threads.newest()) == ["Build server"] * 2 + ["Conference ticket"] * 2
    assert PLAYED in bar(at)


def test_a_step_is_told_and_its_button_marked_before_it_is_done(here: Workspace) -> None:
    at = open_page(EXPENSE.slug)
    paused(at, here, EXPENSE, SERVER)
    decision = paused_field(at, EXPENSE, EXPENSE.lane("static"), "decision")

    assert "Paused. Next in *Pause on every request*, as the manager Maya: write “Decision: Approved”" in bar(at)
    assert ".st-key-expense-approval_static_continue button" in bar(at)
    assert at.segmented_control(key=decision).value == "approved"
    assert badges(at) == ["Paused", "Waiting for an answer"]


def test_next_does_one_step_and_stays_paused_and_lanes_take_turns(here: Workspace) -> None:
    at = open_page(EXPENSE.slug)
    paused(at, here, EXPENSE, SERVER)
    told = []
    for _ in range(4):
        told.append(bar(at))
        press(at, "expense-approval_play_next")

    parts = ["*Pause on every request*, as the manager Maya", "*Ask above the limit*, as the manager Maya"]
    parts += [part.replace("manager Maya", "director Dana") for part in parts]
    assert all(line.count(part) == 1 for line, part in zip(told, parts, strict=True))
    assert "paused" not in bar(at).lower()
    assert PLAYED in bar(at)


def test_a_paused_play_that_goes_on_plays_to_the_end(here: Workspace) -> None:
    at = open_page(EXPENSE.slug)
    paused(at, here, EXPENSE, SERVER)
    press(at, "expense-approval_play_next")
    press(at, "expense-approval_play_pause")

    assert PLAYED in bar(at)
    press(at, "expense-approval_play_close")
    assert bar(at) == ""


def test_taking_over_leaves_threads_that_are_gone_on_with_by_hand(here: Workspace) -> None:
    at = open_page(EXPENSE.slug)
    paused(at, here, EXPENSE, SERVER)
    press(at, "expense-approval_play_next")
    press(at, "expense-approval_play_off")

    assert bar(at) == ""
    assert badges(at) == ["Paused", "Waiting for an answer"]
    answer(at, EXPENSE, "dynamic", {"decision": "approved"}, "Maya")
    answer(at, EXPENSE, "dynamic", {"decision": "approved"}, "Dana")
    press(at, "expense-approval_static_continue")
    assert badges(at) == ["Finished", "Finished"]


def test_an_answer_of_the_person_s_own_that_leads_elsewhere_ends_the_play_in_words(here: Workspace) -> None:
    at = open_page(EXPENSE.slug)
    paused(at, here, EXPENSE, SERVER)
    answer(at, EXPENSE, "dynamic", {"decision": "rejected", "note": "Too dear."}, "Maya")

    assert "Ask above the limit" in bar(at)
    assert "answers a question, which isn't possible as it has finished" in bar(at)
    assert badges(at) == ["Paused", "Finished"]
    press(at, "expense-approval_static_continue")
    assert badges(at)[0] == "Paused"


def test_what_is_refused_ends_the_play_in_words_and_leaves_the_page(
    here: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise StaleAnswer

    monkeypatch.setattr(ExamplePlayer, "take", refuse)
    at = open_page(EXPENSE.slug)
    play(at, EXPENSE, SERVER)

    assert "the thread has moved on since it was shown" in bar(at)
    answer(at, EXPENSE, "dynamic", {"decision": "approved"}, "Maya")
    assert badges(at) == ["Paused", "Waiting for an answer"]


def test_opening_another_thread_ends_the_play(here: Workspace) -> None:
    at = open_page(EXPENSE.slug)
    start(at, EXPENSE, SERVER)
    other = str(at.query_params["thread"])
    paused(at, here, EXPENSE, SERVER)
    open_page(EXPENSE.slug, at, thread=other)

    assert bar(at) == ""
    assert badges(at) == ["Paused", "Waiting for an answer"]


def test_the_form_holds_what_a_play_sends_or_compares_with(here: Workspace) -> None:
    at = open_page(MEMORY.slug)
    paused(at, here, MEMORY, 1)
    press(at, "conversation-memory_play_next")
    told = bar(at)
    sent = next(str(field.value) for field in at.text_input if str(field.key).startswith("conversation-memory_1_"))
    other = open_page(REDUCER.slug)
    paused(other, here, REDUCER, 2)
    compared = next(field.value for field in other.text_input if str(field.key).endswith("_numbers"))

    assert "Next in all lanes: send" in told
    assert sent in told
    assert "run once more with “100”" in bar(other)
    assert compared == "100"


def test_a_form_of_a_conversation_goes_on_after_a_reload_where_it_was(here: Workspace) -> None:
    at = open_page(MEMORY.slug)
    paused(at, here, MEMORY, 1)
    press(at, "conversation-memory_play_next")
    thread = str(at.query_params["thread"])
    at = open_page(MEMORY.slug)
    choose_example(at, MEMORY, 1)
    open_page(MEMORY.slug, at, thread=thread)

    assert [str(field.key) for field in at.text_input if "message" in str(field.key)] == [
        "conversation-memory_1_1_message"
    ]
